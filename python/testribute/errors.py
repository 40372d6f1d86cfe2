"""The exceptions of this package, all subclasses of `TestributeError`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "ArgumentError",
    "ConfigError",
    "ErrorDetail",
    "ResourceUnavailableError",
    "TestributeError",
    "TestributeWarning",
    "UnauthorizedError",
    "ValidationError",
]


#: How many faults or warnings the text of an exception has; its attributes have all.
_MAX_SHOWN = 20


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
    """There is no ranking. The text of the exception says why, and what to change.

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

    def __str__(self) -> str:
        lines = [super().__str__(), *(f"- {warning}" for warning in self.warnings[:_MAX_SHOWN])]
        hidden = len(self.warnings) - _MAX_SHOWN
        if hidden > 0:
            lines.append(f"- and {hidden} more in `warnings`")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep all parts when pickled, as process pools do."""
        message = self.args[0] if self.args else ""
        # The attributes too: those of subclasses, and notes.
        return type(self), (message, self.errors, self.warnings), vars(self)


class ValidationError(TestributeError, ValueError):
    """The request breaks the rules; `errors` has every fault with its JSON pointer."""

    @classmethod
    def of_faults(cls, faults: Iterable[ErrorDetail]) -> Self:
        """Make the error of these faults.

        Args:
            faults: What is wrong; at least one.
        """
        faults = list(faults)
        texts = [f"{pointer}: {message}" if pointer else message for pointer, message in faults]
        if len(texts) > _MAX_SHOWN:
            texts[_MAX_SHOWN:] = [f"and {len(texts) - _MAX_SHOWN} more in `errors`"]
        return cls("; ".join(texts), faults)


class ArgumentError(ValidationError, TypeError):
    """An argument that the function does not have, or that is of another type."""

    @classmethod
    def of(cls, name: str, message: str) -> Self:
        """Make the error of one argument.

        Args:
            name: The argument.
            message: What is wrong with it; continues after the name.
        """
        return cls.of_faults([ErrorDetail(f"/{name}", message)])


class ResourceUnavailableError(TestributeError):
    """Nothing can be ranked, for instance because no TES gave an offer.

    The text has the reasons, and the warnings with the cause at each service.
    """


class UnauthorizedError(TestributeError):
    """The configuration asks for a valid token, and `jwt` is none."""


class ConfigError(TestributeError, ValueError):
    """The configuration cannot be used; the text names file or variable, key and reason."""


class TestributeWarning(UserWarning):
    """A problem that did not prevent the ranking; shown if `warn="warnings"`."""

    __test__ = False
