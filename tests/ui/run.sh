#!/usr/bin/env bash
# Opens / and /ui/ of a running demonstration in a headless Chromium and sends requests:
#     cargo build --locked && tests/ui/run.sh
# Needs Node.js, npm and Chromium. CHROMIUM may name another browser than /usr/bin/chromium; SCREENSHOT names a file for
# a picture of the page. LATE_FRAMES=300 draws every frame 300 ms late, which finds tests that read the page too early.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/demo.sh

npm ci --prefix tests/ui --no-audit --no-fund --loglevel=error
node tests/ui/try.mjs "$root/ui/"
# From the folder of the modules.
(cd tests/ui && ROOT=$root node --test --test-concurrency=1 --test-reporter=spec ./*.test.mjs)
