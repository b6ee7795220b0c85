#!/usr/bin/env bash
# Bring what a row of the matrix needs beyond the runner's image: `tools.sh DEVICES TARGET`.
# DEVICES is a list with commas, TARGET is `host` or `win_amd64`. What is there is not installed again.
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
    if [[ $devices == *,vulkan,* ]]; then apt libvulkan-dev spirv-tools spirv-headers; fi
    if [[ $devices == *,opencl,* ]]; then apt ocl-icd-opencl-dev opencl-headers; fi
    if [ "$target" = win_amd64 ]; then
      apt clang-tools-19 lld-19 llvm-19 libwine-dev
      rustup target add x86_64-pc-windows-msvc
    fi
    ;;
  MINGW* | MSYS* | CYGWIN*)
    if [[ $devices == *,vulkan,* ]]; then
      "$VCPKG_INSTALLATION_ROOT/vcpkg.exe" install vulkan-headers vulkan-loader spirv-tools spirv-headers \
        --triplet x64-windows-release
      echo "VULKAN_SDK=$(cygpath -m "$VCPKG_INSTALLATION_ROOT/installed/x64-windows-release")" >>"$GITHUB_ENV"
    fi
    if [[ $devices == *,cuda,* ]]; then
      choco install cuda --no-progress --yes
    fi
    ;;
esac
echo "tools: ready for ${1:-cpu} on $target"
