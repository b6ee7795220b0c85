"""Commands of the catalogue, spelt out: the file of the error, Visual Studio, the shell in use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.shell import set_in, spelt_for, unset_in

if TYPE_CHECKING:
    from mlcbuild.doctor.shell import Shell
    from mlcbuild.explain.facts import Facts

#: ``{set NAME=VALUE}`` and ``{unset NAME}``: variables, which each shell sets in its own way.
_VARIABLE: Final = re.compile(r"\{(set|unset) (\w+)=?([^}]*)\}")
_PLAIN: Final = re.compile(r"[\w.:/\\~+-]+")
#: What a shell would read inside quotation marks: such a name is not put into a command.
_READ_BY_A_SHELL: Final = re.compile(r"[$`%!\"\x00-\x1f]")


def spelt_out(command: str, without_path: str, subject: str, facts: Facts) -> str:
    """Return a command with its placeholders filled, one line a shell where it is not known.

    ``{path}`` and ``{name}`` are the file or module that the text names; where it names none,
    ``without_path`` is returned, or words that stand for the file.
    """
    found = _VARIABLE.fullmatch(command)
    if found:
        return _variable(found, facts.shells)
    for name in ("vcvars", "studio", "edition", "cuda"):
        if f"{{{name}}}" in command:
            command = command.replace(f"{{{name}}}", getattr(facts, name))
    is_file = "." in subject and not _READ_BY_A_SHELL.search(subject)
    is_module = subject.isidentifier() and not subject.startswith("_")
    if is_module and command == "mlcbuild check {path}":
        command = "mlcbuild trace {path}"  # a module has no file to name, but can be loaded
    fits = is_file or (command.startswith("mlcbuild trace ") and is_module)
    if not fits and without_path:
        return without_path
    path = subject if fits else "PATH"
    name = re.split(r"[\\/]", subject)[-1] if is_file else "NAME.dll"
    return command.replace("{path}", _quoted(path)).replace("{name}", _quoted(name))


def _variable(found: re.Match[str], shells: tuple[Shell, ...]) -> str:
    def spell(shell: Shell) -> str:
        if found[1] == "set":
            return set_in(shell, **{found[2]: found[3]})
        return unset_in(shell, found[2])

    return spelt_for(shells, spell)


def _quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else f'"{word}"'
