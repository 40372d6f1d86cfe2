"""Variables of the environment that change while a program runs, as tokens in notebooks do."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import NEEDS, send_json, serve

from testribute import ConfigError, Ranker, TestributeError, rank_services

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def config(**more: Any) -> dict[str, Any]:
    return {
        "locations": {"database": "none"},
        "exchange_rates": {"source": "static", "as_of": "2026-01-01"},
        **more,
    }


def sent(config: Any, uri: str, requests: list[tuple[str, dict[str, str]]]) -> set[str | None]:
    """Rank, and get the credentials of the calls."""
    requests.clear()
    with pytest.raises(TestributeError):
        rank_services(tes_uris=[uri], resource_requirements=NEEDS, config=config, warn=None)
    return {headers.get("authorization") for _, headers in requests}


@pytest.mark.parametrize("is_file", [False, True])
def test_a_secret_that_has_changed_is_read_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, is_file: bool
) -> None:
    with serve(lambda handler: send_json(handler, {}, 403)) as tes:
        credentials = [{"match": tes.url, "bearer_env": "TES_TOKEN"}]
        given: Any = config(
            credentials=credentials, outbound={"forward_token_over_http": True}, timeout=5
        )
        if is_file:
            file = tmp_path / "config.yaml"
            file.write_text(repr(given).replace("True", "true"))
            given = file
        with pytest.raises(ConfigError, match="TES_TOKEN is not set"):
            Ranker(given)
        monkeypatch.setenv("TES_TOKEN", "one")
        assert sent(given, tes.url, tes.requests) == {"Bearer one"}
        monkeypatch.setenv("TES_TOKEN", "two")
        assert sent(given, tes.url, tes.requests) == {"Bearer two"}
        monkeypatch.delenv("TES_TOKEN")
        with pytest.raises(ConfigError, match="TES_TOKEN is not set"):
            rank_services(tes_uris=[tes.url], resource_requirements=NEEDS, config=given)


def test_a_proxy_that_was_set_later_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "http://tes.invalid/"
    with serve(lambda handler: send_json(handler, {}, 403)) as proxy:
        assert sent(config(), uri, proxy.requests) == set()
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        sent(config(), uri, proxy.requests)
        assert proxy.requests[0][0].startswith(uri)
        monkeypatch.setenv("NO_PROXY", "tes.invalid")
        assert sent(config(), uri, proxy.requests) == set()


def test_other_variables_leave_the_ranker(monkeypatch: pytest.MonkeyPatch) -> None:
    from testribute.functions import ranker_of  # noqa: PLC0415

    kept = ranker_of(config(timeout=1.25), None)
    monkeypatch.setenv("OTHER", "1")
    assert ranker_of(config(timeout=1.25), None) is kept
    monkeypatch.setenv("no_proxy", "tes.invalid")
    made = ranker_of(config(timeout=1.25), None)
    assert made is not kept
    assert ranker_of(config(timeout=1.25), None) is made
