#!/usr/bin/env bash
# Sourced by scripts that need a running service: starts the demonstration on a free port, puts the root URL of the
# service into $root, and stops it when the script ends.
# Run by itself it tests the demonstration: the table of `demo --once`, the curl line and the pages that `demo` prints, and
# the examples that rank, if they were built.
# TESTRIBUTE may name another program than the debug build.

[ "${BASH_SOURCE[0]}" != "$0" ] || cd "$(dirname "$0")/.."
testribute=${TESTRIBUTE:-target/debug/testribute}
demo_log=$(mktemp)
"$testribute" demo --port 0 >"$demo_log" 2>&1 &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; rm -f "$demo_log"' EXIT

root=""
for _ in $(seq 100); do
    # The last line that it prints.
    root=$(sed -n 's|.*try your own: \(http://127\.0\.0\.1:[0-9]*\)/ .*|\1|p' "$demo_log")
    [ -z "$root" ] || break
    sleep 0.1
done
if [ -z "$root" ]; then
    echo "the service did not start:" >&2
    cat "$demo_log" >&2
    exit 1
fi

[ "${BASH_SOURCE[0]}" = "$0" ] || return 0

set -euo pipefail
fail() {
    echo "demo: $1" >&2
    exit 1
}

table=$("$testribute" demo --once 2>/dev/null) || fail "demo --once failed"
grep -Eq '^ +1 +http://tes-basel\.localhost:[0-9]+/ga4gh/tes/v1/ +0\.47 EUR +32 min 27 s +0\.8596 +yes' <<<"$table" ||
    fail "demo --once does not print the table of the README: $table"

line=$(grep -E '^ +curl -s http' "$demo_log") || fail "no curl line is printed"
answer=$(bash -c "$line --noproxy '*' --fail") || fail "the printed curl line fails: $line"
grep -q '"service_combinations":\[{"rank":1,' <<<"$answer" || fail "the printed curl line ranks nothing: $answer"

examples=$(dirname "$testribute")/examples
request=$(sed -n "s/.* -d '\(.*\)'$/\1/p" "$demo_log")
for example in rank_once keep_a_ranker; do
    [ -x "$examples/$example" ] || continue
    printed=$("$examples/$example" config/demo/config.yaml "$request") || fail "the example $example failed"
    grep -q tes-basel <<<"$printed" || fail "the example $example does not rank: $printed"
done

for page in / /ui/; do
    [ "$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' "$root$page")" = 200 ] || fail "$root$page is not there"
done
echo "demo: the table, the curl line, the examples and the pages are as the README says"
