"""Whose trouble a text is about: the DLL, module or wheel that it names."""

from __future__ import annotations

import re
from typing import Final

_PATH: Final = re.compile(
    r"""(?P<quote>['"])(?P<quoted>[^'"\r\n]+\.(?:dll|pyd|whl))(?P=quote)"""
    r"""|(?P<bare>(?:[A-Za-z]:)?[^\s'"<>|*?:=]*\.(?:dll|pyd|whl))\b""",
    re.IGNORECASE,
)
_ENDING: Final = re.compile(r"\.(?:dll|pyd|whl)\b", re.IGNORECASE)
#: Characters of a line in which a file is looked for: trying each costs the square of a path.
_LONGEST: Final = 2000
_MODULE: Final = re.compile(r"DLL load failed while importing (\w+)")
_PACKAGE: Final = re.compile(r"site-packages[\\/]{1,2}(\w+)[\\/]")
#: The C++ runtime: whom the message names, not whom one would check.
_RUNTIMES: Final = re.compile(
    r"(?:msvcp140|vcruntime140|ucrtbase|concrt140)\w*\.dll$", re.IGNORECASE
)


def subject_of(text: str) -> str:
    """Return the file that an error names last, else the module; empty where it names none."""
    paths = [
        (found["quoted"] or found["bare"]).replace("\\\\", "\\")
        for line in text.splitlines()
        if _ENDING.search(line)
        for found in _PATH.finditer(line[:_LONGEST])
    ]
    full = [path for path in paths if re.search(r"[\\/]", path)]
    named = [path for path in (full or paths) if not _RUNTIMES.search(path)]
    if named:
        return named[-1]
    module = _MODULE.search(text)
    if module is None:
        return ""
    packages = _PACKAGE.findall(text, 0, module.start())
    # torch._C is loaded by torch: a traceback names the package
    return packages[-1] if module[1].startswith("_") and packages else module[1]
