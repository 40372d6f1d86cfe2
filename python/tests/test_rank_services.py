"""Rankings against the mocks of the demonstration."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import os
import pickle
import re
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from conftest import NEEDS, Network, send_json, serve

import testribute
from testribute import (
    ConfigError,
    Mode,
    Ranker,
    ResourceUnavailableError,
    TestributeError,
    TestributeWarning,
    UnauthorizedError,
    ValidationError,
    rank_services,
)


def test_the_demonstration_ranks_as_at_the_console(network: Network, config: Path) -> None:
    response = rank_services(config=config, **network.request())
    assert [c.rank for c in response.service_combinations] == list(range(1, 9))
    best = response.service_combinations[0]
    assert best.access_uris.tes_uri == network.tes_uris[0]
    assert best.access_uris["a001"].startswith("ftp://ftp.ensembl.org/")
    assert best.access_uris.a001 == best.access_uris["a001"]
    assert round(best.cost_estimate.amount, 2) == 0.47
    assert best.cost_estimate.currency == "EUR"
    assert round(best.time_estimate) == 1947
    assert best.time_breakdown["queue"] == 120
    assert best.cost_breakdown.keys() >= {"compute", "storage", "transfer"}
    assert best.score is not None
    assert round(best.score, 4) == 0.8596
    assert best.pareto_optimal is True
    assert response.warnings == []


def test_the_parts_of_an_answer_are_those_of_its_dictionary(network: Network, config: Path) -> None:
    response = rank_services(config=config, explain=True, limit=3, **network.request())
    whole = response.to_dict()
    assert whole == json.loads(response.to_json())
    assert [c.to_dict() for c in response.service_combinations] == whole["service_combinations"]
    assert response.explanation["places"]
    assert response.service_combinations[0].explanation["distances"]
    assert "a001" in response.service_combinations[0].access_uris
    assert len(response.service_combinations[0].access_uris) == 3
    assert dict(response.service_combinations[0].access_uris.items())
    for copied in (copy.deepcopy(response), pickle.loads(pickle.dumps(response))):  # noqa: S301
        assert copied == response
    assert copy.copy(response.service_combinations[0]) == response.service_combinations[0]
    assert response.service_combinations[0] != response.service_combinations[1]
    assert "3 combinations" in repr(response)
    with pytest.raises(AttributeError):
        _ = response.service_combinations[0].access_uris.a999


@pytest.mark.parametrize("mode", [Mode.cost, "cost", 0, 0.0])
def test_a_mode_may_be_given_in_all_ways_of_the_predecessor(
    network: Network, config: Path, mode: Any
) -> None:
    response = rank_services(config=config, **network.request(mode=mode))
    assert response.service_combinations[0].access_uris.tes_uri == network.tes_uris[1]


def test_arguments_may_be_any_iterables(network: Network, config: Path) -> None:
    request = network.request(
        tes_uris=iter(network.tes_uris),
        drs_uris=tuple(network.drs_uris),
        object_ids={"a001"},
    )
    assert len(rank_services(config=config, **request).service_combinations) == 4


def test_all_faults_of_a_request_are_named() -> None:
    with pytest.raises(ValidationError) as caught:
        rank_services(tes_uris=["ftp://tes.example"], mode="Cost", object_ids=["a"], config={})
    pointers = {error.pointer for error in caught.value.errors}
    assert {"/tes_uris/0", "/mode"} <= pointers
    assert any(pointer.startswith("/resource_requirements") for pointer in pointers)
    assert all(error.message for error in caught.value.errors)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, TestributeError)
    restored = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert restored.errors == caught.value.errors


def test_why_nothing_can_be_ranked_is_in_the_error(silent_service: str) -> None:
    ranker = Ranker({"timeout": 0.05, "locations": {"database": "none"}}, warn=None)
    with pytest.raises(ResourceUnavailableError) as caught:
        ranker.rank_services(tes_uris=[silent_service], resource_requirements=NEEDS)
    assert caught.value.errors
    assert silent_service in caught.value.warnings[0]
    assert "panic" not in str(caught.value)


def test_a_timeout_leaves_services_out(network: Network, config: Path, silent_service: str) -> None:
    request = network.request(tes_uris=[silent_service, *network.tes_uris], timeout=1.0)
    response = rank_services(config=config, warn=None, **request)
    assert response.service_combinations
    assert silent_service in response.warnings[0]


@pytest.mark.parametrize(
    "timeout",
    [
        *(0, -1, -0.0, float("nan"), float("inf"), -float("inf")),
        *(Decimal(0), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")),
        *(True, False, "2", "", b"2", [1], 1j),
    ],
    ids=repr,
)
def test_a_timeout_is_a_positive_number(timeout: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        rank_services(tes_uris=["https://tes"], resource_requirements=NEEDS, timeout=timeout)
    (fault,) = caught.value.errors
    assert fault.pointer == "/timeout"
    assert str(caught.value).startswith("/timeout: must be a positive number of seconds")


@pytest.mark.parametrize("timeout", [Decimal("20.5"), Fraction(41, 2), 10**400], ids=repr)
def test_a_timeout_may_be_any_real_number(network: Network, config: Path, timeout: Any) -> None:
    assert rank_services(config=config, timeout=timeout, **network.request()).service_combinations


def test_warnings_go_where_they_are_wanted(
    network: Network, config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    request = network.request(resource_requirements={**NEEDS, "colour": "red"})
    with caplog.at_level(logging.WARNING, "testribute"):
        warned = rank_services(config=config, **request).warnings
    assert [record.getMessage() for record in caplog.records] == warned != []
    caplog.clear()

    with pytest.warns(TestributeWarning) as told:
        rank_services(config=config, warn="warnings", **request)
    assert [str(item.message) for item in told] == warned
    assert told[0].filename == __file__
    assert not caplog.records

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rank_services(config=config, warn=None, **request).warnings == warned
    assert not caplog.records


def test_warnings_that_are_errors_do_not_replace_an_error(silent_service: str) -> None:
    ranker = Ranker({"timeout": 0.05, "locations": {"database": "none"}}, warn="warnings")
    request = {"tes_uris": [silent_service], "resource_requirements": NEEDS}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ResourceUnavailableError):
            ranker.rank_services(**request)
        with pytest.raises(ResourceUnavailableError):
            asyncio.run(ranker.rank_services_async(**request))
    with pytest.warns(TestributeWarning), pytest.raises(ResourceUnavailableError):
        ranker.rank_services(**request)


def test_the_log_of_the_library_goes_through_logging(
    network: Network,
    config: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.DEBUG, "testribute"):
        rank_services(config=config, **network.request())
    records = [record for record in caplog.records if record.name == "testribute.pipeline"]
    assert any("gathered" in record.getMessage() for record in records)
    caplog.clear()
    with caplog.at_level(logging.ERROR, "testribute"):
        rank_services(config=config, **network.request())
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_a_part_of_the_log_may_have_a_level_of_its_own(
    network: Network, config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ranker = Ranker(config)
    with caplog.at_level(logging.DEBUG, "testribute.pipeline"):
        ranker.rank_services(**network.request())
    assert {record.name for record in caplog.records} == {"testribute.pipeline"}
    caplog.clear()
    ranker.rank_services(**network.request())
    assert not caplog.records


def test_a_configuration_may_be_a_mapping(network: Network) -> None:
    config = {
        "target_currency": "CHF",
        "outbound": {"allowed_networks": ["127.0.0.0/8"]},
        "locations": {"database": "none"},
        "estimation": {"unknown_distance_km": 100},
        "exchange_rates": {"source": "static", "rates": {"CHF": 0.9309}},
    }
    response = rank_services(config=config, warn=None, **network.request())
    assert response.service_combinations[0].cost_estimate.currency == "CHF"


def test_a_configuration_may_come_from_the_environment(
    network: Network, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESTRIBUTE_CONFIG", str(config))
    monkeypatch.setenv("TESTRIBUTE__TARGET_CURRENCY", "USD")
    response = rank_services(**network.request())
    assert response.service_combinations[0].cost_estimate.currency == "USD"
    monkeypatch.setenv("TESTRIBUTE__TARGET_CURRENCY", "GBP")
    response = rank_services(config=config, **network.request())
    assert response.service_combinations[0].cost_estimate.currency == "GBP"


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"sever": {}}, "sever"),
        ({"timeout": "soon"}, "timeout"),
        ({"server": {"port": -1}}, "server.port"),
        ("/no/such/file.yaml", "/no/such/file.yaml"),
        (7, "int"),
        ("", "empty"),
        (False, "bool"),
        ((), "tuple"),
        ({"timeout": float("nan")}, "^timeout: .* NaN"),
        ({"locations": {"overrides": [{"match": "\ud800"}]}}, "^locations.overrides.0.match: "),
        ({"outbound": {7: 1}}, "^outbound: .* 7"),
        ({"target_currency": b"EUR"}, "^target_currency: .*bytes"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_named(config: Any, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        rank_services(config=config)


def test_a_changed_configuration_file_is_read_again(
    network: Network, config: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "config.yaml"
    for currency in ("EUR", "USD"):
        changed.write_text(
            config.read_text().replace("target_currency: EUR", f"target_currency: {currency}")
        )
        os.utime(changed, ns=(0, ord(currency[0])))
        response = rank_services(config=changed, **network.request())
        assert response.service_combinations[0].cost_estimate.currency == currency


def test_a_required_token_is_checked() -> None:
    config = {
        "security": {
            "authorization_required": True,
            "jwt": {"issuers": ["https://issuer.example/"]},
        }
    }
    for token in (None, "no.token", "with a space"):
        with pytest.raises(UnauthorizedError) as caught:
            rank_services(jwt=token, config=config, tes_uris=["https://tes.example/"])
        assert "space" not in str(caught.value)


def test_a_token_goes_to_the_services_of_the_request_only(network: Network, config: Path) -> None:
    with serve(lambda handler: send_json(handler, {}, 404)) as tes:
        request = network.request(tes_uris=[tes.url, *network.tes_uris])
        response = rank_services(jwt="s3cret-t0ken", config=config, warn=None, **request)
    assert {headers.get("authorization") for _, headers in tes.requests} == {"Bearer s3cret-t0ken"}
    assert "s3cret" not in response.to_json()

    with serve(lambda handler: send_json(handler, {}, 404)) as tes:
        request = network.request(tes_uris=[tes.url, *network.tes_uris])
        private = {**_yaml_free_config(), "outbound": {"forward_token_over_http": False}}
        Ranker(private, warn=None).rank_services(jwt="s3cret-t0ken", **request)
    # Over plain http, and no network of the operator's.
    assert {headers.get("authorization") for _, headers in tes.requests} == {None}


def _yaml_free_config() -> dict[str, Any]:
    return {
        "locations": {"database": "none"},
        "estimation": {"unknown_distance_km": 100},
        "exchange_rates": {"source": "static", "rates": {"CHF": 0.9309}},
    }


def test_public_reach_keeps_private_addresses_out(network: Network) -> None:
    ranker = Ranker(_yaml_free_config(), reach="public", warn=None)
    with pytest.raises(ResourceUnavailableError):
        ranker.rank_services(**network.request())


def test_options_are_checked() -> None:
    with pytest.raises(ValueError, match="reach"):
        Ranker({}, reach="all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="warn"):
        Ranker({}, warn="print")  # type: ignore[arg-type]


def test_the_table_escapes_what_services_say() -> None:
    text = json.dumps(
        {
            "service_combinations": [
                {
                    "rank": 1,
                    "access_uris": {"<b>": "ftp://a/<script>", "tes_uri": "https://<i>/"},
                    "cost_estimate": {"amount": 1.234, "currency": "EUR"},
                    "time_estimate": 1920,
                    "cost_breakdown": {},
                    "time_breakdown": {},
                }
            ]
            * 21,
            "warnings": ["<img>"],
        }
    )
    html = testribute.RankResponse(text)._repr_html_()
    assert html.count("<tr>") == 21
    assert "1.23 EUR" in html
    assert "32 min 00 s" in html
    assert "1 more combination" in html
    for tag in ("<script", "<b>:", "<i>", "<img"):
        assert tag not in html


def test_the_table_of_an_answer_from_elsewhere_is_short_and_escaped() -> None:
    names = {f"<o{number}>\u202e": f"ftp://<u{number}>/" for number in range(1000)}
    combination = {
        "rank": "<rank>",
        "access_uris": {**names, "tes_uri": "https://tes.example/"},
        "cost_estimate": {"amount": 1, "currency": "<script>"},
        "time_estimate": 1,
    }
    answer = {"service_combinations": [combination], "warnings": ["<w>", 3] * 500}
    html = testribute.RankResponse(json.dumps(answer))._repr_html_()
    assert len(html) < 10_000
    assert "980 more objects" in html
    assert "950 more warnings" in html
    tags = set(re.findall(r"<(\w+)", html))
    tables = {"div", "table", "thead", "tr", "th", "tbody", "td"}
    assert tags <= tables | {"bdi", "p", "b", "ul", "li"}
    # Text from right to left stays where it is.
    assert all("</bdi>" in rest[:20] for rest in html.split("\u202e")[1:])


@pytest.mark.parametrize("text", ["nonsense", "[]", "{}", '{"service_combinations": {}}', "1"])
def test_what_is_no_answer_is_no_response(text: Any) -> None:
    with pytest.raises(ValueError, match=r"Expecting value|not the JSON text of an answer"):
        testribute.RankResponse(text).to_dict()
    with pytest.raises(TypeError):
        testribute.RankResponse(text.encode())  # type: ignore[arg-type]


def test_a_ranker_says_why_it_cannot_be_pickled() -> None:
    for make in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="make one in each process"):
            make(Ranker({}))


def test_the_version_is_that_of_the_crate() -> None:
    manifest = (Path(__file__).resolve().parents[2] / "Cargo.toml").read_text()
    assert f'version = "{testribute.__version__}"' in manifest
