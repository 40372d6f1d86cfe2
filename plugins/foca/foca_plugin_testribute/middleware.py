"""A task distribution middleware for proTES before 0.4, whose gateways have no plugins.

Add `foca_plugin_testribute.middleware.TaskDistributionTestribute` to `middlewares` of the
configuration of proTES, and its settings to `tes`:

    tes:
      service_list: ["https://tes-1.example", "https://tes-2.example"]
      testribute: {url: "https://testribute.example", mode: cost, timeout: 3}
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import requests
from flask import current_app
from pro_tes.middleware.abstract_middleware import AbstractMiddleware

from .ranking import NoRankingError, ordered, parse, question, reduced

logger = logging.getLogger(__name__)

_MAX_BYTES = 8 * 1024 * 1024
_CHUNK = 65536
_OPTIONS = ("mode", "limit", "drs_uris", "execution_time_sec")


class TaskDistributionTestribute(AbstractMiddleware):  # type: ignore[misc]
    """Orders the TES of `tes.service_list` by cost and time of the task.

    TES that cannot be ranked go last; without a ranking, the order of the list stands.
    """

    def apply_middleware(self, request: Any) -> Any:
        """Set the TES of a request.

        Args:
            request: Flask request, whose JSON is a TES task.

        Returns:
            The request with `tes_urls` in its JSON.
        """
        settings = current_app.config.foca.tes  # type: ignore[attr-defined]
        urls = [str(url) for url in deepcopy(settings["service_list"])]
        options = settings.get("testribute") or {}
        try:
            urls, _ = ordered([(url, url) for url in urls], rank(request.json, urls, options))
        except NoRankingError as error:
            logger.warning("no ranking by testribute: %s", error)
        request.json["tes_urls"] = urls
        return request


def rank(task: object, urls: list[str], options: Mapping[str, Any]) -> Any:
    """Ask the service for a ranking; no token is sent.

    Raises:
        NoRankingError: There is none.
    """
    url = str(options.get("url") or "").rstrip("/")
    if not url:
        raise NoRankingError("not_configured", "tes.testribute.url is not set")
    body = question(reduced(task), urls, {key: options.get(key) for key in _OPTIONS})
    return parse(_post(f"{url}/rank-tasks", body, float(options.get("timeout") or 3.0)))


def _post(url: str, body: dict[str, Any], timeout: float) -> bytes:
    """Post JSON, with bounds for time and size of the answer as a whole."""
    end = time.monotonic() + timeout
    content = bytearray()
    try:
        response = requests.post(
            url, json=body, timeout=timeout, stream=True, allow_redirects=False
        )
        with response:
            if response.status_code != 200:
                status = response.status_code
                raise NoRankingError(f"http_{status}", f"testribute answered {status}")
            for chunk in response.iter_content(_CHUNK):
                content += chunk
                if len(content) > _MAX_BYTES:
                    raise NoRankingError("too_large", "the answer is too large")
                if time.monotonic() > end:
                    raise NoRankingError("timeout", f"no whole answer within {timeout} s")
    except (requests.RequestException, ValueError) as error:
        raise NoRankingError("unreachable", f"no answer: {type(error).__name__}") from None
    return bytes(content)
