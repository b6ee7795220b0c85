"""Choose the generator, the compiler and its environment: a pure function of facts and wishes.

Only generators with named configurations are offered. On Windows a Visual Studio generator comes
first, because it needs no prepared environment; then ``Ninja Multi-Config`` inside MSVC's
environment, which also drives a Visual Studio that this CMake is too old to know. A compiler of
another family is taken where the user names it and never because it lies on PATH.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mlcbuild.build.toolchain.cmake import NINJA
from mlcbuild.build.toolchain.compilers import Family, family_of
from mlcbuild.build.toolchain.decision import Choice, Vcvars
from mlcbuild.build.toolchain.facts import architecture
from mlcbuild.build.toolchain.generators import asked, ninja_or_error
from mlcbuild.build.toolchain.studios import usable_studios
from mlcbuild.build.toolchain.windows import WindowsChoice
from mlcbuild.build.toolchain.wishes import Wishes
from mlcbuild.errors import UsageError

if TYPE_CHECKING:
    from mlcbuild.build.toolchain.facts import Machine, Prompt

__all__ = ["Choice", "Vcvars", "choose"]


def choose(
    machine: Machine, wishes: Wishes | None = None, *, oldest: tuple[int, int] = (15, 0)
) -> Choice:
    """Choose for one machine. ``oldest`` is the first Visual Studio that can compile the sources.

    Raises ``UsageError`` where the user wants what has no named configurations or is not there,
    or where Windows has no compiler that can be driven.
    """
    wishes = wishes or Wishes()
    if machine.platform != "win32":
        return _elsewhere(machine, wishes)
    target = architecture(wishes.platform.value) if wishes.platform else machine.target
    if wishes.file_decides:
        return Choice(
            generator=ninja_or_error(wishes) if wishes.generator else NINJA,
            family="file",
            reasons=("a CMake toolchain file names the compiler",),
        )
    family = family_of(wishes.compiler.value)
    if family in ("mingw", "zig") or (machine.mingw_python and not wishes.compiler):
        return _gnu(wishes, "mingw" if machine.mingw_python and not family else family)
    _require_fitting(machine.prompt, target)
    usable, excuses = usable_studios(machine, wishes, target=target, oldest=oldest)
    choice = WindowsChoice(
        machine=machine,
        wishes=wishes,
        target=target,
        family=family,
        usable=usable,
        excuses=excuses,
    )
    return choice.make()


def _elsewhere(machine: Machine, wishes: Wishes) -> Choice:
    family: Literal["system", "file"] = "file" if wishes.file_decides else "system"
    if not wishes.generator:
        reason = f"{machine.platform} has no IDE generator to fit"
        return Choice(generator=NINJA, family=family, reasons=(reason,))
    if wishes.generator.value == "Xcode":
        return Choice(generator="Xcode", family=family, reasons=(asked(wishes),))
    return Choice(generator=ninja_or_error(wishes), family=family, reasons=(asked(wishes),))


def _gnu(wishes: Wishes, family: Family | None) -> Choice:
    said = wishes.compiler.said or "this Python is MinGW's own"
    return Choice(
        generator=ninja_or_error(wishes) if wishes.generator else NINJA,
        family=family or "mingw",
        reasons=(
            f"{said.partition('=')[0]} names {family or 'mingw'}"
            if wishes.compiler
            else "this Python is MinGW's own",
            "its C++ does not mix with MSVC's: the wheel chats, it does not compile models",
        ),
    )


def _require_fitting(prompt: Prompt | None, target: str) -> None:
    if prompt is not None and prompt.target and prompt.target != target:
        raise UsageError(
            f"the developer prompt is for {prompt.target} and this Python is for {target}",
            remedy=f"open the Native Tools prompt for {target}, or an ordinary one",
        )
