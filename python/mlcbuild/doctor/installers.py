"""How to install each program: the table of package names and installers.

On Windows winget comes first, then Chocolatey where it is installed (GitHub's runners), then the
vendor's installer at a URL that always serves the newest version, else a download page. Sources:
winget-pkgs, community.chocolatey.org, the vendors' download pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.shell import Shell, command, quote, spelt
from mlcbuild.doctor.winfacts import find_winget
from mlcbuild.platforms import WINDOWS_AMD64, WINDOWS_ARM64
from mlcbuild.pythonversions import USUAL, USUAL_INSTALLER
from mlcbuild.versions import dotted

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One program's names in package managers; empty where a manager does not have it."""

    #: The name shown to the user.
    name: str
    winget: str = ""
    choco: str = ""
    #: URL of an installer, and its options for a silent installation.
    url: str = ""
    options: tuple[str, ...] = ()
    page: str = ""
    #: A complete command.
    macos: str = ""
    apt: str = ""
    dnf: str = ""
    pacman: str = ""
    zypper: str = ""
    nix: str = ""


PROGRAMS: Final[dict[str, Program]] = {
    "build-tools": Program(
        name="Visual Studio Build Tools", winget="Microsoft.VisualStudio.2022.BuildTools",
        url="https://aka.ms/vs/17/release/vs_BuildTools.exe",
    ),
    "c++": Program(
        name="a C++ compiler", macos="xcode-select --install", apt="g++", dnf="gcc-c++",
        pacman="gcc", zypper="gcc-c++", nix="gcc",
    ),
    "clang": Program(
        name="LLVM", winget="LLVM.LLVM", choco="llvm", page="https://releases.llvm.org",
    ),
    "cuda": Program(
        name="the CUDA toolkit", winget="Nvidia.CUDA", choco="cuda",
        page="https://developer.nvidia.com/cuda-downloads", apt="nvidia-cuda-toolkit",
    ),
    "git": Program(
        name="Git", winget="Git.Git", choco="git", page="https://git-scm.com/download/win",
        macos="xcode-select --install", apt="git", dnf="git", pacman="git", zypper="git", nix="git",
    ),
    "mesa": Program(
        name="Mesa's Vulkan drivers", apt="mesa-vulkan-drivers", dnf="mesa-vulkan-drivers",
        pacman="vulkan-swrast", zypper="Mesa-libVulkan",
    ),
    "mingw": Program(
        name="MinGW-w64", apt="g++-mingw-w64-x86-64-posix", dnf="mingw64-gcc-c++",
        pacman="mingw-w64-gcc", zypper="mingw64-cross-gcc-c++",
    ),
    "nvidia-driver": Program(
        name="NVIDIA's driver", page="https://www.nvidia.com/drivers", winget="Nvidia.App",
        apt="nvidia-driver", dnf="akmod-nvidia", pacman="nvidia", zypper="nvidia-driver-G06",
    ),
    "python": Program(
        name="Python", winget=f"Python.Python.{dotted(USUAL)}", page="https://www.python.org/downloads",
        apt="python3 python3-venv", dnf="python3", pacman="python", zypper="python3",
        nix="python3",
    ),
    "redist-arm64": Program(
        name="the Visual C++ redistributable", winget="Microsoft.VCRedist.2015+.arm64",
        url="https://aka.ms/vs/17/release/vc_redist.arm64.exe",
        options=("/install", "/passive", "/norestart"),
    ),
    "redist-x64": Program(
        name="the Visual C++ redistributable", winget="Microsoft.VCRedist.2015+.x64",
        url="https://aka.ms/vs/17/release/vc_redist.x64.exe",
        options=("/install", "/passive", "/norestart"),
    ),
    "redist-x86": Program(
        name="the Visual C++ redistributable", winget="Microsoft.VCRedist.2015+.x86",
        url="https://aka.ms/vs/17/release/vc_redist.x86.exe",
        options=("/install", "/passive", "/norestart"),
    ),
    "rustup": Program(
        name="Rust", winget="Rustlang.Rustup", choco="rustup.install",
        url="https://static.rust-lang.org/rustup/dist/" + WINDOWS_AMD64.triple + "/rustup-init.exe",
        options=("-y",),
    ),
    "vulkan-loader": Program(
        name="Vulkan's loader", winget="KhronosGroup.VulkanRT",
        page="https://vulkan.lunarg.com/sdk/home", apt="libvulkan1",
        dnf="vulkan-loader", pacman="vulkan-icd-loader", zypper="libvulkan1",
    ),
    "vulkan-sdk": Program(
        name="the Vulkan SDK", winget="KhronosGroup.VulkanSDK", choco="vulkan-sdk",
        page="https://vulkan.lunarg.com/sdk/home", macos="brew install vulkan-headers shaderc",
        apt="libvulkan-dev glslc", dnf="vulkan-headers glslc", pacman="vulkan-headers shaderc",
        zypper="vulkan-devel shaderc", nix="vulkan-headers shaderc",
    ),
    "windows-sdk": Program(
        name="the Windows SDK", winget="Microsoft.WindowsSDK.10.0.26100",
        page="https://developer.microsoft.com/windows/downloads/windows-sdk",
    ),
    "wine": Program(
        name="Wine", apt="wine wine64", dnf="wine", pacman="wine", zypper="wine",
    ),
}  # fmt: skip
#: The package managers of Linux, in search order.
_MANAGERS: Final = {
    "apt-get": "apt-get install -y",
    "dnf": "dnf install -y",
    "pacman": "pacman -S --noconfirm",
    "zypper": "zypper install -y",
}


