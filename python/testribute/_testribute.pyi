"""The extension module."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

_Callback = Callable[[Answer | None, BaseException | None], object]

__version__: str

class Answer:
    def warnings(self) -> list[str]: ...
    def to_dict(self) -> dict[str, Any]: ...
    def to_json(self) -> str: ...

class Call:
    def cancel(self) -> None: ...

class NativeRanker:
    def __new__(
        cls,
        *,
        text: str | None,
        file: str | PathLike[str] | None,
        environment: Mapping[str, str],
        everywhere: bool,
    ) -> NativeRanker: ...
    def secret_variables(self) -> list[str]: ...
    def faults(self, body: str, *, whole_task: bool) -> list[tuple[str, str]]: ...
    def rank(
        self,
        body: str,
        *,
        whole_task: bool,
        jwt: str | None = None,
        timeout_sec: float | None = None,
    ) -> Answer: ...
    def start(
        self,
        body: str,
        callback: _Callback,
        *,
        whole_task: bool,
        jwt: str | None = None,
        timeout_sec: float | None = None,
    ) -> Call: ...

def set_log_level(level: int) -> None: ...
def take_logs() -> list[tuple[int, str, str]]: ...
