from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from check_facts import image
from mlcbuild.builder.expectation import Expectation
from mlcbuild.builder.judge import judge
from mlcbuild.builder.provided import is_process_symbol
from mlcbuild.elf import ElfImage
from mlcbuild.pe.facts import Image, ImportedDll, ImportedSymbol

if TYPE_CHECKING:
    from mlcbuild.builder.needs import Native

LINUX = Expectation(
    system="Linux",
    machine="x86_64",
    configuration="Release",
    companions={"apache-tvm-ffi": ("tvm_ffi",)},
)
WINDOWS = replace(LINUX, system="Windows")

ELF = ElfImage(
    path="pkg/liba.so",
    machine="x86_64",
    bits=64,
    soname="liba.so",
    needed=("libtvm_ffi.so", "libstdc++.so.6", "libc.so.6", "ld-linux-x86-64.so.2"),
    runpath=("$ORIGIN",),
    versions={},
    has_debug_info=False,
    has_debug_stl=False,
)
DLL = image("pkg/a.dll", imports={"KERNEL32.dll": [], "tvm_ffi.dll": []})


def is_system_dll(name: str, machine: str) -> bool:
    del machine
    return name.casefold() == "kernel32.dll"


def rules(*natives: Native, expected: Expectation = LINUX) -> list[tuple[str, str | None]]:
    found = judge(natives, expected, is_system_dll=is_system_dll)
    assert all(finding.fix for finding in found), "every finding has a remedy"
    return [(finding.rule, finding.module) for finding in found]


def test_good_images_pass() -> None:
    assert rules(ELF) == []
    assert rules(DLL, expected=WINDOWS) == []


def test_another_machine_or_format_is_refused() -> None:
    assert rules(replace(ELF, machine="arm64")) == [("wrong-machine", "pkg/liba.so")]
    assert rules(replace(DLL, machine="x86"), expected=WINDOWS) == [("wrong-machine", "pkg/a.dll")]
    assert rules(DLL) == [("wrong-machine", "pkg/a.dll")]
    arm = replace(WINDOWS, machine="arm64")
    assert rules(replace(DLL, machine="arm64x"), expected=arm) == []


def test_a_debug_crt_is_refused_and_named() -> None:
    imports = (*DLL.imports, ImportedDll(name="VCRUNTIME140D.dll", symbols=()))
    bad = replace(DLL, crt="debug", imports=imports)
    (finding,) = judge([bad], WINDOWS, is_system_dll=is_system_dll)
    assert (finding.rule, finding.severity) == ("debug-crt", "error")
    assert "VCRUNTIME140D.dll" in finding.message
    assert rules(replace(ELF, has_debug_stl=True)) == [("debug-crt", "pkg/liba.so")]


def test_debug_information_stops_a_wheel_and_not_an_editable_install() -> None:
    bad = replace(ELF, has_debug_info=True)
    assert rules(bad) == [("debug-info", "pkg/liba.so")]
    assert rules(bad, expected=replace(LINUX, editable=True)) == []
    assert rules(bad, expected=replace(LINUX, keep_debug_info=True)) == []


def test_a_debug_build_is_never_packaged() -> None:
    debug = replace(LINUX, configuration="Debug")
    assert rules(ELF, expected=debug) == [("not-release", None)]
    assert rules(ELF, expected=replace(debug, editable=True)) == []


def test_assertions_in_a_release_are_pointed_out() -> None:
    (finding,) = judge([replace(ELF, has_asserts=True)], LINUX, is_system_dll=is_system_dll)
    assert (finding.rule, finding.severity) == ("asserts-enabled", "warning")
    called = ImportedDll(name="KERNEL32.dll", symbols=(ImportedSymbol(name="_wassert"),))
    assert rules(replace(DLL, imports=(called,)), expected=WINDOWS) == [
        ("asserts-enabled", "pkg/a.dll")
    ]


def test_a_second_c_runtime_is_refused() -> None:
    static = replace(DLL, path="pkg/b.dll", crt="static")
    assert rules(DLL, static, expected=WINDOWS) == [("static-crt-mix", "pkg/b.dll")]
    microsoft = replace(static, path="pkg.libs/vcomp140-f96f3a14d88d8846f31f3ab38a490304.dll")
    assert rules(DLL, microsoft, expected=WINDOWS) == []
    mingw = [replace(DLL, path=f"pkg/{crt}.dll", crt=crt) for crt in ("msvcrt", "ucrt", "none")]
    assert rules(*mingw, expected=WINDOWS) == [("static-crt-mix", "pkg/msvcrt.dll")]


def test_a_need_is_met_by_the_tree_a_companion_or_the_platform_and_else_named() -> None:
    missing = replace(ELF, needed=("libcublas.so.12",))
    assert rules(missing) == [("missing-library", "pkg/liba.so")]
    allowed = replace(LINUX, system_libraries=frozenset({"cublas"}))
    assert rules(missing, expected=allowed) == []
    user = replace(DLL, imports=(ImportedDll(name="Mid.dll", symbols=()),))
    assert rules(user, expected=WINDOWS) == [("missing-dll", "pkg/a.dll")]
    assert rules(user, replace(DLL, path="pkg/mid.DLL"), expected=WINDOWS) == []


