#!/usr/bin/env bash
# Install what a row of the matrix needs beyond the runner's image: `tools.sh DEVICES TARGET`.
# DEVICES is a comma-separated list, TARGET is `host` or `win_amd64`. Nothing is installed twice.
set -euo pipefail
devices=",${1:-cpu}," target=${2:-host}

apt() {
  local missing=()
  for package in "$@"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  if [ "${#missing[@]}" -gt 0 ]; then
    sudo apt-get update -qq
    sudo apt-get install -y -qq --no-install-recommends "${missing[@]}"
  fi
}

case "$(uname -s)" in
  Linux)
    if [ "$target" = win_amd64 ]; then
      apt clang-tools-19 lld-19 llvm-19 libwine-dev
      rustup target add x86_64-pc-windows-msvc
    fi
    ;;
  MINGW* | MSYS* | CYGWIN*)
    if [[ $devices == *,cuda,* ]]; then
      choco install cuda --no-progress --yes
    fi
    ;;
esac
echo "tools: ready for ${1:-cpu} on $target"
