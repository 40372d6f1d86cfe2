#!/usr/bin/env bash
# Holds a running service against its own OpenAPI document with Schemathesis (https://schemathesis.io):
#     pip install 'schemathesis>=4.32,<5'
#     cargo build --locked && tests/schemathesis.sh [options of `schemathesis run`]
# SCHEMATHESIS may name another program than the one on the PATH. schemathesis.toml says what is held against what.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/demo.sh

"${SCHEMATHESIS:-schemathesis}" run "$root/openapi.json" \
    --phases examples,coverage,fuzzing,stateful --max-examples 500 --checks all "$@"
# What was asked must not have ended it.
kill -0 "$demo"
