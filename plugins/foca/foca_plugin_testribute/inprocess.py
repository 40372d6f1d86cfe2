"""Rankings in process, by the Python package `testribute`.

The package ranks services, not whole tasks: what is asked for is made from the task. Inputs count
if their URL is `drs://`; others are as near to every TES.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .ranking import NoRankingError

#: What a TES task leaves out.
_DEFAULT_NEEDS = {"cpu_cores": 1, "ram_gb": 2, "disk_gb": 10}
_DEFAULT_SECONDS = 3600


class InProcess:
    """A ranker that calls public addresses and those of `outbound.allowed_networks` only."""

    def __init__(self, config: str | None) -> None:
        """Read the configuration in the file, or that of the environment.

        Raises:
            ValueError: The package is not installed, or the configuration cannot be used.
        """
        try:
            import testribute  # noqa: PLC0415 (optional)
        except ImportError as error:
            raise ValueError("set `url`, or install the Python package testribute") from error
        self._error = testribute.TestributeError
        self._ranker = testribute.Ranker(config, reach="public", warn=None)

    def rank(self, body: Mapping[str, Any], token: str | None, timeout: float) -> dict[str, Any]:
        """Rank the task of a body of `POST /rank-tasks`.

        Returns:
            An answer, with access URIs by the paths of inputs.

        Raises:
            NoRankingError: There is no ranking.
        """
        task = body["task"]
        paths = drs_paths(task.get("inputs"))
        try:
            response = self._ranker.rank_services(
                jwt=token,
                tes_uris=body["tes_uris"],
                drs_uris=body.get("drs_uris") or [],
                object_ids=list(paths),
                resource_requirements=needs(task.get("resources"), body.get("execution_time_sec")),
                mode=body["mode"],
                limit=body["limit"],
                timeout=timeout,
            )
        except self._error as error:
            raise NoRankingError(type(error).__name__, str(error)) from None
        answer = response.to_dict()
        for combination in answer["service_combinations"]:
            uris = combination["access_uris"]
            combination["access_uris"] = {
                path: uris[url] for url, all_paths in paths.items() for path in all_paths
            } | {"tes_uri": uris["tes_uri"]}
        return answer


def drs_paths(inputs: Any) -> dict[str, list[str]]:
    """Get the paths of inputs by their `drs://` URL."""
    paths: dict[str, list[str]] = {}
    for item in inputs or []:
        url, path = item.get("url"), item.get("path")
        if isinstance(url, str) and url.startswith("drs://") and isinstance(path, str):
            paths.setdefault(url, []).append(path)
    return paths


def needs(resources: Any, seconds: float | None) -> dict[str, Any]:
    """Get resource requirements from the resources of a task; what they leave out is assumed."""
    stated = resources if isinstance(resources, Mapping) else {}
    found = {key: value for key, value in stated.items() if value is not None}
    found = {**_DEFAULT_NEEDS, **found}
    return {
        **{key: found[key] for key in _DEFAULT_NEEDS},
        # Times are whole seconds.
        "execution_time_sec": math.ceil(_DEFAULT_SECONDS if seconds is None else seconds),
        "preemptible": found.get("preemptible", False),
        "zones": found.get("zones", []),
    }
