"""MSVC's environment from ``vcvarsall.bat``: the call, its output, and the variables kept.

``cmd /u`` writes the output of its own commands, such as ``set``, in UTF-16LE, so that no code page
can damage a user's name. Output of the script and its children goes to standard error, in the
console's code page, and is only displayed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.errors import FailedError
from mlcbuild.toolchain.searchpath import order_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlcbuild.toolchain.decision import Vcvars


def capture_command(vcvars: Vcvars) -> str:
    """Return the command line: a string, because ``cmd`` has quoting rules of its own.

    ``/s`` strips exactly the outer quotes, ``/d`` disables the registry's AutoRun commands.
    """
    words = " ".join(vcvars.arguments)
    return f'cmd /d /s /u /c "call "{vcvars.script}" {words} 1>&2 && set"'


def parse_set(data: bytes) -> dict[str, str]:
    """Parse the output of ``set``: names as they are, values to the end of the line.

    A value may contain ``=``; a line without one continues the previous value. The hidden
    ``=C:=...`` entries of drives are skipped. Accepts UTF-16LE with or without a BOM, and the UTF-8
    or code page of a ``cmd`` without ``/u``.
    """
    result: dict[str, str] = {}
    last = ""
    for line in _decoded(data).replace("\r\n", "\n").split("\n"):
        name, equals, value = line.partition("=")
        if equals and name:
            result[name] = value
            last = name
        elif not equals and last and line:
            result[last] += "\n" + line
    return result


def _decoded(data: bytes) -> str:
    if data.startswith(b"\xff\xfe"):
        return data.decode("utf-16", errors="replace")
    # Every name begins with a letter, whose second byte in UTF-16LE is zero.
    if data[1:2] == b"\0":
        return data.decode("utf-16-le", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def merged(
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    has_program: Callable[[str, str], bool],
) -> dict[str, str]:
    """Return the variables that the script changed, with PATH in a corrected order.

    Names are compared without regard to case, as Windows does; ``before`` keeps its spelling.
    ``has_program(folder, name)`` looks into a folder of PATH.
    """
    spelling = {name.casefold(): name for name in before}
    changed = {}
    for name, value in after.items():
        known = spelling.get(name.casefold(), name)
        if known.casefold() == "path":
            value = order_path(value, user=before.get(known, ""), has_program=has_program)  # noqa: PLW2901
        if before.get(known) != value and name.casefold() not in ("prompt", "__vscmd_prereq"):
            changed[known] = value
    return changed


def require_compiler(environment: Mapping[str, str], *, said: str) -> None:
    """Raise ``FailedError``, with the script's error, where it set up no compiler."""
    folded = {name.casefold() for name in environment}
    if "vctoolsinstalldir" not in folded and "vcinstalldir" not in folded:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.casefold()] or lines
        raise FailedError(
            "vcvarsall.bat set up no compiler" + (f" ({errors[0]})" if errors else ""),
            remedy="repair the C++ workload with the Visual Studio Installer",
        )
