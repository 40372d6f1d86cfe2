"""Arguments that a function does not have: the error names them, and what may have been meant."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import ArgumentError, ErrorDetail

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    _Arguments = ParamSpec("_Arguments")

_Result = TypeVar("_Result")


def named(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Check the names of arguments; type checkers and `help` see the signature as it is."""
    names = frozenset(inspect.signature(function).parameters)
    # Of a constructor the class.
    label = function.__qualname__.replace(".__init__", "")

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*arguments: Any, **by_name: Any) -> Any:
            if not names.issuperset(by_name):
                raise _unknown(label, by_name, names)
            return await function(*arguments, **by_name)

        return call_async  # type: ignore[return-value]

    @functools.wraps(function)
    def call(*arguments: Any, **by_name: Any) -> Any:
        if not names.issuperset(by_name):
            raise _unknown(label, by_name, names)
        return function(*arguments, **by_name)

    return call


def _unknown(function: str, by_name: Iterable[str], names: frozenset[str]) -> ArgumentError:
    known = sorted(names - {"self"})
    faults = []
    for name in by_name:
        if name not in names:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            faults.append(ErrorDetail(f"/{name}", f"is no argument of {function}; {hint}"))
    return ArgumentError.of_faults(faults)
