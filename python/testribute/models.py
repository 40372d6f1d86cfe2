"""The answer: ranked combinations and their parts.

Times are seconds; amounts are in the currency that stands beside them. Each class holds a part of
the JSON of `POST /rank-services`, which `to_dict()` gives.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Mapping
from typing import Any

from . import _testribute
from ._html import table

__all__ = [
    "AccessUris",
    "Costs",
    "Mode",
    "RankResponse",
    "ServiceCombination",
]


class Mode(enum.Enum):
    """The named modes of a ranking; a number from 0 (cost) to 1 (time) weighs both."""

    random = -1
    cost = 0
    time = 1


class _Part:
    """A JSON object with attributes for its properties."""

    __slots__ = ("_data",)
    _data: dict[str, Any]

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def to_dict(self) -> dict[str, Any]:
        """Get the JSON object; a change of it changes this object too."""
        return self._data

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Part) and type(self) is type(other):
            return self._data == other._data
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._data!r})"

    def __reduce__(self) -> tuple[type[_Part], tuple[dict[str, Any]]]:
        return type(self), (self._data,)


class AccessUris(_Part, Mapping[str, str]):
    """The chosen TES, and the access URI of each object by its id.

    A mapping, in which the TES is under `tes_uri`; ids that are Python names are attributes too.
    """

    __slots__ = ()

    @property
    def tes_uri(self) -> str:
        """The TES, exactly as it was given."""
        uri: str = self._data["tes_uri"]
        return uri

    def __getitem__(self, key: str) -> str:
        uri: str = self._data[key]
        return uri

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        return Mapping.__eq__(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> str:
        # Not for names such as __deepcopy__, nor before `_data` is there.
        if not name.startswith("_") and name in self._data:
            return self[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class Costs(_Part):
    """An amount of money."""

    __slots__ = ()

    @property
    def amount(self) -> float:
        """The amount, in units of `currency`."""
        amount: float = self._data["amount"]
        return amount

    @property
    def currency(self) -> str:
        """The currency: an ISO 4217 code, `BTC` or `CNH`."""
        currency: str = self._data["currency"]
        return currency

    def __str__(self) -> str:
        return f"{self.amount:.2f} {self.currency}"


class ServiceCombination(_Part):
    """A TES and an access URI for each object, with the cost and time of the task there."""

    __slots__ = ()

    @property
    def rank(self) -> int:
        """The rank: 1, 2, 3, ..."""
        rank: int = self._data["rank"]
        return rank

    @property
    def access_uris(self) -> AccessUris:
        """The TES, and the access URI of each object."""
        return AccessUris(self._data["access_uris"])

    @property
    def cost_estimate(self) -> Costs:
        """The total cost."""
        return Costs(self._data["cost_estimate"])

    @property
    def time_estimate(self) -> float:
        """The total time, in seconds."""
        seconds: float = self._data["time_estimate"]
        return seconds

    @property
    def score(self) -> float | None:
        """The score, the lower the better; `None` in mode random."""
        score: float | None = self._data.get("score")
        return score

    @property
    def cost_breakdown(self) -> dict[str, float]:
        """The parts of the cost: `compute`, `storage`, `transfer`, ..."""
        parts: dict[str, float] = self._data["cost_breakdown"]
        return parts

    @property
    def time_breakdown(self) -> dict[str, float]:
        """The parts of the time in seconds: `queue`, `execution`, `transfer`."""
        parts: dict[str, float] = self._data["time_breakdown"]
        return parts

    @property
    def pareto_optimal(self) -> bool | None:
        """Whether no combination is at least as good in both cost and time, and better in one.

        `None` if that is not known.
        """
        optimal: bool | None = self._data.get("pareto_optimal")
        return optimal

    @property
    def task(self) -> dict[str, Any] | None:
        """Of `rank_tasks`: the task with these access URIs as its inputs, ready for the TES."""
        task: dict[str, Any] | None = self._data.get("task")
        return task

    @property
    def explanation(self) -> dict[str, Any]:
        """What `explain=True` adds, such as `offer`, `distances` and `transfers`."""
        return {key: value for key, value in self._data.items() if key not in _DOCUMENTED}


_DOCUMENTED = frozenset(
    name for name, member in vars(ServiceCombination).items() if isinstance(member, property)
)


def _read(text: str) -> dict[str, Any]:
    """Read the JSON text of an answer.

    Raises:
        ValueError: It is something else.
    """
    answer = json.loads(text)
    lists = ("service_combinations", "warnings")
    if isinstance(answer, dict) and all(isinstance(answer.get(name), list) for name in lists):
        return answer
    raise ValueError("not the JSON text of an answer: it has no service_combinations or warnings")


class RankResponse:
    """The ranked combinations, best first, and warnings. Notebooks show it as a table."""

    def __init__(self, source: str | _testribute.Answer) -> None:
        """Take an answer, or its JSON text; it is read when a part of it is used."""
        if not isinstance(source, (str, _testribute.Answer)):
            raise TypeError(f"an answer or its JSON text is wanted, not {type(source).__name__}")
        self._source = source
        self._parsed: dict[str, Any] | None = None
        self._combinations: list[ServiceCombination] | None = None

    def to_json(self) -> str:
        """Get the answer as JSON text, as the HTTP service sends it; changes are in it."""
        if self._parsed is not None:
            return json.dumps(self._parsed, ensure_ascii=False, separators=(",", ":"))
        return self._source if isinstance(self._source, str) else self._source.to_json()

    def to_dict(self) -> dict[str, Any]:
        """Get the answer as `json.loads` gives it; a change of it changes this object too.

        Raises:
            ValueError: The JSON text is no answer.
        """
        if self._parsed is None:
            source = self._source
            self._parsed = _read(source) if isinstance(source, str) else source.to_dict()
        return self._parsed

    @property
    def service_combinations(self) -> list[ServiceCombination]:
        """The combinations, best first."""
        if self._combinations is None:
            listed = self.to_dict()["service_combinations"]
            self._combinations = [ServiceCombination(item) for item in listed]
        return self._combinations

    @property
    def warnings(self) -> list[str]:
        """Problems that did not prevent the ranking: the service, the cause, what to change."""
        warnings: list[str] = self.to_dict()["warnings"]
        return warnings

    @property
    def task(self) -> dict[str, Any] | None:
        """Of `rank_tasks`: the task with the access URIs of the best combination as its inputs.

        It is ready to be sent to `service_combinations[0].access_uris.tes_uri`.
        """
        combinations = self.service_combinations
        return combinations[0].task if combinations else None

    @property
    def tes_uris(self) -> list[str]:
        """Of `rank_tasks`: all sites that can run the task, the best one first; else empty."""
        uris: list[str] = self.to_dict().get("tes_uris", [])
        return uris

    @property
    def explanation(self) -> dict[str, Any]:
        """All other properties of the answer, such as `places` with `explain=True`."""
        documented = ("service_combinations", "warnings", "tes_uris")
        return {key: value for key, value in self.to_dict().items() if key not in documented}

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RankResponse):
            return self.to_dict() == other.to_dict()
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[RankResponse], tuple[str]]:
        return type(self), (self.to_json(),)

    def __repr__(self) -> str:
        count = len(self.service_combinations)
        return f"<RankResponse: {count} combinations, {len(self.warnings)} warnings>"

    def _repr_html_(self) -> str:
        return table(self)
