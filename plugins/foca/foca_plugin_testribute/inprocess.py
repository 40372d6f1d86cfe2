"""Rankings in process, by the Python package `testribute`: `POST /rank-tasks` without HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .ranking import NoRankingError


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

    def rank(self, body: Mapping[str, Any], token: str | None, timeout: float) -> Any:
        """Rank the task of a body of `POST /rank-tasks`.

        Returns:
            The answer to it.

        Raises:
            NoRankingError: There is no ranking.
        """
        try:
            response = self._ranker.rank_tasks(**body, jwt=token, timeout=timeout)
        except self._error as error:
            raise NoRankingError(type(error).__name__, str(error)) from None
        return response.to_dict()
