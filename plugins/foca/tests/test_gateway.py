"""A gateway of FOCA 0.18 routes real tasks through the plugin."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from conftest import TASK, Answer, Request, Server, combination, send, serve, site

if sys.version_info < (3, 11):
    pytest.skip("FOCA 0.18 needs Python 3.11", allow_module_level=True)
foca = pytest.importorskip("foca")

import gateway  # noqa: E402
from foca import Foca  # noqa: E402
from foca.plugins import runtime  # noqa: E402
from foca.plugins.testing import check_plugin_contract  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

from foca_plugin_testribute.plugin import TestributeRouter  # noqa: E402

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PROGRAM = ROOT / "target/debug/testribute"
PLUGIN = "tes.routing.testribute"


class Gateway:
    """A gateway that listens."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, task: dict[str, Any] = TASK, token: str | None = None) -> requests.Response:
        """Send a task."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.url}/ga4gh/tes/v1/tasks"
        return requests.post(url, json=task, headers=headers, timeout=30)

    @property
    def run(self) -> Any:
        """The pipeline run of the last task."""
        return gateway.LAST["run"]

    def annotations(self, phase: str) -> dict[str, Any]:
        """What the plugin recorded in a phase of the last task."""
        (found,) = [
            execution.annotations
            for execution in self.run.executions
            if execution.plugin == PLUGIN and execution.phase == phase
        ]
        return found


StartGateway = Callable[..., Gateway]


def backends(config: Any) -> list[dict[str, Any]]:
    """The backend list in the configuration."""
    listed: list[dict[str, Any]] = config.backends
    return listed


@pytest.fixture
def start_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartGateway]:
    """Start a gateway with the plugin, for a list of sites."""
    monkeypatch.syspath_prepend(str(HERE))
    with ExitStack() as stack:

        def start(sites: list[Server], step: Any = PLUGIN, **config: Any) -> Gateway:
            settings = {
                "server": {"host": "127.0.0.1", "port": 1},
                "api": {"specs": [{"path": str(HERE / "tes.openapi.yaml")}]},
                "backends": [
                    {"type": "ga4gh-tes", "url": s.url, "url_schemes": ["http"], "auth": "none"}
                    for s in sites
                ],
                "plugins": {
                    "available": {
                        PLUGIN: {
                            "distribution": "foca-plugin-testribute",
                            "config": {"allow_http": True, **config},
                        }
                    },
                    "pipeline": [step],
                },
            }
            file = tmp_path / "config.yaml"
            file.write_text(yaml.safe_dump(settings))
            runtime.reset()
            app = Foca(config_file=file, gateway=runtime.GatewayApp("tes", backends=backends))
            return stack.enter_context(listening(app.create_app().app))

        yield start
        runtime.reset()


@contextmanager
def listening(app: Any) -> Iterator[Gateway]:
    """Serve an app on a free port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Gateway(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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


def order(run: Any, sites: list[Server]) -> list[int]:
    """The positions of the sites in the order of a run."""
    urls = [server.url for server in sites]
    return [urls.index(candidate) for candidate in run.candidates_out]


def tasks(server: Server) -> list[Any]:
    """The tasks that a site was sent."""
    return server.bodies("/ga4gh/tes/v1/tasks")


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


@contextmanager
def drs() -> Iterator[Server]:
    """Run a DRS that has one object, at two places."""
    copies = [{"type": "https", "access_url": {"url": f"https://{n}.example/a"}} for n in "bc"]
    found = {"id": "a001", "size": 10**9, "access_methods": copies}

    def answer(request: Request, handler: Any) -> None:
        is_there = request.path == "/ga4gh/drs/v1/objects/a001"
        send(handler, 200 if is_there else 404, json.dumps(found if is_there else {}).encode())

    with serve(answer) as server:
        yield server


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


def has_rank_tasks() -> bool:
    """Whether the program is built and ranks whole tasks."""
    if not PROGRAM.exists():
        return False
    document = subprocess.run([str(PROGRAM), "openapi"], capture_output=True, text=True, check=True)
    return "/rank-tasks" in document.stdout


@pytest.mark.skipif(not has_rank_tasks(), reason="no program that serves /rank-tasks is built")
def test_the_real_service_ranks(
    sites: list[Server], start_gateway: StartGateway, tmp_path: Path
) -> None:
    config = tmp_path / "testribute.yaml"
    config.write_text(CONFIG)
    command = [str(PROGRAM), "--config", str(config), "serve"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert "listening on " in line, line
            url = line.split("listening on ")[1].split(";")[0].strip()
            gate = start_gateway(sites, url=url, mode="cost", timeout=8)
            task = {key: value for key, value in TASK.items() if key != "inputs"}
            assert gate.post(task).status_code == 200
        finally:
            process.terminate()
    assert "fallback" not in gate.annotations("route")
    assert order(gate.run, sites) == [2, 1, 0]


#: Nothing is looked up elsewhere.
CONFIG = """
server: {host: 127.0.0.1, port: 0}
timeout: 5
target_currency: EUR
outbound: {allowed_networks: [127.0.0.0/8]}
locations:
  database: none
  overrides:
    - {match: 127.0.0.1, latitude: 47.56, longitude: 7.59}
    - {match: b.example, latitude: 48.0, longitude: 8.0}
    - {match: c.example, latitude: 60.0, longitude: 24.0}
exchange_rates: {source: static, rates: {CHF: 0.9309}}
"""
