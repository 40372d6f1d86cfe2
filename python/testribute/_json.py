"""From Python objects to JSON: what has no place there is a fault with its place."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import itertools
import json
import numbers
import os
import sys
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Optional, Union

from .errors import ErrorDetail

#: The library reads 127 levels.
_MAX_DEPTH = 120
#: As many as the library reports.
_MAX_FAULTS = 1000
#: More than any request may have; an iterator may have no end.
_MAX_ITEMS = 1_000_000
_MAX_NUMBER = int(sys.float_info.max)

#: Where a value is: the place of what contains it, and its key or position there.
Place = Optional[tuple["Place", Union[str, int]]]

# Made once: making it costs as much as writing a small request. Values are checked before.
_ENCODER = json.JSONEncoder(check_circular=False, allow_nan=False)
#: Of integers that are numbers of JSON.
_MAX_PLAIN_BITS = 1023
#: Levels and values that are looked at before they are walked through.
_MAX_PLAIN_DEPTH = 8
_MAX_PLAIN = 10_000
#: What gives the values of arrays and numbers of NumPy and pandas, tasks of py-tes, and models of
#: pydantic. Not all of them can be iterated over, or give their values so.
_METHODS = ("tolist", "to_dict", "as_dict", "model_dump")


def encode(value: Mapping[str, Any]) -> tuple[str, list[ErrorDetail]]:
    """Get `value` as JSON text, and what of it is no JSON and is `null` in the text."""
    if is_plain(value):
        try:
            return _ENCODER.encode(value), []
        except ValueError:  # NaN
            pass
    writer = Writer()
    text = _ENCODER.encode(writer.plain(value, None, 0))
    return text, writer.faults


def is_plain(value: object) -> bool:
    """Whether `value` is what `json.loads` makes, but for NaN: most requests are, and need no copy.

    False if that is long to say: it is large, deep, or has other characters than ASCII.
    """
    level: list[Any] = [value]
    for _ in range(_MAX_PLAIN_DEPTH):
        below: list[Any] = []
        for item in level:
            inner = _inner(item)
            if inner is None:
                return False
            below += inner
        if not below:
            return True
        if len(below) > _MAX_PLAIN:
            return False
        level = below
    return False


def _inner(item: Any) -> Iterable[Any] | None:
    """Get what is still to be looked at in a plain value; `None` if it is none."""
    kind = type(item)
    if kind is dict or kind is list or kind is tuple:
        try:
            # Keys, or the most frequent lists, at once.
            is_ascii = "".join(item).isascii()
        except TypeError:
            return None if kind is dict else item
        if not is_ascii:
            return None
        return item.values() if kind is dict else ()
    is_plain = (
        (kind is str and item.isascii())
        or (kind is int and item.bit_length() <= _MAX_PLAIN_BITS)
        or (kind is float or kind is bool or item is None)
    )
    return () if is_plain else None


class Writer:
    """Makes new dicts and lists of strings, numbers, booleans and None; collects faults.

    Attributes:
        faults: What has no place in JSON.
    """

    def __init__(self) -> None:
        self.faults: list[ErrorDetail] = []
        # The identities of what the current value is in.
        self._within: set[int] = set()
        self._count = 0

    def plain(self, value: object, place: Place, depth: int) -> Any:  # noqa: PLR0911
        """Get what stands for `value` in JSON; `None` after a fault."""
        kind = type(value)
        if kind is str:
            return self._text(value, place)  # type: ignore[arg-type]
        if value is None or kind is bool:
            return value
        if kind is int:
            return self._integer(value, place)  # type: ignore[arg-type]
        if kind is float:
            return self._number(value, place)  # type: ignore[arg-type]
        if depth > _MAX_DEPTH:
            return self._fault(place, f"must not be nested more than {_MAX_DEPTH} levels deep")
        if id(value) in self._within:
            return self._fault(place, "must not contain itself")
        self._within.add(id(value))
        try:
            if kind is dict:
                return self._object(value, place, depth)  # type: ignore[arg-type]
            if kind is list or kind is tuple:
                return self._array(value, place, depth)  # type: ignore[arg-type]
            return self.other(value, place, depth)
        finally:
            self._within.discard(id(value))

    def other(self, value: object, place: Place, depth: int) -> Any:  # noqa: PLR0911
        """Get what stands for a value of another class than those that `json.loads` makes."""
        if isinstance(value, enum.Enum):
            return self.plain(value.value, place, depth + 1)
        if isinstance(value, str):
            return self._text(str.__str__(value), place)
        if isinstance(value, int):
            return self._integer(int.__int__(value), place)
        if isinstance(value, float):
            return self._number(float.__float__(value), place)
        if isinstance(value, (numbers.Real, decimal.Decimal)):
            return self._real(value, place)
        if isinstance(value, datetime.datetime):
            # Tasks that py-tes has fetched have some.
            return value.isoformat()
        if isinstance(value, Mapping):
            return self._object(value, place, depth)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return self._fault(place, f"must be a string, not {kind_of(value)} (decode it)")
        given = _given(value)
        if given is not None:
            return self.plain(given[0], place, depth + 1)
        if isinstance(value, AbstractSet):
            return self._array(_in_order(value), place, depth)
        if isinstance(value, Iterable):
            return self._array(value, place, depth)
        if isinstance(value, os.PathLike):
            return self._fault(place, f"must be a string, not {kind_of(value)} (use str())")
        known = "dict, list, str, int, float, bool or None"
        return self._fault(place, f"must be a value of JSON ({known}), not {kind_of(value)}")

    def _object(self, value: Mapping[Any, Any], place: Place, depth: int) -> dict[str, Any] | None:
        plain = {}
        items = list(value.items())  # another thread may change it
        if self._is_too_large(len(items), place):
            return None
        for key, item in items:
            name = key.value if isinstance(key, enum.Enum) else key
            if not isinstance(name, str):
                self._fault(place, f"must have strings as keys, not {_shown(name)}")
            elif not is_text(name):
                self._fault(place, f"must have keys of Unicode text; one {_surrogate(name)}")
            else:
                plain[str.__str__(name)] = self.plain(item, (place, name), depth + 1)
        return plain

    def _array(self, value: Iterable[Any], place: Place, depth: int) -> list[Any] | None:
        if not isinstance(value, (list, tuple)):
            value = list(itertools.islice(value, _MAX_ITEMS + 1))
        if self._is_too_large(len(value), place):
            return None
        return [self.plain(item, (place, at), depth + 1) for at, item in enumerate(value)]

    def _text(self, value: str, place: Place) -> Any:
        if is_text(value):
            return value
        return self._fault(place, f"must be Unicode text; it {_surrogate(value)}")

    def _integer(self, value: int, place: Place) -> Any:
        if -_MAX_NUMBER <= value <= _MAX_NUMBER:
            return value
        return self._fault(place, "must be a number below 1.8e308")

    def _number(self, value: float, place: Place) -> Any:
        if value - value == 0:
            return value
        name = {True: "NaN", False: "infinite"}[value != value]  # noqa: PLR0124
        return self._fault(place, f"must be a finite number; it is {name}")

    def _real(self, value: Any, place: Place) -> Any:
        """Of fractions and decimals, which JSON has no types for."""
        try:
            number = float(value)
        except OverflowError:
            return self._fault(place, "must be a number below 1.8e308")
        except ValueError:  # a signalling NaN
            number = float("nan")
        if number - number != 0:
            return self._number(number, place)
        return int(value) if value == int(value) else number

    def _is_too_large(self, more: int, place: Place) -> bool:
        """Count values; a list that stands in many places is many."""
        was_too_large = self._count > _MAX_ITEMS
        self._count += more
        if self._count <= _MAX_ITEMS:
            return False
        if not was_too_large:
            self._fault(place, f"must have at most {_MAX_ITEMS} values")
        return True

    def _fault(self, place: Place, message: str) -> Any:
        """Note a fault; what stands in its place is `None`."""
        if len(self.faults) < _MAX_FAULTS:
            self.faults.append(ErrorDetail(pointer_of(place), message))
        return None


def _given(value: Any) -> tuple[Any] | None:
    """Get what an object of another library gives as its value, if it gives any."""
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return ({field.name: getattr(value, field.name) for field in dataclasses.fields(value)},)
    for method in _METHODS:
        convert = getattr(value, method, None)
        if callable(convert):
            return (convert(),)
    return None


def _shown(key: object) -> str:
    """Get a key for messages; those of other classes may have any text, and long integers none."""
    is_long = isinstance(key, int) and key.bit_length() > 64
    if key is None or (type(key) in (bool, bytes, float, int) and not is_long):
        return repr(key)[:40]
    return f"one of type {kind_of(key)}"


def pointer_of(place: Place) -> str:
    """Get the JSON pointer (RFC 6901) of a place."""
    keys = []
    while place is not None:
        place, key = place
        keys.append("/" + str(key).replace("~", "~0").replace("/", "~1"))
    return "".join(reversed(keys))


def kind_of(value: object) -> str:
    """Get the name of the class of a value, for messages."""
    return ascii(type(value).__name__)[1:-1][:60]


def is_text(value: str) -> bool:
    """Whether `value` has no lone surrogates."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _surrogate(value: str) -> str:
    found = next(character for character in value if "\ud800" <= character <= "\udfff")
    return f"has a lone surrogate (U+{ord(found):04X})"


def _in_order(items: AbstractSet[Any]) -> Iterable[Any]:
    """Get strings in an order that is the same in every process."""
    return sorted(items) if all(isinstance(item, str) for item in items) else items
