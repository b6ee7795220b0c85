"""Pythons for the doctor's machines: how uv, conda, the install manager and others lay them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakemachine import SITE, set_rust

if TYPE_CHECKING:
    from fakemachine import FakeSystem

__all__ = [
    "ALIASES",
    "WINDOWS",
    "conda",
    "developer_prompt",
    "github_runner",
    "plain_python",
    "uv_environment",
    "without_path",
]

ALIASES = r"C:\Users\ada\AppData\Local\Microsoft\WindowsApps"
WINDOWS = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
DISPLAY = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}\0000"
VISUAL_STUDIO = r"C:\Program Files\Microsoft Visual Studio\2022\BuildTools"
TOOLS = rf"{VISUAL_STUDIO}\VC\Tools\MSVC\14.44.35207\bin\Hostx64\x64"


def without_path(pc: FakeSystem, word: str) -> None:
    """Take the folders with a word in them out of PATH."""
    entries = pc.env["PATH"].split(";")
    pc.env["PATH"] = ";".join(entry for entry in entries if word.lower() not in entry.lower())


def plain_python(pc: FakeSystem, prefix: str, **changes: object) -> None:
    """Run in an installation itself, not in a virtual environment."""
    site = rf"{prefix}\Lib\site-packages"
    pc.with_python(
        executable=rf"{prefix}\python.exe",
        prefix=prefix,
        base_prefix=prefix,
        site_packages=(site,),
        **changes,
    )
    pc.env.pop("VIRTUAL_ENV", None)
    without_path(pc, ".venv")
    pc.put(rf"{site}\pip\__init__.py").program(rf"{prefix}\python.exe", first=True)


def conda(pc: FakeSystem, prefix: str = r"C:\Users\ada\miniconda3\envs\mlc") -> None:
    """Run in an activated environment of conda."""
    plain_python(pc, prefix)
    pc.put_folder(rf"{prefix}\conda-meta")
    pc.env["CONDA_PREFIX"] = prefix


def uv_environment(pc: FakeSystem, *, on_path: bool = True) -> None:
    """Run in an environment that uv made, of a Python that it manages: no pip."""
    base = r"C:\Users\ada\AppData\Roaming\uv\python\cpython-3.12.7-windows-x86_64-none"
    pc.with_python(base_prefix=base)
    pc.put(rf"{base}\Lib\ensurepip\__init__.py").remove(rf"{SITE}\pip")
    pc.put(r"C:\src\mlc\.venv\pyvenv.cfg", "home = x\nimplementation = CPython\nuv = 0.9.1\n")
    if on_path:
        pc.program(r"C:\Users\ada\.local\bin\uv.exe", {"--version": "uv 0.9.1\n"})


def developer_prompt(pc: FakeSystem, target: str = "x64") -> None:
    """Run in a Native Tools prompt."""
    pc.program(rf"{TOOLS}\cl.exe", first=True).program(rf"{TOOLS}\link.exe", first=True)
    pc.env |= {
        "VCINSTALLDIR": f"{VISUAL_STUDIO}\\VC\\",
        "VSCMD_ARG_TGT_ARCH": target,
        "VisualStudioVersion": "17.0",
    }


def github_runner(pc: FakeSystem, product: str, build: str) -> None:
    """GitHub's hosted Windows: a server in a virtual machine, with everything on PATH."""
    pc.home, pc.user, pc.folder = r"C:\Users\runneradmin", "runneradmin", r"D:\a\mlc\mlc"
    pc.put_folder(pc.folder)
    plain_python(pc, r"C:\hostedtoolcache\windows\Python\3.12.10\x64")
    pc.env.pop("PROMPT")
    pc.env |= {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "TEMP": r"C:\Users\RUNNER~1\AppData\Local\Temp",
        "VCPKG_INSTALLATION_ROOT": r"C:\vcpkg",
        "CONDA": r"C:\Miniconda",
        "PSModulePath": r"C:\Users\runneradmin\Documents\PowerShell\Modules;C:\Modules",
    }
    pc.put_folder(pc.env["TEMP"]).program(r"C:\ProgramData\Chocolatey\bin\choco.exe")
    for program in (r"Git\usr\bin\link.exe", r"Git\bin\bash.exe", r"LLVM\bin\clang.exe"):
        pc.program(rf"C:\Program Files\{program}")
    pc.program(r"C:\mingw64\bin\gcc.exe").program(r"C:\Strawberry\c\bin\g++.exe")
    without_path(pc, "WindowsApps")
    set_rust(pc, "1.90.0", "x86_64-pc-windows-msvc")
    pc.registry_values[WINDOWS] = {
        "CurrentBuildNumber": build,
        "ProductName": product,
        "InstallationType": "Server",
    }
    pc.registry_values[DISPLAY] = {
        "DriverDesc": "Microsoft Hyper-V Video",
        "ProviderName": "Microsoft",
    }
