"""Windows libraries in the gate's way, in a MinGW cross-build of another project."""

from __future__ import annotations

import json
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from demoproject import CMAKELISTS, PYPROJECT
from mlcbuild.stamp import digest, mismatches, read_stamp
from needs import program
from tinydll import build_dll

if TYPE_CHECKING:
    from pathlib import Path

    from demoproject import Project

MINGW = """
cmake.define.CMAKE_SYSTEM_NAME = "Windows"
cmake.define.CMAKE_SYSTEM_PROCESSOR = "AMD64"
cmake.define.CMAKE_C_COMPILER = "x86_64-w64-mingw32-gcc"
"""
INSTALL = 'install(FILES "${CMAKE_SOURCE_DIR}/extra.dll" DESTINATION demo)\n'


@pytest.fixture
def cross(project: Project) -> Project:
    """Return the project, cross-built, with room for one more DLL."""
    program("x86_64-w64-mingw32-gcc")
    text = PYPROJECT + MINGW + '[tool.mlcbuild.build]\nsystem-libraries = ["vulkan-1"]\n'
    project.write("pyproject.toml", text)
    project.write("demo.c", "__declspec(dllexport) int demo(void) { return 1; }\n")
    project.write("CMakeLists.txt", CMAKELISTS + INSTALL)
    build_dll(project.folder / "extra.dll", exports=["f"], imports={"vulkan-1.dll": ["g"]})
    return project


def test_good_windows_libraries_are_stamped(cross: Project) -> None:
    run = cross.build_wheel()
    assert run.code == 0, run.text
    (wheel,) = cross.wheels()
    with zipfile.ZipFile(wheel) as archive:
        stamp = read_stamp(archive.read("demo/_build.json"))
        at_hand = {f.path: digest(f.path, archive.read(f.path)) for f in stamp.files}
    assert (stamp.target.system, stamp.target.machine) == ("Windows", "x86_64")
    assert set(at_hand) == {"demo/extra.dll", "demo/libdemo.dll"}
    assert mismatches(stamp, at_hand) == ()


def test_the_library_is_the_same_in_every_build(cross: Project) -> None:
    wheels = []
    for _ in range(2):
        assert cross.build_wheel().code == 0
        (wheel,) = cross.wheels()
        wheels.append(wheel.read_bytes())
        wheel.unlink()
    assert wheels[0] == wheels[1]


def test_a_debug_crt_stops_the_wheel(cross: Project) -> None:
    build_dll(
        cross.folder / "extra.dll",
        exports=["f"],
        imports={"VCRUNTIME140D.dll": ["memcpy"], "ucrtbased.dll": ["malloc"]},
    )
    run = cross.build_wheel()
    assert run.code != 0
    assert "error[debug-crt] demo/extra.dll: needs the debug C runtime" in run.text
    assert "build every library with --config Release" in run.text
    assert cross.wheels() == []


def test_a_dll_for_another_machine_stops_the_wheel(cross: Project) -> None:
    build_dll(cross.folder / "extra.dll", exports=["f"], machine="x86")
    run = cross.build_wheel()
    assert run.code != 0
    assert "error[wrong-machine] demo/extra.dll: is built for x86" in run.text
    assert cross.wheels() == []


def test_a_missing_dll_stops_the_wheel(cross: Project) -> None:
    build_dll(cross.folder / "extra.dll", exports=["f"], imports={"libstdc++-6.dll": ["g"]})
    run = cross.build_wheel()
    assert run.code != 0
    assert "error[missing-dll] demo/extra.dll: needs libstdc++-6.dll" in run.text
    assert cross.wheels() == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "an empty file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a Git LFS pointer"),
        (b"MZ" + bytes(100), "not a PE image"),
    ],
)
def test_what_only_has_a_dlls_name_stops_the_wheel(cross: Project, data: bytes, why: str) -> None:
    (cross.folder / "extra.dll").write_bytes(data)
    run = cross.build_wheel()
    assert run.code != 0
    assert (
        "error[not-a-pe] demo/extra.dll: has a library suffix but is not a PE or ELF file"
        in run.text
    )
    assert why in run.text
    assert cross.wheels() == []


@pytest.mark.slow
def test_a_library_lying_in_the_package_does_not_pass_by_the_gate(cross: Project) -> None:
    lying = cross.folder / "src/demo/vendor.dll"
    build_dll(lying, exports=["f"], imports={"nowhere.dll": ["g"]})
    run = cross.build_wheel()
    assert run.code != 0
    assert "error[missing-dll] demo/vendor.dll: needs nowhere.dll" in run.text
    build_dll(lying, exports=["f"], imports={"KERNEL32.dll": ["Sleep"]})
    assert cross.build_wheel().code == 0
    with zipfile.ZipFile(cross.wheels()[0]) as archive:
        stamp = read_stamp(archive.read("demo/_build.json"))
        vendor = digest("demo/vendor.dll", archive.read("demo/vendor.dll"))
    assert vendor in stamp.files


def test_check_agrees_with_the_gate_and_sees_a_library_changed_afterwards(cross: Project) -> None:
    settings = "{'wheel.tags': 'py3-none-win_amd64'}"
    assert cross.build_wheel(settings=settings).code == 0
    (wheel,) = cross.wheels()
    assert wheel.name == "demo-1.0-py3-none-win_amd64.whl"
    assert errors_of_check(cross, wheel) == []
    with zipfile.ZipFile(wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    library = members["demo/libdemo.dll"]
    members["demo/libdemo.dll"] = library[:-1] + bytes([library[-1] ^ 1])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert ("stamp-mismatch", "demo/libdemo.dll") in errors_of_check(cross, wheel)


def errors_of_check(project: Project, wheel: Path) -> list[tuple[str, str]]:
    run = project.run(sys.executable, "-m", "mlcbuild", "check", "--json", wheel)
    report = json.loads(run.text)
    return [
        (finding["rule"], finding["module"])
        for target in report["targets"]
        for finding in target["findings"]
        if finding["severity"] == "error"
    ]
