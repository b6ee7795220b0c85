"""MSVC's environment from ``vcvarsall.bat``: the call, its output, and the variables kept.

``cmd /u`` writes the output of its own commands, such as ``set``, in UTF-16LE, so that no code page
can damage a user's name. Output of the script and its children goes to standard error, in the
console's code page, and is only displayed.

The script prepends its folders to PATH, but a GNU ``link.exe`` (in conda's ``Library/usr/bin`` or
Git's ``usr/bin``) can still win: the script adds no folder that PATH already has. Nothing is
removed: a folder with a foreign ``link.exe`` moves behind MSVC's, everything else keeps the user's
order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mlcbuild.errors import FailedError

if TYPE_CHECKING:
    from mlcbuild.toolchain.decision import Vcvars


def order_path(path: str, *, user: str, has_program: Callable[[str, str], bool]) -> str:
    """Return ``path`` with the script's folders first, then the user's in their order.

    ``user`` is PATH before the script. Duplicates and empty entries are dropped: an empty entry is
    the current folder.
    """
    before = _entries(user)
    known = {_key(entry) for entry in before}
    now = _entries(path)
    kept = {_key(entry) for entry in now}
    added = [entry for entry in now if _key(entry) not in known]
    # Folders the script removed (an older toolset's) stay removed.
    theirs = [entry for entry in before if _key(entry) in kept]
    return ";".join(_links_behind([*added, *theirs], has_program))


def _links_behind(entries: list[str], has_program: Callable[[str, str], bool]) -> list[str]:
    """Move folders with a ``link.exe`` that is not MSVC's behind the last one that has ``cl``."""
    compilers = [i for i, entry in enumerate(entries) if has_program(entry, "cl.exe")]
    if not compilers:
        return entries
    end = compilers[-1] + 1
    foreign = [
        entry
        for entry in entries[:end]
        if has_program(entry, "link.exe") and not has_program(entry, "cl.exe")
    ]
    return [entry for entry in entries[:end] if entry not in foreign] + foreign + entries[end:]


def _entries(path: str) -> list[str]:
    """Split PATH; quotation marks around an entry are dropped."""
    found: dict[str, str] = {}
    for entry in (part.strip().strip('"') for part in path.split(";")):
        if entry:
            found.setdefault(_key(entry), entry)
    return list(found.values())


def _key(entry: str) -> str:
    return entry.replace("/", "\\").rstrip("\\").casefold()


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