def test_a_drivers_dll_is_named_with_who_brings_it() -> None:
    vulkan = replace(DLL, imports=(ImportedDll(name="vulkan-1.dll", symbols=()),))
    (finding,) = judge([vulkan], WINDOWS, is_system_dll=is_system_dll)
    assert "a display driver with Vulkan support" in finding.message
    assert "system-libraries" in finding.fix
    declared = replace(WINDOWS, system_libraries=frozenset({"vulkan-1"}))
    assert rules(vulkan, expected=declared) == []


def test_an_image_that_no_process_can_map_is_refused() -> None:
    cut = replace(DLL, invalid="the file ends before its last section")
    assert rules(cut, expected=WINDOWS) == [("wrong-machine", "pkg/a.dll")]


def test_a_symbol_that_nobody_defines_is_named_where_all_who_could_are_known() -> None:
    user = replace(ELF, imports=frozenset({"TVMFFIAnyCast", "helper", "PyList_New", "dladdr"}))
    helper = replace(ELF, path="pkg/libh.so", needed=(), exports=frozenset({"helper"}))
    tvm_ffi = {"tvm_ffi": frozenset({"TVMFFIAnyCast"})}

    def symbols(*natives: Native, exports: dict[str, frozenset[str]]) -> list[object]:
        found = judge(
            natives,
            LINUX,
            is_system_dll=is_system_dll,
            companion_exports=exports,
            is_process_symbol=is_process_symbol,
        )
        assert {finding.rule for finding in found} <= {"missing-symbol"}
        return [finding.evidence["symbols"] for finding in found]

    assert symbols(user, helper, exports=tvm_ffi) == []
    assert symbols(user, exports=tvm_ffi) == [["helper"]]
    assert symbols(user, helper, exports={"tvm_ffi": frozenset()}) == [["TVMFFIAnyCast"]]
    assert symbols(user, exports={}) == [], "nothing is known of the companion"
    other = replace(user, needed=("libc.so.6", "libz.so.1"))
    assert symbols(other, exports=tvm_ffi) == [], "libz binds its symbols to no version"


def test_a_delay_loaded_need_only_warns() -> None:
    delayed = replace(DLL, imports=(ImportedDll(name="x.dll", symbols=(), delayed=True),))
    (finding,) = judge([delayed], WINDOWS, is_system_dll=is_system_dll)
    assert (finding.rule, finding.severity) == ("missing-dll", "warning")


def test_a_library_in_the_wheel_must_be_where_the_runpath_leads() -> None:
    user = replace(ELF, path="pkg/bin/user", needed=("libb.so",), runpath=("$ORIGIN",))
    library = replace(ELF, path="pkg/lib/libb.so", needed=())
    (finding,) = judge([user, library], LINUX, is_system_dll=is_system_dll)
    assert finding.rule == "missing-library"
    assert '"$ORIGIN/../lib"' in finding.fix
    for runpath in ("$ORIGIN/../lib", "${ORIGIN}/../lib/"):
        assert rules(replace(user, runpath=(runpath,)), library) == []
    top = replace(user, path="user", runpath=("$ORIGIN/pkg/lib",))
    assert rules(top, library) == []


def test_an_rpath_serves_the_libraries_that_its_image_loads_too() -> None:
    user = replace(ELF, path="pkg/user.so", needed=("liba.so",), runpath=("$ORIGIN/../libs",))
    first = replace(ELF, path="libs/liba.so", needed=("libb.so",), runpath=())
    second = replace(ELF, path="libs/libb.so", needed=(), runpath=())
    assert rules(user, first, second) == [("missing-library", "libs/liba.so")]
    assert rules(replace(user, inherited=True), first, second) == []


def test_a_folder_of_the_build_machine_in_the_runpath_is_refused() -> None:
    assert rules(replace(ELF, runpath=("$ORIGIN", "/home/me/build/lib"))) == [
        ("build-path", "pkg/liba.so")
    ]


def test_a_companion_must_be_a_dependency_where_dependencies_are_known() -> None:
    without = replace(LINUX, requires=frozenset({"numpy"}))
    assert rules(ELF, expected=without) == [("companion-not-required", None)]
    assert rules(ELF, expected=replace(LINUX, requires=frozenset({"apache-tvm-ffi"}))) == []


def test_errors_come_before_warnings_and_in_the_order_of_paths() -> None:
    delayed = replace(DLL, imports=(ImportedDll(name="x.dll", symbols=(), delayed=True),))
    wrong = [replace(DLL, path=f"pkg/{name}.dll", machine="x86") for name in "zb"]
    assert [path for _, path in rules(delayed, *wrong, expected=WINDOWS)] == [
        "pkg/b.dll",
        "pkg/z.dll",
        "pkg/a.dll",
    ]


def test_a_mutex_that_only_a_new_runtime_can_lock_is_named() -> None:
    def with_symbols(*names: str) -> Image:
        symbols = tuple(ImportedSymbol(name=name) for name in names)
        return replace(
            DLL, imports=(*DLL.imports, ImportedDll(name="MSVCP140.dll", symbols=symbols))
        )

    expected = replace(WINDOWS, system_libraries=frozenset({"msvcp140"}))
    found = rules(with_symbols("_Mtx_lock", "_Mtx_unlock"), expected=expected)
    assert found == [("mutex-abi", "pkg/a.dll")]
    assert rules(with_symbols("_Mtx_lock", "_Mtx_init_in_situ"), expected=expected) == []
    old = replace(with_symbols("_Mtx_lock"), toolset=(14, 38), linker_version=(14, 38))
    assert rules(old, expected=expected) == []
