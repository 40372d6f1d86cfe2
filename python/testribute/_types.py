"""The types of arguments. At run time they are documentation: the values are checked."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Literal, Protocol, TypedDict, Union

from .models import Mode

if sys.version_info >= (3, 10):
    from typing import TypeAlias
else:
    TypeAlias = Any


class StringCollection(Protocol):
    """Several strings: a list, tuple, set, array, ... but not a string itself."""

    def __iter__(self) -> Iterator[str]: ...

    # That of `str` takes strings only.
    def __contains__(self, value: object, /) -> bool: ...


Strings: TypeAlias = Union[StringCollection, Iterator[str]]

#: A name, the weight of time against cost from 0 to 1, or -1 for a random order.
ModeLike: TypeAlias = Union[float, Literal["cost", "time", "random"], Mode]


class _Required(TypedDict):
    cpu_cores: float
    ram_gb: float
    disk_gb: float
    execution_time_sec: float


class ResourceRequirements(_Required, total=False):
    """What a task needs; gigabytes are 10^9 bytes."""

    preemptible: bool | None
    zones: StringCollection | None
    backend_parameters: Mapping[str, str] | None
    backend_parameters_strict: bool | None


class _Series(Protocol):
    """A series of pandas with names as labels."""

    def to_dict(self) -> Any: ...


class _Model(Protocol):
    """A model of pydantic."""

    def model_dump(self) -> Any: ...


class _PyTes(Protocol):
    """A class of py-tes."""

    def as_dict(self) -> Any: ...


class _Dataclass(Protocol):
    """An instance of a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


#: Other mappings with such values will do, and objects with such names.
Requirements: TypeAlias = Union[
    ResourceRequirements,
    Mapping[str, Union[float, Decimal, StringCollection, Mapping[str, str], None]],
    _Dataclass,
    _Model,
    _Series,
]

#: A TES task: a dictionary, a `Task` of py-tes, ...
TaskLike: TypeAlias = Union[Mapping[str, object], _PyTes, _Dataclass, _Model]

Sizes: TypeAlias = Union[Mapping[str, int], _Series]
