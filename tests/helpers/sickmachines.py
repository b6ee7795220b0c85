r"""Sick machines: each a healthy one with a single thing made wrong, and what must be said of it.

``SICK`` holds them in the order of the checks. A machine names the one check that must complain
and a part of the fix that it must offer; ``also`` names checks that rightly complain too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fakemachine import (
    CMAKE,
    GIT,
    KITS,
    SITE,
    VSWHERE,
    FakeSystem,
    install,
    linux,
    set_cmake,
    set_rust,
    set_visual_studios,
    windows,
)
from mlcbuild.doctor.system import Ran
from pefactory import make_pe
from windowsmachines import visual_studio

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SICK", "Sick", "build_tree", "debug_dll", "release_dll"]


@dataclass(frozen=True, kw_only=True)
class Sick:
    """One machine: what it is called, who must complain, and a part of the fix."""

    name: str
    make: Callable[[], FakeSystem]
    check: str
    status: str
    fix: str
    also: tuple[str, ...] = ()


SICK: list[Sick] = []


def sick(
    check: str, status: str, fix: str, *also: str, on: Callable[[], FakeSystem] = windows
) -> Callable[[Callable[[FakeSystem], object]], Callable[[FakeSystem], object]]:
    """Collect a function that makes a healthy machine sick."""

    def collect(spoil: Callable[[FakeSystem], object]) -> Callable[[FakeSystem], object]:
        def make() -> FakeSystem:
            pc = on()
            spoil(pc)
            return pc

        name = spoil.__name__.strip("_")
        SICK.append(Sick(name=name, make=make, check=check, status=status, fix=fix, also=also))
        return spoil

    return collect


def debug_dll() -> bytes:
    """A DLL of the Debug configuration."""
    return make_pe(imports={"MSVCP140D.dll": ["_Mtx_lock"], "ucrtbased.dll": ["malloc"]})


def release_dll(**changes: object) -> bytes:
    """A DLL of the Release configuration."""
    return make_pe(imports={"MSVCP140.dll": ["_Mtx_lock"]}, **changes)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------ toolchain: CMake
@sick("cmake", "fail", 'python -m pip install "cmake>=3.26"')
def cmake_that_does_not_start(pc: FakeSystem) -> None:
    pc.program(r"C:\mingw\bin\cmake.exe", {"--version": Ran(code=-1073741515)}, first=True)


@sick("cmake", "fail", "python -m pip install 'cmake>=3.26'", on=linux)
def old_cmake_that_pip_may_not_replace(pc: FakeSystem) -> None:
    pc.program("/usr/bin/cmake", {"--version": "cmake version 3.25.1"})
    pc.env["PIP_NO_BUILD_ISOLATION"] = "0"


@sick("cmake", "fail", "set PIP_NO_INDEX=")
def no_cmake_and_no_index(pc: FakeSystem) -> None:
    pc.remove(CMAKE)
    pc.env["PIP_NO_INDEX"] = "1"


@sick("cmake-generator", "warn", 'pip install "cmake>=4.2"')
def visual_studio_2026_with_cmake_3(pc: FakeSystem) -> None:
    set_visual_studios(pc, visual_studio(2026), toolset="14.50.35503")
    set_cmake(pc, "3.31.6")


@sick("generator", "fail", "set CMAKE_GENERATOR=")
def generator_that_is_not_installed(pc: FakeSystem) -> None:
    pc.env["CMAKE_GENERATOR"] = "Visual Studio 16 2019"


@sick("generator", "fail", "set CMAKE_GENERATOR=")
def generator_without_named_configurations(pc: FakeSystem) -> None:
    pc.env["CMAKE_GENERATOR"] = "NMake Makefiles"


@sick("generator", "fail", "unset CMAKE_GENERATOR", on=linux)
def unix_makefiles(pc: FakeSystem) -> None:
    pc.env["CMAKE_GENERATOR"] = "Unix Makefiles"


@sick("cmake-variables", "fail", "set CMAKE_ARGS=")
def arguments_that_replace_the_policy(pc: FakeSystem) -> None:
    pc.env["CMAKE_ARGS"] = "-DCMAKE_PROJECT_TOP_LEVEL_INCLUDES=C:/mine.cmake"


@sick("cmake-variables", "warn", "unset CMAKE_BUILD_TYPE", on=linux)
def build_type_in_the_environment(pc: FakeSystem) -> None:
    pc.env["CMAKE_BUILD_TYPE"] = "RelWithDebInfo"


@sick("cmake-variables", "warn", "set CMAKE_CONFIG_TYPE=")
def config_type_in_the_environment(pc: FakeSystem) -> None:
    pc.env["CMAKE_CONFIG_TYPE"] = "Debug"


@sick("cmake-variables", "fail", "set CMAKE_TOOLCHAIN_FILE=")
def toolchain_file_that_is_gone(pc: FakeSystem) -> None:
    pc.env["CMAKE_TOOLCHAIN_FILE"] = r"C:\vcpkg\scripts\buildsystems\vcpkg.cmake"


@sick("cmake-variables", "fail", "unset CMAKE_ARGS", on=linux)
def arguments_with_an_unpaired_quote(pc: FakeSystem) -> None:
    pc.env["CMAKE_ARGS"] = "-DCMAKE_CXX_FLAGS='-O2"


@sick("ninja", "fail", "python -m pip install ninja")
def ninja_whose_python_is_gone(pc: FakeSystem) -> None:
    pc.program(r"C:\Python39\Scripts\ninja.exe", {"--version": Ran(code=101)}, first=True)


@sick("cmake-policy", "warn", 'set "CMAKE_POLICY_VERSION_MINIMUM=3.5"')
def upstreams_tree_with_cmake_4(pc: FakeSystem) -> None:
    pc.put(r"C:\src\mlc\CMakeLists.txt")
    pc.put(r"C:\src\mlc\3rdparty\tokenizers-cpp\msgpack\CMakeLists.txt")


# ------------------------------------------------------------------------------ toolchain: MSVC
@sick("msvc", "fail", "winget install --exact --id Microsoft.VisualStudio.2022.BuildTools")
def no_visual_studio(pc: FakeSystem) -> None:
    pc.remove(VSWHERE)


@sick("msvc", "fail", "modify --installPath")
def visual_studio_without_cpp(pc: FakeSystem) -> None:
    set_visual_studios(pc, visual_studio(2022, "Community", components=()))


@sick("msvc", "fail", "Microsoft.VisualStudio.2022.BuildTools")
def visual_studio_2017(pc: FakeSystem) -> None:
    set_visual_studios(pc, visual_studio(2017), toolset="14.16.27023")


@sick("msvc", "fail", "setup.exe")
def visual_studio_2019_before_cpp20(pc: FakeSystem) -> None:
    set_visual_studios(pc, visual_studio(2019, version="16.4.29709.97"), toolset="14.24.28314")


@sick("msvc", "fail", "repair --installPath")
def half_installed_visual_studio(pc: FakeSystem) -> None:
    set_visual_studios(pc, visual_studio(2022, complete=False))


@sick("msvc", "fail", "VC.Tools.ARM64", "rust-host")
def arm64_without_its_compilers(pc: FakeSystem) -> None:
    pc.machine = "ARM64"
    pc.with_python(platform="win-arm64")


@sick("msvc", "fail", "repair Visual Studio")
def vswhere_that_answers_nonsense(pc: FakeSystem) -> None:
    words = "-all -products * -prerelease -format json -utf8"
    pc.answer(VSWHERE, {f"{words} -include packages": "[{]", words: "[{]"})


@sick("msvc-prompt", "fail", "open an ordinary terminal")
def prompt_for_32_bit(pc: FakeSystem) -> None:
    tools = r"C:\Program Files (x86)\Microsoft Visual Studio\2022\BuildTools\VC"
    pc.program(rf"{tools}\bin\cl.exe")
    pc.env |= {"VCINSTALLDIR": tools + "\\", "VSCMD_ARG_TGT_ARCH": "x86"}


@sick("msvc-prompt", "fail", "open an ordinary terminal")
def prompt_of_a_visual_studio_that_is_gone(pc: FakeSystem) -> None:
    pc.env |= {"VCINSTALLDIR": "C:\\VS2019\\VC\\", "VSCMD_ARG_TGT_ARCH": "x64"}


@sick("windows-sdk", "fail", "--add Microsoft.VisualStudio.Component.Windows11SDK.26100")
def no_windows_sdk(pc: FakeSystem) -> None:
    pc.registry_values = {k: v for k, v in pc.registry_values.items() if "Kits" not in k}


@sick("windows-sdk", "fail", "setup.exe")
def windows_sdk_that_was_removed(pc: FakeSystem) -> None:
    pc.remove(rf"{KITS}\Include\10.0.26100.0\um\windows.h")


@sick("link-exe", "fail", 'set "PATH=C:\\VS\\VC\\bin;%PATH%"')
def git_link_before_microsofts(pc: FakeSystem) -> None:
    pc.program(r"C:\Program Files\Git\usr\bin\link.exe")
    pc.program(r"C:\VS\VC\bin\link.exe").program(r"C:\VS\VC\bin\cl.exe")


@sick("link-exe", "fail", "$env:PATH = 'C:\\VS\\VC\\bin'")
def conda_link_before_microsofts_in_powershell(pc: FakeSystem) -> None:
    del pc.env["PROMPT"]
    pc.program(r"C:\conda\Library\usr\bin\link.exe", first=True)
    pc.program(r"C:\VS\VC\bin\link.exe").program(r"C:\VS\VC\bin\cl.exe")


@sick("compiler-variables", "warn", "set CXX=")
def mingw_as_compiler(pc: FakeSystem) -> None:
    pc.program(r"C:\Strawberry\c\bin\g++.exe")
    pc.env["CXX"] = "g++"


@sick("compiler-variables", "fail", "unset CC", on=linux)
def compiler_that_is_gone(pc: FakeSystem) -> None:
    pc.env["CC"] = "gcc-9"


@sick("compiler-flags", "fail", "set CL=")
def static_runtime_by_variable(pc: FakeSystem) -> None:
    pc.env["CL"] = "/MTd /W3"


@sick("cxx-compiler", "fail", "sudo apt-get install -y g++", on=linux)
def no_cxx_compiler(pc: FakeSystem) -> None:
    pc.remove("/usr/bin/g++")


@sick("cxx-compiler", "fail", "sudo apt-get install -y g++", on=linux)
def old_cxx_compiler(pc: FakeSystem) -> None:
    pc.program("/usr/bin/g++", {"--version": "g++ (Ubuntu 9.4.0-1) 9.4.0\n"})


# ------------------------------------------------------------------------------ toolchain: others
@sick("git", "fail", "winget install --exact --id Git.Git")
def no_git(pc: FakeSystem) -> None:
    pc.remove(GIT)


@sick("git", "fail", "sudo apt-get install -y git", on=linux)
def old_git(pc: FakeSystem) -> None:
    pc.program("/usr/bin/git", {"--version": "git version 2.17.1"})


def _git(pc: FakeSystem, changes: dict[str, str | Ran]) -> None:
    answers: dict[str, str | Ran] = {
        "--version": "git version 2.47.1.windows.1\n",
        "lfs version": "git-lfs/3.6.0 (GitHub; windows amd64)\n",
        "config --get filter.lfs.process": "git-lfs filter-process\n",
        "config --get core.longpaths": "true\n",
    }
    pc.program(GIT, answers | changes)


@sick("git-lfs", "warn", "git lfs install")
def git_lfs_that_is_not_set_up(pc: FakeSystem) -> None:
    _git(pc, {"config --get filter.lfs.process": Ran(code=1)})


@sick("git-long-paths", "warn", "git config --global core.longpaths true")
def git_that_refuses_long_paths(pc: FakeSystem) -> None:
    _git(pc, {"config --get core.longpaths": Ran(code=1)})


@sick("cargo", "fail", "sh.rustup.rs", on=linux)
def old_cargo_of_the_distribution(pc: FakeSystem) -> None:
    pc.program("/usr/bin/cargo", {"--version": "cargo 1.65.0"}, first=True)


@sick("cargo", "fail", "winget install --exact --id Rustlang.Rustup")
def no_rust(pc: FakeSystem) -> None:
    pc.remove(r"C:\Users\ada\.cargo")


@sick("cargo", "fail", "rustup update stable")
def old_rust(pc: FakeSystem) -> None:
    set_rust(pc, "1.70.0", "x86_64-pc-windows-msvc")


@sick("cargo", "fail", "rustup default stable-x86_64-pc-windows-msvc")
def rustup_without_a_toolchain(pc: FakeSystem) -> None:
    error = "error: rustup could not choose a version of cargo to run, because one wasn't specified"
    pc.program(r"C:\Users\ada\.cargo\bin\cargo.exe", {"--version": Ran(code=1, err=error)})


@sick("rust-host", "fail", "rustup default stable-x86_64-pc-windows-msvc")
def rust_of_the_gnu_abi(pc: FakeSystem) -> None:
    set_rust(pc, "1.85.0", "x86_64-pc-windows-gnu")


def _cuda(pc: FakeSystem, window: str) -> None:
    root = r"C:\Program Files\NVIDIA GPU Computing Toolkit\CUDA\v12.2"
    pc.env["CUDA_PATH"] = root
    pc.program(rf"{root}\bin\nvcc.exe", {"--version": "Cuda compilation tools, release 12.2"})
    pc.put(rf"{root}\include\crt\host_config.h", f"#if {window}\n#error unsupported\n")


@sick("cuda-toolkit", "warn", "winget install --exact --id Nvidia.CUDA")
def cuda_older_than_the_compiler(pc: FakeSystem) -> None:
    _cuda(pc, "_MSC_VER < 1910 || _MSC_VER >= 1940")


@sick("cuda-toolkit", "warn", "set CUDA_PATH=")
def cuda_that_is_gone(pc: FakeSystem) -> None:
    pc.env["CUDA_PATH"] = r"C:\CUDA\v11.8"


@sick("cuda-toolkit", "warn", "g++-11", on=linux)
def cuda_older_than_gcc(pc: FakeSystem) -> None:
    pc.env["CUDA_HOME"] = "/usr/local/cuda"
    pc.put("/usr/local/cuda/include/crt/host_config.h", "#if __GNUC__ > 11\n#error no\n")
    pc.program("/usr/local/cuda/bin/nvcc", {"--version": "release 11.8, V11.8.89"})


@sick("vulkan-sdk", "warn", "set VULKAN_SDK=")
def vulkan_sdk_that_is_gone(pc: FakeSystem) -> None:
    pc.env["VULKAN_SDK"] = r"C:\VulkanSDK\1.3.204.1"


@sick("vulkan-sdk", "warn", "KhronosGroup.VulkanSDK")
def vulkan_sdk_without_its_compiler(pc: FakeSystem) -> None:
    pc.env["VULKAN_SDK"] = r"C:\VulkanSDK\1.4.328.1"
    pc.put(r"C:\VulkanSDK\1.4.328.1\Lib\vulkan-1.lib")
    pc.put(r"C:\VulkanSDK\1.4.328.1\Include\vulkan\vulkan.h")


@sick("jit-compiler", "warn", "winget install --exact --id LLVM.LLVM")
def tvm_without_clang(pc: FakeSystem) -> None:
    install(pc, "apache-tvm", "0.26.0")


@sick("jit-compiler", "warn", "-m pip install ziglang", "requirements")
def an_mlc_llm_that_links_itself_without_a_linker(pc: FakeSystem) -> None:
    install(pc, "apache-tvm", "0.26.0")
    install(pc, "mlc-llm", "0.20.0")
    pc.put(pc.join(pc.python.site_packages[0], "mlc_llm", "_linker", "windows.py"))


@sick("jit-compiler", "warn", 'set "TVM_WIN_TARGET=x86_64-pc-windows-msvc"')
def clang_that_links_through_gcc(pc: FakeSystem) -> None:
    install(pc, "apache-tvm", "0.26.0")
    pc.program(r"C:\Program Files\LLVM\bin\clang.exe")


@sick("jit-compiler", "warn", "apt-get install -y g++", on=linux)
def tvm_without_any_compiler(pc: FakeSystem) -> None:
    install(pc, "apache-tvm", "0.26.0")
    pc.remove("/usr/bin/g++")


@sick("mingw", "warn", "g++-mingw-w64-x86-64-posix", on=linux)
def mingw_without_threads(pc: FakeSystem) -> None:
    pc.remove("/usr/bin/x86_64-w64-mingw32-g++-posix")
    answer = Ran(code=0, err="Thread model: win32\ngcc version 12-win32 (GCC)\n")
    pc.program("/usr/bin/x86_64-w64-mingw32-g++", {"-v": answer})


@sick("wine", "warn", "sudo apt-get install -y wine wine64", on=linux)
def wine_without_its_64_bit_part(pc: FakeSystem) -> None:
    pc.program("/usr/bin/wine", {"--version": Ran(code=1, err="wine64 is missing")})


@sick("zig", "warn", "pip install --force-reinstall ziglang", on=linux)
def zig_that_does_not_run(pc: FakeSystem) -> None:
    pc.program("/usr/local/bin/zig", {"version": Ran(code=126)})


# ------------------------------------------------------------------------------ python
@sick("python-version", "fail", "winget install --exact --id Python.Python.3.12")
def python_3_8(pc: FakeSystem) -> None:
    pc.with_python(version=(3, 8, 10))


@sick("python-version", "fail", "sudo apt-get install -y python3 python3-venv", on=linux)
def pypy(pc: FakeSystem) -> None:
    pc.with_python(implementation="pypy")


@sick("python-bits", "fail", "--architecture x64")
def python_of_32_bits(pc: FakeSystem) -> None:
    pc.with_python(bits=32, platform="win32")
    set_visual_studios(pc, visual_studio(2022, components=()))


@sick("python-embedded", "fail", "Python.Python.3.12")
def embeddable_python(pc: FakeSystem) -> None:
    pc.put(r"C:\Python312\python312._pth", "python312.zip")


@sick("python-msys2", "warn", "Python.Python.3.12")
def python_of_msys2(pc: FakeSystem) -> None:
    pc.with_python(platform="mingw_x86_64_ucrt_gnu")


@sick("python-free-threaded", "warn", "Python.Python.3.13")
def free_threaded_python(pc: FakeSystem) -> None:
    pc.with_python(version=(3, 13, 1), free_threaded=True)


@sick("python-store", "warn", "winget install --exact --id Python.Python.3.12")
def python_of_the_store(pc: FakeSystem) -> None:
    store = r"C:\Program Files\WindowsApps\PythonSoftwareFoundation.Python.3.12_3.12.2800.0_x64"
    pc.with_python(base_prefix=store)
    pc.put_folder(store)


@sick("python-alias", "warn", "ms-settings:advanced-apps")
def alias_of_the_store_first(pc: FakeSystem) -> None:
    alias = r"C:\Users\ada\AppData\Local\Microsoft\WindowsApps\python.exe"
    pc.program(alias, first=True)
    pc.put(alias, b"")


@sick("python-conda", "warn", "conda deactivate")
def venv_in_an_active_conda(pc: FakeSystem) -> None:
    pc.env["CONDA_PREFIX"] = r"C:\miniconda3\envs\mlc"


@sick("python-conda", "warn", "CONDA_DLL_SEARCH_MODIFICATION_ENABLE")
def conda_that_searches_path(pc: FakeSystem) -> None:
    pc.put_folder(r"C:\Python312\conda-meta")
    pc.env |= {"CONDA_PREFIX": r"C:\Python312", "CONDA_DLL_SEARCH_MODIFICATION_ENABLE": "1"}


@sick("python-venv", "warn", "-m mlcbuild doctor")
def another_environment_is_active(pc: FakeSystem) -> None:
    pc.env["VIRTUAL_ENV"] = r"C:\other\.venv"
    pc.put_folder(r"C:\other\.venv")


@sick("python-venv", "fail", "python -m venv --upgrade")
def environment_whose_python_is_gone(pc: FakeSystem) -> None:
    pc.remove(r"C:\Python312").remove(rf"{SITE}\pip")


@sick("pip", "fail", "python -m ensurepip --upgrade")
def environment_without_pip(pc: FakeSystem) -> None:
    pc.remove(rf"{SITE}\pip")


@sick("pip", "warn", "-m venv .venv", on=linux)
def python_of_the_distribution(pc: FakeSystem) -> None:
    pc.with_python(prefix="/usr", executable="/usr/bin/python3")
    pc.program("/usr/bin/python3").put("/usr/lib/python3.11/EXTERNALLY-MANAGED")


@sick("damaged-distributions", "warn", "--force-reinstall --ignore-installed numpy")
def distribution_without_metadata(pc: FakeSystem) -> None:
    pc.put_folder(rf"{SITE}\numpy-2.1.0.dist-info")


@sick("damaged-distributions", "warn", r"rmdir /s /q")
def leftover_of_an_interrupted_pip(pc: FakeSystem) -> None:
    pc.put(rf"{SITE}\~lc_llm\mlc_llm.dll")


@sick("mixed-installs", "fail", "&& python -m pip install apache-tvm==0.26.0", "jit-compiler")
def nightly_and_release_of_tvm(pc: FakeSystem) -> None:
    install(pc, "apache-tvm", "0.26.0")
    install(pc, "mlc-ai-nightly-cpu", "0.20.dev1")


@sick("requirements", "fail", "apache-tvm==0.26.0", "jit-compiler")
def mlc_llm_with_another_tvm(pc: FakeSystem) -> None:
    install(pc, "mlc-llm", "0.20.0.dev0", "apache-tvm==0.26.0", "psutil")
    install(pc, "apache-tvm", "0.25.0")
    install(pc, "psutil", "6.0.0")


@sick("requirements", "fail", "pip install psutil", "jit-compiler")
def mlc_llm_without_psutil(pc: FakeSystem) -> None:
    install(pc, "mlc-llm", "0.20.0.dev0")


@sick("editable-install", "fail", "pip uninstall -y mlc-llm", "jit-compiler", "requirements")
def editable_install_of_a_folder_that_is_gone(pc: FakeSystem) -> None:
    install(pc, "mlc-llm", "0.20.0.dev0", editable=r"C:\old\mlc-llm")


# ------------------------------------------------------------------------------ paths
@sick("path-entries", "warn", "EditEnvironmentVariables")
def path_with_an_unpaired_quote(pc: FakeSystem) -> None:
    pc.env["PATH"] += r';"C:\Program Files\Tool'


@sick("windows-version", "warn", "install a newer Windows")
def windows_7(pc: FakeSystem) -> None:
    pc.registry_values[r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"] = {
        "CurrentBuildNumber": "7601",
        "ProductName": "Windows 7 Professional",
    }


@sick("app-control", "warn", "start windowsdefender:")
def smart_app_control(pc: FakeSystem) -> None:
    pc.registry_values[r"HKLM\SYSTEM\CurrentControlSet\Control\CI\Policy"] = {
        "VerifiedAndReputablePolicyState": 1
    }


@sick("long-paths", "warn", "-Verb RunAs -ArgumentList 'add HKLM")
def long_paths_are_off(pc: FakeSystem) -> None:
    pc.registry_values[r"HKLM\SYSTEM\CurrentControlSet\Control\FileSystem"] = {
        "LongPathsEnabled": 0
    }
    site = rf"{pc.home}\{'deep-folder' * 9}\Lib\site-packages"
    pc.put(rf"{site}\pip\__init__.py").with_python(site_packages=(site,))


@sick("project-path", "warn", "robocopy")
def project_in_onedrive(pc: FakeSystem) -> None:
    pc.env["OneDrive"] = r"C:\Users\ada\OneDrive"
    pc.folder = r"C:\Users\ada\OneDrive\Documents\mlc-llm"


@sick("project-path", "warn", "robocopy")
def project_on_a_share(pc: FakeSystem) -> None:
    pc.folder = r"\\server\home\ada\mlc"


@sick("project-path", "warn", "robocopy")
def project_with_a_foreign_name(pc: FakeSystem) -> None:
    pc.folder = "C:\\Users\\ada\\Projekte\\Übung"


@sick("project-path", "warn", "robocopy")
def project_in_a_deep_folder(pc: FakeSystem) -> None:
    pc.folder = r"C:\Users\ada" + r"\a-folder-with-a-name" * 5


@sick("temp-folder", "fail", "TEMP=C:\\Users\\ada\\AppData\\Local\\Temp")
def temp_folder_that_is_gone(pc: FakeSystem) -> None:
    pc.env["TEMP"] = r"R:\Temp"


@sick("temp-folder", "fail", "unset TMPDIR", on=linux)
def temp_folder_that_is_read_only(pc: FakeSystem) -> None:
    pc.env["TMPDIR"] = "/scratch"
    pc.put_folder("/scratch").read_only.add("/scratch")


@sick("disk-space", "fail", "cleanmgr /d C:")
def full_disk(pc: FakeSystem) -> None:
    pc.free = 300_000_000


@sick("library-variables", "fail", "set TVM_LIBRARY_PATH=")
def library_path_that_is_gone(pc: FakeSystem) -> None:
    pc.env["TVM_LIBRARY_PATH"] = r"C:\tvm\build\Release"


@sick("library-variables", "fail", "set MLC_LIBRARY_PATH=")
def library_path_to_a_debug_build(pc: FakeSystem) -> None:
    pc.env["MLC_LIBRARY_PATH"] = r"C:\mlc-llm\build\Debug"
    pc.put(r"C:\mlc-llm\build\Debug\mlc_llm.dll", debug_dll())


@sick("library-variables", "fail", "set TVM_LIBRARY_PATH=")
def library_path_to_another_machine(pc: FakeSystem) -> None:
    pc.env["TVM_LIBRARY_PATH"] = r"C:\tvm32"
    pc.put(r"C:\tvm32\tvm_runtime.dll", release_dll(machine="x86"))


@sick("source-variables", "fail", "set MLC_LLM_SOURCE_DIR=")
def source_dir_that_is_gone(pc: FakeSystem) -> None:
    pc.env["MLC_LLM_SOURCE_DIR"] = r"D:\mlc-llm"


@sick("source-variables", "warn", "set TVM_HOME=", "jit-compiler")
def tvm_home_beside_an_installed_tvm(pc: FakeSystem) -> None:
    install(pc, "apache-tvm", "0.26.0")
    pc.env["TVM_HOME"] = r"C:\tvm"
    pc.put(r"C:\tvm\CMakeLists.txt")


@sick("python-path", "warn", "set PYTHONPATH=", "jit-compiler")
def python_path_that_hides_the_wheel(pc: FakeSystem) -> None:
    install(pc, "apache-tvm", "0.26.0")
    pc.env["PYTHONPATH"] = r"C:\tvm\python"
    pc.put(r"C:\tvm\python\tvm\__init__.py")


@sick("python-path", "fail", "set PYTHONPATH=")
def python_path_of_another_python(pc: FakeSystem) -> None:
    pc.env["PYTHONPATH"] = r"C:\Python310\Lib\site-packages"
    pc.put_folder(pc.env["PYTHONPATH"])


@sick("python-path", "fail", "unset PYTHONHOME", on=linux)
def python_home(pc: FakeSystem) -> None:
    pc.env["PYTHONHOME"] = "/opt/python3.9"


@sick("runtime-variables", "warn", "set SKIP_LOADING_MLCLLM_SO=")
def library_that_is_not_loaded(pc: FakeSystem) -> None:
    pc.env["SKIP_LOADING_MLCLLM_SO"] = "1"


def build_tree(pc: FakeSystem, **entries: str) -> str:
    """Lay down a build folder of the project; return it."""
    build = pc.join(pc.folder, "build")
    pc.put(pc.join(pc.folder, "CMakeLists.txt"), "project(mlc_llm C CXX)\n")
    lines = [f"{name}:STRING={value}" for name, value in entries.items()]
    pc.put(pc.join(build, "CMakeCache.txt"), "# cache\n" + "\n".join(lines) + "\n")
    return build


@sick("build-configuration", "warn", "cmake -DCMAKE_CONFIGURATION_TYPES=Release")
def generator_that_ignores_the_build_type(pc: FakeSystem) -> None:
    build_tree(
        pc,
        CMAKE_GENERATOR="Visual Studio 17 2022",
        CMAKE_BUILD_TYPE="RelWithDebInfo",
        CMAKE_CONFIGURATION_TYPES="Debug;Release;MinSizeRel;RelWithDebInfo",
    )


@sick("debug-libraries", "fail", "--config Release")
def debug_library_under_another_name(pc: FakeSystem) -> None:
    build = build_tree(pc, CMAKE_GENERATOR="Ninja")
    pc.put(pc.join(build, "lib", "tvm_runtime.dll"), debug_dll())


@sick("config-cmake", "warn", 'ren "C:\\src\\mlc\\build\\config.cmake"')
def config_that_hides_the_command_line(pc: FakeSystem) -> None:
    build = build_tree(pc, CMAKE_GENERATOR="Ninja")
    pc.put(pc.join(build, "config.cmake"), "set(CMAKE_BUILD_TYPE RelWithDebInfo)\n")


@sick("config-cmake", "warn", "mv /home/ada/mlc/config.cmake", on=linux)
def config_that_says_two_things(pc: FakeSystem) -> None:
    pc.put("/home/ada/mlc/CMakeLists.txt")
    pc.put("/home/ada/mlc/config.cmake", "set(USE_VULKAN OFF)\nset(USE_VULKAN ON)\n")


@sick("moved-build", "warn", "ren")
def build_folder_that_was_moved(pc: FakeSystem) -> None:
    build_tree(pc, CMAKE_GENERATOR="Ninja", CMAKE_CACHEFILE_DIR="c:/old/mlc/build")


@sick("moved-build", "warn", "mv", on=linux)
def build_folder_whose_compiler_is_gone(pc: FakeSystem) -> None:
    build_tree(pc, CMAKE_GENERATOR="Ninja", CMAKE_CXX_COMPILER="/usr/bin/g++-10")


@sick("mixed-installs", "fail", "uninstall -y tvm; python -m pip install", "jit-compiler")
def two_copies_of_tvm_seen_from_powershell(pc: FakeSystem) -> None:
    del pc.env["PROMPT"]
    user = r"C:\Users\ada\AppData\Roaming\Python\Python312\site-packages"
    install(pc, "tvm", "0.20.0")
    pc.put(rf"{user}\tvm-0.25.0.dist-info\METADATA", "Name: tvm\nVersion: 0.25.0\n")
    pc.with_python(site_packages=(*pc.python.site_packages, user))
