#!/usr/bin/env bash
# Tests the page: web/test.sh [types|units|browser [BUILT_DIR]], all of them without a word.
#   types    the shapes are those of the API's description, and svelte-check
#   units    vitest
#   browser  the page in chromium over the mock's 100,000 meters (tests/browser.mjs)
set -euo pipefail
what=${1:-all}
dist=$(realpath -m "${2:-$(dirname "$0")/dist}")
cd "$(dirname "$0")"
source ./env.sh
exec 9>&-

if [[ $what == types || $what == all ]]; then
  made=$(mktemp)
  trap 'rm -f "$made"' EXIT
  node node_modules/openapi-typescript/bin/cli.js ../src/api/openapi.json -o "$made" >/dev/null
  if ! diff -q "$made" src/lib/api/schema.d.ts >/dev/null; then
    echo "src/lib/api/schema.d.ts is not what src/api/openapi.json says: npm run types" >&2
    exit 1
  fi
  npm run --silent check
fi
if [[ $what == units || $what == all ]]; then npm --silent test; fi
if [[ $what == browser || $what == all ]]; then DIST=$dist in_browser; fi
