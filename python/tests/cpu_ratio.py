"""Compares the CPU time of rankings in Python with that of the Rust library's call.

    cargo build --release --package testribute --package testribute-python --bins --examples
    (cd python && maturin develop --release)
    TESTRIBUTE_PROGRAM=target/release/testribute python python/tests/cpu_ratio.py \\
        --program target/release/examples/rank_many [--count N] [--rounds N] [--instructions]

Both rank the README's request against the demonstration's mocks, N times in a process of its own;
what start and the first rankings cost is taken off. Both must be of the same build profile.
`--instructions` counts instructions by callgrind instead, which needs valgrind and a small count:
repeatable on a busy machine, without what the kernel does.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from conftest import DEMO, NEEDS, ROOT, mock

RANK = """
import json, sys
from testribute import Ranker
request, ranker = json.load(sys.stdin), Ranker(sys.argv[1])
for _ in range(int(sys.argv[2])):
    response = ranker.rank_services(**request)
    {use}
"""
USES = {
    "call": "",
    "call and to_dict()": "response.to_dict()",
    "call and all attributes": "[(c.rank, c.cost_estimate.amount, c.time_estimate, "
    "c.access_uris.tes_uri) for c in response.service_combinations]",
}


def cpu_seconds(command: list[str], request: str) -> float:
    """Get the CPU time of a process, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, input=request, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def instructions(command: list[str], request: str) -> float:
    """Get the millions of instructions of a process."""
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        run = subprocess.run(
            [*valgrind, *command], input=request, text=True, check=True, capture_output=True
        )
    collected = re.search(r"Collected : (\d+)", run.stderr)
    assert collected is not None, run.stderr
    return int(collected[1]) / 1e6


Measure = Callable[[list[str], str], float]


def per_ranking(
    measure: Measure, command: list[str], more: list[str], request: str, count: int
) -> float:
    """Get what one ranking costs, without the start and the first rankings."""
    few = count // 10
    most = measure([*command, str(count), *more], request)
    return (most - measure([*command, str(few), *more], request)) / (count - few)


def main() -> None:
    """Print a line for each use of the answer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--program", default=str(ROOT / "target/debug/examples/rank_many"))
    parser.add_argument("--instructions", action="store_true")
    options = parser.parse_args()
    measure: Measure = instructions if options.instructions else cpu_seconds
    unit = "instructions" if options.instructions else "us"
    with (
        tempfile.TemporaryDirectory() as folder,
        mock("mock-tes", "tes-basel.yaml", "tes-basel") as basel,
        mock("mock-tes", "tes-helsinki.yaml", "tes-helsinki") as helsinki,
        mock("mock-drs", "drs-1.yaml", "drs-1") as first,
        mock("mock-drs", "drs-2.yaml", "drs-2") as second,
    ):
        # Patient: callgrind is fifty times slower.
        file = Path(folder) / "config.yaml"
        file.write_text((DEMO / "config.yaml").read_text() + "\ntimeout: 60\n")
        config = str(file)
        request = json.dumps(
            {
                "tes_uris": [basel, helsinki],
                "drs_uris": [first, second],
                "object_ids": ["a001", "a002"],
                "resource_requirements": NEEDS,
            }
        )
        rust = [options.program, config]
        commands = {"Rust": (rust, []), "Rust, from text to text": (rust, ["text"])}
        for name, use in USES.items():
            python = [sys.executable, "-c", RANK.format(use=use), config]
            commands[f"Python, {name}"] = (python, [])
        # In rounds, so that other load on the machine meets all of them.
        rounds = [
            {n: per_ranking(measure, *c, request, options.count) for n, c in commands.items()}
            for _ in range(options.rounds)
        ]
    for name in commands:
        cpu = statistics.median(figures[name] for figures in rounds)
        ratio = statistics.median(figures[name] / figures["Rust"] for figures in rounds)
        print(f"{cpu * 1e6:10,.0f} {unit}  x {ratio:.3f}  {name}")


if __name__ == "__main__":
    main()
