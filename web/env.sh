# Sourced by build.sh, test.sh and tests/browser_test, in web/: puts a node new enough for Vite on PATH and node_modules in
# place. A newer node is taken from the npm registry (into web/.node) where the machine's own is too old. Several build
# directories may come here at once: a lock (descriptor 9) lets one after the other through.

readonly kNodeMin=20.19.0
readonly kNodePackage=node@22.23.3

if ! command -v npm >/dev/null; then
  echo "web: npm is needed to build the page (scripts/deps installs it), or configure with -DAMITY_WEB=OFF" >&2
  exit 1
fi

exec 9>.build.lock
flock 9

new_enough() {
  local have
  have=$("$1" --version 2>/dev/null) || return 1
  [[ $(printf '%s\n%s\n' "$kNodeMin" "${have#v}" | sort -V | head -1) == "$kNodeMin" ]]
}
if ! new_enough node; then
  own=$PWD/.node
  if ! new_enough "$own/node_modules/node/bin/node"; then
    echo "the machine's node is older than $kNodeMin: taking $kNodePackage from the npm registry" >&2
    npm install --silent --no-save --no-audit --no-fund --prefix "$own" "$kNodePackage"
  fi
  export PATH=$own/node_modules/node/bin:$PATH
fi

want=$(sha256sum package-lock.json | cut -d' ' -f1)
if [[ $(cat node_modules/.amity-lock 2>/dev/null) != "$want" ]]; then
  npm ci --silent --no-audit --no-fund
  echo "$want" > node_modules/.amity-lock
fi

# The browser's tests, with an end: nothing of them outlives kBrowser_s, nor the shell that runs them.
readonly kBrowser_s=1500
in_browser() {
  local running code=0
  timeout --kill-after=30 "$kBrowser_s" node tests/browser.mjs &
  running=$!
  trap 'kill "$running" 2>/dev/null || true; wait "$running" || true; exit 143' TERM INT HUP
  wait "$running" || code=$?
  trap - TERM INT HUP
  if ((code == 124)); then echo "the browser's tests did not end within $kBrowser_s s" >&2; fi
  return "$code"
}
