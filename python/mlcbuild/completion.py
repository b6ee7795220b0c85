"""What a shell's TAB offers: commands, options, their choices, rules, checks, files.

argcomplete speaks with the shells. It starts ``mlcbuild`` with ``_ARGCOMPLETE`` set and the line in
``COMP_LINE``; only the command named there is imported, as in any other call.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import UsageError
from mlcbuild.extras import install_extra

if TYPE_CHECKING:
    import argparse

SHELLS: Final = ("bash", "zsh", "fish", "powershell")


def words() -> list[str]:
    """Return the words of the line after the program, as far as it is typed."""
    line = os.environ.get("COMP_LINE", "")
    try:
        return shlex.split(line)[1:]
    except ValueError:  # inside a quotation
        return line.split()[1:]


def answer(parser: argparse.ArgumentParser, sub: argparse.ArgumentParser | None) -> None:
    """Write what could follow and end the process; ``sub`` is the parser of the command named."""
    import argcomplete  # noqa: PLC0415 - an extra, and for a shell's question only
    from argcomplete.completers import DirectoriesCompleter  # noqa: PLC0415

    for action in sub._actions if sub is not None else ():  # noqa: SLF001 - no public list
        chosen: Any = _completer(action)
        if action.metavar in {"DIR", "FOLDER"}:
            chosen = DirectoriesCompleter()
        if chosen is not None:
            action.completer = chosen  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser, always_complete_options="long")


def _completer(action: argparse.Action) -> Callable[..., Iterable[str]] | None:
    """Return what gives the values of an option that are known by name."""
    if "--ignore" in action.option_strings:
        from mlcbuild.rules import RULE_IDS  # noqa: PLC0415

        return lambda **_: sorted(RULE_IDS)
    if {"--only", "--skip"} & set(action.option_strings):
        from mlcbuild.doctor.checks import CHECKS  # noqa: PLC0415

        return lambda **_: sorted(CHECKS)
    return None


def script(shell: str) -> str:
    """Return what the shell has to read once a session.

    Raises ``UsageError`` where argcomplete is not installed (it is the extra ``completion``).
    """
    try:
        from argcomplete.shell_integration import shellcode  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            "completion needs argcomplete", remedy=install_extra("completion")
        ) from error
    return str(shellcode(["mlcbuild"], shell=shell))
