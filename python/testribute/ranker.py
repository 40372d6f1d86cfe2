"""`Ranker`: connections and caches for many rankings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, NoReturn

from . import _testribute
from ._arguments import named
from ._logging import Warn, apply_level, check, forward, tell
from ._request import ConfigLike, Configuration, Request, services_body, tasks_body
from ._types import ModeLike, Requirements, Sizes, Strings, TaskLike
from .errors import ArgumentError, ErrorDetail, TestributeError, TestributeWarning, ValidationError
from .models import RankResponse

if TYPE_CHECKING:
    from typing_extensions import Self

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

    @named
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
            ArgumentError: `reach` or `warn` is none of these.
        """
        if reach not in ("everywhere", "public"):
            raise ArgumentError.of("reach", f"must be 'everywhere' or 'public', not {reach!r:.40}")
        check(warn)
        self.warn: Warn = warn
        self._opened: _testribute.NativeRanker | None = _native(Configuration(config), reach)

    def secret_variables(self) -> list[str]:
        """Get the variables of the environment that `credentials` of the configuration name."""
        return self._native.secret_variables()

    def close(self) -> None:
        """Drop connections and caches, once rankings in flight have ended.

        A ranker that nothing refers to is closed too. Closing it again does nothing.
        """
        self._opened = None

    @property
    def _native(self) -> _testribute.NativeRanker:
        if self._opened is None:
            raise TestributeError("This Ranker is closed; make another one.")
        return self._opened

    def __enter__(self) -> Self:
        self._native  # noqa: B018 (open)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Ranker has connections, and cannot be copied or pickled; make one in each process, "
            "or use the functions of testribute, which keep one"
        )

    @named
    def rank_services(
        self,
        jwt: str | None = None,
        object_ids: Strings | None = (),
        drs_uris: Strings | None = (),
        mode: ModeLike = 0.5,
        resource_requirements: Requirements | None = None,
        tes_uris: Strings | None = (),
        *,
        object_sizes: Sizes | None = None,
        registries: Strings | None = (),
        limit: int | None = None,
        explain: bool = False,
        timeout: float | None = None,
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
            object_sizes: Sizes of objects in bytes, by their ids, where they are known.
            registries: Service registries to take TES instances from.
            limit: How many combinations to list at most, best first.
            explain: Whether the answer says where everything is and where prices come from.
            timeout: Seconds for the whole ranking: services that have not answered in seven eighths
                of it are left out. A single call has at most `timeout` of the configuration,
                whatever this is.

        Returns:
            The ranking, best combination first.

        Raises:
            ValidationError: The request breaks the rules; all faults are named.
            ArgumentError: There is no such argument.
            ResourceUnavailableError: Nothing can be ranked.
            UnauthorizedError: The configuration asks for a valid token.
        """
        body = services_body(
            object_ids,
            drs_uris,
            mode,
            resource_requirements,
            tes_uris,
            object_sizes,
            registries,
            limit,
            explain,
        )
        return self._rank(Request(body, timeout, jwt), whole_task=False)

    @named
    async def rank_services_async(
        self,
        jwt: str | None = None,
        object_ids: Strings | None = (),
        drs_uris: Strings | None = (),
        mode: ModeLike = 0.5,
        resource_requirements: Requirements | None = None,
        tes_uris: Strings | None = (),
        *,
        object_sizes: Sizes | None = None,
        registries: Strings | None = (),
        limit: int | None = None,
        explain: bool = False,
        timeout: float | None = None,
    ) -> RankResponse:
        """Rank as `rank_services` does, without blocking the event loop.

        Cancelling the awaiting task ends all calls.
        """
        body = services_body(
            object_ids,
            drs_uris,
            mode,
            resource_requirements,
            tes_uris,
            object_sizes,
            registries,
            limit,
            explain,
        )
        return await self._rank_async(Request(body, timeout, jwt), whole_task=False)

    @named
    def rank_tasks(
        self,
        task: TaskLike,
        tes_uris: Strings | None = (),
        drs_uris: Strings | None = (),
        mode: ModeLike = 0.5,
        jwt: str | None = None,
        *,
        execution_time_sec: float | None = None,
        sizes: Sizes | None = None,
        registries: Strings | None = (),
        limit: int | None = None,
        explain: bool = False,
        timeout: float | None = None,
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

        Returns:
            The ranking. `task` is the task for the best combination, rewritten, and `tes_uris` are
            all sites, best first; access URIs have the paths of the inputs as their keys.

        Raises:
            ValidationError: The request breaks the rules; all faults are named.
            ArgumentError: There is no such argument.
            ResourceUnavailableError: Nothing can be ranked.
            UnauthorizedError: The configuration asks for a valid token.
        """
        body = tasks_body(
            task,
            tes_uris,
            drs_uris,
            mode,
            execution_time_sec,
            sizes,
            registries,
            limit,
            explain,
        )
        return self._rank(Request(body, timeout, jwt), whole_task=True)

    @named
    async def rank_tasks_async(
        self,
        task: TaskLike,
        tes_uris: Strings | None = (),
        drs_uris: Strings | None = (),
        mode: ModeLike = 0.5,
        jwt: str | None = None,
        *,
        execution_time_sec: float | None = None,
        sizes: Sizes | None = None,
        registries: Strings | None = (),
        limit: int | None = None,
        explain: bool = False,
        timeout: float | None = None,
    ) -> RankResponse:
        """Rank as `rank_tasks` does, without blocking the event loop.

        Cancelling the awaiting task ends all calls.
        """
        body = tasks_body(
            task,
            tes_uris,
            drs_uris,
            mode,
            execution_time_sec,
            sizes,
            registries,
            limit,
            explain,
        )
        return await self._rank_async(Request(body, timeout, jwt), whole_task=True)

    def _rank(self, request: Request, *, whole_task: bool) -> RankResponse:
        apply_level()
        self._check(request, whole_task=whole_task)
        try:
            answer = self._native.rank(
                request.text, whole_task=whole_task, jwt=request.jwt, timeout_sec=request.timeout
            )
        except TestributeError as error:
            self._tell_of(error)
            raise
        self._tell(answer.warnings())
        return RankResponse(answer)

    async def _rank_async(self, request: Request, *, whole_task: bool) -> RankResponse:
        apply_level()
        self._check(request, whole_task=whole_task)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_testribute.Answer] = loop.create_future()
        call = self._native.start(
            request.text,
            _resolver(loop, future),
            whole_task=whole_task,
            jwt=request.jwt,
            timeout_sec=request.timeout,
        )
        try:
            answer = await future
        except TestributeError as error:
            self._tell_of(error)
            raise
        finally:
            call.cancel()  # if it is in flight still
        self._tell(answer.warnings())
        return RankResponse(answer)

    def _check(self, request: Request, *, whole_task: bool) -> None:
        """Refuse a request with faults that were found before the library saw it.

        Raises:
            ValidationError: It has some; those that the library finds elsewhere are named too.
        """
        if not request.faults:
            return
        places = {fault.pointer for fault in request.faults}
        found = self._native.faults(request.text, whole_task=whole_task)
        others = [ErrorDetail(*fault) for fault in found if fault[0] not in places]
        raise ValidationError.of_faults([*request.faults, *others])

    def _tell_of(self, error: TestributeError) -> None:
        """Hand out the warnings of an error, which none of them may replace."""
        try:
            self._tell(error.warnings)
        except TestributeWarning:  # the program makes warnings errors
            return

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
