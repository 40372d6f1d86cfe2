"""From Python objects to the JSON text that the library checks."""

from __future__ import annotations

import enum
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, Union

from .errors import ConfigError, ValidationError

#: What `config` may be: a mapping with the keys of the configuration file, the path of such a file,
#: or `None` for the environment.
ConfigLike = Union[Mapping[str, Any], str, "os.PathLike[str]", None]


def to_json(request: Mapping[str, Any]) -> str:
    """Get a request as JSON text.

    Raises:
        ValidationError: The request has values that JSON has not, such as NaN or bytes.
    """
    try:
        return _REQUESTS.encode(request)
    except (TypeError, ValueError, RecursionError) as error:
        message = f"the request cannot be written as JSON: {error}"
        raise ValidationError(message) from None


def _plain(value: object) -> Any:
    """Get what stands for `value` in JSON: a dict, a list, or the value of an enumeration."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    to_dict = getattr(value, "to_dict", None)
    if callable(to_dict):
        return to_dict()
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray, memoryview)):
        return list(value)
    # Numbers of NumPy and pandas.
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    raise TypeError(f"{type(value).__name__} is not a JSON value")


#: Made once: making it costs as much as writing a small request.
_REQUESTS = json.JSONEncoder(default=_plain, allow_nan=False)


class Configuration:
    """Where a configuration comes from, in a form that can be compared."""

    def __init__(self, config: ConfigLike) -> None:
        """Read nothing yet but the environment.

        Raises:
            ConfigError: A mapping has values that YAML has not, or it is neither mapping nor path.
        """
        self.text: str | None = None
        self.file: str | None = None
        self.environment: dict[str, str] = {}
        if isinstance(config, Mapping):
            self.text = _config_text(config)
            return
        path = os.environ.get("TESTRIBUTE_CONFIG") if config is None else config
        try:
            self.file = os.fsdecode(path) if path else None
        except TypeError:
            kind = type(config).__name__
            raise ConfigError(f"config must be a mapping, a path or None, not {kind}") from None
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name.upper().startswith("TESTRIBUTE__") and _is_text(name + value)
        }

    def key(self) -> tuple[object, ...]:
        """Get what is equal if the configuration is: a file counts by path, size and time."""
        stamp: tuple[int, int] | None = None
        if self.file is not None:
            try:
                status = os.stat(self.file)  # noqa: PTH116
                stamp = (status.st_mtime_ns, status.st_size)
            except (OSError, ValueError):  # told when it is read
                stamp = None
        return (self.text, self.file, stamp, tuple(sorted(self.environment.items())))


def _is_text(value: str) -> bool:
    """Whether `value` has no bytes that are not UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _config_text(config: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(config, default=_plain_config, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"the configuration cannot be written as YAML: {error}") from None
    return text


def _plain_config(value: object) -> Any:
    """The same as for requests; paths and networks are their text."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    try:
        return _plain(value)
    except TypeError:
        return str(value)
