# shellcheck shell=bash
# Sourced by the scripts that need a running service: starts the demonstration, whose example request can be ranked, on
# a free port, puts the root URL of the service into $root, and stops it when the script ends.
# TESTRIBUTE may name another program than the debug build.

demo_log=$(mktemp)
"${TESTRIBUTE:-target/debug/testribute}" demo --port 0 >"$demo_log" 2>&1 &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; rm -f "$demo_log"' EXIT

root=""
for _ in $(seq 100); do
    root=$(sed -n 's|.*\(http://127\.0\.0\.1:[0-9]*\)/ui/.*|\1|p' "$demo_log")
    [ -z "$root" ] || break
    sleep 0.1
done
if [ -z "$root" ]; then
    echo "the service did not start:" >&2
    cat "$demo_log" >&2
    exit 1
fi
