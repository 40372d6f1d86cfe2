"""A task distribution middleware for proTES before 0.4, whose gateways have no plugins.

Add `foca_plugin_testribute.middleware.TaskDistributionTestribute` to `middlewares` of the
configuration of proTES, alone or in a list of alternatives, and its settings to `tes`:

    tes:
      service_list: ["https://tes-1.example", "https://tes-2.example"]
      testribute: {url: "https://testribute.example", mode: cost, timeout: 3}
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

import requests
from flask import current_app
from pro_tes.middleware.abstract_middleware import AbstractMiddleware

from .ranking import NoRankingError, ordered, parse, public, question, reduced

logger = logging.getLogger(__name__)

_MAX_BYTES = 8 * 1024 * 1024
_CHUNK = 65536
#: Seconds.
_TIMEOUT = 3.0
_MAX_TIMEOUT = 86_400
_OPTIONS = ("mode", "limit", "drs_uris", "execution_time_sec")


class TaskDistributionTestribute(AbstractMiddleware):  # type: ignore[misc]
    """Orders the TES of `tes.service_list` by cost and time of the task.

    TES that cannot be ranked go last; without a ranking, the order of the list stands, or, if
    `if_unavailable` is `next`, the next alternative distributes the task.
    """

    def apply_middleware(self, request: Any) -> Any:
        """Set the TES of a request.

        Args:
            request: Flask request, whose JSON is a TES task.

        Returns:
            The request with `tes_urls` in its JSON.

        Raises:
            NoRankingError: There is no ranking, and `if_unavailable` is `next`.
        """
        settings = current_app.config.foca.tes  # type: ignore[attr-defined]
        urls = [str(url) for url in settings["service_list"]]
        options = settings.get("testribute") or {}
        # Without user info, if there is any.
        pairs = [(public(url), url) for url in urls]
        try:
            urls = _order(request.json, pairs, options)
        except NoRankingError as error:
            logger.warning("no ranking by testribute: %s", error)
            if options.get("if_unavailable") == "next":
                raise
        request.json["tes_urls"] = urls
        return request


def _order(task: object, pairs: list[tuple[str, str]], options: Mapping[str, Any]) -> list[str]:
    """Get the URLs, the best one first.

    Raises:
        NoRankingError: There is no ranking.
    """
    try:
        urls, _ = ordered(pairs, rank(task, [uri for uri, _ in pairs], options))
    except NoRankingError:
        raise
    except Exception as error:
        # proTES would refuse the task.
        logger.exception("internal error; please report it")
        raise NoRankingError("internal_error", f"internal {type(error).__name__}") from error
    return urls


def rank(task: object, urls: list[str], options: Mapping[str, Any]) -> Any:
    """Ask the service for a ranking; no token is sent.

    Raises:
        NoRankingError: There is none.
    """
    url = str(options.get("url") or "").rstrip("/")
    if not url:
        raise NoRankingError("not_configured", "tes.testribute.url is not set")
    body = question(reduced(task), urls, {key: options.get(key) for key in _OPTIONS})
    return parse(_post(f"{url}/rank-tasks", body, _seconds(options.get("timeout"))))


def _seconds(timeout: object) -> float:
    if timeout is None:
        return _TIMEOUT
    is_number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    # NaN is not above 0; no thread waits for longer than a day.
    if not is_number or not 0 < timeout <= _MAX_TIMEOUT:  # type: ignore[operator]
        message = f"tes.testribute.timeout must be more than 0 and at most {_MAX_TIMEOUT} seconds"
        raise NoRankingError("not_configured", message)
    return float(timeout)  # type: ignore[arg-type]


def _post(url: str, body: dict[str, Any], timeout: float) -> bytes:
    """Post JSON, with bounds for time and size of the answer as a whole.

    The time limits of `requests` are for single reads: a server that sends a byte now and then
    would hold the gateway for as long as it likes. So another thread waits for it.

    Raises:
        NoRankingError: There is no whole answer in time.
    """
    outcome: list[bytes | NoRankingError] = []

    def post() -> None:
        try:
            outcome.append(_exchange(url, body, timeout))
        except NoRankingError as error:
            outcome.append(error)

    thread = threading.Thread(target=post, name="testribute", daemon=True)
    thread.start()
    thread.join(timeout)
    result = outcome[0] if outcome else NoRankingError("timeout", f"no answer within {timeout} s")
    if isinstance(result, NoRankingError):
        raise result
    return result


def _exchange(url: str, body: dict[str, Any], timeout: float) -> bytes:
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
                    raise NoRankingError("timeout", f"no answer within {timeout} s")
    except (requests.RequestException, ValueError) as error:
        raise NoRankingError("unreachable", f"no answer: {type(error).__name__}") from None
    return bytes(content)
