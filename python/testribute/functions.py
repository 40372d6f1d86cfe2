"""The functions of the package: each finds or makes the `Ranker` of its configuration."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict

from ._arguments import named
from ._logging import Warn, check
from ._request import ConfigLike, Configuration
from ._types import ModeLike, Requirements, Sizes, Strings, TaskLike
from .models import RankResponse
from .ranker import Ranker

_MAX_RANKERS = 4
#: What a ranker reads of the environment besides its configuration; in lower case too.
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class _Kept:
    """A ranker, and the variables that it has read.

    Tokens expire while a notebook is open, and a proxy is set after the first failure.
    """

    def __init__(self, ranker: Ranker) -> None:
        self.ranker = ranker
        proxies = (name for proxy in _PROXIES for name in (proxy, proxy.lower()))
        self._names = (*proxies, *ranker.secret_variables())
        self._values = self._read()

    def is_current(self) -> bool:
        """Whether the variables are as they were."""
        return self._values == self._read()

    def _read(self) -> int:
        # The hash: secrets stand in no attribute.
        return hash(tuple(map(os.environ.get, self._names)))


_lock = threading.Lock()
_rankers: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()


def _reset() -> None:
    """Begin anew in a child process: another thread of its parent may have held the lock."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _rankers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset)


def ranker_of(config: ConfigLike, warn: Warn) -> Ranker:
    """Get the kept ranker of a configuration, or make it.

    Raises:
        ConfigError: The configuration cannot be used.
        ArgumentError: `warn` is no place for warnings.
    """
    check(warn)
    key = (Configuration(config).key(), warn)
    with _lock:
        kept = _rankers.get(key)
        if kept is not None and kept.is_current():
            _rankers.move_to_end(key)
            return kept.ranker
    made = _Kept(Ranker(config, warn=warn))
    with _lock:
        kept = _rankers.get(key)
        # Another thread may have been faster.
        if kept is None or not kept.is_current():
            kept = _rankers[key] = made
        _rankers.move_to_end(key)
        while len(_rankers) > _MAX_RANKERS:
            _rankers.popitem(last=False)
        return kept.ranker


@named
def rank_services(
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
    config: ConfigLike = None,
    warn: Warn = "logging",
) -> RankResponse:
    """Rank TES instances and access URIs for a task.

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
        timeout: Seconds for the whole ranking: services that have not answered in seven eighths of
            it are left out. A single call has at most `timeout` of the configuration,
            whatever this is.
        config: A mapping with the keys of the configuration file, the path of such a file, or
            `None` for the environment (`Ranker` has the details).
        warn: Where warnings go besides `response.warnings`: `logging`, `warnings` or `None`.

    Returns:
        The ranking, best combination first. Times are seconds; amounts are in the target currency
        of the configuration.

    Raises:
        ValidationError: The request breaks the rules; `errors` has every fault with its pointer.
        ArgumentError: There is no such argument.
        ResourceUnavailableError: Nothing can be ranked; `warnings` says why.
        UnauthorizedError: The configuration asks for a valid token.
        ConfigError: The configuration cannot be used.
    """
    return ranker_of(config, warn).rank_services(
        jwt,
        object_ids,
        drs_uris,
        mode,
        resource_requirements,
        tes_uris,
        object_sizes=object_sizes,
        registries=registries,
        limit=limit,
        explain=explain,
        timeout=timeout,
    )


@named
async def rank_services_async(
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
    config: ConfigLike = None,
    warn: Warn = "logging",
) -> RankResponse:
    """Rank as `rank_services` does, without blocking the event loop.

    Cancelling the awaiting task ends all calls.
    """
    return await ranker_of(config, warn).rank_services_async(
        jwt,
        object_ids,
        drs_uris,
        mode,
        resource_requirements,
        tes_uris,
        object_sizes=object_sizes,
        registries=registries,
        limit=limit,
        explain=explain,
        timeout=timeout,
    )


@named
def rank_tasks(
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
    config: ConfigLike = None,
    warn: Warn = "logging",
) -> RankResponse:
    """Rank TES instances and access URIs for a whole TES task: see `Ranker.rank_tasks`.

    Args:
        task: The task as it would be sent to a TES.
        tes_uris: Root URIs of the TES instances that could run the task.
        drs_uris: Root URIs of DRS instances that may have inputs.
        mode: `cost`, `time`, a weight from 0 (cost) to 1 (time), or `random` (-1).
        jwt: Bearer token that is sent to the services of this request, over https.
        execution_time_sec: The run time; else that of earlier tasks with the same image.
        sizes: Sizes of inputs and outputs in bytes, by their paths in the task.
        registries: Service registries to take TES instances from.
        limit: How many combinations to list at most, best first.
        explain: Whether the answer says where everything is and where prices come from.
        timeout: Seconds for the whole ranking.
        config: As for `rank_services`.
        warn: As for `rank_services`.

    Returns:
        The ranking; `task` is the rewritten task for the best combination.

    Raises:
        ValidationError: The request breaks the rules; `errors` has every fault with its pointer.
        ArgumentError: There is no such argument.
        ResourceUnavailableError: Nothing can be ranked; `warnings` says why.
        UnauthorizedError: The configuration asks for a valid token.
        ConfigError: The configuration cannot be used.
    """
    return ranker_of(config, warn).rank_tasks(
        task,
        tes_uris,
        drs_uris,
        mode,
        jwt,
        execution_time_sec=execution_time_sec,
        sizes=sizes,
        registries=registries,
        limit=limit,
        explain=explain,
        timeout=timeout,
    )


@named
async def rank_tasks_async(
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
    config: ConfigLike = None,
    warn: Warn = "logging",
) -> RankResponse:
    """Rank as `rank_tasks` does, without blocking the event loop."""
    return await ranker_of(config, warn).rank_tasks_async(
        task,
        tes_uris,
        drs_uris,
        mode,
        jwt,
        execution_time_sec=execution_time_sec,
        sizes=sizes,
        registries=registries,
        limit=limit,
        explain=explain,
        timeout=timeout,
    )
