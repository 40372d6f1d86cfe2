"""The question to testribute and its answer, without any framework.

The question is the body of `POST /rank-tasks`, with what a ranking needs of a task and no more. The
answer is read as what any server may send: what is not as it should be is an `NoRankingError`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

#: Properties of inputs and outputs that a ranking needs.
_INPUT_KEYS = ("url", "path", "type")

#: Scheme, user info, the rest up to the query, query and fragment.
_URL = re.compile(r"([a-z][a-z0-9+.-]*://)([^/?#]*@)?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.I | re.S)
#: What may stand in a query and is no secret.
_PUBLIC_KEYS = frozenset(
    ("alt", "userProject", "generation", "versionId", "snapshot", "download", "format", "version")
)


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
        uris: The access URI of each input by its path; of a bundle, those of its files.
    """

    cost: float
    currency: str
    seconds: float
    score: float | None
    uris: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ranking:
    """The TES that could be ranked.

    Attributes:
        choices: The best choice of each TES that has a combination within the limit, by the URI of
            the TES as it was given.
        order: All of them, the best first.
        warnings: The warnings of the answer.
    """

    choices: Mapping[str, Choice]
    order: Sequence[str]
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


def reduced(task: object, *, secrets: bool = False) -> dict[str, Any]:
    """Get what a ranking needs of a task: resources, URLs and images, no commands or variables.

    Args:
        task: The task.
        secrets: Whether URLs keep user info and queries, which may be credentials.
    """
    task = task if isinstance(task, Mapping) else {}
    images = [item["image"] for item in _mappings(task.get("executors")) if "image" in item]
    rest: dict[str, Any] = {
        # A command is required, and of no interest.
        "executors": [{"image": image, "command": ["true"]} for image in images],
        "inputs": [
            # Content costs nothing, and may be confidential.
            {"path": item.get("path"), "content": "-"}
            if item.get("content")
            else _picked(item, secrets=secrets)
            for item in _mappings(task.get("inputs"))
        ],
        "outputs": [_picked(item, secrets=secrets) for item in _mappings(task.get("outputs"))],
    }
    if isinstance(task.get("resources"), Mapping):
        rest["resources"] = task["resources"]
    return rest


def _picked(item: Mapping[str, Any], *, secrets: bool) -> dict[str, Any]:
    picked = {key: item[key] for key in _INPUT_KEYS if item.get(key) is not None}
    if not secrets and isinstance(picked.get("url"), str):
        picked["url"] = public(picked["url"])
    return picked


def public(url: str) -> str:
    """Get a URL without user info, fragment, and queries that may be signatures or tokens."""
    parts = _URL.fullmatch(url)
    if parts is None:
        return url
    scheme, _, rest, query = parts.groups()
    keys = [pair.partition("=")[0] for pair in re.split("[&;]", query or "") if pair]
    is_public = keys and all(key in _PUBLIC_KEYS for key in keys)
    return f"{scheme}{rest}?{query}" if is_public else f"{scheme}{rest}"


def _mappings(items: object) -> list[Mapping[str, Any]]:
    if not isinstance(items, (list, tuple)):
        return []
    return [item for item in items if isinstance(item, Mapping)]


def decoded(body: bytes | str) -> object:
    """Read JSON.

    Raises:
        NoRankingError: It is none (`nonsense`).
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoRankingError(
            "nonsense", f"the answer is not JSON: {type(error).__name__}"
        ) from None


def parse(body: bytes | str) -> Ranking:
    """Read an answer.

    Raises:
        NoRankingError: It is not the answer to a ranking (`nonsense`).
    """
    return ranking(decoded(body))


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
    # Those that no listed combination has stand behind the others there, too.
    order = list(dict.fromkeys([*choices, *_strings(answer.get("tes_uris"))]))
    return Ranking(choices, order, _strings(answer.get("warnings")))


def _strings(items: object) -> list[str]:
    return [item for item in items if isinstance(item, str)] if isinstance(items, list) else []


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
    # Integers of any length can be compared, but not all are floats.
    if not 0 <= value <= sys.float_info.max:
        raise ValueError("not a finite number of at least 0")
    return float(value)


def ordered(candidates: Iterable[tuple[str, T]], ranked: Ranking) -> tuple[list[T], int]:
    """Order candidates, each with its URL: ranked ones first, the others last in their old order.

    Returns:
        All candidates, and how many of them are ranked.

    Raises:
        NoRankingError: None of them is ranked (`no_candidate`).
    """
    positions = {uri: position for position, uri in enumerate(ranked.order)}
    pairs = list(candidates)
    # Stable: candidates with one position keep their order.
    pairs.sort(key=lambda pair: positions.get(pair[0], len(positions)))
    count = sum(url in positions for url, _ in pairs)
    if not count:
        raise NoRankingError("no_candidate", "the answer has none of the candidates")
    return [candidate for _, candidate in pairs], count


def rewritten(inputs: object, uris: Mapping[str, str]) -> tuple[object, int]:
    """Replace the URLs of inputs by the chosen access URIs, as `POST /rank-tasks` does.

    A bundle becomes its files. Inputs with content, without URL, or with a path that another input
    has too are left, and so are those whose copy is the URL itself, with its user info and query.

    Returns:
        New inputs, and how many of them were changed.
    """
    if not isinstance(inputs, list):
        return inputs, 0
    paths = [item.get("path") for item in _mappings(inputs)]
    bundles = _bundles(uris, [path for path in paths if isinstance(path, str)])
    changed = 0
    result: list[object] = []
    for item in inputs:
        path = item.get("path") if isinstance(item, Mapping) else None
        url = item.get("url") if isinstance(item, Mapping) else None
        if (
            not isinstance(path, str)
            or not isinstance(url, str)
            or not url
            or item.get("content")
            or paths.count(path) != 1
        ):
            result.append(item)
        elif path in uris and uris[path] not in (url, public(url)):
            changed += 1
            result.append({**item, "url": uris[path]})
        elif path not in uris and path in bundles:
            changed += 1
            result.extend(
                {**item, "url": uris[file], "path": file, "type": "FILE"} for file in bundles[path]
            )
        else:
            result.append(item)
    return result, changed


def _bundles(uris: Mapping[str, str], paths: Sequence[str]) -> dict[str, list[str]]:
    """Get the paths of the files of bundles by the path of the input, the longest that fits."""
    bundles: dict[str, list[str]] = {}
    for file in uris:
        above = [path for path in paths if file.startswith(path.rstrip("/") + "/")]
        if file not in paths and above and ".." not in file.split("/"):
            bundles.setdefault(max(above, key=len), []).append(file)
    return bundles
