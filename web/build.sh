#!/usr/bin/env bash
# Builds the page: web/build.sh [OUTPUT_DIR].
set -euo pipefail
cd "$(dirname "$0")"
output=$(realpath -m "${1:-dist}")
source ./env.sh

node node_modules/vite/bin/vite.js build --logLevel warn --outDir "$output" --emptyOutDir
node scripts/compress.mjs "$output"
