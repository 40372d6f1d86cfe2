#!/usr/bin/env python3
"""Whether the queue estimate is that of the waits of tasks of py-tes, on every flavour of the mock.

Creates the tasks of an idle, a busy and a jammed site with py-tes at `testribute mock-tes`. The
mock's clock makes them as old, and lets them wait as long, as their tags say. Then the console
ranks the site. Needs py-tes.
TESTRIBUTE may name another program than the debug build.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from typing import IO

import tes

TESTRIBUTE = os.environ.get("TESTRIBUTE", "target/debug/testribute")
FLAVOURS = ("funnel", "tesk", "poiesis", "azure", "tesp", "planetary", "protes")
# The token is sent over plain HTTP to listed networks only.
BOOK = """
outbound:
  allowed_networks: ["127.0.0.0/8"]
tes:
  price_book:
    - match: "*"
      currency: EUR
      unit_costs: {cpu_usage: 1, memory_consumption: 0, data_storage: 0, data_transfer: 0}
"""
NEEDS = (
    *("--cpu-cores", "1", "--ram-gb", "1", "--disk-gb", "1", "--execution-time-sec", "60"),
    *("--mode", "time", "--explain", "--output", "json"),
)
# Poiesis wants one.
TOKEN = "callers-token"
HOUR = 3600.0


def finished(count: int, newest: float, wait: float) -> list[tuple[str, float, float]]:
    """Get tasks as (state, age, wait): one a minute, the oldest first, of which the newest has this age."""
    return [("COMPLETE", newest + 60.0 * (count - n), wait) for n in range(count)]


SITES = {
    "idle": (finished(60, 30.0, 12.0), 12.0),
    # Tasks wait 40 minutes, and those of the last 40 minutes still wait.
    "busy": (
        finished(40, 2400.0, 2400.0) + [("QUEUED", 2390.0 - 160.0 * n, 0.0) for n in range(15)],
        2400.0,
    ),
    "jammed": (finished(30, 6 * HOUR, 10.0) + [("QUEUED", 6 * HOUR, 0.0)] * 20, 6 * HOUR),
}


def wait_for_root(log: IO[str]) -> str:
    """Get the root URI that the mock prints once it listens."""
    for _ in range(100):
        log.seek(0)
        for line in log:
            if line.startswith("listening: "):
                return line.split()[1]
        time.sleep(0.1)
    sys.exit("py-tes: the mock did not start")


def task(state: str, age: float, wait: float) -> tes.Task:
    """Get a task that the mock's clock makes this old."""
    return tes.Task(
        name="hello",
        executors=[tes.Executor(image="alpine", command=["true"])],
        resources=tes.Resources(cpu_cores=1, ram_gb=1.0, disk_gb=1.0),
        tags={"mock-state": state, "mock-age-sec": str(age), "mock-queue-sec": str(wait)},
    )


def estimate(root: str, config: str) -> dict:
    """Get what the console says of the queue at one TES."""
    command = [TESTRIBUTE, "--config", config, "--tes-uri", root, *NEEDS]
    ranked = subprocess.run(
        command,
        env={**os.environ, "TESTRIBUTE_JWT": TOKEN},
        capture_output=True,
        text=True,
        check=False,
    )
    if ranked.returncode != 0:
        sys.exit(f"py-tes: {' '.join(command)} failed: {ranked.stderr}")
    combination = json.loads(ranked.stdout)["service_combinations"][0]
    return {**combination["queue"], "seconds": combination["time_breakdown"]["queue"]}


def check(flavour: str, site: str, config: str) -> bool:
    """Create the tasks of a site, and compare."""
    tasks, expected = SITES[site]
    with tempfile.TemporaryFile("w+") as log:
        mock = subprocess.Popen(
            [TESTRIBUTE, "mock-tes", "--flavour", flavour, "--queue-sec", "0"],
            stdout=log,
            stderr=log,
        )
        try:
            root = wait_for_root(log)
            client = tes.HTTPClient(root, timeout=10, token=TOKEN)
            client.get_service_info()
            ids = {client.create_task(task(*one)) for one in tasks}
            listed = client.list_tasks(view="MINIMAL")
            if len(ids) != len(tasks) or not {one.id for one in listed.tasks} <= ids:
                sys.exit(f"py-tes: {flavour} lists other tasks than those that were created")
            found = estimate(root, config)
        finally:
            mock.terminate()
            mock.wait()
    good = found["signal"] == "history" and abs(found["seconds"] - expected) <= max(
        0.05 * expected, 2.0
    )
    print(
        f"py-tes: {flavour:<9} {site:<6} waits {expected:>7.0f} s, estimated {found['seconds']:>7.0f} s"
        f" ({found.get('started')} started, {found.get('waiting')} waiting): {'good' if good else 'WRONG'}"
    )
    return good


def main() -> int:
    """Check all sites on all flavours."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
        config.write(BOOK)
        config.flush()
        results = [check(flavour, site, config.name) for flavour in FLAVOURS for site in SITES]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
