#!/usr/bin/env bash
# Soak and chaos: 200 callers for so many minutes, a third of whose services are faulty, while a name server and the exchange
# rates fail, SIGHUP comes every minute, and the clock jumps by a day (if there is libfaketime). Samples memory and file
# handles, and ends with a verdict.
#     tests/soak.sh [MINUTES]
# SOAK_PROFILE=dev tests a debug build, which is there sooner; give it fewer callers, such as SOAK_CALLERS=8.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-10}
faketime=""
for library in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1; do
    [ ! -e "$library" ] || faketime=$library
done
[ -n "$faketime" ] || echo "soak: the clock does not jump: libfaketime is not installed"
if SOAK_SECONDS=$((minutes * 60)) SOAK_FAKETIME=$faketime cargo test --locked --profile "${SOAK_PROFILE:-release}" \
    --test it soak -- --ignored --nocapture; then
    echo "soak: VERDICT: passed: $minutes minutes without an error of the service's own, memory and file handles flat"
else
    echo "soak: VERDICT: FAILED; the first panic above says why" >&2
    exit 1
fi
