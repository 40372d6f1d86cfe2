"""What is no JSON, and what is no argument: one fault for each, at its place."""

from __future__ import annotations

import array
import asyncio
import collections
import datetime
import decimal
import enum
import fractions
import itertools
import os
import pathlib
import pickle
import types
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from conftest import NEEDS, Network

import testribute
from testribute import (
    ArgumentError,
    ConfigError,
    Ranker,
    TestributeError,
    ValidationError,
    rank_services,
    rank_services_async,
    rank_tasks,
    rank_tasks_async,
)

RANKER = Ranker({"locations": {"database": "none"}}, reach="public", warn=None)
TES = "http://127.0.0.1:1/"


def faults_of(call: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        call()
    faults = dict(caught.value.errors)
    assert len(faults) == len(caught.value.errors)
    for pointer, message in faults.items():
        assert message
        assert f"{pointer}: {message}" in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).errors == caught.value.errors  # noqa: S301
    return faults


def circular() -> list[Any]:
    loop: list[Any] = [TES]
    loop.append({"again": loop})
    return loop


class Colour(enum.Enum):
    red = object()


class Odd:
    def tolist(self) -> Any:
        return self


class Scalar:
    """As NumPy's numbers are."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def tolist(self) -> Any:
        return self.value


#: Values that JSON has not, the place of the fault in each, and a part of the message.
BAD: list[tuple[Any, str, str]] = [
    (float("nan"), "", "NaN"),
    (float("inf"), "", "infinite"),
    (-float("inf"), "", "infinite"),
    (decimal.Decimal("NaN"), "", "NaN"),
    (decimal.Decimal("sNaN"), "", "NaN"),
    (decimal.Decimal("1e400"), "", "infinite"),
    (fractions.Fraction(10**400), "", "1.8e308"),
    (10**400, "", "1.8e308"),
    (-(10**5000), "", "1.8e308"),
    (1j, "", "complex"),
    (b"bytes", "", "bytes"),
    (bytearray(b"a"), "", "bytearray"),
    (memoryview(b"a"), "", "memoryview"),
    (pathlib.PurePosixPath("/a"), "", "PurePosixPath"),
    (datetime.date(2026, 1, 1), "", "date"),
    (object(), "", "object"),
    (dict, "", "type"),
    (print, "", "builtin"),
    (Colour.red, "", "object"),
    (Odd(), "", "itself"),
    (Scalar(float("nan")), "", "NaN"),
    ("\ud800", "", "U+D800"),
    ("a\udfffb", "", "U+DFFF"),
    ([0, [float("nan")]], "/1/0", "NaN"),
    ({"a/b": {"~": b""}}, "/a~1b/~0", "bytes"),
    ({"a": {1: 2}}, "/a", "not 1"),
    ({"a": {None: 2}}, "/a", "not None"),
    ({b"a": 2}, "", "not b'a'"),
    ({("a",): 2}, "", "type tuple"),
    ({"\ud800": 2}, "", "U+D800"),
    (circular(), "/1/again", "itself"),
    ({10**5000: 2}, "", "type int"),
    ({b"a"}, "/0", "bytes"),
    (collections.UserDict({"a": object()}), "/a", "object"),
    (types.MappingProxyType({"a": object()}), "/a", "object"),
]


@pytest.mark.parametrize(("value", "place", "part"), BAD, ids=range(len(BAD)))
def test_what_json_has_not_is_a_fault_at_its_place(value: Any, place: str, part: str) -> None:
    for argument in ("tes_uris", "object_ids", "drs_uris", "mode", "registries", "limit"):
        faults = faults_of(partial(rank_services, config={}, **{argument: value}))
        assert part in faults[f"/{argument}{place}"]
    faults = faults_of(lambda: RANKER.rank_services(resource_requirements={**NEEDS, "x": value}))
    assert part in faults[f"/resource_requirements/x{place}"]
    faults = faults_of(lambda: RANKER.rank_tasks({"executors": [{"env": {"A": value}}]}))
    assert part in faults[f"/task/executors/0/env/A{place}"]
    faults = faults_of(lambda: asyncio.run(RANKER.rank_tasks_async({}, sizes={"/a": value})))
    assert part in faults[f"/sizes/~1a{place}"]


def test_iterators_are_read_once_and_may_have_no_end() -> None:
    faults = faults_of(lambda: RANKER.rank_services(tes_uris=iter([TES, b""])))
    assert "bytes" in faults["/tes_uris/1"]
    faults = faults_of(lambda: RANKER.rank_services(tes_uris=itertools.repeat("a")))
    assert "1000000" in faults["/tes_uris"]


def test_all_faults_are_named_at_once() -> None:
    faults = faults_of(
        lambda: rank_services(
            tes_uris=["ftp://tes.example", float("nan"), TES],
            resource_requirements={"cpu_cores": b"2", "ram_gb": "8", "disk_gb": 1},
            mode="Cost",
            timeout=True,
            config={},
        )
    )
    assert faults.keys() == {
        "/tes_uris/0",
        "/tes_uris/1",
        "/resource_requirements/cpu_cores",
        "/resource_requirements/ram_gb",
        "/resource_requirements/execution_time_sec",
        "/mode",
        "/timeout",
    }


def test_the_text_of_many_faults_is_short() -> None:
    with pytest.raises(ValidationError) as caught:
        RANKER.rank_services(tes_uris=[b""] * 5000)
    assert len(caught.value.errors) >= 1000
    assert len(str(caught.value)) < 2000
    assert "more in `errors`" in str(caught.value)
    with pytest.raises(ValidationError) as caught:
        RANKER.rank_services(tes_uris=[""] * 90, resource_requirements=NEEDS)
    assert len(caught.value.errors) == 90
    assert str(caught.value).endswith("; and 70 more in `errors`")


def test_a_list_in_many_places_ends() -> None:
    value: list[Any] = ["a"] * 10
    for _ in range(40):
        value = [value] * 10
    told = [message for message in faults_of(lambda: rank(value)).values() if "1000000" in message]
    assert len(told) == 1


def rank(value: Any) -> object:
    return RANKER.rank_services(tes_uris=[TES], resource_requirements={**NEEDS, "zones": value})


def test_depth_is_bounded_where_the_library_bounds_it() -> None:
    value: Any = 1
    for _ in range(110):
        value = [value]
    # Refused for its type, and not for its depth.
    assert faults_of(lambda: rank(value)).keys() == {"/resource_requirements/zones/0"}
    for _ in range(20):
        value = [value]
    (fault,) = (m for m in faults_of(lambda: rank(value)).values() if "120" in m)
    assert "nested" in fault


class Zone(str, enum.Enum):
    near = "near"


class Cores(int):
    def __repr__(self) -> str:
        return "cores"

    __str__ = __repr__


def test_other_classes_that_mean_json_are_taken(network: Network, config: pathlib.Path) -> None:
    needs = types.MappingProxyType(
        {
            "cpu_cores": decimal.Decimal("2"),
            "ram_gb": fractions.Fraction(16, 2),
            "disk_gb": Scalar(50),
            "execution_time_sec": Cores(1800),
            "preemptible": True,
            "zones": (),
        }
    )
    expected = rank_services(config=config, **network.request())
    taken = rank_services(
        config=config, **network.request(resource_requirements=needs, limit=decimal.Decimal(100))
    )
    assert taken == expected
    named = rank_services(
        config=config,
        warn=None,
        **network.request(
            resource_requirements={**NEEDS, "zones": {Zone.near}}, object_ids={"a002", "a001"}
        ),
    )
    uris = named.service_combinations[0].access_uris
    # Sets have no order of their own; that of the answer is the same in every process.
    assert list(uris)[:2] == ["a001", "a002"]


def test_arrays_are_taken(network: Network, config: pathlib.Path) -> None:
    needs = {**NEEDS, "cpu_cores": array.array("d", [2.0])}
    faults = faults_of(
        lambda: rank_services(config=config, **network.request() | {"resource_requirements": needs})
    )
    assert faults.keys() == {"/resource_requirements/cpu_cores"}
    numpy = pytest.importorskip("numpy")
    request = network.request(
        tes_uris=numpy.array(network.tes_uris),
        resource_requirements={
            **NEEDS,
            "cpu_cores": numpy.int64(2),
            "ram_gb": numpy.float32(8),
            "preemptible": numpy.bool_(True),
            "zones": numpy.array([]),
            "disk_gb": numpy.array(50),
        },
        timeout=numpy.float32(20),
    )
    assert rank_services(config=config, **request) == rank_services(
        config=config, **network.request()
    )
    bad = {**NEEDS, "ram_gb": numpy.float32("nan"), "disk_gb": numpy.datetime64("2026-01-01")}
    assert faults_of(lambda: RANKER.rank_services(resource_requirements=bad)).keys() >= {
        "/resource_requirements/ram_gb",
        "/resource_requirements/disk_gb",
    }


CALLS: list[Callable[..., object]] = [
    rank_services,
    rank_tasks,
    RANKER.rank_services,
    RANKER.rank_tasks,
    lambda **more: asyncio.run(rank_services_async(**more)),
    lambda **more: asyncio.run(rank_tasks_async(**more)),
    lambda **more: asyncio.run(RANKER.rank_services_async(**more)),
    lambda **more: asyncio.run(RANKER.rank_tasks_async(**more)),
]


def test_an_option_that_there_is_not_is_named() -> None:
    with pytest.raises(ArgumentError) as caught:
        Ranker(configuration={}, warnings=None)  # type: ignore[call-arg]
    assert [str(error.pointer) for error in caught.value.errors] == ["/configuration", "/warnings"]
    assert "of Ranker; did you mean config?" in str(caught.value)
    assert "did you mean warn?" in str(caught.value)


@pytest.mark.parametrize("call", CALLS)
def test_an_argument_that_there_is_not_is_named(call: Callable[..., object]) -> None:
    with pytest.raises(ArgumentError) as caught:
        call(tes_uri=["https://tes.example/"], foo=3)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ValidationError)
    (near, far) = caught.value.errors
    assert near.pointer == "/tes_uri"
    assert near.message.endswith("did you mean tes_uris?")
    assert far.pointer == "/foo"
    assert "known are " in far.message
    assert "explain, jwt, limit, mode" in far.message
    assert "self" not in far.message
    assert "foo" in str(caught.value)


def test_signatures_are_as_they_are_written() -> None:
    import inspect  # noqa: PLC0415

    for function in (rank_services, Ranker.rank_services, rank_tasks_async):
        names = list(inspect.signature(function).parameters)
        assert "timeout" in names
        assert not any(name.startswith(("arg", "by_", "more")) for name in names)
    assert inspect.iscoroutinefunction(rank_services_async)
    assert inspect.iscoroutinefunction(Ranker.rank_tasks_async)
    assert not inspect.iscoroutinefunction(rank_services)


@pytest.mark.parametrize("name", ["reach", "warn"])
def test_options_are_named(name: str) -> None:
    with pytest.raises(ArgumentError, match=f"/{name}: must be "):
        Ranker({}, **{name: ["print"]})
    with pytest.raises(ArgumentError, match="/warn: must be "):
        rank_services(config={}, warn=["print"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"timeout": [float("nan")]}, "timeout.0"),
        ({"locations": {"database": object()}}, "locations.database"),
        ({"locations": {1: 2}}, "locations"),
        ({"drs": {"prefixes": {"a": b""}}}, "drs.prefixes.a"),
        ({"drs": circular()}, "drs.1.again"),
    ],
    ids=repr,
)
def test_what_yaml_has_not_is_named_by_its_key(config: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Ranker(config)
    assert str(caught.value).startswith(f"{named}: ")
    assert caught.value.errors[0].pointer == "/" + named.replace(".", "/")


def test_paths_networks_and_dates_are_taken_in_a_configuration() -> None:
    import ipaddress  # noqa: PLC0415

    networks = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_address("127.0.0.1")]
    assert Ranker(
        {
            "outbound": {"allowed_networks": networks},
            "locations": {"database": "none"},
            "exchange_rates": {"source": "static", "as_of": datetime.date(2026, 1, 2)},
        }
    )
    missing = pathlib.Path(os.devnull) / "none.mmdb"
    with pytest.raises(ConfigError, match=r"/dev/null/none.mmdb"):
        Ranker({"locations": {"database": missing}})


def test_str_of_an_error_says_what_happened_and_why(config: pathlib.Path) -> None:
    with pytest.raises(testribute.ResourceUnavailableError) as caught:
        RANKER.rank_services(
            jwt="s3cret-t0ken",
            tes_uris=["http://ann:s3cret@127.0.0.1:1/", "http://[::1]:1/"],
            resource_requirements=NEEDS,
        )
    text = str(caught.value)
    assert caught.value.args[0] in text
    assert len(caught.value.warnings) >= 2
    for warning in caught.value.warnings:
        assert warning in text
    assert "outbound.allowed_networks" in text
    assert "s3cret" not in text + repr(caught.value)
    restored = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (str(restored), restored.warnings) == (text, caught.value.warnings)

    security = {"authorization_required": True, "jwt": {"issuers": ["https://issuer.example/"]}}
    with pytest.raises(testribute.UnauthorizedError, match=r"security\.authorization_required"):
        rank_services(config={"security": security}, tes_uris=[TES], resource_requirements=NEEDS)
    assert str(TestributeError("one", warnings=["a"] * 23)).endswith("and 3 more in `warnings`")
    assert str(TestributeError()) == ""
