"""The one command that fixes it: reinstall the package that owns the file."""

from __future__ import annotations

import os
import sys

from mlc_llm._locator import PACKAGE
from mlc_llm._locator.judge import REINSTALL
from mlc_llm._locator.owners import origin, owner, site_of
from mlc_llm._locator.records import distributions_in, installed_mlc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlc_llm._locator.records import Distribution

__all__ = ["REDISTRIBUTABLE", "bring", "in_this_shell", "install", "reinstall"]
__all__ += ["rename", "spelled", "unset"]

#: One command for what Microsoft's runtime DLLs come with.
REDISTRIBUTABLE = "winget install --id Microsoft.VCRedist.2015+.x64 --source winget"
_RUNTIMES = ("msvcp140", "vcruntime140", "concrt140", "vccorlib140")
#: What installed a package -> the command that puts it back.
_AGAIN = {
    "uv": "uv pip install --reinstall --no-deps",
    "conda": "conda install --force-reinstall",
}
_PIP = "pip install --force-reinstall --no-deps"
_BROUGHT_BY = {
    "vulkan-1": "install the graphics driver of this machine (it installs vulkan-1.dll)",
    "nvcuda": "install NVIDIA's driver",
    "nvml": "install NVIDIA's driver",
}
_PACKAGES = {"tvm_ffi": "apache-tvm-ffi", "tvm": "apache-tvm"}
_OURS = ("apache_tvm_ffi", "apache_tvm", "mlc_llm")


def reinstall(path: str) -> str:
    """Name the command that puts a damaged or missing file's package back."""
    found = owner(path)
    if found is not None:
        name = found.name.replace("_", "-")
        return install(name) if name in _PACKAGES.values() else _again(found)
    folder = os.path.basename(os.path.dirname(os.path.dirname(path)))
    if folder in _PACKAGES:
        return install(_PACKAGES[folder])
    mlc = installed_mlc()
    return _again(mlc) if mlc else REINSTALL


def spelled(fix: str, path: str) -> str:
    """Let the general advice to install again name what the file belongs to."""
    return reinstall(path) if fix == REINSTALL else fix


def install(name: str) -> str:
    """Name the command that installs ``apache-tvm`` or ``apache-tvm-ffi`` as pinned by mlc_llm."""
    mlc = installed_mlc()
    pinned = mlc.pins().get(name) if mlc else None
    start = _command(mlc)
    return f"{start} {name}" + (f"=={pinned}" if pinned else "")


def bring(name: str, importer: str) -> str:
    """Name the command that installs a library that was not found."""
    stem = name.lower().removeprefix("lib").partition(".")[0]
    if stem in _BROUGHT_BY:
        return _BROUGHT_BY[stem]
    if stem.startswith(_RUNTIMES):
        return REDISTRIBUTABLE
    if found := _recording(name, importer):
        return _again(found)
    if stem.startswith("tvm_ffi"):
        return install("apache-tvm-ffi")
    foreign = ".so" in name and not stem.startswith(("tvm", "mlc_llm"))
    return f"install this system's package that has {name}" if foreign else reinstall(importer)


def unset(variable: str) -> str:
    """Say how to be rid of a variable, at the prompts of this system."""
    return f"unset {variable}" + in_this_shell(f"set {variable}=", f'$env:{variable}=""')


def rename(path: str) -> str:
    """Name the command that takes a file or folder out of Python's way, and loses nothing."""
    folder, name = os.path.split(path)
    if sys.platform == "win32":
        return f'ren "{path}" "{name}.off"'
    return f'mv "{path}" "{os.path.join(folder, name)}.off"'


def in_this_shell(cmd: str, powershell: str) -> str:
    """Add the commands of Windows' two prompts, which share none for this."""
    return f" (cmd: {cmd}  PowerShell: {powershell})" if sys.platform == "win32" else ""


def _again(found: Distribution) -> str:
    start = _command(found)
    url = origin(found)
    if not url.endswith(".whl"):
        return f"{start} {found.requirement}"
    if url.startswith("file:") and not os.path.isfile(_local(url)):
        name = url.rpartition("/")[2]
        return f"{start} {name}, from wherever it is now: {_local(url)} is gone"
    return f'{start} "{url}"'


def _command(found: Distribution | None) -> str:
    installer = found.text("INSTALLER").strip().lower() if found else ""
    return _AGAIN.get(installer, _PIP)


def _local(url: str) -> str:
    from urllib import parse, request  # noqa: PLC0415 - only to advise

    return request.url2pathname(parse.urlparse(url).path)


def _recording(name: str, importer: str) -> Distribution | None:
    """Return which of TVM's and our distributions should have a file of this name."""
    for site in dict.fromkeys([os.path.dirname(PACKAGE), site_of(importer)]):
        for wanted in _OURS if site else ():
            for found in distributions_in(site, wanted):
                lines = found.text("RECORD").splitlines()
                if any(line.partition(",")[0].endswith(f"/{name}") for line in lines):
                    return found
    return None
