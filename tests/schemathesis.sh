#!/usr/bin/env bash
# Tests a running service against its own OpenAPI document with Schemathesis (https://schemathesis.io):
#     pip install 'schemathesis>=4.32,<5'
#     cargo build --locked && tests/schemathesis.sh [options of `schemathesis run`, such as --max-examples 60]
# SCHEMATHESIS may name another program than the one on the PATH. schemathesis.toml has the checks.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/demo.sh

"${SCHEMATHESIS:-schemathesis}" run "$root/openapi.json" \
    --phases examples,coverage,fuzzing,stateful --max-examples 500 --checks all "$@"
# None of the requests may have ended the service.
kill -0 "$demo"
