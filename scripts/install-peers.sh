#!/usr/bin/env bash
# Installs the programs that test/real measures this project against: registries, readers, and the clients
# whose behaviour we promise to match. Needs Go, Python 3 and apt; is quick when everything is there.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
peers="$root/.peers"

main() {
  install_debian_packages
  build_registries
  build_cosign
  install_python_peer python requirements.txt
  install_python_peer modelcar requirements-modelcar.txt
  say "all peers are installed ($SECONDS s)"
}

say() { printf 'install-peers: %s\n' "$*"; }

fail() {
  say "$*" >&2
  exit 1
}

has() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Silent while all goes well, everything on a failure.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  [ "$status" -eq 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

install_debian_packages() {
  local package program missing=()
  for package in docker-registry nginx skopeo podman umoci busybox tar zsh fish; do
    program=$package # each of these packages is named like the one program we want of it
    has "$program" || missing+=("$package")
  done
  has python3 || missing+=(python3)
  has update-ca-certificates || missing+=(ca-certificates)
  # Debian cuts ensurepip out of python3, and `python3 -m venv` needs it.
  has python3 && python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
  if [ ${#missing[@]} -eq 0 ]; then
    say "Debian packages: all there"
    return
  fi
  has apt-get || fail "cannot install ${missing[*]}: apt-get is not here"
  say "Debian packages: installing ${missing[*]}"
  quietly as_root apt-get -q update || say "apt-get update failed; going on with the lists that are here"
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=120 "${missing[@]}" || fail "apt-get install failed"
  stop_new_services "${missing[@]}"
}

# Debian starts what it installs, on ports 5000 and 80. The tests start their own on free ports, so a service
# that this script has just brought along is only in the way of whoever owns the machine.
stop_new_services() {
  local service
  [ -d /run/systemd/system ] || return 0
  for service in docker-registry nginx; do
    [[ " $* " == *" $service "* ]] || continue
    quietly as_root systemctl disable --now "$service" || say "could not stop the new $service service"
  done
}

build_registries() {
  local version=github.com/distribution/distribution/v3/version.version
  build_go_peers peers .built-from "$version=github.com/distribution/distribution/v3" \
    github.com/distribution/distribution/v3/cmd/registry github.com/olareg/olareg/cmd/olareg
}

# In a module of its own: its three hundred dependencies must not decide the versions that the registries get.
build_cosign() {
  build_go_peers peers-cosign .cosign-built-from sigs.k8s.io/release-utils/version.gitVersion=github.com/sigstore/cosign/v2 \
    github.com/sigstore/cosign/v2/cmd/cosign
}

# build_go_peers FOLDER STAMP VARIABLE=MODULE PACKAGE...
# Without the variable the program does not know which version of its module it is.
build_go_peers() {
  local folder="$root/test/real/$1" stamp="$peers/bin/$2" variable=${3%%=*} module=${3#*=} wanted version
  shift 3
  wanted=$(cd "$folder" && sha256sum go.mod go.sum)
  if all_built "$@" && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    say "Go peers: ${*##*/}: there"
    return
  fi
  has go || fail "cannot build ${*##*/}: go is not here"
  say "Go peers: building ${*##*/} (two minutes with a cold cache, cosign six to eleven)"
  mkdir -p "$peers/bin"
  rm -f "$stamp"
  cd "$folder"
  version=$(go list -mod=readonly -m -f '{{.Version}}' "$module")
  CGO_ENABLED=0 quietly go build -mod=readonly -trimpath -buildvcs=false -o "$peers/bin/" \
    -ldflags "-s -w -X $variable=$version" "$@" || fail "go build failed"
  cd "$root"
  printf '%s\n' "$wanted" >"$stamp"
}

all_built() {
  local package
  for package in "$@"; do [ -x "$peers/bin/${package##*/}" ] || return 1; done
}

# Each in a venv of its own: the reference tool and the Hub client must not decide each other's dependencies.
install_python_peer() {
  local venv="$peers/$1" requirements="$root/test/real/$2"
  if "$venv/bin/python" -c '' 2>/dev/null && cmp -s "$requirements" "$venv/.installed-from"; then
    say "Python peer $1: there"
    return
  fi
  say "Python peer $1: installing what $2 pins"
  mkdir -p "$peers"
  quietly python3 -m venv --clear "$venv" || fail "python3 -m venv failed"
  quietly "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
    -r "$requirements" || fail "pip install failed"
  cp "$requirements" "$venv/.installed-from"
}

main "$@"
