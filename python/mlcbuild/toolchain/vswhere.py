"""Visual Studio as vswhere reports it.

vswhere is Microsoft's tool to find installations, installed with every Visual Studio since 2017
15.2 at a fixed path. ``-products *`` adds the Build Tools, ``-prerelease`` the previews, ``-include
packages`` the installed components of each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any, Final

from mlcbuild.errors import InputError
from mlcbuild.platforms import WINDOWS_AMD64, WINDOWS_ARM64, WINDOWS_X86

#: Target -> the component with the compilers for it (Microsoft's list of component ids).
VC_TOOLS: Final = {
    WINDOWS_AMD64.cmake: "Microsoft.VisualStudio.Component.VC.Tools.x86.x64",
    WINDOWS_X86.cmake: "Microsoft.VisualStudio.Component.VC.Tools.x86.x64",
    WINDOWS_ARM64.cmake: "Microsoft.VisualStudio.Component.VC.Tools.ARM64",
}
#: clang-cl itself, and its MSBuild toolset (``-T ClangCL``).
CLANG: Final = "Microsoft.VisualStudio.Component.VC.Llvm.Clang"
CLANG_TOOLSET: Final = "Microsoft.VisualStudio.Component.VC.Llvm.ClangToolset"
_SDK: Final = re.compile(r"Microsoft\.VisualStudio\.Component\.Windows1\d+SDK(\.\d+)?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class VisualStudio:
    """One installation. ``components`` is None where vswhere did not list them."""

    major: int
    version: str
    #: As vswhere prints it, with backslashes.
    path: str = ""
    #: ``BuildTools``, ``Community``, ``Professional``, ``Enterprise``.
    product: str = ""
    prerelease: bool = False
    complete: bool = True
    #: Its installer needs a restart of Windows; ``complete`` is False until then.
    restart: bool = False
    components: frozenset[str] | None = None

    @property
    def name(self) -> str:
        """A short name without path: ``Visual Studio 17.14 BuildTools``."""
        short = ".".join(self.version.split(".")[:2])
        words = ("Visual Studio", short, self.product, "(preview)" if self.prerelease else "")
        return " ".join(word for word in words if word)

    @property
    def order(self) -> tuple[int, ...]:
        """The version as numbers, for comparison."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version))

    @property
    def vcvarsall(self) -> str:
        """The script that sets its compilers' environment."""
        return str(PureWindowsPath(self.path, "VC", "Auxiliary", "Build", "vcvarsall.bat"))

    def builds_for(self, target: str) -> bool:
        """Return whether it has C++ compilers for ``x64``, ``Win32`` or ``ARM64``."""
        return self.components is None or VC_TOOLS.get(target) in self.components

    @property
    def has_sdk(self) -> bool:
        """Return whether it includes a Windows SDK; one may also be installed separately."""
        return self.components is None or any(_SDK.match(name) for name in self.components)

    @property
    def has_clang(self) -> bool:
        """Return whether it has clang-cl."""
        return self.components is None or CLANG in self.components

    @property
    def has_clang_toolset(self) -> bool:
        """Return whether MSBuild can use its clang-cl."""
        return self.components is None or CLANG_TOOLSET in self.components


def vswhere_path(env: Mapping[str, str]) -> str:
    """Return the path of vswhere. Names of Windows' variables are case-insensitive."""
    folded = {name.casefold(): value for name, value in env.items()}
    root = folded.get("programfiles(x86)") or folded.get("programfiles") or r"C:\Program Files"
    return str(PureWindowsPath(root, "Microsoft Visual Studio", "Installer", "vswhere.exe"))


def vswhere_arguments(*, packages: bool = True) -> list[str]:
    """Return vswhere's arguments; without ``packages`` those the oldest vswhere supports."""
    words = ["-all", "-products", "*", "-prerelease", "-format", "json", "-utf8"]
    # -utf8 and -include came with vswhere 2.
    return [*words, "-include", "packages"] if packages else words[:-1]


def read_vswhere(data: bytes) -> tuple[VisualStudio, ...]:
    """Parse vswhere's JSON, in UTF-8 with or without a BOM, or in an old code page.

    Raises ``InputError`` for anything else.
    """
    try:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            # No -utf8 (vswhere < 2.3): the console's code page. All that matters is ASCII, except a
            # folder's name.
            text = data.decode("cp1252", errors="replace")
        return tuple(_visual_studio(entry) for entry in json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"vswhere's output cannot be read ({error})",
            remedy="repair Visual Studio with its installer",
        ) from error


def _visual_studio(entry: Mapping[str, Any]) -> VisualStudio:
    version = str(entry["installationVersion"])
    packages = entry.get("packages")
    return VisualStudio(
        major=int(version.split(".", maxsplit=1)[0]),
        version=version,
        path=str(entry.get("installationPath", "")),
        product=str(entry.get("productId", "")).rpartition(".")[2],
        prerelease=bool(entry.get("isPrerelease", False)),
        complete=bool(entry.get("isComplete", True)),
        restart=bool(entry.get("isRebootRequired", False)),
        components=None
        if packages is None
        else frozenset(str(package["id"]) for package in packages),
    )
