"""The examples of the documents run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Network

import testribute

BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def run_example(
    document: str, network: Network, config: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Run the first example of a document with the URIs of the demonstration."""
    monkeypatch.setenv("TESTRIBUTE_CONFIG", str(config))
    match = BLOCK.search((ROOT / document).read_text())
    assert match is not None
    code = match[1]
    for example, uri in {
        "https://tes-1.example/ga4gh/tes/v1/": network.tes_uris[0],
        "https://tes-2.example/ga4gh/tes/v1/": network.tes_uris[1],
        "https://drs.example/ga4gh/drs/v1/": network.drs_uris[1],
    }.items():
        assert example in code
        code = code.replace(example, uri)
    names: dict[str, Any] = {}
    exec(compile(code, document, "exec"), names)  # noqa: S102
    return names


@pytest.mark.parametrize("document", ["README.md", "docs/python.md", "python/README.md"])
def test_the_example_ranks_the_demonstration(
    document: str, network: Network, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = run_example(document, network, config, monkeypatch)["response"]
    assert isinstance(response, testribute.RankResponse)
    best = response.service_combinations[0]
    assert best.access_uris.tes_uri in network.tes_uris
