#!/usr/bin/env bash
# Build one row of the matrix and check it; what CI keeps is in wheelhouse/, PDBs in symbols/.
# Reads ROW_DEVICE, ROW_TARGET, ROW_PROJECT, ROW_SYSTEM and, where it is set, CMAKE_GENERATOR.
set -euo pipefail
[ -n "${CMAKE_GENERATOR:-}" ] || unset CMAKE_GENERATOR
rm -rf dist wheelhouse symbols
mkdir -p dist

if [ "$ROW_PROJECT" = . ]; then
  options=()
  if [ "$ROW_SYSTEM" = windows ]; then options=(--symbols symbols); fi
  if [ "$ROW_TARGET" != host ]; then options=(--target "$ROW_TARGET" --sdk free); fi # a proof, not published
  # A generator of Visual Studio starts no launcher, and its rows are there to prove it.
  cached=no
  if command -v sccache >/dev/null && { [ "$ROW_SYSTEM" != windows ] || [[ ${CMAKE_GENERATOR:-} == Ninja* ]]; }; then cached=yes; fi
  if [ $cached = yes ]; then options+=(--launcher sccache); fi
  mlcbuild wheel --device "$ROW_DEVICE" -o dist ${options[@]+"${options[@]}"} # bash 3 of macOS takes an empty list for unset
  # It prints what it found again, and has written all when it ends.
  if [ $cached = yes ]; then sccache --stop-server || echo "sccache: no server: nothing was compiled"; fi
else
  # Another project needs mlcbuild as a wheel: it is not on a package index.
  python -m pip wheel --quiet --no-deps -w dist/toolkit ./python
  # An option, not PIP_FIND_LINKS: pip splits the variable at spaces.
  python -m pip wheel --no-deps --find-links "$PWD/dist/toolkit" -w dist "./$ROW_PROJECT"
fi

mkdir wheelhouse
if [ "$ROW_SYSTEM" = windows ]; then
  # Its requirements come from the package index and are not kept.
  mlcbuild repair --with-deps -o wheelhouse dist/*.whl
  mlcbuild check --with-deps wheelhouse/*.whl
else
  cp dist/*.whl wheelhouse/
fi
ls -l wheelhouse
