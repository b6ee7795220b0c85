"""Wheels of one site-packages, and what Qt loads by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from check_facts import wheel
from memory_package import MemoryPackage
from mlcbuild.loader import predict, world_from_package
from mlcbuild.loader.assume import loaded_by_qt
from tinydll import Machine, Toolchain, build_dll

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.package.member import WheelFacts


def user_of_leaf(folder: Path, *, exe: bool = False) -> tuple[bytes, bytes]:
    """Return a user and the leaf that it needs."""
    user = build_dll(folder / "user.bin", imports={"leaf.dll": ["f"]}, exe=exe)
    leaf = build_dll(folder / "leaf.dll", exports=["f"])
    return user.read_bytes(), leaf.read_bytes()


def package(path: str, data: bytes, *, facts: WheelFacts | None) -> MemoryPackage:
    kind = "folder" if facts is None else "wheel"
    return MemoryPackage({path: data}, name=path, kind=kind, wheel=facts)


def test_a_program_finds_the_dll_that_another_wheel_puts_into_its_folder(tmp_path: Path) -> None:
    user, leaf = user_of_leaf(tmp_path, exe=True)
    mine = package("Both/tool.exe", user, facts=wheel())
    other = package("both/leaf.dll", leaf, facts=wheel())
    world = world_from_package(mine, companions=[other])
    load = predict(world, "Both/tool.exe")
    assert load.verdict == "loads"
    assert [need.origin for need in load.needs] == ["companion"]


def test_not_in_another_folder_of_that_wheel(tmp_path: Path) -> None:
    user, leaf = user_of_leaf(tmp_path, exe=True)
    mine = package("both/tool.exe", user, facts=wheel())
    other = package("both/lib/leaf.dll", leaf, facts=wheel())
    load = predict(world_from_package(mine, companions=[other]), "both/tool.exe")
    assert (load.verdict, load.winerror) == ("fails", 126)


def test_nor_where_the_companion_is_a_folder_somewhere(tmp_path: Path) -> None:
    user, leaf = user_of_leaf(tmp_path, exe=True)
    mine = package("both/tool.exe", user, facts=wheel())
    other = package("both/leaf.dll", leaf, facts=None)
    load = predict(world_from_package(mine, companions=[other]), "both/tool.exe")
    assert load.verdict == "fails"


@pytest.mark.parametrize(
    ("machine", "tag", "verdict"),
    [
        ("x86", "py3-none-win_amd64", "loads"),
        ("x86_64", "py3-none-win_arm64", "loads"),
        ("x86_64", "py3-none-win32", "fails"),
        ("arm64", "py3-none-win_amd64", "fails"),
    ],
)
def test_a_program_of_another_machine_runs_where_windows_emulates_it(
    tmp_path: Path, machine: Machine, tag: str, verdict: str
) -> None:
    toolchain: Toolchain = "lld" if machine == "arm64" else "mingw"
    program = build_dll(tmp_path / "tool.exe", exe=True, machine=machine, toolchain=toolchain)
    library = build_dll(tmp_path / "lib.dll", machine=machine, toolchain=toolchain)
    files = {"a/tool.exe": program.read_bytes(), "a/lib.dll": library.read_bytes()}
    world = world_from_package(MemoryPackage(files, kind="wheel", wheel=wheel(tag)))
    assert predict(world, "a/tool.exe").verdict == verdict
    assert predict(world, "a/lib.dll").winerror == 193


def test_qts_plugins_find_qts_own_dlls(tmp_path: Path) -> None:
    core = build_dll(tmp_path / "Qt6Core.dll", exports=["f"])
    plugin = build_dll(tmp_path / "plugin.dll", imports={"Qt6Core.dll": ["f"]})
    qt = MemoryPackage(
        {
            "PyQt6/Qt6/bin/Qt6Core.dll": core.read_bytes(),
            "PyQt6/Qt6/plugins/platforms/qwindows.dll": plugin.read_bytes(),
        },
        kind="wheel",
        wheel=wheel(),
    )
    world = world_from_package(qt)
    assert predict(world, "PyQt6/Qt6/plugins/platforms/qwindows.dll").verdict == "loads"


def test_only_qts_core_marks_its_folder() -> None:
    assert loaded_by_qt(["a/Qt5Core_conda.dll", "b/NotQt6Core.dll", "c/Qt6Gui.dll"]) == ["a"]
