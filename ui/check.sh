#!/usr/bin/env bash
# Types and unit tests of the page, and that ui/dist, which is committed, is what its source builds.
set -euo pipefail
cd "$(dirname "$0")"

npm ci --no-audit --no-fund --loglevel=error
npm run --silent check
npm run --silent test
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
npm run --silent build -- --outDir "$built" --emptyOutDir --logLevel warn
diff --recursive --brief dist "$built" || {
    echo "ui/dist is not what ui/src builds: run 'npm ci && npm run build' in ui/" >&2
    exit 1
}
size=$(cat dist/index.html dist/assets/* | gzip -9 | wc -c)
echo "ui/dist is what its source builds: $((size / 1000)) kB gzipped"
[ "$size" -le 350000 ]
