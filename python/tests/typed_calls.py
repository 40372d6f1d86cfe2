"""Calls that `mypy --strict` takes, and calls that it refuses (an unused ignore is an error)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from testribute import (
    ArgumentError,
    ErrorDetail,
    Mode,
    Ranker,
    RankResponse,
    ResourceRequirements,
    rank_services,
    rank_services_async,
    rank_tasks,
    rank_tasks_async,
)

URI = "https://tes.example/ga4gh/tes/v1/"
NEEDS: ResourceRequirements = {
    "cpu_cores": 2,
    "ram_gb": 0.5,
    "disk_gb": 50,
    "execution_time_sec": 1800,
    "preemptible": True,
    "zones": [],
}
TASK: dict[str, Any] = {"executors": [{"image": "alpine", "command": ["true"]}]}


@dataclasses.dataclass
class Needs:
    cpu_cores: int = 2


class PyTes:
    def as_dict(self, drop_empty: bool = True) -> dict[str, Any]:
        return {"drop": drop_empty}


class Model:
    def model_dump(self, *, mode: str = "python") -> dict[str, Any]:
        return {"mode": mode}


class Series:
    def to_dict(self, *, into: type[dict[Any, Any]] = dict) -> dict[Any, Any]:
        return into()


def uris() -> Iterator[str]:
    yield URI


async def taken(ranker: Ranker, anything: Any, mapping: Mapping[str, int]) -> RankResponse:
    rank_services(tes_uris=[URI], resource_requirements=NEEDS)
    rank_services(tes_uris=(URI,), resource_requirements={"cpu_cores": 2, "zones": ["a"]})
    rank_services(tes_uris={URI}, resource_requirements={"ram_gb": Decimal("0.5")}, mode="cost")
    rank_services(tes_uris={URI: 1}.keys(), resource_requirements=mapping, mode=Mode.time)
    rank_services(None, ["a001"], [URI], 0.5, mapping, uris(), limit=3, explain=True, timeout=2)
    rank_services(tes_uris=anything, resource_requirements=anything, mode=anything, limit=None)
    rank_services(tes_uris=None, registries=[URI], object_sizes={"a": 1}, config={"timeout": 5})
    rank_tasks(TASK, [URI], sizes={"/a": 1}, execution_time_sec=0.5, config=Path("c.yaml"))
    await rank_tasks_async(TASK, tes_uris=uris(), warn="warnings", config="c.yaml")
    await ranker.rank_tasks_async(TASK, [URI])
    rank_services(resource_requirements=Needs(), object_sizes=Series())
    rank_services(resource_requirements=Series())
    rank_services(resource_requirements=Model())
    rank_tasks(PyTes(), [URI], sizes=Series())
    rank_tasks(Model(), [URI])
    with Ranker({}) as kept:
        kept.rank_services(tes_uris=[URI])
    async with Ranker({}) as opened:
        await opened.rank_services_async(tes_uris=[URI])
    response = await ranker.rank_services_async(jwt="token", tes_uris=[URI])
    score: float | None = response.service_combinations[0].score
    fault: ErrorDetail = ArgumentError.of("a", f"{score}").errors[0]
    print(fault.pointer)
    return await rank_services_async(tes_uris=[URI], resource_requirements=NEEDS, warn=None)


async def refused(ranker: Ranker) -> None:
    # Arguments that there are not.
    rank_services(tes_uris=[URI], foo=3)  # type: ignore[call-arg]
    rank_services(tes_uri=[URI])  # type: ignore[call-arg]
    rank_tasks(TASK, [URI], foo=3)  # type: ignore[call-arg]
    rank_tasks()  # type: ignore[call-arg]
    ranker.rank_services(tes_uris=[URI], config={})  # type: ignore[call-arg]
    ranker.rank_tasks(TASK, foo=3)  # type: ignore[call-arg]
    await rank_services_async(foo=3)  # type: ignore[call-arg]
    await rank_tasks_async(TASK, foo=3)  # type: ignore[call-arg]
    await ranker.rank_services_async(foo=3)  # type: ignore[call-arg]
    await ranker.rank_tasks_async(TASK, foo=3)  # type: ignore[call-arg]
    Ranker({}, foo=3)  # type: ignore[call-arg]
    # A string is no list of strings.
    rank_services(tes_uris=URI)  # type: ignore[arg-type]
    rank_services(object_ids="a001")  # type: ignore[arg-type]
    rank_services(drs_uris=URI)  # type: ignore[arg-type]
    rank_services(registries=URI)  # type: ignore[arg-type]
    rank_tasks(TASK, URI)  # type: ignore[arg-type]
    await ranker.rank_tasks_async(TASK, drs_uris=URI)  # type: ignore[arg-type]
    # Other types.
    rank_services(tes_uris=[1])  # type: ignore[list-item]
    rank_services(tes_uris=[b"https://tes.example/"])  # type: ignore[list-item]
    rank_services(tes_uris=b"https://tes.example/")  # type: ignore[arg-type]
    rank_services(tes_uris=[URI, None])  # type: ignore[list-item]
    rank_services(resource_requirements=[1])  # type: ignore[arg-type]
    rank_services(resource_requirements={"cpu_cores": "2"})  # type: ignore[dict-item]
    rank_services(resource_requirements={"zones": "eu"})  # type: ignore[dict-item]
    rank_services(resource_requirements={1: 2})  # type: ignore[dict-item]
    rank_services(mode="Cost")  # type: ignore[arg-type]
    rank_services(mode=None)  # type: ignore[arg-type]
    rank_services(limit="3")  # type: ignore[arg-type]
    rank_services(limit=1.5)  # type: ignore[arg-type]
    rank_services(explain="yes")  # type: ignore[arg-type]
    rank_services(timeout="2")  # type: ignore[arg-type]
    rank_services(jwt=b"token")  # type: ignore[arg-type]
    rank_services(object_sizes={"a": "1"})  # type: ignore[dict-item]
    rank_services(config=7)  # type: ignore[arg-type]
    rank_services(warn="print")  # type: ignore[arg-type]
    rank_tasks("task")  # type: ignore[arg-type]
    rank_services(resource_requirements=PyTes())  # type: ignore[arg-type]
    rank_services(resource_requirements=Needs)  # type: ignore[arg-type]
    rank_tasks(7)  # type: ignore[arg-type]
    rank_tasks(TASK, sizes=[1])  # type: ignore[arg-type]
    rank_tasks(TASK, execution_time_sec="1800")  # type: ignore[arg-type]
    Ranker({}, reach="all")  # type: ignore[arg-type]
    wrong: ResourceRequirements = {"cpu_core": 2}  # type: ignore[typeddict-item]
    print(wrong)
    number: int = rank_services(tes_uris=[URI])  # type: ignore[assignment]
    print(number)
