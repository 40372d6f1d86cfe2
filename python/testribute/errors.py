"""The exceptions of this package, all subclasses of `TestributeError`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = [
    "ConfigError",
    "ErrorDetail",
    "ResourceUnavailableError",
    "TestributeError",
    "TestributeWarning",
    "UnauthorizedError",
    "ValidationError",
]


class ErrorDetail(NamedTuple):
    """One thing that is wrong.

    Attributes:
        pointer: JSON pointer (RFC 6901) to the faulty part of the request, such as
            `/tes_uris/0`; empty if the error is about the whole.
        message: What is wrong, and what to change.
    """

    pointer: str
    message: str


class TestributeError(Exception):
    """There is no ranking. The text of the exception names every reason.

    Attributes:
        errors: What is wrong, one entry for each fault.
        warnings: The warnings that led to the error, such as each TES that did not answer.
    """

    __test__ = False  # not a test class, whatever its name begins with

    errors: list[ErrorDetail]
    warnings: list[str]

    def __init__(
        self,
        message: str = "",
        errors: Iterable[tuple[str, str]] = (),
        warnings: Iterable[str] = (),
    ) -> None:
        super().__init__(message)
        details = [ErrorDetail(*error) for error in errors]
        self.errors = details or [ErrorDetail("", message)]
        self.warnings = list(warnings)

    def __reduce__(
        self,
    ) -> tuple[type[TestributeError], tuple[str, list[ErrorDetail], list[str]]]:
        """Keep all parts when pickled, as process pools do."""
        return type(self), (str(self), self.errors, self.warnings)


class ValidationError(TestributeError, ValueError):
    """The request breaks the rules; `errors` has every fault with its JSON pointer."""


class ResourceUnavailableError(TestributeError):
    """Nothing can be ranked, for instance because no TES gave an offer."""


class UnauthorizedError(TestributeError):
    """The configuration asks for a valid token, and `jwt` is none."""


class ConfigError(TestributeError, ValueError):
    """The configuration cannot be used; the text names file or variable, key and reason."""


class TestributeWarning(UserWarning):
    """A problem that did not prevent the ranking; shown if `warn="warnings"`."""

    __test__ = False
