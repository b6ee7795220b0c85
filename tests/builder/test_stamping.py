from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from check_facts import image
from mlcbuild.builder.expectation import BuildRecord
from mlcbuild.builder.project import Project
from mlcbuild.builder.staged import Staged
from mlcbuild.builder.stamping import make_stamp
from mlcbuild.elf import ElfImage
from mlcbuild.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.builder.needs import Native


def record(**changes: str) -> BuildRecord:
    fields = dict.fromkeys(BuildRecord.__dataclass_fields__, "")
    fields |= {
        "configuration": "Release",
        "generator": "Visual Studio 17 2022",
        "compiler_id": "MSVC",
        "compiler_version": "19.44.35211.0",
        "crt": "MultiThreadedDLL",
        "system": "Windows",
        "processor": "AMD64",
        "pointer_bytes": "8",
    }
    return BuildRecord(**{**fields, **changes})


def staged(*natives: Native) -> Staged:
    return Staged(natives=natives, digests=())


def test_the_minimum_runtime_is_the_newest_toolset_that_needs_the_systems_copy() -> None:
    stamp = make_stamp(
        record(),
        Project(name="x"),
        staged(
            image("a.dll", toolset=(14, 38), imports={"MSVCP140.dll": []}),
            image("b.dll", toolset=(14, 40), imports={"msvcp140_1.dll": []}),
            image("c.dll", toolset=(14, 44), imports={"KERNEL32.dll": []}),
            image(
                "d.dll",
                toolset=(14, 50),
                imports={"msvcp140-0123456789abcdef0123456789abcdef.dll": []},
            ),
        ),
    )
    assert stamp.minimum_msvcp140 == "14.40"
    assert stamp.compiler.toolset == "14.50"


def test_without_msvc_there_is_no_toolset_and_no_minimum() -> None:
    stamp = make_stamp(
        record(compiler_id="GNU"),
        Project(name="x"),
        staged(image("a.dll", toolset=None, imports={"msvcrt.dll": []})),
    )
    assert (stamp.compiler.toolset, stamp.minimum_msvcp140) == (None, None)


def test_the_c_librarys_versions_are_compared_as_numbers() -> None:
    elf = ElfImage(
        path="a.so",
        machine="x86_64",
        bits=64,
        soname=None,
        needed=(),
        runpath=(),
        versions={
            "libc.so.6": ("GLIBC_2.9", "GLIBC_2.14", "GLIBC_2.2.5", "GLIBC_PRIVATE"),
            "libstdc++.so.6": ("CXXABI_1.3.9", "GLIBCXX_3.4", "GLIBCXX_3.4.26"),
        },
        has_debug_info=False,
        has_debug_stl=False,
    )
    stamp = make_stamp(record(system="Linux"), Project(name="x"), staged(elf))
    assert (stamp.minimum_glibc, stamp.minimum_glibcxx) == ("2.14", "3.4.26")


@pytest.mark.parametrize(
    ("processor", "pointer", "machine"),
    [
        ("AMD64", "8", "x86_64"),
        ("x64", "8", "x86_64"),
        ("x86_64", "4", "x86"),
        ("aarch64", "8", "arm64"),
        ("ARM64", "8", "arm64"),
        ("i686", "4", "x86"),
        ("riscv64", "8", "riscv64"),
    ],
)
def test_cmakes_many_names_of_a_machine_become_one(
    processor: str, pointer: str, machine: str
) -> None:
    assert record(processor=processor, pointer_bytes=pointer).machine == machine


def test_given_pins_win_over_what_is_installed_and_bad_pins_are_one_error(tmp_path: Path) -> None:
    pins = tmp_path / "pins.json"
    pins.write_text(json.dumps([{"name": "pytest", "origin": "git", "commit": "a" * 40}]))
    project = Project(name="x", companions={"pytest": ("p",), "pefile": ("q",), "no-such": ("r",)})
    stamp = make_stamp(record(pins=str(pins), devices="vulkan;cpu"), project, staged())
    sources = {source.name: source for source in stamp.sources}
    assert set(sources) == {"pytest", "pefile"}
    assert sources["pytest"].commit == "a" * 40
    assert sources["pefile"].version
    assert stamp.devices == ("vulkan", "cpu")
    for text in ("", "[1]", '[{"origin": "git"}]', '[{"name": "x", "colour": 1}]'):
        pins.write_text(text)
        with pytest.raises(InputError, match="pins"):
            make_stamp(record(pins=str(pins)), project, staged())
