"""What Schemathesis cannot know by itself: which services there are, and which rules no JSON Schema can say."""

import random
import re

import schemathesis

# The only faults that a request which keeps to the schema may have: they are between two fields, or about what a host is.
BEYOND_THE_SCHEMA = re.compile(
    r"/drs_uris: must have at least one URI, as some object_ids are neither URLs nor name their server"
    r"|/(tes|drs)_uris/\d+: must be an absolute http or https URI"
    r"|/object_ids/\d+: must not be 'tes_uri'"
    r"|/mode: must be"
    r"|/object_ids/\d+: a drs:// URI must name"
    r"|/task/inputs/\d+/(url|path): (a drs:// URI must name|must not be|is required, as)"
    r"|/task/inputs/\d+/url: must not be 'tes_uri'"
    r"|/tes_uris: must have at least one URI"
    r"|/registries/\d+: must be an absolute http or https URI"
)


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Sends half of the valid requests to the services of the document's example, so that they are ranked."""
    fields = {"POST /rank-services": ("tes_uris", "drs_uris", "object_ids"), "POST /rank-tasks": ("tes_uris", "drs_uris")}
    if case.operation.label not in fields or not is_positive(case):
        return
    body = case.body
    dice = random.Random(repr(body))
    if isinstance(body, dict) and dice.random() < 0.5:
        content = case.operation.definition.raw["requestBody"]["content"]["application/json"]
        example = content["example"]
        case.body = {**body, **{field: example[field] for field in fields[case.operation.label]}}


@schemathesis.check
def valid_is_not_invalid(ctx, response, case):
    """A request that keeps to the schema is no ValidationError, but for the rules that the schema cannot say."""
    if response.status_code != 400 or not is_positive(case):
        return
    for error in response.json()["errors"]:
        if error["reason"] == "ValidationError":
            for message in error["message"]:
                assert BEYOND_THE_SCHEMA.match(message), f"a valid request was refused: {message}"
