"""The demonstration's network on this machine: two mock TES and two mock DRS on free ports."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("TESTRIBUTE_PROGRAM", str(ROOT / "target/debug/testribute"))
DEMO = ROOT / "config/demo"

NEEDS = {
    "cpu_cores": 2,
    "ram_gb": 8,
    "disk_gb": 50,
    "execution_time_sec": 1800,
    "preemptible": True,
    "zones": [],
}


class Network(NamedTuple):
    """The URIs of the mocks."""

    tes_uris: list[str]
    drs_uris: list[str]

    def request(self, **more: Any) -> dict[str, Any]:
        """Get the arguments of `rank_services` for the README's request."""
        return {
            "tes_uris": self.tes_uris,
            "drs_uris": self.drs_uris,
            "object_ids": ["a001", "a002"],
            "resource_requirements": NEEDS,
            **more,
        }


@contextmanager
def mock(kind: str, scenario: str, name: str) -> Iterator[str]:
    """Run a mock service; its root URI."""
    command = [PROGRAM, kind, "--port", "0", "--scenario", str(DEMO / scenario)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert "listening: " in line, line
            uri = line.split("listening: ")[1].strip()
            # Names under `localhost` are this machine.
            yield uri.replace("127.0.0.1", f"{name}.localhost")
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    with (
        mock("mock-tes", "tes-basel.yaml", "tes-basel") as basel,
        mock("mock-tes", "tes-helsinki.yaml", "tes-helsinki") as helsinki,
        mock("mock-drs", "drs-1.yaml", "drs-1") as first,
        mock("mock-drs", "drs-2.yaml", "drs-2") as second,
    ):
        yield Network([basel, helsinki], [first, second])


@pytest.fixture(scope="session")
def config() -> Path:
    """The demonstration's configuration: nothing is looked up elsewhere."""
    return DEMO / "config.yaml"


Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Server(NamedTuple):
    """A server that a test writes, and the requests that it had: path and headers."""

    url: str
    requests: list[tuple[str, dict[str, str]]]


@contextmanager
def serve(answer: Answer) -> Iterator[Server]:
    """Serve with `answer` on a free port."""
    requests: list[tuple[str, dict[str, str]]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer(self)

        do_GET = do_POST = handle_any

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_address[1]}/", requests)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send_json(
    handler: http.server.BaseHTTPRequestHandler, value: object, status: int = 200
) -> None:
    """Answer with JSON."""
    body = json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def silent_service() -> Iterator[str]:
    """A service that accepts connections and never answers, until the test ends."""
    released = threading.Event()
    with serve(lambda _: released.wait(30) and None) as server:
        yield server.url
        released.set()
