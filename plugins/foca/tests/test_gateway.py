"""A gateway of FOCA 0.18 routes real tasks through the plugin."""

from __future__ import annotations

import json
import logging
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import (
    CONFIG,
    PLUGIN,
    TASK,
    Answer,
    Request,
    Server,
    StartGateway,
    combination,
    drs,
    order,
    send,
    serve,
    site,
    tasks,
)

if sys.version_info < (3, 11):
    pytest.skip("FOCA 0.18 needs Python 3.11", allow_module_level=True)
foca = pytest.importorskip("foca")

from foca.plugins.testing import check_plugin_contract  # noqa: E402

from foca_plugin_testribute.plugin import TestributeRouter  # noqa: E402

NO_INPUTS = {key: value for key, value in TASK.items() if key != "inputs"}


def cheapest_first(request: Request, handler: Any) -> None:
    """Answer as testribute does: the last TES costs 1, the one before it 2, ..."""
    listed = enumerate(reversed(request.body["tes_uris"]), start=1)
    answer = {
        "service_combinations": [
            combination(uri, cost, **{"/data/a": f"https://copy-{cost}.example/a"})
            for cost, uri in listed
        ],
        "warnings": [],
        "task": request.body["task"],
    }
    send(handler, 200, json.dumps(answer).encode())


def test_a_task_goes_to_the_best_site(sites: list[Server], start_gateway: StartGateway) -> None:
    with serve(cheapest_first) as service:
        gate = start_gateway(sites, url=service.url, mode="cost")
        response = gate.post()
    assert response.status_code == 200, response.text
    assert response.json() == {"id": "task-1"}
    assert [len(tasks(server)) for server in sites] == [0, 0, 1]
    assert tasks(sites[2]) == [TASK]
    assert order(gate.run, sites) == [2, 1, 0]
    (request,) = service.requests
    assert request.path == "/rank-tasks"
    assert request.body["mode"] == "cost"
    assert "secret" not in json.dumps(request.body)
    route = gate.annotations("route")
    assert route["cost"] == 1
    assert route["currency"] == "EUR"
    assert route["time_sec"] == 60
    assert route["ranked"] == 3
    assert route["costs"] == [1, 2, 3]
    assert "cost" in route["reason"]
    assert gate.annotations("forward") == {"cost": 1, "currency": "EUR", "time_sec": 60}


def test_the_next_site_gets_a_task_that_the_best_refuses(start_gateway: StartGateway) -> None:
    with site(2) as good, site(1, accepts=False) as bad, serve(cheapest_first) as service:
        gate = start_gateway([good, bad], url=service.url)
        assert gate.post().status_code == 200
        assert len(tasks(good)) == 1
        assert order(gate.run, [good, bad]) == [1, 0]


def test_sites_that_cannot_be_ranked_go_last_and_are_not_lost(
    sites: list[Server], start_gateway: StartGateway
) -> None:
    def only_the_second(request: Request, handler: Any) -> None:
        answer = {"service_combinations": [combination(request.body["tes_uris"][1], 1)]}
        send(handler, 200, json.dumps(answer).encode())

    with serve(only_the_second) as service:
        gate = start_gateway(sites, url=service.url)
        assert gate.post().status_code == 200
    assert order(gate.run, sites) == [1, 0, 2]
    assert gate.annotations("route")["unranked"] == 2


def test_more_sites_than_are_ranked_go_last(
    sites: list[Server], start_gateway: StartGateway
) -> None:
    with serve(cheapest_first) as service:
        gate = start_gateway(sites, url=service.url, max_candidates=2)
        assert gate.post().status_code == 200
    assert order(gate.run, sites) == [1, 0, 2]


def never(released: threading.Event) -> Answer:
    return lambda *_: released.wait(30) and None


