"""What is read of vswhere, CMake and the environment."""

from __future__ import annotations

import json

import pytest
from mlcbuild.errors import InputError
from mlcbuild.toolchain import read_capabilities, read_vswhere, vswhere_arguments
from mlcbuild.toolchain.machine import architecture
from mlcbuild.toolchain.probe import ask_cmake, ask_vswhere, read_prompt
from mlcbuild.toolchain.vswhere import vswhere_path
from windowsmachines import ALL_COMPONENTS, capabilities, machine, visual_studio, vswhere


def test_vswhere_is_read_with_a_mark_without_one_and_in_a_code_page() -> None:
    entry = visual_studio(2022, "BuildTools", folder="Jürgens Werkzeuge", components=ALL_COMPONENTS)
    data = vswhere(entry, visual_studio(2026, preview=True))
    first, second = read_vswhere(data)
    assert (first.major, first.product, first.prerelease) == (17, "BuildTools", False)
    assert first.path.endswith("Jürgens Werkzeuge")
    assert first.vcvarsall.endswith(r"Jürgens Werkzeuge\VC\Auxiliary\Build\vcvarsall.bat")
    assert first.builds_for("ARM64")
    assert first.has_clang
    assert (second.major, second.prerelease, second.has_clang) == (18, True, False)
    assert second.name == "Visual Studio 18.0 Community (preview)"
    assert read_vswhere(b"\xef\xbb\xbf" + data) == (first, second)
    assert read_vswhere(data.decode().encode("cp1252")) == (first, second)
    assert read_vswhere(b"[]") == ()


@pytest.mark.parametrize("data", [b"", b"Error 0x57", b'{"a": 1}', b'[{"x": 1}]', b"\xff\xff"])
def test_a_broken_vswhere_answer_is_one_input_error(data: bytes) -> None:
    with pytest.raises(InputError, match="vswhere"):
        read_vswhere(data)


def test_vswhere_is_where_microsoft_puts_it_and_asked_for_previews_and_build_tools() -> None:
    env = {"ProgramFiles(x86)": r"D:\Program Files (x86)"}
    expected = r"D:\Program Files (x86)\Microsoft Visual Studio\Installer\vswhere.exe"
    assert vswhere_path(env) == expected
    assert vswhere_path({"PROGRAMFILES(X86)": r"D:\Program Files (x86)"}) == expected
    assert vswhere_path({}).startswith("C:\\")
    assert {"-prerelease", "-products", "*", "-utf8"} <= set(vswhere_arguments())


def test_an_old_vswhere_is_asked_again_in_words_it_knows() -> None:
    asked = []

    def ask(command: list[str]) -> bytes | None:
        asked.append(command[1:])
        old = "-include" in command or "-utf8" in command
        return (
            b"Error 0x57: Unknown parameter"
            if old
            else vswhere(visual_studio(2017, components=None))
        )

    visual_studios = ask_vswhere({}, ask)
    assert visual_studios is not None
    assert [s.components for s in visual_studios] == [None]
    assert len(asked) == 2


def test_cmake_says_its_generators_or_at_least_its_version() -> None:
    cmake = read_capabilities(capabilities("3.31.6"))
    assert (cmake.text, "Visual Studio 18 2026" in cmake.generators) == ("3.31.6", False)

    def old(command: list[str]) -> bytes | None:
        return b"cmake version 3.20.1\n\nsuite" if "--version" in command else b"CMake Error"

    found = ask_cmake(old)
    assert found is not None
    assert found.version == (3, 20)
    assert ask_cmake(lambda _command: None) is None
    for data in (b"", b"{}", b'{"version": 3}', json.dumps([1]).encode()):
        with pytest.raises(InputError, match="capabilities"):
            read_capabilities(data)


def test_a_prompt_is_known_by_its_variables_whatever_their_case() -> None:
    prompt = read_prompt({"VCInstallDir": "C:\\", "vscmd_arg_tgt_arch": "arm64"})
    assert prompt is not None
    assert prompt.target == "ARM64"
    assert read_prompt({"VSCMD_ARG_TGT_ARCH": "arm64"}) is None


def test_architectures_have_one_name() -> None:
    assert [architecture(n) for n in ("win-amd64", "AMD64", "x64", "aarch64", "win32")] == [
        "x64",
        "x64",
        "x64",
        "ARM64",
        "Win32",
    ]


def test_this_machines_cmake_is_really_asked() -> None:
    cmake = ask_cmake()
    assert cmake is not None
    assert cmake.knows("Ninja Multi-Config")


def test_a_machine_is_read_whole() -> None:
    about = machine(visual_studio(2022), cmake="4.1.0", env={"VSCMD_ARG_TGT_ARCH": "arm64"})
    assert (about.target, about.host, about.prompt) == ("ARM64", "x64", None)
    assert about.cmake is not None
    assert about.visual_studios is not None
