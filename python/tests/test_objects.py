"""Objects of other libraries as arguments."""

from __future__ import annotations

import dataclasses
import datetime
import json
from pathlib import Path
from typing import Any, Optional

import pytest
from conftest import NEEDS, Network

from testribute import Ranker, RankResponse, ValidationError, rank_services, rank_tasks

RANKER = Ranker({"locations": {"database": "none"}}, reach="public", warn=None)


@dataclasses.dataclass
class Needs:
    cpu_cores: int = 2
    ram_gb: float = 8
    disk_gb: float = 50
    execution_time_sec: int = 1800
    preemptible: bool = True
    zones: tuple[str, ...] = ()
    backend_parameters: Optional[dict[str, str]] = None  # noqa: UP045 (Python 3.9)


class Model:
    """As a model of pydantic: iterating gives pairs, which are no object."""

    def model_dump(self) -> dict[str, Any]:
        return dict(NEEDS)

    def __iter__(self) -> Any:
        return iter(NEEDS.items())


class Labelled:
    """As a series of pandas: a list where one is wanted, and with its labels an object."""

    def __init__(self, values: dict[Any, Any]) -> None:
        self.values = values

    def tolist(self) -> list[Any]:
        return list(self.values.values())

    def to_dict(self) -> dict[Any, Any]:
        return self.values


@dataclasses.dataclass
class Executor:
    image: str
    command: list[str]


class Task:
    """As a task of py-tes."""

    def as_dict(self, drop_empty: bool = True) -> dict[str, Any]:
        assert drop_empty
        created = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
        return {"executors": [Executor("alpine", ["true"])], "creation_time": created}


@pytest.mark.parametrize("needs", [Needs(), Model(), Labelled(NEEDS)], ids=repr)
def test_objects_with_names_are_needs(network: Network, config: Path, needs: Any) -> None:
    expected = rank_services(config=config, **network.request())
    taken = rank_services(config=config, **network.request(resource_requirements=needs))
    assert taken == expected


def test_series_are_lists_and_objects(network: Network, config: Path) -> None:
    sizes = {"a001": 10**9, "a002": 10**9}
    expected = rank_services(config=config, **network.request(object_sizes=sizes))
    request = network.request(
        tes_uris=Labelled(dict(enumerate(network.tes_uris))), object_sizes=Labelled(sizes)
    )
    assert rank_services(config=config, **request) == expected


def test_objects_are_tasks(network: Network, config: Path) -> None:
    expected = {"executors": [{"image": "alpine", "command": ["true"]}]}
    answer = rank_tasks(Task(), network.tes_uris, config=config, warn=None)
    assert answer.task == expected


def test_faults_within_objects_are_at_their_place() -> None:
    with pytest.raises(ValidationError) as caught:
        RANKER.rank_services(resource_requirements=Needs(ram_gb=float("nan")))
    assert "NaN" in dict(caught.value.errors)["/resource_requirements/ram_gb"]
    with pytest.raises(ValidationError) as caught:
        RANKER.rank_services(resource_requirements=Needs)  # type: ignore[arg-type]
    assert "not type" in dict(caught.value.errors)["/resource_requirements"]
    with pytest.raises(ValidationError) as caught:
        RANKER.rank_tasks(Task(), sizes=Labelled({1: 2}))
    assert "not 1" in dict(caught.value.errors)["/sizes"]
    with pytest.raises(ValidationError) as caught:
        RANKER.rank_services(tes_uris=Labelled({"a": b""}))  # type: ignore[arg-type]
    assert "bytes" in dict(caught.value.errors)["/tes_uris/0"]


def test_tasks_of_py_tes_are_taken(network: Network, config: Path) -> None:
    tes = pytest.importorskip("tes")
    task = tes.Task(
        name="count",
        executors=[tes.Executor(image="alpine", command=["true"])],
        resources=tes.Resources(cpu_cores=2, ram_gb=4, disk_gb=10),
        inputs=[tes.Input(url="https://ftp.ensembl.org/pub/a.fa.gz", path="/a")],
    )
    answer = rank_tasks(task, network.tes_uris, sizes={"/a": 10**9}, config=config, warn=None)
    assert answer.task == json.loads(task.as_json())


def test_series_of_pandas_are_taken(network: Network, config: Path) -> None:
    pandas = pytest.importorskip("pandas")
    expected = rank_services(config=config, **network.request())
    frame = pandas.DataFrame([NEEDS])
    for needs in (pandas.Series(NEEDS), frame.iloc[0]):
        request = network.request(
            resource_requirements=needs, tes_uris=pandas.Series(network.tes_uris)
        )
        assert rank_services(config=config, **request) == expected


def test_what_was_changed_in_an_answer_is_written(network: Network, config: Path) -> None:
    answer = rank_services(config=config, **network.request())
    answer.to_dict()["note"] = "mine, \u00fc"
    answer.warnings.append("one")
    written = json.loads(answer.to_json())
    assert written == answer.to_dict()
    assert (written["note"], written["warnings"]) == ("mine, \u00fc", ["one"])
    assert RankResponse(answer.to_json()) == answer
