"""Rankers that are closed, and processes without room for one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import NEEDS, Network, send_json, serve

from testribute import Ranker, TestributeError


def test_a_ranker_may_be_closed_and_closed_again(network: Network, config: Path) -> None:
    with Ranker(config, warn=None) as ranker:
        assert ranker.rank_services(**network.request()).service_combinations
    ranker.close()
    for call in (ranker.rank_services, ranker.rank_tasks):
        with pytest.raises(TestributeError, match="closed"):
            call({} if call == ranker.rank_tasks else None)
    with pytest.raises(TestributeError, match="closed"):
        asyncio.run(ranker.rank_services_async(**network.request()))
    with pytest.raises(TestributeError, match="closed"), ranker:
        pass

    async def rank() -> None:
        async with Ranker(config, warn=None) as opened:
            assert (await opened.rank_services_async(**network.request())).service_combinations
        with pytest.raises(TestributeError, match="closed"):
            await opened.rank_services_async(**network.request())

    asyncio.run(rank())


def test_a_ranking_in_flight_outlasts_its_ranker() -> None:
    asked, closed = threading.Event(), threading.Event()
    price = {"amount": 1, "currency": "EUR"}

    def answer(handler: object) -> None:
        asked.set()
        assert closed.wait(20)
        info = {
            "estimated_compute_costs": price,
            "estimated_storage_costs": price,
            "estimated_queue_time_sec": 0,
        }
        send_json(handler, info)  # type: ignore[arg-type]

    ranker = Ranker({"timeout": 30, "locations": {"database": "none"}}, warn=None)
    with serve(answer) as service, ThreadPoolExecutor(1) as threads:
        request = {"tes_uris": [service.url], "resource_requirements": NEEDS}
        ranking = threads.submit(ranker.rank_services, **request)
        assert asked.wait(20)
        ranker.close()
        closed.set()
        assert ranking.result().service_combinations[0].cost_estimate.amount > 0


HAS_NO_FILES = """
import os, resource
import testribute.errors, testribute.ranker
free = os.dup(0)
os.close(free)
resource.setrlimit(resource.RLIMIT_NOFILE, (free, free))
try:
    testribute.Ranker({})
except testribute.TestributeError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of resources on this system")
def test_a_process_without_free_files_has_an_error_of_ours() -> None:
    run = subprocess.run(
        [sys.executable, "-c", HAS_NO_FILES],
        capture_output=True,
        text=True,
        check=True,
        cwd=tempfile.gettempdir(),  # not where the sources are: `-c` would import those
    )
    assert run.stdout.startswith("TestributeError "), run
    assert "Too many open files" in run.stdout
