"""The one-line reasons of verdicts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.loader.names import fold
from mlcbuild.loader.python_process import python_of_dll

if TYPE_CHECKING:
    from mlcbuild.loader.context import Context, Found

MACHINE_NAMES: Final = {
    "x86": "32-bit x86",
    "x86_64": "x64",
    "arm64": "ARM64",
    "arm64ec": "ARM64EC",
    "arm64x": "ARM64X",
    "arm": "32-bit ARM",
    "unknown": "unknown machine",
}


#: Visual C++'s names of plain functions, constructors and destructors, innermost scope first.
#: Templates, operators and repeated scopes are left as they are.
_DECORATED: Final = re.compile(r"\?(\?[01])?((?:[A-Za-z_]\w*@)+)@[A-Z0-9].*")
#: Characters of a symbol that are shown.
_SYMBOL: Final = 80


def readable(symbol: str) -> str:
    """Return a symbol for a reader: the C++ name where it is a plain one, and never endless."""
    match = _DECORATED.fullmatch(symbol)
    if match is not None:
        scopes = match[2].rstrip("@").split("@")
        if match[1]:  # a constructor or destructor is called like its class
            scopes.insert(0, scopes[0] if match[1] == "?0" else f"~{scopes[0]}")
        symbol = "::".join(reversed(scopes))
    return symbol if len(symbol) <= _SYMBOL else f"{symbol[: _SYMBOL - 3]}..."


def found_reason(found: Found, context: Context) -> str:  # noqa: PLR0911 - one a cause
    """Say why the search for one DLL ended badly."""
    name = found.name
    if found.why:
        return found.why
    if found.cause == "not-a-pe" and found.file is not None:
        return f"{found.file.path}: {context.images.record(found.file).refused}"
    if found.cause == "wrong-machine" and found.file is not None:
        return _wrong_machine(found, context)
    if found.cause == "driver":
        return f"{name} is not part of Windows: it comes with {found.provider}"
    if found.cause == "debug-runtime":
        return f"{name} belongs to the debug CRT: it comes with {found.provider}"
    if found.cause == "optional" and not found.provider:
        return f"{name} is not part of every Windows 10 or 11"
    if found.cause in {"redist", "old-redist", "optional"}:
        return f"{name} is not on every machine: it comes with {found.provider}"
    if found.cause == "unknown-api-set":
        return f"{name} is not an API set of Windows 10 or 11, and no file of that name is found"
    return _not_found(name, context)


def _wrong_machine(found: Found, context: Context) -> str:
    image = context.images.record(found.file).image if found.file else None
    mine = MACHINE_NAMES[context.process.machine]
    theirs = MACHINE_NAMES[image.machine] if image else "another machine"
    path = found.file.path if found.file else found.name
    if not found.certain:
        return f"{path} is {theirs}: a process of {mine} maps it only on Windows on ARM"
    return f"{path} is built for {theirs}, the process is {mine}"


def _not_found(name: str, context: Context) -> str:
    version = python_of_dll(fold(name))
    wanted = sorted(context.process.pythons)
    if version and not context.process.python:
        return f"{name} is found only where Python's folder is on PATH"
    if version and wanted:
        mine = ", ".join(f"{v[0]}.{v[1:]}" for v in wanted)
        return f"{name} belongs to Python {version[0]}.{version[1:]}, the wheel is for {mine}"
    where = "its folder, Python's, the added folders or System32"
    if not context.process.python:
        where = "the executable's folder or System32 (PATH, which is not known, may have it)"
    elsewhere = context.elsewhere(name)
    if elsewhere is not None:
        text = f"{name} is in {elsewhere.folder}, a folder that nothing adds to the search"
        if elsewhere.provided_by and context.process.python:
            text += f": found only if {elsewhere.provided_by} was imported before"
        return text
    return f"{name} is not found in {where}"
