"""The types of arguments. At run time they are documentation: the values are checked."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, Protocol, TypedDict, Union

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


#: Other mappings with such values will do.
Requirements: TypeAlias = Union[
    ResourceRequirements,
    Mapping[str, Union[float, Decimal, StringCollection, Mapping[str, str], None]],
]
