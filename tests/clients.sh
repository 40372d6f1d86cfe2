#!/usr/bin/env bash
# Generates clients from the OpenAPI document of the demonstration, and ranks with each in every mode. What cannot be
# had is skipped, with a line.
#     cargo build --locked && tests/clients.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/demo.sh

work=$PWD/target/clients
rm -rf "$work/out"
mkdir -p "$work/out"
curl -s --noproxy '*' "$root/openapi.json" >"$work/openapi.json"
export ROOT=$root WORK=$work NO_PROXY='*' no_proxy='*'
skip() { printf 'SKIPPED: %s (%s)\n' "$1" "$2"; }

venv=$work/venv
has_python=false
if command -v python3 >/dev/null && { [ -x "$venv/bin/pip" ] || python3 -m venv "$venv"; }; then has_python=true; fi
pip() { timeout 300 "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" >"$work/pip.log" 2>&1; }

if $has_python && pip 'openapi-python-client==0.29.*'; then
    "$venv/bin/openapi-python-client" generate --path "$work/openapi.json" --output-path "$work/out/python" \
        --meta none --overwrite >"$work/python.log" 2>&1 || { cat "$work/python.log" >&2; exit 1; }
    PYTHONPATH=$work/out "$venv/bin/python" tests/clients/python_client.py
else
    skip "Python client by openapi-python-client" "not to be had"
fi

generator=()
if $has_python && command -v java >/dev/null && pip 'openapi-generator-cli==7.*'; then
    generator=("$venv/bin/openapi-generator-cli")
fi
# generate GENERATOR DIRECTORY [OPTION...]
generate() {
    local name=$1 directory=$2
    shift 2
    "${generator[@]}" generate -i "$work/openapi.json" -g "$name" -o "$work/out/$directory" "$@" \
        >"$work/$directory.log" 2>&1 || { tail -50 "$work/$directory.log" >&2; exit 1; }
}
if [ "${#generator[@]}" -gt 0 ] && "${generator[@]}" version >/dev/null 2>&1; then
    generate python python-generator --additional-properties=packageName=testribute_client
    pip "$work/out/python-generator"
    "$venv/bin/python" tests/clients/python_generator.py
    if command -v cargo >/dev/null; then
        generate rust rust-generator --additional-properties=packageName=testribute_client
        mkdir -p "$work/out/rust-use/src"
        cp tests/clients/rust_generator.rs "$work/out/rust-use/src/main.rs"
        cp tests/clients/rust_generator.toml "$work/out/rust-use/Cargo.toml"
        CARGO_TARGET_DIR=$work/rust-target cargo run --quiet --manifest-path "$work/out/rust-use/Cargo.toml"
    else
        skip "Rust client by openapi-generator" "no cargo"
    fi
else
    skip "Python and Rust clients by openapi-generator" "no Java, or not to be had"
fi

if command -v npm >/dev/null && npm install --silent --no-audit --no-fund --prefix "$work/npm" \
    openapi-typescript@7 openapi-fetch@0.14 typescript@5 @types/node@22 >"$work/npm.log" 2>&1; then
    mkdir -p "$work/out/typescript"
    "$work/npm/node_modules/.bin/openapi-typescript" "$work/openapi.json" -o "$work/out/typescript/schema.d.ts" >/dev/null
    cp tests/clients/typescript.ts "$work/out/typescript/client.ts"
    ln -sfn "$work/npm/node_modules" "$work/out/typescript/node_modules"
    cp tests/clients/tsconfig.json "$work/out/typescript/tsconfig.json"
    echo '{"type": "module"}' >"$work/out/typescript/package.json"
    (cd "$work/out/typescript" && node_modules/.bin/tsc && node client.js)
else
    skip "TypeScript client by openapi-typescript" "not to be had"
fi
