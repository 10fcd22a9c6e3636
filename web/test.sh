#!/usr/bin/env bash
# Tests the page: web/test.sh [BUILT_DIR]. Types, units, that the shapes are those of the API's description, and the page
# in a real browser over the mock (tests/browser.mjs). Exit code 77 where there is no chromium: the rest has passed.
set -euo pipefail
cd "$(dirname "$0")"
dist=$(realpath -m "${1:-dist}")
source ./env.sh

made=$(mktemp)
trap 'rm -f "$made"' EXIT
node node_modules/openapi-typescript/bin/cli.js ../src/api/openapi.json -o "$made" >/dev/null
if ! diff -q "$made" src/lib/api/schema.d.ts >/dev/null; then
  echo "src/lib/api/schema.d.ts is not what src/api/openapi.json says: npm run types" >&2
  exit 1
fi
flock -u 9
node node_modules/svelte-check/bin/svelte-check --tsconfig ./tsconfig.json --fail-on-warnings
node node_modules/vitest/vitest.mjs run

if [[ ! -x ${CHROMIUM:-/usr/bin/chromium} ]]; then
  echo "SKIP: no chromium, the browser tests did not run" >&2
  exit 77
fi
DIST=$dist node tests/browser.mjs
