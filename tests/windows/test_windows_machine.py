"""What is read from Windows itself: Visual Studio through vswhere, the registry, the CMake."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from mlcbuild.doctor.real import RealSystem
from mlcbuild.toolchain.probe import ask_vswhere, read_machine
from tinydll import build_dll

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform == "win32":
    import winreg

#: Prints the file beside it; an old one, where its name asks, refuses -utf8 as vswhere 1 does.
VSWHERE = r"""
#include <stdio.h>
#include <string.h>
#include <windows.h>
int main(int count, char **words) {
  wchar_t path[512];
  int old = 0;
  GetModuleFileNameW(NULL, path, 500);
  wcscpy(wcsrchr(path, L'.'), L".old");
  old = GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
  for (int i = 1; i < count; i++)
    if (old && !strcmp(words[i], "-utf8")) {
      printf("Error 0x57: -utf8 is not known\n");
      return 87;
    }
  wcscpy(wcsrchr(path, L'.'), L".txt");
  FILE *file = _wfopen(path, L"rb");
  for (int c; file && (c = fgetc(file)) != EOF;) putchar(c);
  return 0;
}
"""
STUDIO: dict[str, Any] = {
    "installationVersion": "17.14.36310.24",
    "installationPath": "C:\\Program Files\\Visual Studio äö 漢\\2022",
    "productId": "Microsoft.VisualStudio.Product.BuildTools",
    "isPrerelease": False,
    "packages": [{"id": "Microsoft.VisualStudio.Component.VC.Tools.x86.x64"}],
}


@pytest.fixture
def vswhere(tmp_path: Path) -> Path:
    """Return a vswhere where Visual Studio has it; ``vswhere.txt`` beside it is its answer."""
    folder = tmp_path / "Program Files (x86)" / "Microsoft Visual Studio" / "Installer"
    folder.mkdir(parents=True)
    program = folder / "vswhere.exe"
    build_dll(program, source=VSWHERE, exe=True, crt=True)
    program.with_suffix(".txt").write_bytes(json.dumps([STUDIO], ensure_ascii=False).encode())
    return program


def environ(vswhere: Path) -> dict[str, str]:
    return {**os.environ, "ProgramFiles(x86)": str(vswhere.parents[2])}


@pytest.mark.parametrize("old", [False, True])
def test_vswhere_is_found_and_asked_in_a_form_that_it_knows(vswhere: Path, old: bool) -> None:  # noqa: FBT001
    if old:
        vswhere.with_suffix(".old").touch()

    found = ask_vswhere(environ(vswhere))

    assert found is not None
    (studio,) = found
    assert studio.name == "Visual Studio 17.14 BuildTools"
    assert studio.path == STUDIO["installationPath"]
    assert studio.builds_for("x64")


def test_a_machine_without_visual_studio_says_none(vswhere: Path) -> None:
    vswhere.unlink()

    assert ask_vswhere(environ(vswhere)) is None


def test_the_machine_is_read_with_its_cmake(vswhere: Path) -> None:
    machine = read_machine(environ(vswhere))

    assert (machine.target, machine.host) == ("x64", "x64")
    assert machine.cmake is not None
    assert machine.cmake.version >= (3, 26)
    assert machine.visual_studios is not None


@pytest.fixture
def key() -> Iterator[str]:
    """Return a key of the user's with one value of each kind and two keys below."""
    place = "Software\\mlcbuild-test"
    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, place) as handle:
        winreg.SetValueEx(handle, "text", 0, winreg.REG_SZ, "ä 漢")
        winreg.SetValueEx(handle, "path", 0, winreg.REG_EXPAND_SZ, "%SystemRoot%\\x")
        winreg.SetValueEx(handle, "number", 0, winreg.REG_DWORD, 0xFFFFFFFF)
        winreg.SetValueEx(handle, "many", 0, winreg.REG_MULTI_SZ, ["a", "b"])
        winreg.SetValueEx(handle, "", 0, winreg.REG_SZ, "default")
        for name in ("one", "two"):
            winreg.CreateKey(handle, name).Close()
    yield f"HKCU\\{place}"
    for name in ("\\one", "\\two", ""):
        winreg.DeleteKey(winreg.HKEY_CURRENT_USER, place + name)


def test_the_registry_gives_values_as_they_are(key: str) -> None:
    system = RealSystem()

    assert system.registry(key) == {
        "text": "ä 漢",
        "path": "%SystemRoot%\\x",
        "number": 0xFFFFFFFF,
        "many": ["a", "b"],
        "": "default",
    }
    assert sorted(system.registry_keys(key)) == ["one", "two"]


def test_a_key_that_is_not_there_is_none(key: str) -> None:
    system = RealSystem()

    assert system.registry(key + "\\absent") is None
    assert system.registry_keys(key + "\\absent") == ()
