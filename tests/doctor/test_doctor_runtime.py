"""Machines with missing, old and foreign C++ runtimes, and TVM packages that do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakemachine import SITE, SYSTEM32, FakeSystem, install, set_redist, windows
from mlcbuild.doctor.runner import examine
from pefactory import make_pe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlcbuild.doctor.check import Result

REDIST = "winget install --exact --id Microsoft.VCRedist.2015+.x64"
LOCKS = {"MSVCP140.dll": ["_Mtx_lock"], "KERNEL32.dll": ["Sleep"]}
RICH = [(0x105, 35211)]  # an object of toolset 14.44


def problems(machine: FakeSystem) -> dict[str, Result]:
    results = examine(machine, only=("runtime-dlls",)).results
    return {result.id: result for result in results if result.problem}


def package(
    pc: FakeSystem, name: str, version: str, files: dict[str, bytes], *requires: str
) -> None:
    """Install a distribution with these files and the RECORD that lists them."""
    info = install(pc, name, version, *requires)
    for path, data in files.items():
        pc.put(rf"{SITE}\{path}".replace("/", "\\"), data)
    pc.put(rf"{info}\RECORD", "".join(f"{path},sha256=x,1\n" for path in files))


def new_dll(imports: dict[str, Sequence[str | int]] | None = None, **more: object) -> bytes:
    """A DLL that MSVC 14.44 made."""
    wanted: dict[str, Sequence[str | int]] = dict(imports or LOCKS)
    return make_pe(imports=wanted, rich=RICH, linker=(14, 44), **more)  # type: ignore[arg-type]


def runtime(*version: int) -> bytes:
    exports = ["_Mtx_lock"]
    return make_pe(version=(version[0], version[1], 1, 0), exports=exports, linker=version[:2])  # type: ignore[arg-type]


def family(pc: FakeSystem) -> FakeSystem:
    """Install tvm-ffi and TVM, built by 14.44, which fit each other."""
    package(
        pc,
        "apache-tvm-ffi",
        "0.1.13.post2",
        {
            "tvm_ffi/__init__.py": b"import ctypes, os\nctypes.CDLL(os.path.join('lib', 'x'))\n",
            "tvm_ffi/lib/tvm_ffi.dll": new_dll(exports=["TVMFFIGetVersion"]),
        },
    )
    package(
        pc,
        "apache-tvm",
        "0.26.0",
        {
            "tvm/__init__.py": b"import ctypes, os\nos.add_dll_directory('x')\n",
            "tvm/lib/tvm_runtime.dll": new_dll({"tvm_ffi.dll": ["TVMFFIGetVersion"], **LOCKS}),
        },
        "apache-tvm-ffi",
    )
    return pc


# ---------------------------------------------------------------------- machines that are fine
def conda_with_a_new_runtime() -> FakeSystem:
    pc = family(windows())
    pc.with_python(prefix=r"C:\conda\envs\m", base_prefix=r"C:\conda\envs\m")
    pc.put_folder(r"C:\conda\envs\m\conda-meta")
    pc.put(r"C:\conda\envs\m\msvcp140.dll", runtime(14, 44))
    return pc


def mangled_old_runtime() -> FakeSystem:
    pc = family(windows())
    package(pc, "old", "1", {"old.libs/msvcp140-0123456789abcdef0123456789abcdef.dll": b"MZ"})
    return pc


def one_openmp_in_two_packages() -> FakeSystem:
    pc = windows()
    for name in ("torch", "intel_openmp"):
        package(pc, name, "1", {f"{name}/libiomp5md.dll": runtime(5, 0)})
    return pc


@pytest.mark.parametrize(
    "make",
    [
        windows,
        lambda: family(windows()),
        conda_with_a_new_runtime,
        mangled_old_runtime,
        one_openmp_in_two_packages,
    ],
)
def test_machines_that_are_fine_are_silent(make: Callable[[], FakeSystem]) -> None:
    assert problems(make()) == {}


def test_a_machine_without_the_redistributable_is_told_before_anything_fails() -> None:
    pc = windows()
    pc.remove(rf"{SYSTEM32}\msvcp140.dll")
    (found,) = problems(pc).values()
    assert found.id == "vc-redist"
    assert found.status == "warn"
    assert found.fix == REDIST


def test_a_package_that_needs_the_missing_redistributable_is_named() -> None:
    pc = family(windows())
    pc.remove(rf"{SYSTEM32}\msvcp140.dll")
    found = problems(pc)
    assert found["vc-redist"].status == "fail"
    assert "WinError 126" in found["vc-redist"].finding
    assert ".dll (apache-tvm" in found["vc-redist"].finding
    assert found["vc-redist"].fix == REDIST


def test_an_old_redistributable_that_crashes_a_package_is_1114() -> None:
    pc = family(windows())
    set_redist(pc, (14, 29, 30139, 0))
    found = problems(pc)
    assert found["vc-redist"].status == "fail"
    assert "14.29" in found["vc-redist"].finding
    assert "14.44" in found["vc-redist"].finding
    assert "WinError 1114" in found["vc-redist"].finding
    assert found["vc-redist"].fix == REDIST


def test_a_redistributable_a_little_too_old_is_a_warning() -> None:
    pc = family(windows())
    set_redist(pc, (14, 42, 34433, 0))
    found = problems(pc)
    assert set(found) == {"vc-redist"}
    assert found["vc-redist"].status == "warn"


def test_an_old_file_under_a_new_registration_is_seen_in_the_file() -> None:
    pc = windows()
    pc.put(rf"{SYSTEM32}\msvcp140.dll", runtime(14, 16))
    found = problems(pc)["vc-redist"]
    assert "registered" in found.finding
    assert found.fix.endswith("--force")


def test_a_redistributable_that_lost_a_file_is_damaged() -> None:
    pc = windows()
    pc.remove(rf"{SYSTEM32}\vcruntime140_1.dll")
    assert "vcruntime140_1.dll is missing" in problems(pc)["vc-redist"].finding


def test_an_old_copy_beside_python_wins_over_system32() -> None:
    pc = windows()
    pc.put(r"C:\Python312\msvcp140.dll", runtime(14, 29))
    found = problems(pc)["runtime-copies"]
    assert "wins" in found.finding
    assert any("C:\\Python312\\msvcp140.dll: 14.29" in line for line in found.evidence)
    assert any(SYSTEM32 in line for line in found.evidence)


def test_condas_old_copy_is_updated_by_conda() -> None:
    pc = conda_with_a_new_runtime()
    pc.put(r"C:\conda\envs\m\msvcp140.dll", runtime(14, 27))
    found = problems(pc)
    assert found["runtime-copies"].fix == "conda update vc14_runtime"


def test_an_old_copy_of_a_package_names_its_owner() -> None:
    pc = windows()
    package(pc, "PyQt5-Qt5", "5.15", {"PyQt5/Qt5/bin/MSVCP140.dll": runtime(14, 26)})
    found = problems(pc)["runtime-copies"]
    assert "pyqt5-qt5's msvcp140.dll 14.26 can win" in found.finding
    assert found.fix.endswith("install --upgrade pyqt5-qt5")


def test_two_openmp_runtimes_that_abort_name_both_packages() -> None:
    pc = windows()
    package(pc, "torch", "2", {"torch/lib/libiomp5md.dll": runtime(5, 0)})
    package(pc, "scikit", "1", {"scikit.libs/libomp140.x86_64.dll": runtime(14, 44)})
    found = problems(pc)["openmp-copies"]
    assert "torch" in found.finding
    assert "scikit" in found.finding
    assert "Error #15" in found.finding


def test_packages_of_different_generations_are_127() -> None:
    pc = family(windows())
    package(
        pc, "apache-tvm-ffi", "0.1.13.post2",
        {"tvm_ffi/lib/tvm_ffi.dll": new_dll(exports=["another"])},
    )  # fmt: skip
    found = problems(pc)["installed-loads"]
    assert found.status == "fail"
    assert "apache-tvm" in found.finding
    assert "TVMFFIGetVersion" in found.finding
    assert found.fix == "mlcbuild check installed:apache-tvm"


def test_a_package_whose_dependency_is_not_installed_is_126() -> None:
    pc = windows()
    package(pc, "xgrammar", "0.2.8", {"xgrammar/xgrammar_bindings.dll":
                                      new_dll({"tvm_ffi.dll": ["f"]})})  # fmt: skip
    found = problems(pc)["installed-loads"]
    assert found.status == "fail"
    assert "tvm_ffi.dll" in found.finding


def test_a_32_bit_dll_in_a_package_is_193() -> None:
    pc = family(windows())
    pc.put(rf"{SITE}\tvm_ffi\lib\tvm_ffi.dll", make_pe(machine="x86", exports=["TVMFFIGetVersion"]))
    assert "x86" in problems(pc)["installed-loads"].finding


def test_a_debug_build_in_a_package_is_found() -> None:
    pc = family(windows())
    debug = make_pe(imports={"VCRUNTIME140D.dll": ["memcpy"], "ucrtbased.dll": ["malloc"]})
    pc.put(rf"{SITE}\tvm\lib\tvm_runtime.dll", debug)
    found = problems(pc)["installed-loads"]
    assert "debug-crt" in " ".join(found.evidence)


def test_a_damaged_record_is_no_crash() -> None:
    pc = family(windows())
    pc.put(rf"{SITE}\apache_tvm-0.26.0.dist-info\RECORD", b"\xff\xfe garbage\n,,\n")
    assert all(result.status != "crash" for result in examine(pc, only=("runtime-dlls",)).results)
