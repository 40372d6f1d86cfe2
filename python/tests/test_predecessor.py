"""Programs that were written for TEStribute 0.2.1 run with another import."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import DEMO, PROGRAM, Network

#: The function call of the predecessor's README, with the addresses that stand there.
EXAMPLE = """
rank_services(
    object_ids=[
        "a001",
        "a002"
    ],
    resource_requirements={
        "cpu_cores": 1,
        "ram_gb": 1,
        "disk_gb": 1,
        "execution_time_sec": 1800
    },
    tes_uris=[
        "http://131.152.229.70/ga4gh/tes/v1/",
        "http://193.166.24.111/ga4gh/tes/v1/"
    ],
    drs_uris=[
        "http://131.152.229.71/ga4gh/drs/v1/",
        "http://193.166.24.114/ga4gh/drs/v1/"
    ],
    mode=0.5,
    jwt=None
)
"""
IMPORTS = [
    "from testribute import rank_services",
    "import testribute as TEStribute; rank_services = TEStribute.rank_services",
]

#: Runs in a network of its own, in which the addresses of the README are this machine.
IN_NETWORK = """
set -eu
ip link set lo up
for host in 131.152.229.70 193.166.24.111 131.152.229.71 193.166.24.114; do
    ip address add $host/32 dev lo
done
pids=
trap 'kill $pids' EXIT
start() {
    "$PROGRAM" "$1" --host "$2" --port 80 --scenario "$DEMO/$3" 2>"log-$2" &
    pids="$pids $!"
}
start mock-tes 131.152.229.70 tes-basel.yaml
start mock-tes 193.166.24.111 tes-helsinki.yaml
start mock-drs 131.152.229.71 drs-1.yaml
start mock-drs 193.166.24.114 drs-2.yaml
until [ "$(cat log-* | grep -c listening)" = 4 ]; do sleep 0.02; done
"$PYTHON" example.py
"""


def has_networks() -> bool:
    """Whether this user may make a network namespace."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        return False
    command = ["unshare", "--net", "--map-root-user", "ip", "link", "set", "lo", "up"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_networks(), reason="no network namespaces (unshare and ip)")
@pytest.mark.parametrize("imports", IMPORTS)
def test_the_example_of_its_readme_runs_with_another_import(tmp_path: Path, imports: str) -> None:
    code = EXAMPLE.strip().replace("rank_services(", "response = rank_services(", 1)
    output = "import json\nprint(json.dumps(response.to_dict()))\n"
    (tmp_path / "example.py").write_text(f"{imports}\n{code}\n{output}")
    (tmp_path / "network.sh").write_text(IN_NETWORK)
    environment = {
        **os.environ,
        "PROGRAM": PROGRAM,
        "DEMO": str(DEMO),
        "PYTHON": sys.executable,
        # No internet: what its configuration would fetch is given.
        "TESTRIBUTE__EXCHANGE_RATES__SOURCE": "static",
        "TESTRIBUTE__EXCHANGE_RATES__AS_OF": "2025-10-09",
        "TESTRIBUTE__EXCHANGE_RATES__RATES__CHF": "0.9309",
        "TESTRIBUTE__ESTIMATION__UNKNOWN_DISTANCE_KM": "1000",
    }
    command = ["unshare", "--net", "--map-root-user", "sh", "network.sh"]
    run = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    (first, *_) = answer["service_combinations"]
    assert first["rank"] == 1
    assert first["access_uris"]["tes_uri"] in EXAMPLE
    assert first["access_uris"].keys() == {"a001", "a002", "tes_uri"}
    assert first["cost_estimate"]["currency"] == "EUR"
    assert first["time_estimate"] > 1800


def test_its_ways_to_read_an_answer_work(network: Network, config: Path) -> None:
    import testribute as TEStribute  # noqa: N812, PLC0415
    from testribute.errors import ResourceUnavailableError, ValidationError  # noqa: PLC0415
    from testribute.models import Mode  # noqa: PLC0415

    # Positions, as well as names, are those of the predecessor.
    needs = {"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1800}
    response = TEStribute.rank_services(
        None, ["a001"], network.drs_uris, Mode.time, needs, network.tes_uris, config=config
    )
    best = response.service_combinations[0]
    assert best.rank == 1
    assert best.access_uris.tes_uri == network.tes_uris[0]
    assert best.access_uris.a001 == best.access_uris.to_dict()["a001"]
    assert best.cost_estimate.to_dict().keys() == {"amount", "currency"}
    assert best.to_dict().keys() >= {"rank", "access_uris", "cost_estimate", "time_estimate"}
    assert json.loads(json.dumps(response.to_dict()))["warnings"] == response.warnings
    assert issubclass(ValidationError, Exception)
    assert issubclass(ResourceUnavailableError, Exception)
