"""Devices of a wheelhouse: the runtime of each, from its plug-in's own project (plugins/NAME).

The project is the one that brings the device to PyPI's TVM; MinGW's toolchain file makes it build
the runtime alone, against the libraries of the wheelhouse's own build.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mlcbuild.build.toolchain.mingw import choose_compiler, compiler_choice
from mlcbuild.build.toolchain.mingw_probe import read_mingw
from mlcbuild.errors import UsageError
from mlcbuild.wheelhouse.variants import relabel
from mlcbuild.wheelhouse.wheelfile import headers_of, with_headers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlcbuild.wheelhouse.variants import Ingredients
    from mlcbuild.wheelhouse.wheelfile import WheelFile

__all__ = ["DEVICES", "build_settings", "plugin_variant", "require_devices"]

#: What MinGW can build without the maker's SDK: an import library of the driver's DLL is made.
DEVICES: Final = ("vulkan",)
_TOOLCHAIN: Final = "cmake/toolchains/mingw-w64.cmake"
#: What is compiled into the code generator, which a wheelhouse has not.
_OF_THE_COMPILER: Final = "NOTICE"


def require_devices(devices: Sequence[str]) -> tuple[str, ...]:
    """Return the devices beside the CPU. Raises ``UsageError`` for one without a plug-in."""
    asked = tuple(device for device in devices if device != "cpu")
    for device in asked:
        if device not in DEVICES:
            raise UsageError(
                f"{device} is not cross-built for Windows",
                remedy=f"use cpu, {', '.join(DEVICES)}; others are built on Windows itself",
            )
    return asked


def build_settings(project: Path, device: str, libraries: Path) -> dict[str, str]:
    """Return pip's config settings that build the plug-in of ``device`` for the wheelhouse.

    ``libraries`` is ``out`` of the wheelhouse's build. Raises ``FailedError`` without a compiler.
    """
    compiler = choose_compiler(read_mingw(os.environ))
    define = {
        "CMAKE_TOOLCHAIN_FILE": (project / _TOOLCHAIN).absolute().as_posix(),
        "MLCBUILD_MINGW_C": compiler.c,
        "MLCBUILD_MINGW_CXX": compiler.cxx,
        "MLCBUILD_TOOLCHAIN": compiler_choice(compiler).record,
        "MLCBUILD_WHEELHOUSE_BUILD": libraries.absolute().as_posix(),
    }
    return {
        "build-dir": (libraries.parents[1] / f"win_amd64-{device}").absolute().as_posix(),
        "wheel.tags": "py3-none-win_amd64",
        **{f"cmake.define.{name}": value for name, value in define.items()},
    }


def plugin_variant(wheel: WheelFile, ingredients: Ingredients) -> WheelFile:
    """Return the plug-in's wheel as a part of the set: it requires the set's TVM, by its label."""
    made = relabel(wheel, ingredients)
    ours = {
        f"licenses/{name}": text
        for name, text in ingredients.licences.items()
        if name.startswith("mingw-w64/")
    }
    dropped = f"licenses/{_OF_THE_COMPILER}"
    info = {name: data for name, data in made.info.items() if name != dropped} | ours
    files = headers_of(info["METADATA"], "License-File")
    headers = {
        "Summary": [f"{wheel.name}: the runtime alone, built by MinGW-w64 for mlc-llm's set"],
        "License-Expression": [
            f"{licence} AND MIT" for licence in headers_of(info["METADATA"], "License-Expression")
        ],
        "License-File": [
            *(name for name in files if name != _OF_THE_COMPILER),
            *(name.removeprefix("licenses/") for name in sorted(ours)),
        ],
    }
    info["METADATA"] = with_headers(info["METADATA"], headers)
    return replace(made, info=info)