def drip(released: threading.Event) -> Answer:
    def answer(_: Request, handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not released.wait(0.05):
                handler.wfile.write(b" ")
        except OSError:
            return

    return answer


def body(status: int, content: bytes) -> Callable[[threading.Event], Answer]:
    return lambda _: lambda __, handler: send(handler, status, content)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(never, id="slow"),
        pytest.param(drip, id="a slow drip"),
        pytest.param(body(200, b"<html>welcome</html>"), id="no JSON"),
        pytest.param(body(200, b'{"service_combinations": [{"rank": 1}]}'), id="another shape"),
        pytest.param(body(200, b'{"service_combinations": []}'), id="nothing ranked"),
        pytest.param(
            body(
                200,
                json.dumps({"service_combinations": [combination("https://other/", 1)]}).encode(),
            ),
            id="another TES",
        ),
        pytest.param(
            body(
                200,
                json.dumps(
                    {"service_combinations": [{**combination("", 1), "time_estimate": 10**400}]}
                ).encode(),
            ),
            id="a number that is no float",
        ),
        pytest.param(body(200, b"[" * 50_000), id="deeply nested"),
        pytest.param(body(200, b'"' + b"x" * 40_000_000 + b'"'), id="too large"),
        pytest.param(body(400, b'{"code": 400}'), id="refused"),
        pytest.param(body(401, b"{}"), id="unauthorized"),
        pytest.param(body(503, b"{}"), id="overloaded"),
        pytest.param(body(307, b"{}"), id="a redirect"),
        pytest.param(None, id="down"),
    ],
)
@pytest.mark.parametrize("rewrite", ["never", "forward", "request"])
def test_without_a_ranking_the_order_stands_and_nothing_is_lost(
    sites: list[Server],
    start_gateway: StartGateway,
    answer: Callable[[threading.Event], Answer] | None,
    rewrite: str,
) -> None:
    released = threading.Event()
    with ExitStack() as stack:
        if answer is None:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        else:
            url = stack.enter_context(serve(answer(released))).url
            stack.callback(released.set)
        urls = [server.url for server in sites] if rewrite == "request" else []
        gate = start_gateway(sites, url=url, timeout=0.3, rewrite_inputs=rewrite, tes_uris=urls)
        response = gate.post(token="t0ken")
    assert response.status_code == 200, response.text
    assert tasks(sites[0]) == [TASK]
    assert order(gate.run, sites) == [0, 1, 2]
    assert gate.annotations("route")["fallback"]


def test_the_pipeline_of_the_readme_loses_no_task_on_a_busy_gateway(
    sites: list[Server], start_gateway: StartGateway
) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    (block, *_) = re.findall(r"```yaml\n(plugins:.*?)```", readme, re.DOTALL)
    plugins = yaml.safe_load(block)["plugins"]
    assert plugins["available"].keys() == {PLUGIN}
    # More than the threads that FOCA has for plugins.
    count = 24
    released = threading.Event()
    with serve(never(released)) as service, ThreadPoolExecutor(count) as threads:
        gate = start_gateway(sites, plugins["pipeline"], url=service.url, timeout=0.5)
        answers = list(threads.map(lambda _: gate.post(NO_INPUTS).status_code, range(count)))
        released.set()
    assert answers == [200] * count
    assert [len(tasks(server)) for server in sites] == [count, 0, 0]


