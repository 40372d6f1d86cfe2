"""The middleware for proTES before 0.4, in a Flask request and with its configuration."""

from __future__ import annotations

import abc
import json
import sys
import threading
import time
import types
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import TASK, combination, send, serve

flask = pytest.importorskip("flask")


@pytest.fixture
def middleware(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module, with the base class of proTES 0.2 and 0.3."""

    class AbstractMiddleware(abc.ABC):
        @abc.abstractmethod
        def apply_middleware(self, request: Any) -> Any: ...

    names = ["pro_tes", "pro_tes.middleware", "pro_tes.middleware.abstract_middleware"]
    for name in names:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules[names[-1]].AbstractMiddleware = AbstractMiddleware  # type: ignore[attr-defined]
    monkeypatch.delitem(sys.modules, "foca_plugin_testribute.middleware", raising=False)
    from foca_plugin_testribute import middleware as module  # noqa: PLC0415

    yield module
    sys.modules.pop("foca_plugin_testribute.middleware", None)


def applied(middleware: Any, urls: list[str], settings: dict[str, Any] | None) -> list[str]:
    """Apply the middleware to a task; the TES of the request."""
    app = flask.Flask("proTES")
    tes = {"service_list": urls, "testribute": settings}
    app.config.foca = types.SimpleNamespace(tes=tes)
    with app.test_request_context(method="POST", json=TASK):
        request = middleware.TaskDistributionTestribute().apply_middleware(flask.request)
        found: list[str] = request.json.pop("tes_urls")
        assert request.json == TASK
    return found


def test_the_service_list_is_ordered(middleware: Any) -> None:
    def last_first(request: Any, handler: Any) -> None:
        answer = {"service_combinations": [combination(request.body["tes_uris"][-1], 1)]}
        send(handler, 200, json.dumps(answer).encode())

    urls = ["https://a.example", "https://b.example", "https://c.example"]
    with serve(last_first) as service:
        found = applied(middleware, urls, {"url": service.url, "mode": "cost"})
    assert found == [urls[2], urls[0], urls[1]]
    assert service.requests[0].body["mode"] == "cost"
    assert "secret" not in json.dumps(service.requests[0].body)


@pytest.mark.parametrize("content", [b"", b"null", b'{"service_combinations": []}'])
def test_without_a_ranking_the_list_stands(middleware: Any, content: bytes) -> None:
    urls = ["https://a.example", "https://b.example"]
    with serve(lambda _, handler: send(handler, 200, content)) as service:
        assert applied(middleware, urls, {"url": service.url}) == urls
    assert applied(middleware, urls, {"url": service.url, "timeout": 0.5}) == urls
    assert applied(middleware, urls, None) == urls


@pytest.mark.parametrize(
    "timeout", [True, False, 0, -1, float("nan"), float("inf"), 1e300, "2", "soon", [1]], ids=repr
)
def test_a_timeout_that_is_none_leaves_the_list_and_is_told(
    middleware: Any, timeout: Any, caplog: pytest.LogCaptureFixture
) -> None:
    urls = ["https://a.example", "https://b.example"]
    settings = {"url": "https://testribute.example", "timeout": timeout}
    assert applied(middleware, urls, settings) == urls
    assert "tes.testribute.timeout must be more than 0" in caplog.text


def test_a_fault_of_the_middleware_leaves_the_list_and_is_told(
    middleware: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(middleware, "rank", fail)
    urls = ["https://a.example", "https://b.example"]
    assert applied(middleware, urls, {"url": "https://testribute.example"}) == urls
    assert "ZeroDivisionError" in caplog.text
    with pytest.raises(middleware.NoRankingError):
        applied(middleware, urls, {"if_unavailable": "next"})


def test_an_error_of_the_service_leaves_the_list(middleware: Any) -> None:
    def refuse(_: Any, handler: Any) -> None:
        send(handler, 503, b"{}")

    with serve(refuse) as service:
        assert applied(middleware, ["https://a.example"], {"url": service.url}) == [
            "https://a.example"
        ]


def test_a_slow_drip_does_not_hold_the_gateway(middleware: Any) -> None:
    released = threading.Event()

    def drip(_: Any, handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not released.wait(0.02):
                handler.wfile.write(b" ")
        except OSError:
            return

    urls = ["https://a.example", "https://b.example"]
    started = time.monotonic()
    with serve(drip) as service:
        assert applied(middleware, urls, {"url": service.url, "timeout": 0.2}) == urls
        released.set()
    assert time.monotonic() - started < 10


def test_the_next_alternative_distributes_if_configured(middleware: Any) -> None:
    settings = {"if_unavailable": "next"}
    with pytest.raises(middleware.NoRankingError):
        applied(middleware, ["https://a.example"], settings)


def test_credentials_of_the_service_list_stay_in_the_gateway(middleware: Any) -> None:
    def rank(request: Any, handler: Any) -> None:
        answer = {"service_combinations": [combination(request.body["tes_uris"][1], 1)]}
        send(handler, 200, json.dumps(answer).encode())

    urls = ["https://a.example", "https://ann:s3cret@b.example"]
    with serve(rank) as service:
        assert applied(middleware, urls, {"url": service.url}) == urls[::-1]
    assert service.requests[0].body["tes_uris"] == ["https://a.example", "https://b.example"]
