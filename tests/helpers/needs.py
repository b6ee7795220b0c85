"""What a machine may lack that some tests use, and what brings it: one line a thing, ``NEEDS``.

A test asks by marker (``@pytest.mark.needs_browser``); a fixture or helper by
``require("browser")``, where it uses the thing. What lacks leaves the test out; leftout.py counts.
"""

from __future__ import annotations

import functools
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from needs_probes import (
    AXE_COMMAND,
    actionlint,
    asked_for,
    axe,
    index,
    lab,
    laid_out,
    linux_only,
    rust_for_windows,
    sources,
    windows,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["BY_NAME", "NEEDS", "Need", "lacking", "packages_for", "program", "require"]

SETUP = "python3 scripts/test.py --setup"


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing that tests use and a machine may lack."""

    name: str
    what: str
    #: Program on PATH -> the Debian package that has it. Any system is asked for the program.
    programs: Mapping[str, str] = field(default_factory=dict)
    #: The same for files, of Linux alone.
    files: Mapping[str, str] = field(default_factory=dict)
    #: What else is tried: returns what lacks, "" where nothing does.
    probe: Callable[[], str] = str
    #: Debian packages that bring what the probe misses.
    packages: str = ""
    #: Brings it without them; goes first, or after them where they brought its program.
    command: tuple[str, ...] = ()
    #: What brings it where ``--setup`` cannot: a server, another system, a choice.
    provided_by: str = ""
    #: Where this one lacks too, the test could not have run here.
    made_from: str = ""

    @property
    def advice(self) -> str:
        """The command, or the words, that bring it."""
        return self.provided_by or f"{SETUP} {self.name}"


NEEDS = (
    Need(name="cxx", what="a C++ compiler", programs={"g++": "g++"}),
    Need(name="make", what="make", programs={"make": "make"}),
    Need(name="git", what="Git", programs={"git": "git"}),
    Need(
        name="mingw",
        what="MinGW-w64",
        programs={
            **dict.fromkeys(
                (f"x86_64-w64-mingw32-{name}" for name in ("g++", "gcc")),
                "g++-mingw-w64-x86-64-posix",
            ),
            **dict.fromkeys(
                (f"x86_64-w64-mingw32-{name}" for name in ("dlltool", "windres")),
                "binutils-mingw-w64-x86-64",
            ),
        },
    ),
    Need(
        name="mingw32",
        what="MinGW-w64 for 32 bits",
        programs={
            "i686-w64-mingw32-gcc": "gcc-mingw-w64-i686",
            "i686-w64-mingw32-dlltool": "binutils-mingw-w64-i686",
        },
    ),
    Need(
        name="llvm",
        what="Clang, lld and LLVM's tools",
        programs={
            "clang": "clang",
            "lld-link": "lld",
            "llvm-dlltool": "llvm",
            "llvm-rc": "llvm",
            "llvm-mt": "llvm",
        },
    ),
    Need(
        name="clang_cl",
        what="clang-cl 19 with its tools, and Wine's headers",
        programs={
            "clang-cl-19": "clang-tools-19",
            "lld-link-19": "lld-19",
            "llvm-lib-19": "llvm-19",
        },
        files={"/usr/include/wine/wine/windows/windows.h": "libwine-dev"},
        probe=linux_only,
    ),
    Need(
        name="lab",
        what="the lab: Windows CPython under Wine",
        probe=lab,
        packages="wine wine64 g++-mingw-w64-x86-64-posix",
    ),
    Need(name="display", what="a display for Wine", programs={"Xvfb": "xvfb"}),
    Need(name="browser", what="Chromium", programs={"chromium": "chromium"}),
    Need(
        name="axe",
        what="axe-core, which judges pages",
        probe=axe,
        command=AXE_COMMAND,
        packages="npm",
    ),
    Need(name="bash", what="the shell bash", programs={"bash": "bash"}),
    Need(name="fish", what="the shell fish", programs={"fish": "fish"}),
    Need(
        name="vulkan",
        what="Vulkan: the loader and a driver for the CPU",
        files={
            "/usr/lib/x86_64-linux-gnu/libvulkan.so.1": "libvulkan1",
            "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json": "mesa-vulkan-drivers",
        },
        probe=linux_only,
    ),
    Need(
        name="opencl",
        what="OpenCL: the loader and a driver for the CPU",
        files={
            "/usr/lib/x86_64-linux-gnu/libOpenCL.so.1": "ocl-icd-libopencl1",
            "/etc/OpenCL/vendors/pocl.icd": "pocl-opencl-icd",
        },
        probe=linux_only,
    ),
    Need(name="cargo", what="Cargo", programs={"cargo": "cargo-web rustc-web"}),
    Need(
        name="rust_windows",
        what="Rust's standard library for windows-msvc",
        probe=rust_for_windows,
        command=("rustup", "target", "add", "x86_64-pc-windows-msvc"),
        packages="cargo-web rustc-web rust-web-src",
    ),
    Need(
        name="index",
        what="the package index",
        probe=index,
        provided_by="let pip reach an index: PIP_INDEX_URL",
    ),
    Need(
        name="sources",
        what="the Git sources",
        probe=sources,
        provided_by="let Git reach https://github.com, or MLCBUILD_MIRROR=FOLDER",
    ),
    Need(
        name="actionlint",
        what="actionlint, or Go and its modules",
        probe=actionlint,
        provided_by="install Go and let it reach its modules",
    ),
    Need(
        name="wheel",
        what="a built wheel",
        probe=functools.partial(asked_for, "MLCBUILD_TEST_WHEEL"),
        provided_by="python3 scripts/quickstart.py --full, then MLCBUILD_TEST_WHEEL=dist/...whl",
        made_from="sources",
    ),
    Need(
        name="windows_wheel",
        what="a built Windows wheel",
        probe=functools.partial(asked_for, "MLCBUILD_TEST_WINDOWS_WHEEL"),
        provided_by="mlcbuild wheel --target win_amd64 --sdk free, then "
        "MLCBUILD_TEST_WINDOWS_WHEEL=dist/...whl",
        made_from="sources",
    ),
    Need(
        name="upstream",
        what="the pinned sources laid out in the checkout",
        probe=laid_out,
        provided_by="mlcbuild fetch",
        made_from="sources",
    ),
    Need(
        name="hour",
        what="half an hour: the builds of the workflows",
        probe=functools.partial(asked_for, "MLCBUILD_TEST_WORKFLOWS"),
        provided_by="MLCBUILD_TEST_WORKFLOWS=1",
        made_from="hour",
    ),
    Need(
        name="windows_pip",
        what="half an hour: the wheel by Windows' own pip",
        probe=functools.partial(asked_for, "MLCBUILD_TEST_WINDOWS_PIP"),
        provided_by="MLCBUILD_TEST_WINDOWS_PIP=1",
        made_from="windows_pip",
    ),
    Need(
        name="windows",
        what="Windows",
        probe=windows,
        provided_by="python3 scripts/test_windows.py",
        made_from="windows",
    ),
)
BY_NAME = {need.name: need for need in NEEDS}


@functools.cache
def lacking(name: str) -> str:
    """Say what of a need this machine lacks; "" where it is here. Found out once a process."""
    need = BY_NAME[name]
    absent = [program for program in need.programs if not shutil.which(program)]
    if sys.platform.startswith("linux"):
        absent += [file for file in need.files if not Path(file).exists()]
    return f"no {', '.join(absent)}" if absent else need.probe()


def packages_for(need: Need) -> set[str]:
    """Return the Debian packages that bring what this machine lacks of a need."""
    lines = [package for name, package in need.programs.items() if not shutil.which(name)]
    lines += [package for name, package in need.files.items() if not Path(name).exists()]
    return {package for line in lines or [need.packages] for package in line.split()}


def require(*names: str) -> None:
    """Leave out the running test where this machine lacks one of them."""
    for name in names:
        if why := lacking(name):
            _leave_out(name, why)


def program(name: str) -> str:
    """Return the path of a program of ``NEEDS``; leave out the running test where there is none."""
    need = next((need.name for need in NEEDS if name in need.programs), "")
    assert need, f"no entry of NEEDS has the program {name}"
    found = shutil.which(name)
    return found or _leave_out(need, f"no {name}")


def _leave_out(name: str, why: str) -> NoReturn:
    import pytest  # noqa: PLC0415 - the set-up asks too, without pytest

    pytest.skip(f"needs_{name}: {why}")
