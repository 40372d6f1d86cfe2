"""From arguments to the JSON text that the library checks."""

from __future__ import annotations

import datetime
import decimal
import ipaddress
import json
import math
import numbers
import os
import sys
from collections.abc import Mapping
from typing import Any, Union

from ._json import Place, Writer, encode, is_text, kind_of
from ._types import ModeLike, Requirements, Sizes, Strings, TaskLike
from .errors import ArgumentError, ConfigError, ErrorDetail, UnauthorizedError

#: What `config` may be: a mapping with the keys of the configuration file, the path of such a file,
#: or `None` for the environment.
ConfigLike = Union[Mapping[str, Any], str, "os.PathLike[str]", None]


#: More than anyone waits, and less than clocks hold.
_MAX_SECONDS = 1e9


class Request:
    """A request as JSON text, and what of it is no JSON.

    Attributes:
        text: The body of the request, with `null` where there is a fault.
        timeout: Seconds for the whole ranking.
        jwt: The token.
        faults: What is wrong so far.
    """

    def __init__(self, body: Mapping[str, Any], timeout: object, jwt: object) -> None:
        """Write the request.

        Raises:
            ArgumentError: The token is no string.
            UnauthorizedError: The token has characters that are not Unicode.
        """
        self.text, self.faults = encode(body)
        self.timeout = self._seconds(timeout)
        self.jwt = token(jwt)

    def _seconds(self, timeout: object) -> float | None:
        if timeout is None:
            return None
        if isinstance(timeout, (numbers.Real, decimal.Decimal)) and not isinstance(timeout, bool):
            seconds = _float(timeout)
            if 0 < seconds < math.inf:  # NaN is not
                return min(seconds, _MAX_SECONDS)
            is_not = ""
        else:
            is_not = f", not {kind_of(timeout)}"
        message = f"must be a positive number of seconds or None{is_not}"
        self.faults.append(ErrorDetail("/timeout", message))
        return None


def _float(number: Any) -> float:
    """Get a real number as float: the largest one for those beyond it."""
    try:
        return float(number)
    except OverflowError:
        return sys.float_info.max if number > 0 else -sys.float_info.max
    except ValueError:  # a signalling NaN
        return math.nan


def services_body(
    object_ids: Strings | None,
    drs_uris: Strings | None,
    mode: ModeLike,
    resource_requirements: Requirements | None,
    tes_uris: Strings | None,
    object_sizes: Sizes | None,
    registries: Strings | None,
    limit: int | None,
    explain: bool,
) -> dict[str, Any]:
    """Get the body of `POST /rank-services`; what is left to its default is left out."""
    body: dict[str, Any] = {
        "object_ids": object_ids,
        "drs_uris": drs_uris,
        "mode": mode,
        "resource_requirements": {}
        if resource_requirements is None
        else _labelled(resource_requirements),
    }
    return _with_given(
        body,
        explain,
        tes_uris=tes_uris,
        registries=registries,
        object_sizes=_labelled(object_sizes),
        limit=limit,
    )


def tasks_body(
    task: TaskLike,
    tes_uris: Strings | None,
    drs_uris: Strings | None,
    mode: ModeLike,
    execution_time_sec: float | None,
    sizes: Sizes | None,
    registries: Strings | None,
    limit: int | None,
    explain: bool,
) -> dict[str, Any]:
    """Get the body of `POST /rank-tasks`; what is left to its default is left out."""
    return _with_given(
        {"task": task, "drs_uris": drs_uris, "mode": mode},
        explain,
        tes_uris=tes_uris,
        registries=registries,
        execution_time_sec=execution_time_sec,
        sizes=_labelled(sizes),
        limit=limit,
    )


def _labelled(value: Any) -> Any:
    """Get a series of pandas with its labels, where an object is wanted; elsewhere it is a list."""
    if value is None or isinstance(value, (dict, Mapping, type)):
        return value
    to_dict = getattr(value, "to_dict", None)
    return to_dict() if callable(to_dict) else value


def _with_given(body: dict[str, Any], explain: bool, **optional: object) -> dict[str, Any]:
    """Add what is not its default; arrays cannot be compared with it."""
    for name, value in optional.items():
        if value is not None and not (isinstance(value, tuple) and not value):
            body[name] = value
    if explain is not False:
        body["explain"] = explain
    return body


def token(jwt: object) -> str | None:
    """Check that a token is text; no exception may show it.

    Raises:
        ArgumentError: It is no string.
        UnauthorizedError: It has characters that are not Unicode.
    """
    if jwt is None:
        return None
    if not isinstance(jwt, str):
        raise ArgumentError.of("jwt", f"must be a string or None, not {kind_of(jwt)}")
    if not is_text(jwt):
        raise UnauthorizedError("The token has characters other than visible ASCII.")
    return jwt or None


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
        if config is None:
            self.file = os.environ.get("TESTRIBUTE_CONFIG") or None
        else:
            self.file = _config_path(config)
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name.upper().startswith("TESTRIBUTE__") and is_text(name + value)
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


def _config_path(config: object) -> str:
    try:
        path = os.fsdecode(config)  # type: ignore[arg-type]
    except TypeError:
        known = "a mapping, a path or None"
        raise ConfigError(f"config must be {known}, not {kind_of(config)}") from None
    if not path:
        raise ConfigError("config must not be an empty path; None stands for the environment")
    return path


def _config_text(config: Mapping[str, Any]) -> str:
    writer = _ConfigWriter()
    text = json.dumps(writer.plain(config, None, 0), ensure_ascii=False)
    if writer.faults:
        messages = (f"{_dotted(fault.pointer)}: {fault.message}" for fault in writer.faults)
        raise ConfigError("; ".join(messages), writer.faults)
    return text


def _dotted(pointer: str) -> str:
    """Get a place as the library names keys of the configuration."""
    keys = [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]
    return ".".join(keys) or "config"


class _ConfigWriter(Writer):
    """Takes paths, networks and dates besides, which have a text in YAML."""

    def other(self, value: object, place: Place, depth: int) -> Any:
        if isinstance(value, os.PathLike):
            return self.plain(os.fsdecode(value), place, depth + 1)
        if isinstance(value, _NETWORKS):
            return str(value)
        if isinstance(value, datetime.date):
            return value.isoformat()
        return super().other(value, place, depth)


_NETWORKS = (
    ipaddress.IPv4Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Address,
    ipaddress.IPv6Network,
)
