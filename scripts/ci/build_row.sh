#!/usr/bin/env bash
# Build one row of the matrix into dist/, check it, and leave what is released in wheelhouse/.
# Reads ROW_DEVICE, ROW_TARGET, ROW_PROJECT, ROW_SYSTEM and, where it is set, CMAKE_GENERATOR.
set -euo pipefail
[ -n "${CMAKE_GENERATOR:-}" ] || unset CMAKE_GENERATOR
rm -rf dist wheelhouse symbols
mkdir -p dist wheelhouse symbols

if [ "$ROW_PROJECT" = . ]; then
  options=(--device "$ROW_DEVICE")
  if [ "$ROW_TARGET" != host ]; then options+=(--target "$ROW_TARGET"); fi
  mlcbuild wheel -o dist "${options[@]}"
else
  # A stranger's project needs mlcbuild as a wheel: it is not on a package index.
  python -m pip wheel --quiet --no-deps -w dist/toolkit ./python
  # An option, not PIP_FIND_LINKS: pip splits the variable at spaces.
  python -m pip wheel --no-deps --find-links "$PWD/dist/toolkit" -w dist "./$ROW_PROJECT"
fi

if [ "$ROW_SYSTEM" = windows ]; then
  # What the wheels beside it bring stays out; `check --with-deps` brings them from the index.
  mlcbuild repair -w wheelhouse dist/*.whl
  mlcbuild check --with-deps wheelhouse/*.whl
else
  cp dist/*.whl wheelhouse/
fi
ls -l wheelhouse
