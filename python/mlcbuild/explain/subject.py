"""Whose trouble a text is about: the DLL, module or wheel that it names."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["filled", "subject_of"]

_PATH: Final = re.compile(
    r"""(?P<quote>['"])(?P<quoted>[^'"\r\n]+\.(?:dll|pyd|whl))(?P=quote)"""
    r"""|(?P<bare>(?:[A-Za-z]:)?[^\s'"<>|*?:=]*\.(?:dll|pyd|whl))\b""",
    re.IGNORECASE,
)
_MODULE: Final = re.compile(r"DLL load failed while importing (\w+)")
#: The C++ runtime: whom the message names, not whom one would check.
_RUNTIMES: Final = re.compile(
    r"(?:msvcp140|vcruntime140|ucrtbase|concrt140)\w*\.dll$", re.IGNORECASE
)


def subject_of(text: str) -> str:
    """Return the file that an error names last, else the module; empty where it names none."""
    paths = [
        (found["quoted"] or found["bare"]).replace("\\\\", "\\") for found in _PATH.finditer(text)
    ]
    full = [path for path in paths if re.search(r"[\\/]", path)]
    named = [path for path in (full or paths) if not _RUNTIMES.search(path)]
    if named:
        return named[-1]
    module = _MODULE.search(text)
    return module[1] if module else ""


def filled(command: str, subject: str) -> str:
    """Return a command with the subject in it, or with words for what to put there."""
    is_file = "." in subject
    name = re.split(r"[\\/]", subject)[-1]
    fits = is_file or command.startswith("mlcbuild trace ")
    path = subject if subject and fits else "PATH"
    quoted = f'"{path}"' if " " in path else path
    return command.replace("{path}", quoted).replace("{name}", name if is_file else "NAME.dll")
