"""A gateway on FOCA: takes TES tasks and sends each to the first backend that accepts it."""

from __future__ import annotations

from typing import Any

import requests
from flask import jsonify, request
from foca.plugins import (
    BackendResponse,
    GatewayError,
    NotAccepted,
    OutcomeUnknown,
    Principal,
    adapter,
    runtime,
)

#: The last run, for assertions.
LAST: dict[str, Any] = {}


def CreateTask(body: dict[str, Any]) -> Any:  # noqa: N802 (the name in the specification)
    """Run the pipeline of a task."""
    host = runtime.get_host()
    # In place of FOCA's validation of tokens, which needs an identity provider.
    token = request.headers.get("Authorization", "").removeprefix("Bearer ") or None
    principal = Principal(subject="someone" if token else None, token=token)
    try:
        run = host.start(adapter.inbound_from_request(body), principal)
        LAST["run"] = run
        run.request()
        candidates = run.route(runtime.get_backend_list().expand())
        for attempt in run.attempts(candidates):
            try:
                answer = send(attempt.outbound, attempt.remaining())
            except NotAccepted as error:
                attempt.report(error)
                continue
            task_id = answer["id"]
            response = BackendResponse(status=200, payload=answer, client_payload=answer)
            return jsonify(attempt.succeeded(response, remote_id=task_id).client_payload)
    except GatewayError as error:
        return adapter.problem(error)
    return jsonify({"message": "the outcome is unknown"}), 502


def send(outbound: Any, timeout: float) -> Any:
    """Send a task to a backend."""
    url = outbound.backend.url + outbound.path
    try:
        response = requests.post(
            url, json=outbound.payload, headers=dict(outbound.headers), timeout=timeout
        )
    except requests.ConnectionError as error:
        raise NotAccepted("connect_error") from error
    except requests.RequestException as error:
        raise OutcomeUnknown("read_timeout") from error
    if response.status_code >= 400:
        raise NotAccepted(f"http_{response.status_code}")
    return response.json()
