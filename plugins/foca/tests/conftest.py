"""Sites, a stub of testribute and a FOCA gateway, all on free ports of this machine."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest


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

        do_GET = do_POST = handle_any

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
