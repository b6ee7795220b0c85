"""Machines that are unusual and healthy: the doctor must have nothing to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakemachine import (
    KITS,
    SYSTEM32,
    WINGET,
    FakeSystem,
    linux,
    set_cmake,
    set_rust,
    set_visual_studios,
    windows,
)
from mlcbuild.doctor.runner import examine
from pefactory import make_pe
from pythons import (
    ALIASES,
    DISPLAY,
    TOOLS,
    VISUAL_STUDIO,
    WINDOWS,
    conda,
    developer_prompt,
    github_runner,
    plain_python,
    uv_environment,
    without_path,
)
from windowsmachines import ALL_COMPONENTS, visual_studio

if TYPE_CHECKING:
    from collections.abc import Callable

    Spoil = Callable[[FakeSystem], object]

HEALTHY: dict[str, tuple[Callable[[], FakeSystem], Spoil]] = {}


def healthy(on: Callable[[], FakeSystem] = windows) -> Callable[[Spoil], Spoil]:
    def collect(change: Spoil) -> Spoil:
        HEALTHY[change.__name__] = (on, change)
        return change

    return collect


# ------------------------------------------------------------------------------ Pythons
@healthy()
def conda_environment_with_its_own_runtime(pc: FakeSystem) -> None:
    conda(pc)
    for name in ("msvcp140.dll", "vcruntime140.dll", "vcruntime140_1.dll"):
        pc.put(rf"{pc.python.prefix}\{name}", make_pe(version=(14, 44, 35211, 0), exports=["f"]))
        pc.remove(rf"{SYSTEM32}\{name}")
    del pc.registry_values[r"HKLM\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\x64"]


@healthy()
def conda_base(pc: FakeSystem) -> None:
    conda(pc, r"C:\Users\ada\miniforge3")
    pc.put_folder(r"C:\Users\ada\miniforge3\condabin")


@healthy()
def conda_with_its_compilers(pc: FakeSystem) -> None:
    conda(pc)
    developer_prompt(pc)
    pc.env |= {
        "CC": "cl.exe",
        "CXX": "cl.exe",
        "CMAKE_GENERATOR": "Visual Studio 17 2022",
        "CMAKE_GENERATOR_PLATFORM": "x64",
        "CMAKE_GENERATOR_TOOLSET": "v143",
        "CMAKE_ARGS": "-DCMAKE_BUILD_TYPE=Release",
    }


@healthy()
def compilers_by_their_mere_names(pc: FakeSystem) -> None:
    pc.env |= {"CC": "cl", "CXX": "cl.exe"}


@healthy()
def clang_cl_of_visual_studio(pc: FakeSystem) -> None:
    set_visual_studios(pc, visual_studio(2022, components=ALL_COMPONENTS))
    pc.env |= {"CC": "clang-cl", "CXX": "clang-cl.exe"}


@healthy()
def pixi_environment_without_pip(pc: FakeSystem) -> None:
    conda(pc, r"C:\src\mlc\.pixi\envs\default")
    pc.remove(r"C:\src\mlc\.pixi\envs\default\Lib\site-packages\pip")


@healthy()
def uv_environment_without_pip(pc: FakeSystem) -> None:
    uv_environment(pc)


@healthy()
def uv_that_is_not_on_path(pc: FakeSystem) -> None:
    uv_environment(pc, on_path=False)


@healthy()
def python_of_uv_itself(pc: FakeSystem) -> None:
    base = r"C:\Users\ada\AppData\Roaming\uv\python\cpython-3.12.7-windows-x86_64-none"
    plain_python(pc, base)
    pc.put(rf"{base}\Lib\EXTERNALLY-MANAGED").program(r"C:\Users\ada\.local\bin\uv.exe")


@healthy()
def mlcbuild_by_uvx(pc: FakeSystem) -> None:
    prefix = r"C:\Users\ada\AppData\Local\uv\cache\archive-v0\Jx2k9"
    pc.with_python(prefix=prefix, executable=rf"{prefix}\Scripts\python.exe", site_packages=())


@healthy()
def mlcbuild_by_pipx(pc: FakeSystem) -> None:
    prefix = r"C:\Users\ada\pipx\venvs\mlcbuild"
    pc.with_python(prefix=prefix, executable=rf"{prefix}\Scripts\python.exe", site_packages=())


@healthy()
def python_install_manager(pc: FakeSystem) -> None:
    plain_python(pc, r"C:\Users\ada\AppData\Local\Python\pythoncore-3.14-64", version=(3, 14, 0))
    without_path(pc, "pythoncore")
    for name in ("python.exe", "py.exe", "pymanager.exe"):
        pc.put(rf"{ALIASES}\{name}")


@healthy()
def alias_of_an_installed_store_python(pc: FakeSystem) -> None:
    pc.program(rf"{ALIASES}\python.exe", {"--version": "Python 3.13.2\n"}, first=True)
    pc.put(rf"{ALIASES}\python.exe")


@healthy()
def scoop(pc: FakeSystem) -> None:
    plain_python(pc, r"C:\Users\ada\scoop\apps\python\current")
    pc.program(r"C:\Users\ada\scoop\shims\python.exe", first=True)


@healthy()
def x64_python_on_arm64(pc: FakeSystem) -> None:
    pc.machine = "ARM64"
    pc.env |= {"PROCESSOR_ARCHITECTURE": "AMD64", "PROCESSOR_ARCHITEW6432": "ARM64"}


@healthy()
def native_python_on_arm64(pc: FakeSystem) -> None:
    pc.machine = "ARM64"
    pc.with_python(platform="win-arm64")
    set_visual_studios(pc, visual_studio(2022, components=ALL_COMPONENTS))
    set_rust(pc, "1.85.0", "aarch64-pc-windows-msvc")
    pc.put(rf"{KITS}\Lib\10.0.26100.0\um\arm64\kernel32.lib")


# ------------------------------------------------------------------------------ Windows
@healthy()
def windows_2022_of_github(pc: FakeSystem) -> None:
    github_runner(pc, "Windows Server 2022 Datacenter", "20348")


@healthy()
def windows_2025_of_github(pc: FakeSystem) -> None:
    github_runner(pc, "Windows Server 2025 Datacenter", "26100")
    set_visual_studios(pc, visual_studio(2026, "Enterprise"), toolset="14.50.35717")


@healthy()
def server_core(pc: FakeSystem) -> None:
    pc.registry_values[WINDOWS] = {
        "CurrentBuildNumber": "20348",
        "ProductName": "Windows Server 2022 Standard",
        "InstallationType": "Server Core",
    }
    pc.registry_values = {k: v for k, v in pc.registry_values.items() if "4d36e968" not in k}
    pc.remove(WINGET).remove(rf"{SYSTEM32}\vulkan-1.dll").remove(rf"{SYSTEM32}\OpenCL.dll")
    pc.registry_values.pop(r"HKLM\SOFTWARE\Khronos\OpenCL\Vendors")


def _only_adapter(pc: FakeSystem, name: str, **values: object) -> None:
    pc.registry_values = {k: v for k, v in pc.registry_values.items() if "Khronos" not in k}
    pc.registry_values[DISPLAY] = {"DriverDesc": name, "ProviderName": "Microsoft", **values}


@healthy()
def cloud_machine_without_a_card(pc: FakeSystem) -> None:
    _only_adapter(pc, "Microsoft Basic Display Adapter")
    pc.registry_values[r"HKLM\HARDWARE\DESCRIPTION\System\BIOS"] = {
        "SystemManufacturer": "QEMU",
        "SystemProductName": "Standard PC (Q35 + ICH9, 2009)",
    }


@healthy()
def basic_render_driver(pc: FakeSystem) -> None:
    _only_adapter(pc, "Microsoft Basic Render Driver")


@healthy()
def remote_session_with_a_translated_adapter(pc: FakeSystem) -> None:
    _only_adapter(pc, "Microsoft-Remoteanzeigeadapter", InfPath="rdpidd.inf")
    pc.env["SESSIONNAME"] = "RDP-Tcp#3"


@healthy()
def vmware(pc: FakeSystem) -> None:
    _only_adapter(pc, "VMware SVGA 3D", DriverVersion="9.17.6.7")


@healthy()
def laptop_with_a_virtual_screen(pc: FakeSystem) -> None:
    pc.registry_values[DISPLAY.replace("0000", "0001")] = {"DriverDesc": "DisplayLink USB Device"}


@healthy()
def german_windows(pc: FakeSystem) -> None:
    entry = visual_studio(2022, "BuildTools") | {
        "displayName": "Visual Studio Buildtools 2022 (Größe)"
    }
    set_visual_studios(pc, entry)
    pc.registry_values[WINDOWS] = {"CurrentBuildNumber": "26100", "ProductName": "Windows 10 Pro"}


@healthy()
def long_paths_that_windows_cuts_and_nobody_needs(pc: FakeSystem) -> None:
    pc.registry_values[r"HKLM\SYSTEM\CurrentControlSet\Control\FileSystem"] = {
        "LongPathsEnabled": 0
    }


@healthy()
def policies_that_only_watch(pc: FakeSystem) -> None:
    pc.registry_values[r"HKLM\SOFTWARE\Policies\Microsoft\Windows\SrpV2\Dll"] = {
        "EnforcementMode": 0
    }
    pc.registry_values[r"HKLM\SYSTEM\CurrentControlSet\Control\CI\Policy"] = {
        "VerifiedAndReputablePolicyState": 2
    }
    pc.put(rf"{SYSTEM32}\CodeIntegrity\CiPolicies\Active\{{A072029F-588B-4B5E-B7F9}}.cip")


@healthy()
def long_path_that_still_fits(pc: FakeSystem) -> None:
    pc.env["PATH"] += ";" + ";".join(rf"C:\tools\some-program-{n:03}\bin" for n in range(180))
    assert 5000 < len(pc.env["PATH"]) < 6500


@healthy()
def folder_with_a_blank_and_a_plus(pc: FakeSystem) -> None:
    pc.folder = r"C:\My C++ (2026)\mlc"
    pc.put_folder(pc.folder)


@healthy()
def onedrive_beside_the_project(pc: FakeSystem) -> None:
    pc.env["OneDrive"] = r"C:\Users\ada\OneDrive"


@healthy()
def intel_of_today_registers_as_a_component(pc: FakeSystem) -> None:
    _only_adapter(pc, "Intel(R) UHD Graphics 770")
    components = (
        r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{5c4c3332-344d-483c-8739-259e934c9cc8}"
    )
    manifest = rf"{SYSTEM32}\DriverStore\FileRepository\gpu\vk64.json"
    pc.registry_values[rf"{components}\0003"] = {"VulkanDriverName": manifest}


@healthy()
def console_of_a_server_board(pc: FakeSystem) -> None:
    _only_adapter(pc, "ASPEED Graphics Family(WDDM)")
    pc.remove(rf"{SYSTEM32}\vulkan-1.dll")


@healthy()
def variables_that_say_what_is_so(pc: FakeSystem) -> None:
    pc.env |= {"PYTHONHOME": r"C:\Python312", "PYTHONPATH": r"C:\gone", "PYTHONUTF8": "1"}
    pc.env |= {"CMAKE_GENERATOR_PLATFORM": "x64", "RUSTFLAGS": "-C target-cpu=native"}


# ------------------------------------------------------------------------------ compilers
@healthy()
def preview_of_visual_studio_alone(pc: FakeSystem) -> None:
    set_visual_studios(
        pc, visual_studio(2026, preview=True, folder="Insiders"), toolset="14.50.35717"
    )


@healthy()
def visual_studio_on_another_drive(pc: FakeSystem) -> None:
    set_visual_studios(pc, visual_studio(2022) | {"installationPath": r"D:\VS\BuildTools"})


@healthy()
def newest_visual_studio_without_cpp_beside_a_good_one(pc: FakeSystem) -> None:
    set_visual_studios(pc, visual_studio(2022), visual_studio(2026, components=()))


@healthy()
def sdk_on_another_drive(pc: FakeSystem) -> None:
    roots = r"HKLM\SOFTWARE\WOW6432Node\Microsoft\Windows Kits\Installed Roots"
    pc.registry_values[roots] = {"KitsRoot10": "D:\\Windows Kits\\10\\"}
    pc.put(r"D:\Windows Kits\10\Include\10.0.26100.0\um\windows.h")
    pc.put(r"D:\Windows Kits\10\Lib\10.0.26100.0\um\x64\kernel32.lib")


@healthy()
def compiler_options_that_do_no_harm(pc: FakeSystem) -> None:
    pc.env |= {
        "CL": "/MP /utf-8",
        "LINK": "/INCREMENTAL:NO",
        "CMAKE_CXX_COMPILER_LAUNCHER": "sccache",
    }


_WINDOW_OF_11_8 = "#if _MSC_VER < 1910 || _MSC_VER >= 1940\n"


def _cuda(pc: FakeSystem) -> None:
    root = r"C:\Program Files\NVIDIA GPU Computing Toolkit\CUDA\v12.8"
    pc.env["CUDA_PATH"] = root
    pc.program(rf"{root}\bin\nvcc.exe", {"--version": "Cuda compilation tools, release 12.8"})
    pc.put(rf"{root}\include\crt\host_config.h", "#if _MSC_VER < 1910 || _MSC_VER >= 1950\n")


@healthy()
def cuda_with_visual_studios_files(pc: FakeSystem) -> None:
    _cuda(pc)
    folder = rf"{VISUAL_STUDIO}\MSBuild\Microsoft\VC\v170\BuildCustomizations"
    pc.put(rf"{folder}\masm.props").put(rf"{folder}\CUDA 12.8.props")


@healthy()
def cuda_by_ninja(pc: FakeSystem) -> None:
    _cuda(pc)
    pc.put(rf"{VISUAL_STUDIO}\MSBuild\Microsoft\VC\v170\BuildCustomizations\masm.props")
    pc.env["CMAKE_GENERATOR"] = "Ninja"


@healthy()
def cuda_with_the_toolset_that_it_takes(pc: FakeSystem) -> None:
    _cuda(pc)
    pc.put(rf"{pc.env['CUDA_PATH']}\include\crt\host_config.h", _WINDOW_OF_11_8)
    pc.env["CMAKE_GENERATOR_TOOLSET"] = "v143,version=14.39"


@healthy()
def compiler_path_that_visual_studios_generator_passes_over(pc: FakeSystem) -> None:
    pc.env["CC"] = r"C:\VS\VC\Tools\MSVC\14.38.33130\bin\Hostx64\x64\cl.exe"


@healthy()
def certificates_that_windows_does_not_need(pc: FakeSystem) -> None:
    pc.env["SSL_CERT_FILE"] = r"C:\gone\cacert.pem"


@healthy()
def vcpkg_that_is_only_installed(pc: FakeSystem) -> None:
    pc.env |= {"VCPKG_ROOT": r"C:\vcpkg", "VCPKG_DEFAULT_TRIPLET": "x64-windows"}


@healthy()
def toolchain_file_that_is_meant(pc: FakeSystem) -> None:
    pc.env["CMAKE_TOOLCHAIN_FILE"] = r"C:\src\mlc\clang.cmake"
    pc.put(r"C:\src\mlc\clang.cmake", "set(CMAKE_CXX_COMPILER clang-cl)\n")


@healthy()
def variables_of_libraries(pc: FakeSystem) -> None:
    pc.env |= {"INCLUDE": r"C:\OpenBLAS\include", "LIB": r"C:\OpenBLAS\lib"}


@healthy()
def old_cmake_that_pip_replaces(pc: FakeSystem) -> None:
    set_cmake(pc, "3.22.1")


# ------------------------------------------------------------------------------ shells
@healthy()
def git_bash(pc: FakeSystem) -> None:
    del pc.env["PROMPT"]
    pc.env |= {"MSYSTEM": "MINGW64", "SHELL": "/usr/bin/bash"}
    pc.program(r"C:\Program Files\Git\usr\bin\link.exe", first=True)


@healthy()
def windows_python_in_a_shell_of_msys2(pc: FakeSystem) -> None:
    del pc.env["PROMPT"]
    pc.env["MSYSTEM"] = "UCRT64"
    pc.program(r"C:\msys64\usr\bin\link.exe", first=True).program(r"C:\msys64\ucrt64\bin\gcc.exe")


@healthy()
def prompt_with_git_behind_it(pc: FakeSystem) -> None:
    developer_prompt(pc)
    pc.program(r"C:\Program Files\Git\usr\bin\link.exe")
    assert pc.env["PATH"].startswith(TOOLS)


# ------------------------------------------------------------------------------ other systems
@healthy(on=linux)
def debian_with_mingw_and_its_own_rust(pc: FakeSystem) -> None:
    pc.remove("/home/ada/.cargo")
    pc.program("/usr/bin/cargo", {"--version": "cargo 1.85.0\n"})
    pc.program("/usr/bin/rustc", {"-vV": "host: x\n", "--print sysroot": "/usr\n"})


@healthy(on=linux)
def wsl(pc: FakeSystem) -> None:
    pc.env |= {"WSL_DISTRO_NAME": "Ubuntu", "PATH": pc.env["PATH"] + ":/mnt/c/Windows/System32"}
    pc.remove("/usr/bin/wine")


@healthy(on=linux)
def fedora(pc: FakeSystem) -> None:
    pc.remove("/usr/bin/apt-get").remove("/usr/bin/x86_64-w64-mingw32-g++-posix")
    pc.program("/usr/bin/dnf")
    pc.program("/usr/bin/g++", {"--version": "g++ (GCC) 15.2.1 20250924 (Red Hat 15.2.1-1)\n"})


@healthy(on=linux)
def nixos(pc: FakeSystem) -> None:
    store = "/nix/store/abc-python3-3.12.8"
    pc.remove("/usr")
    pc.env["PATH"] = "/run/current-system/sw/bin"
    pc.with_python(base_prefix=store).put_folder(store)
    for name, text in (("g++", "g++ (GCC) 14.2.1\n"), ("git", "git version 2.47.2\n")):
        pc.program(f"/run/current-system/sw/bin/{name}", {"--version": text})


@healthy(on=linux)
def macos(pc: FakeSystem) -> None:
    pc.platform, pc.machine, pc.home = "darwin", "arm64", "/Users/ada"
    pc.with_python(platform="macosx-14.0-arm64")
    pc.remove("/usr/bin/g++").remove("/usr/bin/apt-get")
    pc.program("/usr/bin/c++", {"--version": "Apple clang version 16.0.0 (clang-1600.0.26.6)\n"})
    set_rust(pc, "1.85.0", "aarch64-apple-darwin")


@healthy(on=linux)
def uv_on_linux(pc: FakeSystem) -> None:
    pc.remove(f"{pc.python.site_packages[0]}/pip").program("/home/ada/.local/bin/uv")
    pc.put("/home/ada/mlc/.venv/pyvenv.cfg", "uv = 0.9.1\n")


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_machine_gets_no_advice(name: str) -> None:
    make, change = HEALTHY[name]
    pc = make()
    change(pc)
    examination = examine(pc)
    assert [(r.id, r.finding, r.fix) for r in examination.results if r.problem] == []
    assert examination.exit_code(strict=True) == 0


def test_there_are_enough_of_them() -> None:
    assert len(HEALTHY) >= 50
