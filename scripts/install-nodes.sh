#!/usr/bin/env bash
# Installs the versions of Node.js that .ci/run tests with, from npm: test/nodes pins them. Each is then at
# .peers/nodes/node_modules/node-24/bin, for PATH. Quick when everything exists.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wanted="$root/test/nodes"
nodes="$root/.peers/nodes"

main() {
  local node version
  cmp -s "$wanted/package-lock.json" "$nodes/.installed-from" || install
  for node in "$nodes"/node_modules/node-*/bin/node; do
    version=$("$node" --version)
    say "$version"
  done
}

# The packages hold the binaries themselves; no script of theirs needs to run.
install() {
  mkdir -p "$nodes"
  rm -f "$nodes/.installed-from"
  cp "$wanted/package.json" "$wanted/package-lock.json" "$nodes/"
  (cd "$nodes" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null)
  cp "$wanted/package-lock.json" "$nodes/.installed-from"
}

say() { printf 'install-nodes: %s\n' "$*"; }

main "$@"
