"""The question to testribute and its answer, without any framework.

The question is the body of `POST /rank-tasks`, with what a ranking needs of a task and no more. The
answer is read as what any server may send: what is not as it should be is an `NoRankingError`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

#: Properties of inputs and outputs that a ranking needs.
_INPUT_KEYS = ("url", "path", "type")


class NoRankingError(Exception):
    """There is no usable answer.

    Attributes:
        reason: A short code for records, such as `timeout` or `http_503`.
        detail: What happened, for the log.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason


@dataclass(frozen=True)
class Choice:
    """What a task costs at one TES, and where its inputs are read from.

    Attributes:
        cost: The total cost, in `currency`.
        currency: An ISO 4217 code.
        seconds: The total time.
        score: The score, the lower the better, unless the mode was random.
        uris: The access URI of each input by its path.
    """

    cost: float
    currency: str
    seconds: float
    score: float | None
    uris: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ranking:
    """The best choice of each TES that could be ranked, best TES first.

    Attributes:
        choices: By the URI of the TES as it was given.
        warnings: The warnings of the answer.
    """

    choices: Mapping[str, Choice]
    warnings: Sequence[str] = ()


def question(
    task: Mapping[str, Any], tes_uris: Sequence[str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Get the body of `POST /rank-tasks` for a reduced task, without options that are `None`."""
    return {
        "task": task,
        "tes_uris": list(tes_uris),
        **{key: value for key, value in options.items() if value is not None},
    }


def reduced(task: object) -> dict[str, Any]:
    """Get what a ranking needs of a task: resources, URLs and images, no commands or variables."""
    task = task if isinstance(task, Mapping) else {}
    images = [item["image"] for item in _mappings(task.get("executors")) if "image" in item]
    rest: dict[str, Any] = {
        # A command is required, and of no interest.
        "executors": [{"image": image, "command": ["true"]} for image in images],
        "inputs": [
            # Content costs nothing, and may be confidential.
            {"path": item.get("path"), "content": "-"} if item.get("content") else _picked(item)
            for item in _mappings(task.get("inputs"))
        ],
        "outputs": [_picked(item) for item in _mappings(task.get("outputs"))],
    }
    if isinstance(task.get("resources"), Mapping):
        rest["resources"] = task["resources"]
    return rest


def _picked(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item[key] for key in _INPUT_KEYS if item.get(key) is not None}


def _mappings(items: object) -> list[Mapping[str, Any]]:
    if not isinstance(items, (list, tuple)):
        return []
    return [item for item in items if isinstance(item, Mapping)]


def parse(body: bytes | str) -> Ranking:
    """Read an answer.

    Raises:
        NoRankingError: It is not the answer to a ranking (`nonsense`).
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoRankingError(
            "nonsense", f"the answer is not JSON: {type(error).__name__}"
        ) from None
    return ranking(answer)


def ranking(answer: object) -> Ranking:
    """Read an answer that is a dictionary.

    Raises:
        NoRankingError: It is not the answer to a ranking (`nonsense`).
    """
    combinations = answer.get("service_combinations") if isinstance(answer, Mapping) else None
    if not isinstance(answer, Mapping) or not isinstance(combinations, list):
        raise NoRankingError("nonsense", "the answer has no list of service_combinations")
    choices: dict[str, Choice] = {}
    for combination in combinations:
        tes_uri, choice = _choice(combination)
        # The first of a TES is its best.
        choices.setdefault(tes_uri, choice)
    warnings = answer.get("warnings")
    if not isinstance(warnings, list):
        warnings = []
    return Ranking(choices, [item for item in warnings if isinstance(item, str)])


def _choice(combination: object) -> tuple[str, Choice]:
    try:
        # Other types than these raise one of the errors below.
        uris = dict(combination["access_uris"])  # type: ignore[index]
        tes_uri = uris.pop("tes_uri")
        cost = combination["cost_estimate"]  # type: ignore[index]
        score = combination.get("score")  # type: ignore[attr-defined]
        choice = Choice(
            cost=_number(cost["amount"]),
            currency=str(cost["currency"])[:3],
            seconds=_number(combination["time_estimate"]),  # type: ignore[index]
            score=None if score is None else _number(score),
            uris={str(path): uri for path, uri in uris.items() if isinstance(uri, str)},
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        message = f"a combination cannot be read: {type(error).__name__}: {error}"
        raise NoRankingError("nonsense", message) from None
    if not isinstance(tes_uri, str):
        raise NoRankingError("nonsense", "a combination has no tes_uri")
    return tes_uri, choice


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("not a number")
    number = float(value)
    if not math.isfinite(number) or number < 0:
        raise ValueError("not a finite number of at least 0")
    return number


def ordered(candidates: Iterable[tuple[str, T]], ranked: Ranking) -> tuple[list[T], int]:
    """Order candidates, each with its URL: ranked ones first, the others last in their old order.

    Returns:
        All candidates, and how many of them are ranked.

    Raises:
        NoRankingError: None of them is ranked (`no_candidate`).
    """
    positions = {uri: position for position, uri in enumerate(ranked.choices)}
    pairs = list(candidates)
    # Stable: candidates with one position keep their order.
    pairs.sort(key=lambda pair: positions.get(pair[0], len(positions)))
    count = sum(url in positions for url, _ in pairs)
    if not count:
        raise NoRankingError("no_candidate", "the answer has none of the candidates")
    return [candidate for _, candidate in pairs], count


def rewritten(inputs: object, uris: Mapping[str, str]) -> tuple[object, int]:
    """Replace the URLs of inputs by the chosen access URIs.

    Inputs with content, without URL, or with a path that another input has too are left.

    Returns:
        New inputs, and how many of them were changed.
    """
    if not isinstance(inputs, list):
        return inputs, 0
    paths = [item.get("path") for item in _mappings(inputs)]
    changed = 0
    result = []
    for item in inputs:
        path = item.get("path") if isinstance(item, Mapping) else None
        uri = uris.get(path) if isinstance(path, str) and paths.count(path) == 1 else None
        is_url = uri is not None and item.get("url") and not item.get("content")
        if is_url and item["url"] != uri:
            changed += 1
            result.append({**item, "url": uri})
        else:
            result.append(item)
    return result, changed
