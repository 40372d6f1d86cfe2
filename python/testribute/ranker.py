"""`Ranker`: connections and caches for many rankings."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Union

from . import _testribute
from ._logging import Warn, apply_level, forward, tell
from ._request import ConfigLike, Configuration, to_json
from .errors import ErrorDetail, TestributeError, UnauthorizedError, ValidationError
from .models import Mode, RankResponse

#: A name, the weight of time against cost from 0 to 1, or -1 for a random order.
ModeLike = Union[float, str, Mode]

#: The addresses that may be called.
Reach = Literal["everywhere", "public"]


class Ranker:
    """Ranks services, one request after the other or many at once, from any thread.

    It owns connections and caches of names, exchange rates and objects: make one and keep it.

    Examples:
        >>> ranker = Ranker({"timeout": 5, "target_currency": "CHF"})
        >>> response = ranker.rank_services(
        ...     tes_uris=["https://tes.example/ga4gh/tes/v1/"],
        ...     resource_requirements={
        ...         "cpu_cores": 2, "ram_gb": 8, "disk_gb": 50, "execution_time_sec": 1800
        ...     },
        ... )  # doctest: +SKIP
    """

    def __init__(
        self,
        config: ConfigLike = None,
        *,
        reach: Reach = "everywhere",
        warn: Warn = "logging",
    ) -> None:
        """Read the configuration.

        Args:
            config: A mapping with the keys of the configuration file, which is taken as it is; or
                the path of such a file, with the variables `TESTRIBUTE__*` of the environment over
                it; or `None` for the file that `TESTRIBUTE_CONFIG` names, if any, and these
                variables.
            reach: `everywhere` lets calls go to all addresses, with the rights of the user who
                runs the program; `public` only to public addresses and those of
                `outbound.allowed_networks`. Use the latter where requests come from others.
            warn: Where warnings of answers go besides `response.warnings`: `logging` (the logger
                `testribute`), `warnings` (as `TestributeWarning`), or `None` for nowhere else.

        Raises:
            ConfigError: The configuration cannot be used.
        """
        if reach not in ("everywhere", "public"):
            raise ValueError(f"reach must be 'everywhere' or 'public', not {reach!r}")
        if warn not in ("logging", "warnings", None):
            raise ValueError(f"warn must be 'logging', 'warnings' or None, not {warn!r}")
        self.warn: Warn = warn
        self._native = _native(Configuration(config), reach)

    def rank_services(
        self,
        jwt: str | None = None,
        object_ids: Iterable[str] = (),
        drs_uris: Iterable[str] = (),
        mode: ModeLike = 0.5,
        resource_requirements: Mapping[str, Any] | None = None,
        tes_uris: Iterable[str] = (),
        *,
        limit: int | None = None,
        explain: bool = False,
        timeout: float | None = None,
        **more: Any,
    ) -> RankResponse:
        """Rank TES instances and access URIs for a task.

        All services are asked at once, with the interpreter free for other threads; Ctrl-C ends
        it. One that fails costs a warning and not the answer.

        Args:
            jwt: Bearer token that is sent to the services of this request, over https.
            object_ids: Ids of the task's input objects: ids at the DRS of `drs_uris`, or `drs://`
                URIs, which name their DRS themselves.
            drs_uris: Root URIs of the DRS instances that may have the objects.
            mode: `cost`, `time`, a weight from 0 (cost) to 1 (time), or `random` (-1).
            resource_requirements: What the task needs: `cpu_cores`, `ram_gb`, `disk_gb` and
                `execution_time_sec` (required; gigabytes are 10^9 bytes), `preemptible`, `zones`.
            tes_uris: Root URIs of the TES instances that could run the task.
            limit: How many combinations to list at most, best first.
            explain: Whether the answer says where everything is and where prices come from.
            timeout: Seconds for the whole ranking: services that have not answered in time are
                left out. `None` bounds single calls only (`timeout` of the configuration).
            more: Further properties of the request, for newer versions of it.

        Returns:
            The ranking, best combination first.

        Raises:
            ValidationError: The request breaks the rules; all faults are named.
            ResourceUnavailableError: Nothing can be ranked.
            UnauthorizedError: The configuration asks for a valid token.
        """
        request = services_request(
            object_ids, drs_uris, mode, resource_requirements, tes_uris, limit, explain, more
        )
        return self._rank(request, jwt, timeout, whole_task=False)

    async def rank_services_async(
        self,
        jwt: str | None = None,
        object_ids: Iterable[str] = (),
        drs_uris: Iterable[str] = (),
        mode: ModeLike = 0.5,
        resource_requirements: Mapping[str, Any] | None = None,
        tes_uris: Iterable[str] = (),
        *,
        limit: int | None = None,
        explain: bool = False,
        timeout: float | None = None,
        **more: Any,
    ) -> RankResponse:
        """Rank as `rank_services` does, without blocking the event loop.

        Cancelling the awaiting task ends all calls.
        """
        request = services_request(
            object_ids, drs_uris, mode, resource_requirements, tes_uris, limit, explain, more
        )
        return await self._rank_async(request, jwt, timeout, whole_task=False)

    def rank_tasks(
        self,
        task: Mapping[str, Any],
        tes_uris: Iterable[str] = (),
        drs_uris: Iterable[str] = (),
        mode: ModeLike = 0.5,
        jwt: str | None = None,
        *,
        execution_time_sec: float | None = None,
        sizes: Mapping[str, int] | None = None,
        registries: Iterable[str] = (),
        limit: int | None = None,
        explain: bool = False,
        timeout: float | None = None,
        **more: Any,
    ) -> RankResponse:
        """Rank TES instances and access URIs for a whole TES task.

        Args:
            task: The task as it would be sent to a TES. What its resources leave out is assumed
                (`tes.default_needs` of the configuration), and named in the warnings.
            tes_uris: Root URIs of the TES instances that could run the task.
            drs_uris: Root URIs of DRS instances that may have inputs.
            mode: `cost`, `time`, a weight from 0 (cost) to 1 (time), or `random` (-1).
            jwt: Bearer token that is sent to the services of this request, over https.
            execution_time_sec: The run time; else that of earlier tasks with the same image.
            sizes: Sizes of inputs and outputs in bytes, by their paths in the task.
            registries: Service registries to take TES instances from.
            limit: How many combinations to list at most, best first.
            explain: Whether the answer says where everything is and where prices come from.
            timeout: Seconds for the whole ranking, as for `rank_services`.
            more: Further properties of the request, for newer versions of it.

        Returns:
            The ranking. `task` is the task for the best combination, rewritten, and `tes_uris` are
            all sites, best first; access URIs have the paths of the inputs as their keys.

        Raises:
            ValidationError: The request breaks the rules; all faults are named.
            ResourceUnavailableError: Nothing can be ranked.
            UnauthorizedError: The configuration asks for a valid token.
        """
        request = tasks_request(
            task,
            tes_uris,
            drs_uris,
            mode,
            execution_time_sec,
            sizes,
            registries,
            limit,
            explain,
            more,
        )
        return self._rank(request, jwt, timeout, whole_task=True)

    async def rank_tasks_async(
        self,
        task: Mapping[str, Any],
        tes_uris: Iterable[str] = (),
        drs_uris: Iterable[str] = (),
        mode: ModeLike = 0.5,
        jwt: str | None = None,
        *,
        execution_time_sec: float | None = None,
        sizes: Mapping[str, int] | None = None,
        registries: Iterable[str] = (),
        limit: int | None = None,
        explain: bool = False,
        timeout: float | None = None,
        **more: Any,
    ) -> RankResponse:
        """Rank as `rank_tasks` does, without blocking the event loop.

        Cancelling the awaiting task ends all calls.
        """
        request = tasks_request(
            task,
            tes_uris,
            drs_uris,
            mode,
            execution_time_sec,
            sizes,
            registries,
            limit,
            explain,
            more,
        )
        return await self._rank_async(request, jwt, timeout, whole_task=True)

    def _rank(
        self, request: str, jwt: str | None, timeout: float | None, *, whole_task: bool
    ) -> RankResponse:
        apply_level()
        try:
            answer = self._native.rank(
                request, whole_task=whole_task, jwt=token(jwt), timeout_sec=seconds(timeout)
            )
        except TestributeError as error:
            self._tell(error.warnings)
            raise
        self._tell(answer.warnings())
        return RankResponse(answer)

    async def _rank_async(
        self, request: str, jwt: str | None, timeout: float | None, *, whole_task: bool
    ) -> RankResponse:
        apply_level()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_testribute.Answer] = loop.create_future()
        call = self._native.start(
            request,
            _resolver(loop, future),
            whole_task=whole_task,
            jwt=token(jwt),
            timeout_sec=seconds(timeout),
        )
        try:
            answer = await future
        except TestributeError as error:
            self._tell(error.warnings)
            raise
        finally:
            call.cancel()  # if it is in flight still
        self._tell(answer.warnings())
        return RankResponse(answer)

    def _tell(self, warnings: Iterable[str]) -> None:
        forward()
        tell(warnings, self.warn)


def _native(configuration: Configuration, reach: Reach) -> _testribute.NativeRanker:
    """Make the ranker of the extension module."""
    apply_level()
    try:
        return _testribute.NativeRanker(
            text=configuration.text,
            file=configuration.file,
            environment=configuration.environment,
            everywhere=reach == "everywhere",
        )
    finally:
        forward()


def _resolver(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[_testribute.Answer]
) -> Callable[[_testribute.Answer | None, BaseException | None], None]:
    """Make the callback that hands an outcome to `future`, from another thread."""

    def resolve(answer: _testribute.Answer | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        elif answer is not None:
            future.set_result(answer)

    def callback(answer: _testribute.Answer | None, error: BaseException | None) -> None:
        try:
            loop.call_soon_threadsafe(resolve, answer, error)
        except RuntimeError:  # the loop is closed: nothing waits for the answer
            return

    return callback


def services_request(
    object_ids: Iterable[str],
    drs_uris: Iterable[str],
    mode: ModeLike,
    resource_requirements: Mapping[str, Any] | None,
    tes_uris: Iterable[str],
    limit: int | None,
    explain: bool,
    more: Mapping[str, Any],
) -> str:
    """Get the body of `POST /rank-services`; what is left to its default is left out."""
    request: dict[str, Any] = {
        "object_ids": object_ids,
        "drs_uris": drs_uris,
        "mode": mode,
        "resource_requirements": {} if resource_requirements is None else resource_requirements,
        **more,
    }
    if _is_given(tes_uris):  # another property may stand in for it
        request["tes_uris"] = tes_uris
    if limit is not None:
        request["limit"] = limit
    if explain is not False:
        request["explain"] = explain
    return to_json(request)


def tasks_request(
    task: Mapping[str, Any],
    tes_uris: Iterable[str],
    drs_uris: Iterable[str],
    mode: ModeLike,
    execution_time_sec: float | None,
    sizes: Mapping[str, int] | None,
    registries: Iterable[str],
    limit: int | None,
    explain: bool,
    more: Mapping[str, Any],
) -> str:
    """Get the body of `POST /rank-tasks`; what is left to its default is left out."""
    request: dict[str, Any] = {"task": task, "drs_uris": drs_uris, "mode": mode, **more}
    for name, value in (
        ("tes_uris", tes_uris),
        ("registries", registries),
        ("execution_time_sec", execution_time_sec),
        ("sizes", sizes),
        ("limit", limit),
    ):
        if _is_given(value):
            request[name] = value
    if explain is not False:
        request["explain"] = explain
    return to_json(request)


def _is_given(value: object) -> bool:
    """Whether an argument is not its default; arrays cannot be compared with it."""
    return value is not None and not (isinstance(value, tuple) and not value)


def token(jwt: str | None) -> str | None:
    """Check that a token is text; no exception may show it.

    Raises:
        UnauthorizedError: It has characters that are not Unicode.
    """
    if not jwt:
        return None
    if not isinstance(jwt, str):
        raise TypeError(f"jwt must be a string or None, not {type(jwt).__name__}")
    if any("\ud800" <= character <= "\udfff" for character in jwt):
        raise UnauthorizedError("The token has characters other than visible ASCII.")
    return jwt


def seconds(timeout: float | None) -> float | None:
    """Check a timeout."""
    if timeout is None:
        return None
    # In this order, as large integers are no floats; NaN is not above 0.
    if isinstance(timeout, (int, float)) and 0 < timeout < math.inf:
        return float(min(timeout, 1_000_000_000))
    message = "must be a positive number of seconds, or None"
    raise ValidationError(f"timeout: {message}", [ErrorDetail("/timeout", message)])
