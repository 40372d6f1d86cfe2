"""A gateway of FOCA 0.18 routes real tasks by the program `testribute` itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import (
    CONFIG,
    TASK,
    Request,
    Server,
    StartGateway,
    drs,
    order,
    send,
    serve,
    site,
    tasks,
)

if sys.version_info < (3, 11):
    pytest.skip("FOCA 0.18 needs Python 3.11", allow_module_level=True)
pytest.importorskip("foca")

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(os.environ.get("TESTRIBUTE_PROGRAM", ROOT / "target/debug/testribute"))
if not PROGRAM.exists():
    pytest.skip(f"{PROGRAM} is not built", allow_module_level=True)

TOKEN = "s3cret-t0ken"  # noqa: S105
NO_INPUTS = {key: value for key, value in TASK.items() if key != "inputs"}


class Service(NamedTuple):
    """The program, running."""

    url: str
    process: subprocess.Popen[str]


@contextmanager
def running_service(config: Path, text: str) -> Iterator[Service]:
    """Run `testribute serve` on a free port."""
    config.write_text(text)
    command = [str(PROGRAM), "--config", str(config), "serve"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert "listening on " in line, line
            # Nobody reads the rest: a full pipe would stop the program.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield Service(line.split("listening on ")[1].split(";")[0].strip(), process)
        finally:
            process.kill()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running_service(tmp_path / "testribute.yaml", CONFIG) as running:
        yield running


def drs_task(host: str) -> dict[str, Any]:
    return {**TASK, "inputs": [{"url": f"drs://{host}/a001", "path": "/data/a"}, TASK["inputs"][1]]}


def tokens(server: Server) -> dict[str, str | None]:
    """The token of the requests that a server had, by their paths."""
    return {r.path.partition("?")[0]: r.headers.get("authorization") for r in server.requests}


@pytest.mark.parametrize("forward_token", [False, True])
def test_a_task_goes_to_the_best_site_and_tokens_where_they_should(
    sites: list[Server], start_gateway: StartGateway, tmp_path: Path, forward_token: bool
) -> None:
    with ExitStack() as stack:
        objects = stack.enter_context(drs())
        host = objects.url.removeprefix("http://")
        text = f"{CONFIG}\ndrs: {{plain_http_hosts: ['{host}']}}\n"
        running = stack.enter_context(running_service(tmp_path / "t.yaml", text))
        gate = start_gateway(
            sites,
            url=running.url,
            mode="cost",
            timeout=20,
            rewrite_inputs="forward",
            forward_token=forward_token,
        )
        assert gate.post(drs_task(host), token=TOKEN).status_code == 200
    route = gate.annotations("route")
    assert order(gate.run, sites) == [2, 1, 0], route
    # Storage and the transfer of 1 GB cost nothing there.
    assert route["costs"] == [1, 2, 3]
    assert route["currency"] == "EUR"
    assert [len(tasks(server)) for server in sites] == [0, 0, 1]
    (sent,) = tasks(sites[2])
    assert sent == {
        **TASK,
        "inputs": [{"url": "https://b.example/a", "path": "/data/a"}, TASK["inputs"][1]],
    }
    expected = f"Bearer {TOKEN}" if forward_token else None
    assert set(tokens(objects).values()) == {expected}
    for server in sites:
        found = tokens(server)
        assert found.pop("/ga4gh/tes/v1/tasks/task-info") == expected
        # Neither with the task, nor with anything else that the gateway sends.
        if server is sites[2]:
            assert found["/ga4gh/tes/v1/tasks"] is None
    assert TOKEN not in json.dumps(gate.run.provenance())


def test_the_answer_in_process_is_that_of_the_service(
    sites: list[Server], start_gateway: StartGateway, tmp_path: Path
) -> None:
    pytest.importorskip("testribute")
    found = []
    with drs() as objects:
        host = objects.url.removeprefix("http://")
        text = f"{CONFIG}\ndrs: {{plain_http_hosts: ['{host}']}}\n"
        config = tmp_path / "testribute.yaml"
        with running_service(config, text) as running:
            for way in ({"url": running.url}, {"testribute_config": str(config)}):
                gate = start_gateway(sites, **way, timeout=20, rewrite_inputs="forward")
                assert gate.post(drs_task(host)).status_code == 200
                best = tasks(sites[order(gate.run, sites)[0]])[-1]
                found.append((gate.annotations("route"), order(gate.run, sites), best))
    assert found[0] == found[1]
    assert found[0][1] == [2, 1, 0]


def test_a_service_that_waits_for_slow_sites_leaves_the_order(
    start_gateway: StartGateway, service: Service
) -> None:
    released = threading.Event()

    def slow(request: Request, handler: Any) -> None:
        if handler.command == "POST" and request.path == "/ga4gh/tes/v1/tasks":
            send(handler, 200, b'{"id": "task-1"}')
        else:
            released.wait(30)

    with serve(slow) as first, site(1) as second:
        gate = start_gateway([first, second], url=service.url, timeout=0.3)
        assert gate.post(NO_INPUTS).status_code == 200
        released.set()
    assert order(gate.run, [first, second]) == [0, 1]
    assert gate.annotations("route")["fallback"]
    assert tasks(first) == [NO_INPUTS]


def test_a_service_that_dies_leaves_the_order(
    sites: list[Server], start_gateway: StartGateway, service: Service
) -> None:
    gate = start_gateway(sites, url=service.url, mode="cost", timeout=20)
    assert gate.post(NO_INPUTS).status_code == 200
    assert order(gate.run, sites) == [2, 1, 0]
    service.process.send_signal(signal.SIGKILL)
    service.process.wait()
    assert gate.post(NO_INPUTS).status_code == 200
    assert order(gate.run, sites) == [0, 1, 2]
    assert gate.annotations("route")["fallback"]


@pytest.mark.parametrize("path", ["/ui", "/no/such/path"])
def test_another_url_of_the_service_leaves_the_order(
    sites: list[Server], start_gateway: StartGateway, service: Service, path: str
) -> None:
    gate = start_gateway(sites, url=service.url + path)
    assert gate.post(NO_INPUTS).status_code == 200
    assert order(gate.run, sites) == [0, 1, 2]
    assert gate.annotations("route")["fallback"].startswith("http_4")


def test_a_service_that_refuses_the_caller_leaves_the_order(
    sites: list[Server], start_gateway: StartGateway, tmp_path: Path
) -> None:
    security = "{authorization_required: true, jwt: {issuers: ['https://issuer.example/']}}"
    text = f"{CONFIG}\nsecurity: {security}\n"
    with running_service(tmp_path / "t.yaml", text) as running:
        gate = start_gateway(sites, url=running.url)
        assert gate.post(NO_INPUTS, token=TOKEN).status_code == 200
    assert order(gate.run, sites) == [0, 1, 2]
    assert gate.annotations("route")["fallback"] == "http_401"


def test_signatures_of_urls_stay_in_the_gateway(
    sites: list[Server], start_gateway: StartGateway, service: Service
) -> None:
    with serve(lambda _, handler: send(handler, 200, b"12345")) as store:
        url = f"{store.url.replace('http://', 'http://ann:pass@')}/a?X-Amz-Signature=s3cret"
        task = {**TASK, "inputs": [{"url": url, "path": "/data/a"}]}
        gate = start_gateway(
            sites, url=service.url, mode="cost", timeout=20, rewrite_inputs="forward"
        )
        assert gate.post(task).status_code == 200
    assert order(gate.run, sites) == [2, 1, 0], gate.annotations("route")
    assert {request.path for request in store.requests} == {"/a"}
    assert "authorization" not in [key for r in store.requests for key in r.headers]
    assert tasks(sites[2]) == [task]
