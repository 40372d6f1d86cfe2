"""Sites, a stub of testribute and a FOCA gateway, all on free ports of this machine."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

HERE = Path(__file__).parent
PLUGIN = "tes.routing.testribute"


@dataclass
class Request:
    """A request that a server had."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Server:
    """A server of a test."""

    url: str
    requests: list[Request] = field(default_factory=list)

    def bodies(self, path: str) -> list[Any]:
        """Get the bodies that were sent to a path."""
        return [request.body for request in self.requests if request.path == path]


Answer = Callable[[Request, http.server.BaseHTTPRequestHandler], None]


@contextmanager
def serve(answer: Answer) -> Iterator[Server]:
    """Serve with `answer`."""
    server = Server("")

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            request = Request(self.path, headers, json.loads(content) if content else None)
            server.requests.append(request)
            answer(request, self)

        do_GET = do_HEAD = do_POST = handle_any

        def log_message(self, *args: object) -> None:
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    server.url = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


def send(handler: http.server.BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    """Answer with a body."""
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


@contextmanager
def site(price: float, *, accepts: bool = True) -> Iterator[Server]:
    """Run a TES that charges `price` for a task."""
    costs = {"amount": price, "currency": "EUR"}
    nothing = {"amount": 0.0, "currency": "EUR"}
    info = {
        "estimated_compute_costs": costs,
        "estimated_storage_costs": nothing,
        "unit_costs_data_transfer": nothing,
        "estimated_queue_time_sec": 0,
    }

    def answer(request: Request, handler: http.server.BaseHTTPRequestHandler) -> None:
        if request.path == "/ga4gh/tes/v1/tasks/task-info":
            send(handler, 200, json.dumps(info).encode())
        elif request.path == "/ga4gh/tes/v1/tasks" and handler.command == "POST" and accepts:
            send(handler, 200, b'{"id": "task-1"}')
        elif request.path.startswith("/ga4gh/tes/v1/tasks?") and handler.command == "GET":
            send(handler, 200, b'{"tasks": []}')
        else:
            send(handler, 404, b"{}")

    with serve(answer) as server:
        yield server


def combination(tes_uri: str, cost: float, **uris: str) -> dict[str, Any]:
    """Get a combination as answers have them."""
    return {
        "rank": 1,
        "access_uris": {**uris, "tes_uri": tes_uri},
        "cost_estimate": {"amount": cost, "currency": "EUR"},
        "time_estimate": 60 * cost,
        "score": cost / 10,
    }


TASK: dict[str, Any] = {
    "name": "secret name",
    "resources": {"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1},
    "inputs": [
        {"url": "drs://drs.example/a001", "path": "/data/a", "type": "FILE"},
        {"path": "/data/script", "content": "secret content"},
    ],
    "outputs": [{"url": "s3://results/b", "path": "/out/b"}],
    "executors": [
        {"image": "alpine", "command": ["cat", "secret command"], "env": {"KEY": "secret env"}}
    ],
    "tags": {"project": "secret tag"},
}


@pytest.fixture
def sites() -> Iterator[list[Server]]:
    """Three sites, the cheapest last."""
    with site(3.0) as first, site(2.0) as second, site(1.0) as third:
        yield [first, second, third]


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
        import gateway  # noqa: PLC0415 (needs FOCA)

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
    from foca import Foca  # noqa: PLC0415 (needs Python 3.11)
    from foca.plugins import runtime  # noqa: PLC0415

    monkeypatch.syspath_prepend(str(HERE))
    with ExitStack() as stack:

        def start(sites: list[Server], steps: Any = PLUGIN, **config: Any) -> Gateway:
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
                    "pipeline": steps if isinstance(steps, list) else [steps],
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
    from werkzeug.serving import make_server  # noqa: PLC0415

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Gateway(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def order(run: Any, sites: list[Server]) -> list[int]:
    """The positions of the sites in the order of a run."""
    urls = [server.url for server in sites]
    return [urls.index(candidate) for candidate in run.candidates_out]


def tasks(server: Server) -> list[Any]:
    """The tasks that a site was sent."""
    return server.bodies("/ga4gh/tes/v1/tasks")


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
exchange_rates: {source: static, as_of: 2025-10-09, rates: {CHF: 0.9309}}
"""
