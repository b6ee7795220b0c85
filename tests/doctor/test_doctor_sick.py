"""Machines with one culprit: it is named first and alone, with a fix for the shell at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakemachine import (
    CMAKE,
    GIT,
    KITS,
    SITE,
    SYSTEM32,
    VSWHERE,
    WINGET,
    FakeSystem,
    install,
    linux,
    set_cmake,
    set_rust,
    set_visual_studios,
    windows,
)
from mlcbuild.doctor.runner import examine
from mlcbuild.doctor.system import Ran
from pythons import (
    ALIASES,
    DISPLAY,
    TOOLS,
    VISUAL_STUDIO,
    WINDOWS,
    conda,
    github_runner,
    plain_python,
    uv_environment,
    without_path,
)
from windowsmachines import COMPONENT, visual_studio

if TYPE_CHECKING:
    from collections.abc import Callable

    Spoil = Callable[[FakeSystem], object]

#: Machine -> (how it is made, what is wrong, the check, the fix).
SICK: dict[str, tuple[Callable[[], FakeSystem], Spoil, str, str]] = {}


def sick(
    check: str, fix: str, *, on: Callable[[], FakeSystem] = windows
) -> Callable[[Spoil], Spoil]:
    def collect(spoil: Spoil) -> Spoil:
        SICK[spoil.__name__] = (on, spoil, check, fix)
        return spoil

    return collect


BUILD_TOOLS = (
    "winget install --exact --id Microsoft.VisualStudio.2022.BuildTools --override "
    '"--passive --wait --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended"'
)
SETUP = r'"C:\Program Files (x86)\Microsoft Visual Studio\Installer\setup.exe"'
PYTHON = "winget install --exact --id Python.Python.3.12 --architecture x64"


# ------------------------------------------------------------------------------ one culprit
@sick("msvc", BUILD_TOOLS)
def fresh_pc(pc: FakeSystem) -> None:
    pc.remove(VSWHERE).remove(KITS)
    for name in ("msvcp140.dll", "vcruntime140.dll", "vcruntime140_1.dll"):
        pc.remove(rf"{SYSTEM32}\{name}")
    pc.registry_values = {
        k: v for k, v in pc.registry_values.items() if "Kits" not in k and "Runtimes" not in k
    }


@sick("msvc", BUILD_TOOLS)
def strawberry_perl_alone(pc: FakeSystem) -> None:
    pc.remove(VSWHERE).program(r"C:\Strawberry\c\bin\g++.exe", first=True)
    pc.program(r"C:\Program Files\Git\usr\bin\link.exe")


@sick("python-bits", PYTHON)
def python_of_32_bits(pc: FakeSystem) -> None:
    pc.with_python(bits=32, platform="win32")


@sick("python-bits", "uv venv --python cpython-3.12-windows-x86_64")
def python_of_32_bits_with_uv(pc: FakeSystem) -> None:
    pc.with_python(bits=32, platform="win32")
    pc.program(r"C:\Users\ada\.local\bin\uv.exe")


@sick("msvc-prompt", "open an ordinary terminal: the build sets MSVC's environment itself")
def prompt_for_x86(pc: FakeSystem) -> None:
    pc.env |= {"VCINSTALLDIR": f"{VISUAL_STUDIO}\\VC\\", "VSCMD_ARG_TGT_ARCH": "x86"}
    pc.program(rf"{VISUAL_STUDIO}\VC\Tools\MSVC\14.44.35207\bin\Hostx86\x86\cl.exe", first=True)


@sick("msvc-prompt", 'set "INCLUDE=" & set "LIB="')
def prompt_that_was_saved(pc: FakeSystem) -> None:
    kits = r"C:\Program Files (x86)\Windows Kits\10"
    pc.env["INCLUDE"] = rf"{kits}\Include\10.0.17763.0\ucrt"
    pc.env["LIB"] = rf"{kits}\Lib\10.0.17763.0\um\x64"


@sick("msvc", "shutdown /r /t 60")
def visual_studio_that_waits_for_a_restart(pc: FakeSystem) -> None:
    set_visual_studios(pc, visual_studio(2022, complete=False) | {"isRebootRequired": True})


@sick(
    "msvc",
    rf'{SETUP} modify --installPath "C:\Program Files\Microsoft Visual Studio\2022\Community" '
    "--add Microsoft.VisualStudio.Workload.NativeDesktop --includeRecommended",
)
def compilers_for_arm64_alone(pc: FakeSystem) -> None:
    set_visual_studios(pc, visual_studio(2022, components=(f"{COMPONENT}VC.Tools.ARM64",)))


@sick(
    "windows-sdk",
    rf'{SETUP} modify --installPath "{VISUAL_STUDIO}" --add {COMPONENT}Windows11SDK.26100',
)
def sdk_that_is_gone(pc: FakeSystem) -> None:
    pc.remove(KITS)


# ------------------------------------------------------------------------------ without winget
@sick(
    "msvc",
    r'curl.exe -Lo "%TEMP%\vs_BuildTools.exe" https://aka.ms/vs/17/release/vs_BuildTools.exe && '
    r'"%TEMP%\vs_BuildTools.exe" --quiet --wait '
    "--add Microsoft.VisualStudio.Workload.VCTools --includeRecommended",
)
def server_core_without_compilers(pc: FakeSystem) -> None:
    pc.remove(VSWHERE)
    pc.registry_values[WINDOWS] = {"CurrentBuildNumber": "20348", "InstallationType": "Server Core"}


@sick("cargo", "choco install -y rustup.install")
def github_runner_without_rust(pc: FakeSystem) -> None:
    github_runner(pc, "Windows Server 2022 Datacenter", "20348")
    pc.remove(r"C:\Users\runneradmin\.cargo").remove(r"C:\Users\ada\.cargo")


@sick(
    "vc-redist",
    'curl.exe -Lo "$env:TEMP\\vc_redist.x64.exe" '
    "https://aka.ms/vs/17/release/vc_redist.x64.exe; if ($?) "
    '{ & "$env:TEMP\\vc_redist.x64.exe" /install /passive /norestart }',
)
def ltsc_in_powershell_without_the_runtime(pc: FakeSystem) -> None:
    _in_powershell(pc)
    pc.remove(WINGET)
    for name in ("msvcp140.dll", "vcruntime140.dll", "vcruntime140_1.dll"):
        pc.remove(rf"{SYSTEM32}\{name}")
    del pc.registry_values[r"HKLM\SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\x64"]


@sick("git", "download Git from https://git-scm.com/download/win and install it")
def server_without_git(pc: FakeSystem) -> None:
    pc.remove(WINGET).remove(GIT)


# ------------------------------------------------------------------------------ shells
def _in_powershell(pc: FakeSystem) -> None:
    del pc.env["PROMPT"]
    pc.env["PSModulePath"] = r"C:\Users\ada\OneDrive\Dokumente\WindowsPowerShell\Modules"


@sick("runtime-variables", "Remove-Item Env:KMP_DUPLICATE_LIB_OK")
def variable_in_powershell(pc: FakeSystem) -> None:
    _in_powershell(pc)
    pc.env["KMP_DUPLICATE_LIB_OK"] = "TRUE"


@sick("runtime-variables", "Remove-Item Env:KMP_DUPLICATE_LIB_OK")
def variable_in_powershell_that_cmd_started(pc: FakeSystem) -> None:
    _in_powershell(pc)
    pc.env |= {"PROMPT": "$P$G", "KMP_DUPLICATE_LIB_OK": "TRUE"}
    pc.callers_ = ("python.exe", "mlcbuild.exe", "pwsh.exe", "cmd.exe", "explorer.exe")


@sick(
    "runtime-variables",
    "in PowerShell: Remove-Item Env:KMP_DUPLICATE_LIB_OK\nin cmd: set KMP_DUPLICATE_LIB_OK=",
)
def variable_in_a_shell_that_cannot_be_told(pc: FakeSystem) -> None:
    _in_powershell(pc)
    pc.env |= {"PROMPT": "$P$G", "KMP_DUPLICATE_LIB_OK": "TRUE"}


@sick("runtime-variables", "set KMP_DUPLICATE_LIB_OK=")
def variable_in_cmd_with_everybodys_modules(pc: FakeSystem) -> None:
    pc.env |= {
        "KMP_DUPLICATE_LIB_OK": "TRUE",
        "PSModulePath": r"C:\Program Files\WindowsPowerShell\Modules;"
        r"C:\Windows\system32\WindowsPowerShell\v1.0\Modules",
    }


@sick("path-entries", "rundll32 'sysdm.cpl,EditEnvironmentVariables'")
def path_with_a_quote_in_powershell(pc: FakeSystem) -> None:
    _in_powershell(pc)
    pc.env["PATH"] = '"C:\\Program Files\\Foo;' + pc.env["PATH"]


# ------------------------------------------------------------------------------ Pythons
@sick("python-embedded", PYTHON)
def portable_python(pc: FakeSystem) -> None:
    plain_python(pc, r"C:\ComfyUI\python_embeded")
    pc.put(r"C:\ComfyUI\python_embeded\python312._pth", "python312.zip\n.\n")
    pc.remove(r"C:\ComfyUI\python_embeded\Lib\site-packages\pip")


@sick("python-msys2", PYTHON)
def python_of_msys2(pc: FakeSystem) -> None:
    pc.with_python(platform="mingw_x86_64_ucrt_gnu", build="3.12.7 [GCC UCRT 14.2.0]")


@sick("python-alias", "start ms-settings:advanced-apps")
def alias_of_the_store_before_python(pc: FakeSystem) -> None:
    plain_python(pc, r"C:\Python312")
    pc.program(rf"{ALIASES}\python.exe", {"--version": Ran(code=9009)}, first=True)
    pc.put(rf"{ALIASES}\python.exe")


@sick("ninja", "uv pip install ninja")
def broken_ninja_in_an_environment_of_uv(pc: FakeSystem) -> None:
    uv_environment(pc)
    pc.program(r"C:\Python39\Scripts\ninja.exe", {"--version": Ran(code=1)}, first=True)


@sick("pip", r"conda install -y -p C:\Users\ada\miniconda3\envs\mlc pip")
def conda_environment_without_pip(pc: FakeSystem) -> None:
    conda(pc)
    pc.remove(rf"{pc.python.prefix}\Lib\site-packages\pip")


@sick("python-free-threaded", "conda create -y -n mlc python=3.14")
def free_threaded_python_of_conda(pc: FakeSystem) -> None:
    conda(pc)
    pc.with_python(version=(3, 14, 0), free_threaded=True)


@sick("python-conda", "conda deactivate")
def conda_that_starts_by_itself(pc: FakeSystem) -> None:
    pc.env["CONDA_PREFIX"] = r"C:\Users\ada\miniconda3"
    pc.put_folder(r"C:\Users\ada\miniconda3\conda-meta")


# ------------------------------------------------------------------------------ folders, PATH
@sick("temp-folder", r'md C:\Temp & set "TEMP=C:\Temp" & set "TMP=C:\Temp"')
def temp_folder_that_is_the_default_and_read_only(pc: FakeSystem) -> None:
    pc.read_only.add(pc.env["TEMP"])


@sick("temp-folder", r'set "TEMP=C:\Temp" & set "TMP=C:\Temp"')
def user_with_an_umlaut(pc: FakeSystem) -> None:
    pc.env["TEMP"] = "C:\\Users\\Jürgen\\AppData\\Local\\Temp"
    pc.put_folder(pc.env["TEMP"]).put_folder(r"C:\Temp")
    pc.home = "C:\\Users\\Jürgen"
    set_rust(pc, "1.85.0", "x86_64-pc-windows-msvc")
    pc.program("C:\\Users\\Jürgen\\AppData\\Local\\Microsoft\\WindowsApps\\winget.exe")


@sick("temp-folder", r"mkdir C:\Users\ada\AppData\Local\Temp")
def temp_folder_that_was_cleaned_away(pc: FakeSystem) -> None:
    pc.remove(pc.env["TEMP"])


@sick("temp-folder", r'set "TEMP=C:\Users\ada\AppData\Local\Temp"')
def temp_folder_of_windows_own_programs(pc: FakeSystem) -> None:
    pc.env["TMP"] = r"R:\ramdisk"


@sick("project-path", r'robocopy "E:\R&D #1 (100%)\mlc" C:\src\mlc /e /xd build .venv')
def folder_with_operators(pc: FakeSystem) -> None:
    pc.folder = r"E:\R&D #1 (100%)\mlc"


@sick("project-path", r"robocopy 'D:\mlc, Übung' C:\src\mlc /e /xd build .venv")
def folder_with_an_umlaut_in_powershell(pc: FakeSystem) -> None:
    _in_powershell(pc)
    pc.folder = "D:\\mlc, Übung"


@sick("project-path", "robocopy")
def deep_folder_where_windows_cuts(pc: FakeSystem) -> None:
    pc.folder = "C:\\" + "\\".join(["a-folder-with-a-name"] * 6)
    pc.registry_values[r"HKLM\SYSTEM\CurrentControlSet\Control\FileSystem"] = {}
    answers = {"--version": "git version 2.47.1.windows.1\n", "lfs version": Ran(code=1)}
    pc.program(GIT, answers)


@sick("path-entries", "rundll32 sysdm.cpl,EditEnvironmentVariables")
def path_that_the_compiler_makes_too_long(pc: FakeSystem) -> None:
    pc.env["PATH"] += ";" + ";".join(rf"C:\tools\some-program-{n:03}\bin" for n in range(230))
    assert 6800 < len(pc.env["PATH"]) < 8191


@sick("path-entries", "rundll32 sysdm.cpl,EditEnvironmentVariables")
def path_without_windows_own_programs(pc: FakeSystem) -> None:
    without_path(pc, "System32")


@sick("path-entries", "rundll32 sysdm.cpl,EditEnvironmentVariables")
def endings_without_exe(pc: FakeSystem) -> None:
    pc.env["PATHEXT"] = ".COM;.BAT;.CMD"


@sick("project-path", "robocopy")
def folder_that_another_program_synchronises(pc: FakeSystem) -> None:
    pc.folder = r"C:\Users\ada\Dropbox\mlc"


@sick("project-path", "robocopy")
def onedrive_of_a_company_without_its_variable(pc: FakeSystem) -> None:
    pc.folder = r"C:\Users\ada\OneDrive - Contoso\mlc"


@sick("project-path", "robocopy")
def documents_that_windows_guards(pc: FakeSystem) -> None:
    pc.folder = r"C:\Users\ada\Documents\mlc"
    pc.registry_values[
        r"HKLM\SOFTWARE\Microsoft\Windows Defender\Windows Defender Exploit Guard"
        r"\Controlled Folder Access"
    ] = {"EnableControlledFolderAccess": 1}


# ------------------------------------------------------------------------------ policies
@sick("app-control", "ask this computer's administrator")
def applocker_for_dlls(pc: FakeSystem) -> None:
    pc.registry_values[r"HKLM\SOFTWARE\Policies\Microsoft\Windows\SrpV2\Dll"] = {
        "EnforcementMode": 1
    }


@sick("app-control", "ask this computer's administrator")
def applocker_whose_mode_is_not_set(pc: FakeSystem) -> None:
    rules = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\SrpV2\Exe\921cc481-6e17-4653-8f75"
    pc.registry_values[rules] = {"Value": "<FilePathRule/>"}


@sick("app-control", "ask this computer's administrator")
def app_control_of_a_company(pc: FakeSystem) -> None:
    key = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DeviceGuard"
    pc.registry_values[key] = {"DeployConfigCIPolicy": 1, "ConfigCIPolicyFilePath": r"\\dc\p.p7b"}


@sick("app-control", "ask this computer's administrator")
def defender_that_asks_how_common_a_program_is(pc: FakeSystem) -> None:
    rules = r"Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"
    pc.registry_values[rf"HKLM\SOFTWARE\Policies\{rules}"] = {
        "01443614-CD74-433A-B99E-2ECDC07BFC25": "1"
    }


@sick("app-control", "start ms-settings:activation")
def windows_in_s_mode(pc: FakeSystem) -> None:
    pc.registry_values[r"HKLM\SYSTEM\CurrentControlSet\Control\CI\Policy"] = {
        "SkuPolicyRequired": 1
    }


# ------------------------------------------------------------------------------ compilers
CUDA = r"C:\Program Files\NVIDIA GPU Computing Toolkit\CUDA\v12.5"


def _cuda(pc: FakeSystem, newest: int) -> None:
    pc.env["CUDA_PATH"] = CUDA
    pc.program(rf"{CUDA}\bin\nvcc.exe", {"--version": "Cuda compilation tools, release 12.5"})
    test = f"#if _MSC_VER < 1910 || _MSC_VER >= {newest}\n"
    pc.put(rf"{CUDA}\include\crt\host_config.h", test)


@sick("cuda-toolkit", 'set "CMAKE_GENERATOR=Ninja Multi-Config"')
def cuda_from_before_visual_studio(pc: FakeSystem) -> None:
    _cuda(pc, 1950)
    pc.put(rf"{VISUAL_STUDIO}\MSBuild\Microsoft\VC\v170\BuildCustomizations\masm.props")


@sick("cuda-toolkit", "winget install --exact --id Nvidia.CUDA")
def cuda_that_does_not_know_the_toolset(pc: FakeSystem) -> None:
    _cuda(pc, 1940)


@sick("cuda-toolkit", r'set "CUDA_PATH=C:\Program Files\NVIDIA GPU Computing Toolkit\CUDA\v12.8"')
def cuda_path_to_the_older_of_two(pc: FakeSystem) -> None:
    _cuda(pc, 1940)
    newer = CUDA.replace("12.5", "12.8")
    pc.put(rf"{newer}\bin\nvcc.exe")
    pc.put(rf"{newer}\include\crt\host_config.h", "#if _MSC_VER < 1910 || _MSC_VER >= 1950\n")


@sick("cuda-toolkit", 'set "CMAKE_GENERATOR_TOOLSET=v143,version=14.39"')
def cuda_with_an_older_toolset_beside(pc: FakeSystem) -> None:
    _cuda(pc, 1940)
    for version in ("14.29.30133", "14.39.33519", "14.44.35207"):
        pc.put_folder(rf"{VISUAL_STUDIO}\VC\Tools\MSVC\{version}")


@sick("cuda-toolkit", 'set "CMAKE_GENERATOR=Visual Studio 17 2022"')
def cuda_with_an_older_visual_studio_beside(pc: FakeSystem) -> None:
    _cuda(pc, 1950)
    set_visual_studios(pc, visual_studio(2022), visual_studio(2026))
    newest = r"C:\Program Files\Microsoft Visual Studio\18\Community\VC\Auxiliary\Build"
    pc.put(rf"{newest}\Microsoft.VCToolsVersion.default.txt", "14.50.35717\n")


@sick("compiler-variables", 'set "CXX=" & set "CC="')
def mingw_of_conda_in_both(pc: FakeSystem) -> None:
    pc.env |= {"CC": "x86_64-w64-mingw32-cc", "CXX": "x86_64-w64-mingw32-c++"}
    for name in ("cc", "c++"):
        pc.program(rf"C:\conda\Library\mingw-w64\bin\x86_64-w64-mingw32-{name}.exe")


@sick("generator", "set CMAKE_ARGS=")
def generator_in_cmake_args(pc: FakeSystem) -> None:
    pc.env["CMAKE_ARGS"] = '-G "MinGW Makefiles"'


@sick("generator", f"--add {COMPONENT}VC.Llvm.Clang --add {COMPONENT}VC.Llvm.ClangToolset")
def toolset_that_visual_studio_lacks(pc: FakeSystem) -> None:
    pc.env["CMAKE_GENERATOR_TOOLSET"] = "ClangCL"


@sick("certificate-variables", "set REQUESTS_CA_BUNDLE=")
def certificates_of_an_environment_that_is_gone(pc: FakeSystem) -> None:
    pc.env["REQUESTS_CA_BUNDLE"] = r"C:\miniconda3\envs\old\Library\ssl\cacert.pem"


@sick("certificate-variables", "unset SSL_CERT_FILE; unset GIT_SSL_CAINFO", on=linux)
def certificates_that_are_gone_on_linux(pc: FakeSystem) -> None:
    pc.env |= {"SSL_CERT_FILE": "/opt/ca.pem", "GIT_SSL_CAINFO": "/opt/ca.pem"}


@sick("python-version", PYTHON)
def old_python_of_32_bits(pc: FakeSystem) -> None:
    pc.with_python(version=(3, 8, 10), bits=32, platform="win32")


@sick("compiler-variables", "set CMAKE_ARGS=")
def mingw_in_cmake_args(pc: FakeSystem) -> None:
    pc.env["CMAKE_ARGS"] = (
        '-DGGML_CUDA=on -DCMAKE_C_COMPILER="d:/mingw64/bin/gcc.exe" '
        '-D CMAKE_CXX_COMPILER:FILEPATH="d:/mingw64/bin/g++.exe"'
    )
    pc.put(r"d:\mingw64\bin\gcc.exe").put(r"d:\mingw64\bin\g++.exe")


@sick("compiler-variables", "set CMAKE_ARGS=")
def compiler_in_cmake_args_that_is_gone(pc: FakeSystem) -> None:
    pc.env["CMAKE_ARGS"] = "-DCMAKE_CXX_COMPILER=C:/LLVM/bin/clang-cl.exe"


@sick("compiler-variables", "set CC=")
def clang_cl_that_visual_studio_lacks(pc: FakeSystem) -> None:
    pc.env["CC"] = "clang-cl"


@sick("cmake-variables", "set CMAKE_TOOLCHAIN_FILE=")
def toolchain_file_of_vcpkg(pc: FakeSystem) -> None:
    pc.env["CMAKE_TOOLCHAIN_FILE"] = r"C:\vcpkg\scripts\buildsystems\vcpkg.cmake"
    pc.put(pc.env["CMAKE_TOOLCHAIN_FILE"], "set(VCPKG_TOOLCHAIN ON)\n")


@sick("cmake-variables", "set CMAKE_ARGS=")
def toolchain_file_of_conan(pc: FakeSystem) -> None:
    pc.env["CMAKE_ARGS"] = "-DCMAKE_TOOLCHAIN_FILE=C:/src/mlc/build/conan_toolchain.cmake"
    pc.put("C:/src/mlc/build/conan_toolchain.cmake", "set(CMAKE_PREFIX_PATH x)\n")


@sick("cmake-variables", "set CMAKE_TOOLCHAIN_FILE=")
def toolchain_file_of_emscripten(pc: FakeSystem) -> None:
    pc.env["CMAKE_TOOLCHAIN_FILE"] = r"C:\emsdk\Emscripten.cmake"
    pc.put(pc.env["CMAKE_TOOLCHAIN_FILE"], "set(CMAKE_SYSTEM_NAME Emscripten)\n")


@sick("compiler-flags", "set LINK=")
def linker_options_for_another_machine(pc: FakeSystem) -> None:
    pc.env["LINK"] = "/MACHINE:X86"


@sick("compiler-flags", "set LINK=")
def linker_path_where_options_belong(pc: FakeSystem) -> None:
    pc.env["LINK"] = rf"{TOOLS}\link.exe"


@sick("cmake", "set PIP_NO_BUILD_ISOLATION=")
def isolation_that_1_does_not_switch_off(pc: FakeSystem) -> None:
    pc.remove(CMAKE).env["PIP_NO_BUILD_ISOLATION"] = "1"


@sick("cmake", "set PIP_NO_INDEX=")
def conda_build_with_an_old_cmake(pc: FakeSystem) -> None:
    set_cmake(pc, "3.22.1")
    pc.env |= {"PIP_NO_BUILD_ISOLATION": "False", "PIP_NO_INDEX": "True"}


@sick("compiler-flags", "set RUSTFLAGS=")
def rust_with_the_static_runtime(pc: FakeSystem) -> None:
    pc.env["RUSTFLAGS"] = "-C target-feature=+crt-static"


@sick("cmake-variables", "set CMAKE_ARGS=")
def static_runtime_in_cmake_args(pc: FakeSystem) -> None:
    pc.env["CMAKE_ARGS"] = "-DCMAKE_MSVC_RUNTIME_LIBRARY=MultiThreaded"


@sick("generator", "set CMAKE_GENERATOR_PLATFORM=")
def platform_of_32_bits(pc: FakeSystem) -> None:
    pc.env["CMAKE_GENERATOR_PLATFORM"] = "Win32"


@sick("generator", "set CMAKE_GENERATOR_INSTANCE=")
def instance_that_is_gone(pc: FakeSystem) -> None:
    pc.env["CMAKE_GENERATOR_INSTANCE"] = r"C:\VS2019"


@sick("rust-host", "set RUSTUP_TOOLCHAIN=")
def rust_toolchain_by_variable(pc: FakeSystem) -> None:
    set_rust(pc, "1.85.0", "x86_64-pc-windows-gnu")
    pc.env["RUSTUP_TOOLCHAIN"] = "stable-gnu"


@sick("rust-host", r'set "PATH=C:\Users\ada\.cargo\bin;%PATH%"')
def rust_of_msys2_before_rustup(pc: FakeSystem) -> None:
    folder = r"C:\msys64\ucrt64\bin"
    pc.program(rf"{folder}\cargo.exe", {"--version": "cargo 1.85.0\n"}, first=True)
    pc.program(rf"{folder}\rustc.exe", {"-vV": "host: x86_64-pc-windows-gnu\n"}, first=True)


@sick("pip", "set PIP_USER=")
def pip_that_installs_for_the_user(pc: FakeSystem) -> None:
    pc.env["PIP_USER"] = "1"


@sick("pip", r"python -m venv .venv")
def pip_that_wants_an_environment(pc: FakeSystem) -> None:
    plain_python(pc, r"C:\Python312")
    pc.env["PIP_REQUIRE_VIRTUALENV"] = "true"


@sick("python-msys2", "winget install --exact --id Python.Python.3.12", on=linux)
def python_of_cygwin(pc: FakeSystem) -> None:
    pc.platform = "cygwin"
    pc.with_python(platform="cygwin-3.5.4-x86_64")
    pc.remove("/usr/bin/git").remove("/usr/bin/g++")


@sick("pip", "set PIP_TARGET=")
def pip_that_installs_elsewhere(pc: FakeSystem) -> None:
    pc.env["PIP_TARGET"] = r"D:\packages"


@sick("pip", "sudo apt-get install -y python3-venv && python3 -m venv .venv", on=linux)
def debian_without_venv(pc: FakeSystem) -> None:
    pc.with_python(prefix="/usr", executable="/usr/bin/python3")
    pc.program("/usr/bin/python3", first=True).put("/usr/lib/python3.11/EXTERNALLY-MANAGED")


@sick("jit-compiler", r'set "PATH=C:\Program Files\LLVM\bin;%PATH%"')
def clang_whose_installer_left_path_alone(pc: FakeSystem) -> None:
    install(pc, "apache-tvm", "0.26.0")
    pc.put(r"C:\Program Files\LLVM\bin\clang.exe")


@sick("git", r'set "PATH=C:\Users\ada\AppData\Local\Programs\Git\cmd;%PATH%"')
def git_for_one_user_in_an_old_terminal(pc: FakeSystem) -> None:
    pc.remove(GIT).put(r"C:\Users\ada\AppData\Local\Programs\Git\cmd\git.exe")


# ------------------------------------------------------------------------------ graphics
@sick("gpu-driver", "start ms-settings:windowsupdate-optionalupdates")
def card_without_its_makers_driver(pc: FakeSystem) -> None:
    pc.registry_values = {k: v for k, v in pc.registry_values.items() if "Khronos" not in k}
    pc.registry_values[DISPLAY] = {"DriverDesc": "Carte graphique de base", "InfSection": "MSBDA"}


@sick("cxx-compiler", "nix-shell -p gcc", on=linux)
def nixos_without_a_compiler(pc: FakeSystem) -> None:
    pc.remove("/usr/bin/g++").put_folder("/nix/store/x")


@pytest.mark.parametrize("name", SICK)
def test_one_culprit_is_one_finding_with_its_fix(name: str) -> None:
    make, spoil, check, fix = SICK[name]
    pc = make()
    spoil(pc)
    found = [result for result in examine(pc).results if result.problem]
    assert [result.id for result in found] == [check], found
    assert fix in found[0].fix
    if len(fix.split()) > 6:
        assert found[0].fix == fix


def test_damaged_packages_are_removed_by_what_installed_them() -> None:
    pc = windows()
    uv_environment(pc)
    pc.put_folder(rf"{SITE}\numpy-2.1.0.dist-info")
    (result,) = (r for r in examine(pc).results if r.problem)
    assert result.fix == "uv pip install --reinstall numpy"
    without_path(pc, r"\.local")
    (result,) = (r for r in examine(pc).results if r.problem)
    assert result.fix == r"C:\Users\ada\.local\bin\uv.exe pip install --reinstall numpy"
