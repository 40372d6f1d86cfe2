"""The log of the library and the warnings of answers, for `logging` and `warnings`."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import Literal, Optional

from . import _testribute
from .errors import ArgumentError, TestributeWarning

#: Where warnings of answers go besides `response.warnings`.
Warn = Optional[Literal["logging", "warnings"]]

logger = logging.getLogger("testribute")

#: The names of the loggers `testribute.*`, and how many loggers there were when they were listed.
_parts: tuple[int, list[str]] = (0, [])


def check(warn: object) -> None:
    """Check where warnings are to go.

    Raises:
        ArgumentError: It is none of these places.
    """
    if warn not in ("logging", "warnings", None):
        choices = "'logging', 'warnings' or None"
        raise ArgumentError.of("warn", f"must be {choices}, not {warn!r:.40}")


def apply_level() -> None:
    """Have only those events recorded that `testribute` or a logger below it lets through."""
    level = min((logger.getEffectiveLevel(), *_levels_of_parts()))
    _testribute.set_log_level(min(max(level, 0), 255))


def _levels_of_parts() -> Iterator[int]:
    """Get the levels that were set at loggers `testribute.*`."""
    global _parts  # noqa: PLW0603
    loggers = logging.Logger.manager.loggerDict
    count, names = _parts
    if len(loggers) != count:
        listed = list(loggers)  # other threads make loggers
        names = [name for name in listed if name.startswith("testribute.")]
        _parts = (len(listed), names)
    for name in names:
        part = loggers.get(name)
        if isinstance(part, logging.Logger) and part.level != logging.NOTSET:
            yield part.level


def forward() -> None:
    """Hand what the library has logged to the loggers `testribute.*`."""
    for level, target, text in _testribute.take_logs():
        logging.getLogger(target.replace("::", ".")).log(level, "%s", text)


def tell(messages: Iterable[str], warn: Warn) -> None:
    """Hand the warnings of an answer to where `warn` says."""
    for message in messages:
        if warn == "logging":
            logger.warning("%s", message)
        elif warn == "warnings":
            warnings.warn(message, TestributeWarning, stacklevel=_callers_level())


def _callers_level() -> int:
    """Get the `stacklevel` of the first caller outside of this package, as seen from `tell`."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
        level += 1
    return level
