"""What programs do by accident or in spite: no crash, no panic text, no token in an exception."""

from __future__ import annotations

import asyncio
import collections
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import NEEDS, Network

from testribute import (
    ConfigError,
    Ranker,
    TestributeError,
    UnauthorizedError,
    ValidationError,
    rank_services,
    rank_tasks,
)

RANKER = Ranker({"locations": {"database": "none"}}, reach="public", warn=None)
TES = ["http://127.0.0.1:1/"]


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [200, 10_000])
def test_deep_nesting_is_an_error_of_ours(depth: int) -> None:
    with pytest.raises(ValidationError):
        RANKER.rank_services(tes_uris=TES, resource_requirements={**NEEDS, "x": nested(depth)})
    with pytest.raises(ValidationError):
        RANKER.rank_tasks({"executors": nested(depth)}, TES)
    with pytest.raises(ConfigError):
        Ranker({"tes": nested(depth)})


@pytest.mark.parametrize(
    "number",
    [2**64, -(2**64), 10**400, 10**5000, float("nan"), float("inf")],
    ids=["2^64", "-2^64", "10^400", "10^5000", "nan", "inf"],
)
def test_odd_numbers_are_errors_of_ours(number: Any) -> None:
    for name in NEEDS:
        with pytest.raises(TestributeError):
            RANKER.rank_services(tes_uris=TES, resource_requirements={**NEEDS, name: number})
    for more in ({"mode": number}, {"limit": number}, {"execution_time_sec": number}):
        with pytest.raises(TestributeError):
            RANKER.rank_tasks({"executors": [{"image": "a", "command": ["a"]}]}, TES, **more)


def test_a_timeout_may_be_any_positive_integer() -> None:
    with pytest.raises(TestributeError) as caught:
        RANKER.rank_services(tes_uris=TES, resource_requirements=NEEDS, timeout=10**400)
    assert not isinstance(caught.value, ValidationError)


def test_keys_of_bytes_are_an_error_of_ours() -> None:
    with pytest.raises(ValidationError):
        RANKER.rank_services(tes_uris=TES, resource_requirements={b"cpu_cores": 1})
    with pytest.raises(ConfigError):
        Ranker({b"timeout": 1})  # type: ignore[dict-item]


def test_subclasses_of_dict_and_arrays_are_taken(network: Network, config: Path) -> None:
    class Uris:
        """Compares element by element, as arrays of NumPy do."""

        def __init__(self, uris: list[str]) -> None:
            self.uris = uris

        def __iter__(self) -> Any:
            return iter(self.uris)

        def __eq__(self, other: object) -> bool:
            raise ValueError("the truth value of an array is ambiguous")

        __ne__ = __eq__
        __hash__ = None  # type: ignore[assignment]

    request = network.request(
        resource_requirements=collections.OrderedDict(NEEDS), tes_uris=Uris(network.tes_uris)
    )
    assert rank_services(config=config, **request).service_combinations
    task = collections.defaultdict(list, executors=[{"image": "a", "command": ["a"]}])
    answer = rank_tasks(task, Uris(network.tes_uris), config=config, warn=None)
    assert answer.task == {"executors": [{"image": "a", "command": ["a"]}]}


def test_an_exception_of_the_callers_own_objects_is_theirs() -> None:
    def uris() -> Any:
        yield TES[0]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        RANKER.rank_services(tes_uris=uris(), resource_requirements=NEEDS)


@pytest.mark.parametrize("jwt", ["s3cret\ud800", b"s3cret", 7, ["s3cret"]], ids=repr)
def test_no_exception_shows_a_token(jwt: Any) -> None:
    for call in (
        lambda: RANKER.rank_services(jwt=jwt, tes_uris=TES, resource_requirements=NEEDS),
        lambda: asyncio.run(
            RANKER.rank_services_async(jwt=jwt, tes_uris=TES, resource_requirements=NEEDS)
        ),
    ):
        with pytest.raises((TypeError, UnauthorizedError)) as caught:
            call()
        assert "s3cret" not in repr(caught.value)


@pytest.mark.parametrize(
    "path", ["a\0b", "\udcff.yaml", b"/no/\xff", tempfile.gettempdir()], ids=repr
)
def test_a_path_that_is_none_is_an_error_of_ours(path: Any) -> None:
    with pytest.raises(ConfigError):
        rank_services(config=path)


@pytest.mark.skipif(not os.supports_bytes_environ, reason="no environment of bytes")
def test_an_environment_of_other_bytes_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environb, b"TESTRIBUTE__\xff", b"1")
    monkeypatch.setitem(os.environb, b"OTHER", b"\xff")
    assert Ranker(None, warn=None)


def test_threads_with_event_loops_of_their_own_rank(network: Network, config: Path) -> None:
    ranker = Ranker(config, warn=None)
    expected = ranker.rank_services(**network.request())

    def rank(_: int) -> bool:
        return asyncio.run(ranker.rank_services_async(**network.request())) == expected

    with ThreadPoolExecutor(20) as threads:
        assert all(threads.map(rank, range(40)))


#: No memory for the stack of a thread: Tokio panics.
WITHOUT_THREADS = """
import resource
from testribute import Ranker, TestributeError
with open("/proc/self/statm") as pages:
    size = int(pages.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 1_500_000, resource.RLIM_INFINITY))
try:
    Ranker({"locations": {"database": "none"}})
except (TestributeError, RuntimeError) as error:
    text = f"{type(error).__name__}: {error}"
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(text)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_panic_is_an_error_of_ours_without_its_text() -> None:
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_THREADS],
        capture_output=True,
        text=True,
        check=False,
        cwd=tempfile.gettempdir(),
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(("TestributeError: Internal error", "RuntimeError: threads"))
    assert "panic" not in run.stdout + run.stderr
