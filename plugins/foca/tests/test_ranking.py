"""Questions, and answers of any kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import TASK, combination

import foca_plugin_testribute
from foca_plugin_testribute.ranking import (
    NoRankingError,
    ordered,
    parse,
    public,
    question,
    reduced,
    rewritten,
)


def test_the_version_is_that_of_the_crate() -> None:
    manifest = (Path(__file__).resolve().parents[3] / "Cargo.toml").read_text()
    assert f'version = "{foca_plugin_testribute.__version__}"' in manifest


def test_only_what_a_ranking_needs_leaves_the_gateway() -> None:
    text = json.dumps(question(reduced(TASK), ["https://tes.example"], {"mode": 0, "limit": None}))
    assert "secret" not in text
    body = json.loads(text)
    assert body["tes_uris"] == ["https://tes.example"]
    assert body["mode"] == 0
    assert "limit" not in body
    assert body["task"]["resources"] == TASK["resources"]
    assert body["task"]["inputs"][0] == TASK["inputs"][0]
    assert [item["path"] for item in body["task"]["inputs"]] == ["/data/a", "/data/script"]
    assert body["task"]["executors"][0]["image"] == "alpine"


@pytest.mark.parametrize("task", [None, [], "task", {"inputs": 7, "executors": [None, "x"]}])
def test_an_odd_task_can_be_asked_about(task: Any) -> None:
    assert reduced(task)["inputs"] == []


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"service_combinations": 7}',
        b'{"service_combinations": [null]}',
        b'{"service_combinations": ["x"]}',
        b'{"service_combinations": [{}]}',
        b'{"service_combinations": [{"access_uris": [], "cost_estimate": {}, "time_estimate": 1}]}',
        json.dumps({"service_combinations": [combination("https://a", float("nan"))]}),
        json.dumps({"service_combinations": [combination("https://a", -1)]}),
        json.dumps({"service_combinations": [{**combination("", 1), "time_estimate": 10**400}]}),
        json.dumps({"service_combinations": [{**combination("", 1), "score": 10**400}]}),
        json.dumps({"service_combinations": [{**combination("", 1), "time_estimate": "soon"}]}),
        json.dumps({"service_combinations": [{**combination("", 1), "access_uris": {"a": "b"}}]}),
        json.dumps({"service_combinations": [combination(7, 1)]}),  # type: ignore[arg-type]
    ],
    ids=range(19),
)
def test_nonsense_is_no_ranking(answer: bytes) -> None:
    with pytest.raises(NoRankingError):
        parse(answer)


def test_the_best_combination_of_each_tes_counts() -> None:
    answer = {
        "service_combinations": [
            combination("https://b", 1, a="near"),
            combination("https://b", 2, a="far"),
            combination("https://a", 3),
        ],
        "warnings": ["one", 2],
    }
    ranked = parse(json.dumps(answer))
    assert list(ranked.choices) == ["https://b", "https://a"]
    assert ranked.choices["https://b"].uris == {"a": "near"}
    assert ranked.warnings == ["one"]
    order = ordered(
        [(url, url) for url in ("https://x", "https://a", "https://y", "https://b")], ranked
    )
    assert order == (["https://b", "https://a", "https://x", "https://y"], 2)
    with pytest.raises(NoRankingError):
        ordered([("https://x", "https://x")], ranked)


def test_inputs_are_rewritten_by_path() -> None:
    inputs = [
        {"url": "drs://d/a", "path": "/a", "type": "FILE"},
        {"url": "drs://d/b", "path": "/b"},
        {"url": "drs://d/c", "path": "/same"},
        {"url": "drs://d/d", "path": "/same"},
        {"content": "text", "path": "/text"},
        None,
    ]
    uris = {"/a": "https://a", "/same": "https://same", "/text": "https://t", "/b": "drs://d/b"}
    new, changed = rewritten(inputs, uris)
    assert changed == 1
    assert new == [{"url": "https://a", "path": "/a", "type": "FILE"}, *inputs[1:]]
    assert inputs[0] == {"url": "drs://d/a", "path": "/a", "type": "FILE"}
    assert rewritten(None, uris) == (None, 0)


def test_a_bundle_becomes_its_files() -> None:
    inputs = [
        {"url": "drs://d/bundle", "path": "/data/", "type": "DIRECTORY", "name": "n"},
        {"url": "drs://d/a", "path": "/data/a"},
    ]
    uris = {
        "/data/a": "https://a",
        "/data/x/b": "https://b",
        "/data/../c": "https://evil",
        "/etc/d": "https://d",
    }
    new, changed = rewritten(inputs, uris)
    assert changed == 2
    assert new == [
        {"url": "https://b", "path": "/data/x/b", "type": "FILE", "name": "n"},
        {"url": "https://a", "path": "/data/a"},
    ]


SECRETS = {
    "ftp://ann:pass@host/a": "ftp://host/a",
    "https://ann@host:8443/a?X-Amz-Signature=s3cret#part": "https://host:8443/a",
    "https://bucket/a?generation=3&sig=s3cret": "https://bucket/a",
    "https://bucket/a?generation=3;token=s3cret": "https://bucket/a",
    "gs://bucket/a?generation=3": "gs://bucket/a?generation=3",
    "drs://host/a001": "drs://host/a001",
    "drs://dg.4503:a": "drs://dg.4503:a",
    "/local/path": "/local/path",
}


@pytest.mark.parametrize(("url", "expected"), SECRETS.items())
def test_credentials_in_urls_stay_in_the_gateway(url: str, expected: str) -> None:
    assert public(url) == expected
    task = {"inputs": [{"url": url, "path": "/a"}], "outputs": [{"url": url, "path": "/b"}]}
    asked = reduced(task)
    assert asked["inputs"][0]["url"] == asked["outputs"][0]["url"] == expected
    assert reduced(task, secrets=True)["inputs"][0]["url"] == url
    # What the task is read by is its own URL still.
    assert rewritten(task["inputs"], {"/a": expected}) == (task["inputs"], 0)


def test_sites_without_a_listed_combination_follow_in_the_order_of_the_answer() -> None:
    answer = {
        "service_combinations": [combination("https://b", 1)],
        "tes_uris": ["https://b", "https://c", 7, "https://a"],
    }
    ranked = parse(json.dumps(answer))
    assert ranked.order == ["https://b", "https://c", "https://a"]
    urls = ("https://x", "https://a", "https://b", "https://c")
    assert ordered([(url, url) for url in urls], ranked)[0] == [
        "https://b",
        "https://c",
        "https://a",
        "https://x",
    ]
