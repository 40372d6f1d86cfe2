"""`timeout` is the time of the whole ranking, and services have most of it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from conftest import NEEDS, send_json, serve

from testribute import Ranker, ResourceUnavailableError, UnauthorizedError

#: A single call may take longer than any ranking here.
CONFIG = {"timeout": 60, "locations": {"database": "none"}, "exchange_rates": {"source": "static"}}
EUROS = {"amount": 1.0, "currency": "EUR"}
INFO = {
    "estimated_compute_costs": EUROS,
    "estimated_storage_costs": EUROS,
    "unit_costs_data_transfer": EUROS,
    "estimated_queue_time_sec": 0,
}
TASK = {"executors": [{"image": "alpine", "command": ["true"]}], "resources": {"cpu_cores": 1}}


def rank(ranker: Ranker, uris: list[str], timeout: float) -> Any:
    return ranker.rank_services(tes_uris=uris, resource_requirements=NEEDS, timeout=timeout)


def rank_async(ranker: Ranker, uris: list[str], timeout: float) -> Any:
    call = ranker.rank_services_async(tes_uris=uris, resource_requirements=NEEDS, timeout=timeout)
    return asyncio.run(call)


def rank_task(ranker: Ranker, uris: list[str], timeout: float) -> Any:
    return ranker.rank_tasks(TASK, uris, timeout=timeout)


def rank_task_async(ranker: Ranker, uris: list[str], timeout: float) -> Any:
    return asyncio.run(ranker.rank_tasks_async(TASK, uris, timeout=timeout))


@pytest.mark.parametrize("call", [rank, rank_async, rank_task, rank_task_async])
@pytest.mark.parametrize("timeout", [0.5, 1, 2.5])
def test_services_that_hang_take_nearly_all_of_the_time_and_no_more(
    call: Callable[..., Any], timeout: float, silent_service: str
) -> None:
    ranker = Ranker(CONFIG, warn=None)
    with serve(lambda handler: send_json(handler, INFO)) as prompt:
        started = time.monotonic()
        response = call(ranker, [silent_service, prompt.url], timeout)
        taken = time.monotonic() - started
    print(f"timeout={timeout}: {taken:.3f} s")
    assert 0.87 * timeout <= taken <= timeout + 0.25
    assert [c.access_uris.tes_uri for c in response.service_combinations] == [prompt.url]
    # What can be changed here, and nothing that plays no part in the process.
    (warning,) = (w for w in response.warnings if silent_service in w)
    assert f"did not answer within the ranking's time budget of {timeout * 7 / 8:.15g} s" in warning
    assert "raise timeout" in warning
    assert "server." not in warning
    with pytest.raises(ResourceUnavailableError, match="raise timeout"):
        call(ranker, [silent_service], timeout)


@pytest.mark.parametrize("timeout", [2, 3])
def test_a_service_that_answers_in_four_fifths_of_the_time_counts(timeout: float) -> None:
    ended = threading.Event()

    def late(handler: Any) -> None:
        ended.wait(0.8 * timeout)
        send_json(handler, INFO)

    with serve(late) as slow, serve(lambda handler: send_json(handler, INFO)) as prompt:
        response = rank(Ranker(CONFIG, warn=None), [slow.url, prompt.url], timeout)
    uris = {c.access_uris.tes_uri for c in response.service_combinations}
    assert uris == {slow.url, prompt.url}, response.warnings


def test_a_single_call_has_the_time_of_the_configuration(silent_service: str) -> None:
    ranker = Ranker({**CONFIG, "timeout": 0.2}, warn=None)
    started = time.monotonic()
    with pytest.raises(ResourceUnavailableError, match=r"did not answer within 0\.2 s"):
        rank(ranker, [silent_service], 20)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("name", ["rank_services", "rank_services_async"])
def test_the_check_of_a_token_counts(name: str, silent_service: str) -> None:
    security = {"authorization_required": True, "jwt": {"issuers": [silent_service]}}
    call = getattr(Ranker({**CONFIG, "security": security}, warn=None), name)
    request = {"tes_uris": [silent_service], "resource_requirements": NEEDS, "timeout": 0.3}

    async def ranked() -> object:
        answer = call(unsigned(silent_service), **request)
        return await answer if asyncio.iscoroutine(answer) else answer

    started = time.monotonic()
    with pytest.raises(UnauthorizedError, match="issuer is not available"):
        asyncio.run(ranked())
    assert time.monotonic() - started < 2


def unsigned(issuer: str) -> str:
    """A token whose signature is looked at last."""
    import base64  # noqa: PLC0415
    import json  # noqa: PLC0415

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {"iss": issuer, "sub": "ann", "exp": int(time.time()) + 600}
    return f"{part({'alg': 'RS256', 'kid': 'one'})}.{part(claims)}.{'A' * 342}"
