"""Rankings of whole TES tasks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from conftest import Network

from testribute import (
    RankResponse,
    ValidationError,
    rank_services,
    rank_tasks,
    rank_tasks_async,
)

URL = "https://ftp.ensembl.org/pub/a.fa.gz"
PATH = "/data/a.fa.gz"


def task() -> dict[str, Any]:
    return {
        "name": "count",
        "resources": {"cpu_cores": 2, "ram_gb": 4, "disk_gb": 10},
        "inputs": [{"url": URL, "path": PATH}],
        "executors": [{"image": "alpine", "command": ["wc", PATH]}],
    }


def check(response: RankResponse, network: Network) -> None:
    assert sorted(response.tes_uris) == sorted(network.tes_uris)
    best = response.service_combinations[0]
    assert best.access_uris.tes_uri == response.tes_uris[0]
    assert best.access_uris[PATH] == URL
    assert response.task == best.task == task()
    assert best.time_breakdown["execution"] == 60


def test_a_whole_task_is_ranked_and_rewritten(network: Network, config: Path) -> None:
    sizes = {PATH: 1_000_000_000}
    response = rank_tasks(
        task(), network.tes_uris, execution_time_sec=60, sizes=sizes, config=config
    )
    check(response, network)
    awaited = rank_tasks_async(
        task(), network.tes_uris, execution_time_sec=60, sizes=sizes, config=config
    )
    assert asyncio.run(awaited).to_dict() == response.to_dict()


def test_faults_have_pointers_into_the_task(config: Path) -> None:
    with pytest.raises(ValidationError) as raised:
        rank_tasks({"executors": [], "inputs": 1}, ["https://tes.example/"], config=config)
    pointers = {error.pointer for error in raised.value.errors}
    assert "/task/inputs" in pointers


def test_a_ranking_of_services_has_no_task(network: Network, config: Path) -> None:
    response = rank_services(config=config, **network.request())
    assert response.task is None
    assert response.tes_uris == []
