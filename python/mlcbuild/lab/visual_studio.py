"""A simulated Visual Studio for builds in the lab: recorded answers, and this machine's clang-cl.

vswhere reports one installation, whose ``vcvarsall.bat`` sets the same variables as Microsoft's.
The compiler on its PATH is this machine's clang-cl with a Windows SDK of this machine; Cargo and
Git are this machine's too. Everything else is what runs on a user's Windows.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError
from mlcbuild.lab.hosttools import host_tools
from mlcbuild.lab.visual_studio_files import LLVM, linux_halves, vcvarsall, vswhere_answer
from mlcbuild.lab.wine import windows_path
from mlcbuild.platforms import WINDOWS_AMD64
from mlcbuild.programs import ask
from mlcbuild.sources.staged_folder import stage_folder
from mlcbuild.toolchain.rust import choose_rust, read_rusts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlcbuild.lab.lab import Lab
    from mlcbuild.toolchain.clang_cl import ClangCl

_TARGET: Final = WINDOWS_AMD64.triple
#: Where Windows keeps 32-bit programs. Wine sets it for whatever is started from outside.
_PROGRAMS: Final = "ProgramFiles(x86)"
_INSIDE: Final = (
    "import os, runpy, sys; sys.path[:1] == [''] and sys.path.pop(0); "
    f"os.environ[{_PROGRAMS!r}] = sys.argv.pop(1); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class VisualStudioStandIn:
    """One installation in the lab, created on first use."""

    lab: Lab
    clang_cl: ClangCl

    def command(self, module: str, *words: str) -> list[str]:
        """Return what runs a module of Python where the installation is found."""
        programs = windows_path(self._folder() / "programs")
        return ["python", "-c", _INSIDE, programs, module, *words]

    def variables(self) -> Mapping[str, str]:
        """Return the variables with which a user selects clang-cl: for ``lab.run(env=...)``."""
        suffix = _TARGET.replace("-", "_")
        rust, folder = _rust()
        return {
            "CC": "clang-cl",
            "CXX": "clang-cl",
            # For C in crates: Cargo of Linux does not find a compiler of Windows by itself.
            f"CC_{suffix}": "clang-cl",
            f"CXX_{suffix}": "clang-cl",
            f"AR_{suffix}": "llvm-lib",
            **rust,
            "WINEPATH": windows_path(host_tools(self.lab, ("cargo", "rustc", "git"))),
            "HOSTTOOL_HOME": os.fspath(Path.home()),
            "HOSTTOOL_PATH": f"{self._folder() / 'linux'}:{folder}",
            # CMake tries a compiler with the debug runtime, which the free SDK has not.
            "SKBUILD_CMAKE_DEFINE": "CMAKE_TRY_COMPILE_CONFIGURATION=Release",
        }

    def _folder(self) -> Path:
        sdk = self.clang_cl.sdk
        files = {
            **linux_halves(self.clang_cl.llvm, sdk),
            "vcvarsall.bat": vcvarsall(sdk, host_tools(self.lab, LLVM)),
        }
        name = hashlib.sha256(repr((files, self._vswhere().parent)).encode()).hexdigest()[:12]
        folder = self.lab.root / "visual-studios" / name

        def make(aside: Path) -> None:
            vswhere = aside / "programs" / "Microsoft Visual Studio" / "Installer" / "vswhere.exe"
            script = aside / "installed" / "VC" / "Auxiliary" / "Build" / "vcvarsall.bat"
            for place in (vswhere, script):
                place.parent.mkdir(parents=True)
            vswhere.symlink_to(self._vswhere())
            (aside / "linux").mkdir()
            for name, text in files.items():
                place = script if name == script.name else aside / "linux" / name
                place.write_text(text, encoding="utf-8")
                place.chmod(0o755)
            answer = vswhere_answer(windows_path(folder / "installed"))
            (aside / "linux" / "vswhere.json").write_text(answer, encoding="utf-8")

        stage_folder(folder, make)
        return folder

    def _vswhere(self) -> Path:
        return host_tools(self.lab, ("vswhere",)) / "vswhere.exe"


def _rust() -> tuple[Mapping[str, str], str]:
    """Return the variables of a Rust that makes libraries for Windows, and its programs' folder.

    The real programs: rustup's own look for their settings in a home folder of Windows.
    """
    cargo_home = os.environ.get("CARGO_HOME") or Path.home() / ".cargo"
    home = {"CARGO_HOME": windows_path(Path(cargo_home))}
    try:
        rust = choose_rust(read_rusts(os.environ, _TARGET), target=_TARGET, oldest=())
    except FailedError:  # a project without crates asks for none, and others are told by Cargo
        return home, ""
    root = ask([rust.rustc, "--print", "sysroot"])
    folder = os.fsdecode(root.stdout).strip() if root else ""
    others = {k: v for k, v in rust.environment.items() if k not in ("CARGO", "RUSTC")}
    return {**home, **others}, f"{folder}/bin"