def install(system: System, program: str, *, force: bool = False, **names: str) -> str:
    """Return the command that installs a program of the table; ``force`` reinstalls it.

    ``names`` override the table's names in Linux package managers (``apt``).
    """
    wanted = PROGRAMS[program]
    if system.windows:
        return _on_windows(system, wanted, force=force)
    if system.platform == "darwin" and wanted.macos:
        return wanted.macos
    return _on_linux(system, wanted, names)


def _on_windows(system: System, wanted: Program, *, force: bool) -> str:
    again = ("--force",) if force else ()
    if wanted.winget and find_winget(system):
        return command(system, "winget", "install", "--exact", "--id", wanted.winget, *again)
    if wanted.choco and system.find("choco"):
        return command(system, "choco", "install", "-y", wanted.choco, *again)
    if wanted.url:
        return download(system, wanted.url, *wanted.options)
    return f"download {wanted.name} from {wanted.page} and install it"


def download(system: System, url: str, *options: str) -> str:
    """Return the command that downloads an installer to the temporary folder and runs it.

    curl.exe is part of Windows since 10 1803 and Server 2019; ``curl`` alone is an alias of
    PowerShell 5.1 for something else (Microsoft, Tar and curl come to Windows).
    """
    name = url.rpartition("/")[2]

    def spell(shell: Shell) -> str:
        words = " ".join(quote(shell, word) for word in options)
        if shell == "cmd":
            return f'curl.exe -Lo "%TEMP%\\{name}" {url} && "%TEMP%\\{name}" {words}'
        if shell == "powershell":
            place = f'"$env:TEMP\\{name}"'
            return f"curl.exe -Lo {place} {url}; if ($?) {{ & {place} {words} }}"
        return f'curl -Lo "$TEMP/{name}" {url} && MSYS_NO_PATHCONV=1 "$TEMP/{name}" {words}'

    return spelt(system, spell)


def _on_linux(system: System, wanted: Program, names: dict[str, str]) -> str:
    packages = {
        "apt-get": names.get("apt", wanted.apt),
        "dnf": names.get("dnf", wanted.dnf),
        "pacman": names.get("pacman", wanted.pacman),
        "zypper": names.get("zypper", wanted.zypper),
    }
    if wanted.nix and (system.find("nix-shell") or system.is_folder("/nix/store")):
        return f"nix-shell -p {wanted.nix}"
    for manager, words in _MANAGERS.items():
        if packages[manager] and system.find(manager):
            sudo = "sudo " if system.find("sudo") else ""
            return f"{sudo}{words} {packages[manager]}"
    return f"install {wanted.name} with your system's package manager"


def install_python(system: System, version: str = dotted(USUAL)) -> str:
    """Return the command that installs a 64-bit CPython of a version.

    Uses the machine's own tool for it: conda, uv, the install manager or winget. On Windows always
    x64, since apache-tvm has no wheel for ARM64.
    """
    if system.is_folder(system.join(system.python.base_prefix, "conda-meta")):
        return command(system, "conda", "create", "-y", "-n", "mlc", f"python={version}")
    if system.find("uv"):
        foreign = system.machine == WINDOWS_ARM64.processor or system.python.bits == 32  # noqa: PLR2004
        request = f"cpython-{version}-windows-x86_64" if system.windows and foreign else version
        return command(system, "uv", "venv", "--python", request)
    if system.windows:
        return _python_on_windows(system, version)
    if system.platform == "darwin":
        return f"brew install python@{version}"
    return _on_linux(system, PROGRAMS["python"], {})


def _python_on_windows(system: System, version: str) -> str:
    if system.find("pymanager"):
        return command(system, "pymanager", "install", f"{version}-64")
    if find_winget(system):
        name = PROGRAMS["python"].winget.replace(dotted(USUAL), version)
        words = ("--exact", "--id", name, "--architecture", "x64")
        return command(system, "winget", "install", *words)
    if system.find("choco"):
        return command(system, "choco", "install", "-y", f"python{version.replace('.', '')}")
    last = dotted(USUAL_INSTALLER)
    url = f"https://www.python.org/ftp/python/{last}/python-{last}-amd64.exe"
    return download(system, url, "/passive", "PrependPath=1")