@pytest.mark.parametrize("rewrite", ["never", "request"])
def test_a_fault_of_the_plugin_leaves_the_order_and_is_told(
    sites: list[Server],
    start_gateway: StartGateway,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    rewrite: str,
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("foca_plugin_testribute.plugin.ranking", fail)
    urls = [server.url for server in sites] if rewrite == "request" else []
    with serve(cheapest_first) as service:
        gate = start_gateway(sites, url=service.url, rewrite_inputs=rewrite, tes_uris=urls)
        # FOCA has taken the handler off that pytest had put on.
        logging.getLogger(f"foca.plugins.{PLUGIN}").addHandler(caplog.handler)
        assert gate.post(token="t0ken").status_code == 200
    assert order(gate.run, sites) == [0, 1, 2]
    assert tasks(sites[0]) == [TASK]
    assert gate.annotations("route")["fallback"] == "internal_error"
    assert "ZeroDivisionError" in caplog.text
    assert "t0ken" not in caplog.text


def test_the_ranking_ends_before_the_time_of_the_hook(
    sites: list[Server], start_gateway: StartGateway
) -> None:
    released = threading.Event()
    with serve(never(released)) as service:
        # Otherwise the hook would time out, and the task be refused.
        step = {"plugin": PLUGIN, "timeout": 0.5}
        gate = start_gateway(sites, step, url=service.url, timeout=60)
        assert gate.post().status_code == 200
        released.set()
    assert order(gate.run, sites) == [0, 1, 2]
    assert [execution.outcome for execution in gate.run.executions][1] == "ok"


def test_the_next_alternative_may_route_instead(
    sites: list[Server], start_gateway: StartGateway
) -> None:
    with serve(body(503, b"{}")(threading.Event())) as service:
        step = {
            "id": "route",
            "alternatives": [{"plugin": PLUGIN}, {"plugin": "foca.routing.ordered"}],
        }
        gate = start_gateway(sites, step, url=service.url, if_unavailable="next")
        assert gate.post().status_code == 200
    assert order(gate.run, sites) == [0, 1, 2]
    assert [e.plugin for e in gate.run.executions if e.phase == "route"][
        -1
    ] == "foca.routing.ordered"


def test_a_step_may_set_mode_and_run_time(sites: list[Server], start_gateway: StartGateway) -> None:
    with serve(cheapest_first) as service:
        params = {"mode": "time", "execution_time_sec": 60}
        gate = start_gateway(sites, {"plugin": PLUGIN, "params": params}, url=service.url)
        assert gate.post().status_code == 200
    (request,) = service.requests
    assert request.body["mode"] == "time"
    assert request.body["execution_time_sec"] == 60
    assert "time" in gate.annotations("route")["reason"]


def test_inputs_are_rewritten_for_each_site(start_gateway: StartGateway) -> None:
    with site(2) as good, site(1, accepts=False) as bad, serve(cheapest_first) as service:
        gate = start_gateway([good, bad], url=service.url, rewrite_inputs="forward")
        assert gate.post().status_code == 200
        (task,) = tasks(good)
    assert task["inputs"][0]["url"] == "https://copy-2.example/a"
    assert {**task, "inputs": TASK["inputs"]} == TASK
    assert task["inputs"][1:] == TASK["inputs"][1:]


def test_inputs_may_be_rewritten_before_the_task_is_stored(
    sites: list[Server], start_gateway: StartGateway
) -> None:
    with serve(cheapest_first) as service:
        urls = [server.url for server in sites]
        gate = start_gateway(sites, url=service.url, rewrite_inputs="request", tes_uris=urls)
        assert gate.post().status_code == 200
    assert gate.run.inbound.payload["inputs"][0]["url"] == "https://copy-1.example/a"
    assert tasks(sites[2])[0]["inputs"][0]["url"] == "https://copy-1.example/a"
    assert len(service.requests) == 1
    assert order(gate.run, sites) == [2, 1, 0]


@pytest.mark.parametrize("forward_token", [False, True])
def test_a_token_goes_to_testribute_only_if_configured_and_to_no_site(
    sites: list[Server], start_gateway: StartGateway, forward_token: bool
) -> None:
    with serve(cheapest_first) as service:
        gate = start_gateway(sites, url=service.url, forward_token=forward_token)
        assert gate.post(token="s3cret-t0ken").status_code == 200
    expected = "Bearer s3cret-t0ken" if forward_token else None
    assert [request.headers.get("authorization") for request in service.requests] == [expected]
    assert not any("authorization" in r.headers for server in sites for r in server.requests)
    assert "s3cret" not in json.dumps(gate.run.provenance())
    assert "s3cret" not in json.dumps(service.requests[0].body)


@pytest.mark.parametrize(
    "config",
    [
        {"url": "ftp://testribute.example"},
        {"url": "http://testribute.example", "allow_http": False},
        {"url": "https://t.example", "rewrite_inputs": "request"},
        {"url": "https://t.example", "mode": 2},
        {"url": "https://t.example", "timeout": 0},
        {"url": "https://t.example", "timeout": -1},
        {"url": "https://t.example", "timeout": True},
        {"url": "https://t.example", "timeout": "2"},
        {"url": "https://t.example", "timeout": float("nan")},
        {"url": "https://t.example", "timeout": float("inf")},
        {"url": "https://t.example", "execution_time_sec": True},
        {"url": "https://t.example", "mode": True},
        {"url": "https://t.example", "limit": True},
        {"url": "https://t.example", "tes_uris": "https://tes.example"},
        {"url": "https://t.example", "colour": "red"},
        {"url": "https://t.example", "testribute_config": "c.yaml"},
    ],
)
def test_a_wrong_configuration_stops_the_start(
    sites: list[Server], start_gateway: StartGateway, config: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"testribute"):
        start_gateway(sites, **config)


def test_the_contract_of_plugins_is_kept() -> None:
    with serve(cheapest_first) as service:
        check_plugin_contract(TestributeRouter, config={"url": service.url, "allow_http": True})


def test_tasks_are_ranked_in_process(
    sites: list[Server], start_gateway: StartGateway, tmp_path: Path
) -> None:
    pytest.importorskip("testribute")
    with drs() as server:
        host = server.url.removeprefix("http://")
        config = tmp_path / "testribute.yaml"
        config.write_text(f"{CONFIG}\ndrs: {{plain_http_hosts: ['{host}']}}\n")
        task = {**TASK, "inputs": [{"url": f"drs://{host}/a001", "path": "/data/a"}]}
        gate = start_gateway(
            sites,
            testribute_config=str(config),
            mode="cost",
            rewrite_inputs="forward",
            forward_token=True,
        )
        assert gate.post(task, token="s3cret-t0ken").status_code == 200
    route = gate.annotations("route")
    assert order(gate.run, sites) == [2, 1, 0], route
    assert route["costs"] == [1, 2, 3]
    (sent,) = tasks(sites[2])
    assert sent["inputs"] == [{"url": "https://b.example/a", "path": "/data/a"}]
    # To the services of the request, and not with the task.
    assert {r.headers.get("authorization") for r in server.requests} == {"Bearer s3cret-t0ken"}
    by_path = {r.path: r.headers.get("authorization") for r in sites[2].requests}
    assert by_path["/ga4gh/tes/v1/tasks/task-info"] == "Bearer s3cret-t0ken"
    assert by_path["/ga4gh/tes/v1/tasks"] is None


@pytest.mark.parametrize("timeout", [0.5, 1, 2.5])
@pytest.mark.parametrize("set_by", ["timeout of the plugin", "timeout of its step"])
def test_in_process_sites_that_hang_take_the_timeout_and_go_last(
    start_gateway: StartGateway,
    tmp_path: Path,
    timeout: float,
    set_by: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pytest.importorskip("testribute")
    released = threading.Event()

    def hang(request: Request, handler: Any) -> None:
        if handler.command == "POST" and request.path == "/ga4gh/tes/v1/tasks":
            send(handler, 200, b'{"id": "task-1"}')
        else:
            released.wait(30)

    config = tmp_path / "testribute.yaml"
    # A call may take longer than the ranking.
    config.write_text(CONFIG.replace("timeout: 5", "timeout: 60"))
    step: Any = PLUGIN
    plugin = {"timeout": timeout, "testribute_config": str(config)}
    if set_by != "timeout of the plugin":
        # A tenth is for everything else.
        step, plugin["timeout"] = {"plugin": PLUGIN, "timeout": timeout / 0.9}, 60
    with serve(hang) as hanging, site(1) as good:
        gate = start_gateway([hanging, good], step, mode="cost", **plugin)
        # FOCA has taken the handler off that pytest had put on.
        logging.getLogger(f"foca.plugins.{PLUGIN}").addHandler(caplog.handler)
        started = time.monotonic()
        assert gate.post(NO_INPUTS).status_code == 200
        taken = time.monotonic() - started
        released.set()
    print(f"{set_by}: {timeout}: {taken:.3f} s")
    assert order(gate.run, [hanging, good]) == [1, 0], gate.annotations("route")
    assert tasks(good) == [NO_INPUTS]
    assert 0.8 * timeout < taken < timeout + 0.5
    assert "raise timeout (seconds for the whole ranking)" in caplog.text
    assert f"raise {set_by}" in caplog.text
    assert "server." not in caplog.text


@pytest.mark.parametrize("timeout", [2.5, 4])
def test_in_process_a_site_counts_that_answers_in_four_fifths_of_the_timeout(
    start_gateway: StartGateway, tmp_path: Path, timeout: float
) -> None:
    pytest.importorskip("testribute")
    costs = {"amount": 1, "currency": "EUR"}
    info = {
        "estimated_compute_costs": costs,
        "estimated_storage_costs": costs,
        "unit_costs_data_transfer": costs,
        "estimated_queue_time_sec": 0,
    }
    ended = threading.Event()

    def late(request: Request, handler: Any) -> None:
        if request.path == "/ga4gh/tes/v1/tasks/task-info":
            ended.wait(0.8 * timeout)
            send(handler, 200, json.dumps(info).encode())
        elif request.path.startswith("/ga4gh/tes/v1/tasks?"):
            send(handler, 200, b'{"tasks": []}')
        elif request.path == "/ga4gh/tes/v1/tasks":
            send(handler, 200, b'{"id": "task-1"}')
        else:
            send(handler, 404, b"{}")

    config = tmp_path / "testribute.yaml"
    config.write_text(CONFIG)
    plugin = {"timeout": timeout, "execution_time_sec": 60, "testribute_config": str(config)}
    with serve(late) as slow, site(3) as good:
        gate = start_gateway([good, slow], mode="cost", **plugin)
        assert gate.post(NO_INPUTS).status_code == 200
    assert gate.annotations("route")["ranked"] == 2
    assert order(gate.run, [good, slow]) == [1, 0]


def test_without_a_ranking_in_process_the_order_stands(
    sites: list[Server], start_gateway: StartGateway, tmp_path: Path
) -> None:
    pytest.importorskip("testribute")
    config = tmp_path / "testribute.yaml"
    config.write_text("timeout: 0.2")
    # These addresses are not public.
    gate = start_gateway(sites, testribute_config=str(config))
    assert gate.post().status_code == 200
    assert order(gate.run, sites) == [0, 1, 2]
    assert gate.annotations("route")["fallback"] == "ResourceUnavailableError"
