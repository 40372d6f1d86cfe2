"""Whatever is passed, the interpreter lives, and the exception is one of ours."""

from __future__ import annotations

import asyncio
import json
import pickle
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from testribute import Ranker, TestributeError
from testribute._json import Writer, encode, is_plain

#: Calls fail at once: no address may be called.
RANKER = Ranker(
    {"timeout": 0.05, "locations": {"database": "none"}, "limits": {"tes_uris": 3}},
    reach="public",
    warn=None,
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["Cs", "Cc", "L"]))
    | st.binary()
    | st.sampled_from(["cost", "time", "random", "http://127.0.0.1:1/", "drs://127.0.0.1:1/a", "a"])
)
keys = st.text() | st.integers() | st.none() | st.tuples(st.integers())
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4) | st.tuples(inner)
    ),
    max_leaves=12,
)
#: Nearly right.
uris = st.lists(
    st.sampled_from(["http://127.0.0.1:1/", "http://[::1]:1", "https://"]) | anything, max_size=3
)
needs = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from([0, 1, 2.5]) | anything
        for name in ("cpu_cores", "ram_gb", "disk_gb", "execution_time_sec", "zones", "preemptible")
    },
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "tes_uris": uris | anything,
        "drs_uris": uris | anything,
        "object_ids": st.lists(st.text(min_size=1), max_size=3) | anything,
        "resource_requirements": needs | anything,
        "mode": st.sampled_from([0, 1, 0.5, "cost"]) | anything,
        "limit": st.integers(1, 5) | anything,
        "explain": anything,
        "timeout": st.sampled_from([0.01, 1]) | anything,
        "registries": uris | anything,
        "object_sizes": st.dictionaries(st.text(), st.integers()) | anything,
    },
)


def check(error: TestributeError) -> None:
    assert error.errors
    assert str(error)
    assert "panic" not in str(error)
    assert pickle.loads(pickle.dumps(error)).errors == error.errors  # noqa: S301


@settings(max_examples=400, deadline=None)
@given(requests)
def test_arbitrary_requests_raise_our_exceptions(request: dict[str, Any]) -> None:
    try:
        RANKER.rank_services(**request)
    except TestributeError as error:
        check(error)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.text(max_size=3), anything))
def test_plain_values_are_written_as_others_are(request: dict[str, Any]) -> None:
    writer = Writer()
    plain = writer.plain(request, None, 0)
    text, faults = encode(request)
    assert json.loads(text) == plain
    assert faults == writer.faults
    assert not faults or not is_plain(request) or "NaN" in str(faults) or "infinite" in str(faults)


tasks = st.fixed_dictionaries(
    {},
    optional={
        "name": anything,
        "resources": needs | anything,
        "executors": st.lists(
            st.fixed_dictionaries({"image": st.text() | anything, "command": anything}), max_size=2
        )
        | anything,
        "inputs": st.lists(
            st.fixed_dictionaries({"url": st.text() | anything, "path": st.text() | anything}),
            max_size=3,
        )
        | anything,
        "outputs": anything,
        "volumes": anything,
        "tags": anything,
    },
)
task_requests = st.fixed_dictionaries(
    {"task": tasks | anything},
    optional={
        "tes_uris": uris | anything,
        "drs_uris": uris | anything,
        "registries": uris | anything,
        "mode": st.sampled_from([0, 1, 0.5, "cost"]) | anything,
        "limit": st.integers(1, 5) | anything,
        "execution_time_sec": st.sampled_from([0, 60, 1.5]) | anything,
        "sizes": st.dictionaries(st.text(), st.integers()) | anything,
        "explain": anything,
        "timeout": st.sampled_from([0.01, 1]) | anything,
    },
)


@settings(max_examples=400, deadline=None)
@given(task_requests)
def test_arbitrary_tasks_raise_our_exceptions(request: dict[str, Any]) -> None:
    try:
        RANKER.rank_tasks(**request)
    except TestributeError as error:
        check(error)


@settings(max_examples=50, deadline=None)
@given(st.lists(requests, max_size=5))
def test_arbitrary_concurrent_requests_raise_our_exceptions(many: list[dict[str, Any]]) -> None:
    async def rank_all() -> list[Any]:
        calls = [RANKER.rank_services_async(**request) for request in many]
        return await asyncio.gather(*calls, return_exceptions=True)

    for outcome in asyncio.run(rank_all()):
        if isinstance(outcome, BaseException):
            assert isinstance(outcome, TestributeError), repr(outcome)
            check(outcome)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.text() | st.sampled_from(["timeout", "tes", "drs", "outbound"]), anything)
)
def test_arbitrary_configurations_raise_our_exceptions(config: dict[str, Any]) -> None:
    try:
        Ranker(config)
    except TestributeError as error:
        check(error)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(categories=["Cs", "Cc", "L", "N"])) | st.none())
def test_arbitrary_tokens_raise_our_exceptions(token: str) -> None:
    try:
        RANKER.rank_services(jwt=token, tes_uris=["http://127.0.0.1:1/"], resource_requirements={})
    except TestributeError as error:
        check(error)
        assert not token or len(token) < 4 or token not in str(error)
