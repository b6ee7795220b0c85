"""Choose the generator, the compiler and its environment: a pure function of facts and overrides.

Only multi-config generators are used. On Windows a Visual Studio generator comes first, because it
needs no prepared environment; then ``Ninja Multi-Config`` inside MSVC's environment, which also
supports a Visual Studio newer than this CMake. A compiler of another family is used only where the
user names it, never because it is on PATH.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mlcbuild.errors import UsageError
from mlcbuild.toolchain.cmake import NINJA
from mlcbuild.toolchain.compilers import Family, family_of
from mlcbuild.toolchain.decision import Choice, asked, ninja_or_error
from mlcbuild.toolchain.machine import architecture
from mlcbuild.toolchain.overrides import Overrides
from mlcbuild.toolchain.visual_studio import usable_visual_studios
from mlcbuild.toolchain.windows import WindowsChoice

if TYPE_CHECKING:
    from mlcbuild.toolchain.machine import Machine, Prompt


def choose(
    machine: Machine, overrides: Overrides | None = None, *, oldest: tuple[int, int] = (15, 0)
) -> Choice:
    """Choose for one machine. ``oldest`` is the first Visual Studio that can compile the sources.

    Raises ``UsageError`` where the user requests a single-config or missing generator, or where
    Windows has no usable compiler.
    """
    overrides = overrides or Overrides()
    if machine.platform != "win32":
        return _elsewhere(machine, overrides)
    target = architecture(overrides.platform.value) if overrides.platform else machine.target
    if overrides.file_decides:
        return Choice(
            generator=ninja_or_error(overrides) if overrides.generator else NINJA,
            family="file",
            reasons=("a CMake toolchain file names the compiler",),
        )
    family = family_of(overrides.compiler.value)
    if family in ("mingw", "zig") or (machine.mingw_python and not overrides.compiler):
        return _gnu(overrides, "mingw" if machine.mingw_python and not family else family)
    _require_fitting(machine.prompt, target)
    usable, excuses = usable_visual_studios(machine, overrides, target=target, oldest=oldest)
    choice = WindowsChoice(
        machine=machine,
        overrides=overrides,
        target=target,
        family=family,
        usable=usable,
        excuses=excuses,
    )
    return choice.make()


def _elsewhere(machine: Machine, overrides: Overrides) -> Choice:
    family: Literal["system", "file"] = "file" if overrides.file_decides else "system"
    if not overrides.generator:
        reason = f"{machine.platform} has no suitable IDE generator"
        return Choice(generator=NINJA, family=family, reasons=(reason,))
    if overrides.generator.value == "Xcode":
        return Choice(generator="Xcode", family=family, reasons=(asked(overrides),))
    return Choice(generator=ninja_or_error(overrides), family=family, reasons=(asked(overrides),))


def _gnu(overrides: Overrides, family: Family | None) -> Choice:
    said = overrides.compiler.said or "this Python is MinGW's own"
    return Choice(
        generator=ninja_or_error(overrides) if overrides.generator else NINJA,
        family=family or "mingw",
        reasons=(
            f"{said.partition('=')[0]} names {family or 'mingw'}"
            if overrides.compiler
            else "this Python is MinGW's own",
            "its C++ ABI is not MSVC's: the wheel can run models, not compile them",
        ),
    )


def _require_fitting(prompt: Prompt | None, target: str) -> None:
    if prompt is not None and prompt.target and prompt.target != target:
        raise UsageError(
            f"the developer prompt is for {prompt.target}, this Python is for {target}",
            remedy=f"open the Native Tools prompt for {target}, or an ordinary one",
        )
