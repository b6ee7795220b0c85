"""Each patch that tvm-vulkan is built with, by what fails in a build without it."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.sources.lock import load
from mlcbuild.sources.patches import load_patches

if TYPE_CHECKING:
    from conftest import Environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KERNEL = Path(__file__).with_name("double_kernel.py")
#: Release brings its own -O2. What is generated is looked at, not how fast.
PLAIN = "RelWithDebInfo"
BUILD = ("cmake", "--build", ".", "--config", PLAIN)


@dataclass(frozen=True, kw_only=True)
class Unpatched:
    """A folder that stands before the installed plug-in, with libraries of unpatched sources."""

    site: str


@pytest.fixture(scope="module")
def unpatched(plugged: Environment, tmp_path_factory: pytest.TempPathFactory) -> Unpatched:
    folder = tmp_path_factory.mktemp("unpatched")
    for part in ("cmake", "plugins/vulkan"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("build"))
    sources = ("tvm", "tvm-ffi", "spirv-headers", "spirv-tools", "vulkan-headers")
    lock = ("--lock", str(ROOT / "3rdparty" / "sources.toml"))
    assert main(["fetch", *lock, "--output", str(folder / "3rdparty"), *sources]) == 0
    revert(folder / "3rdparty" / "tvm", "tvm-vulkan-bool-buffers", "tvm-vulkan-no-driver")
    take_tools(folder)
    build = folder / "build"
    build.mkdir()
    configure = ["cmake", folder / "plugins" / "vulkan", "-G", "Ninja Multi-Config"]
    options = [
        f"-DPython_EXECUTABLE={plugged.python}",
        f"-DCMAKE_CXX_FLAGS_{PLAIN.upper()}=-O0",
        "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON",  # the loader is the machine's, not the stand-in
    ]
    for command in ([*configure, *options], BUILD):
        done = subprocess.run(command, cwd=build, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(plugged.wheels["vulkan"]) as archive:
        archive.extractall(folder / "site")
    for library in (build / PLAIN).glob("*.so"):
        shutil.copy(library, folder / "site" / "tvm_vulkan" / "lib")
    return Unpatched(site=str(folder / "site"))


def take_tools(folder: Path) -> None:
    """Link the SPIRV-Tools that the wheel was built with, where that was in this checkout."""
    built = ROOT / "plugins" / "vulkan" / "build" / "out" / "libspirv_tools.a"
    if not built.is_file():
        return
    sources = folder / "3rdparty"
    tools = sources / "spirv-tools" / "include"
    grammar = sources / "spirv-headers" / "include" / "spirv" / "unified1"
    (folder / "plugins" / "vulkan" / "spirv_tools.cmake").write_text(
        "add_library(spirv_tools STATIC IMPORTED)\n"
        f'set_target_properties(spirv_tools PROPERTIES IMPORTED_LOCATION "{built}"\n'
        f'  INTERFACE_INCLUDE_DIRECTORIES "{tools};{tools}/spirv-tools;{grammar}")\n',
        encoding="utf-8",
    )


def revert(tree: Path, *names: str) -> None:
    """Undo declared patches in a tree that has them."""
    patches = {p.path.stem: p for p in load_patches(load(ROOT / "3rdparty/sources.toml"))["tvm"]}
    for name in names:
        for edit in patches[name].edits:
            file = tree / edit.file
            text = file.read_text(encoding="utf-8")
            assert text.count(edit.replacement) == edit.count, edit.file
            file.write_text(text.replace(edit.replacement, edit.anchor), encoding="utf-8")


def test_without_its_patch_a_kernels_own_bool_buffer_does_not_compile(
    plugged: Environment, unpatched: Unpatched
) -> None:
    assert plugged.run(KERNEL, "vulkan").stdout == "ran\n"
    done = plugged.run(KERNEL, "vulkan", PYTHONPATH=unpatched.site)
    assert done.returncode != 0
    assert "bool" in done.stderr.strip().splitlines()[-1], done.stderr


def test_without_its_patch_a_machine_without_a_driver_raises(
    plugged: Environment, unpatched: Unpatched
) -> None:
    code = "import tvm; print(tvm.vulkan(0).exist)"
    no_driver = {"VK_ICD_FILENAMES": "/dev/null", "VK_DRIVER_FILES": "/dev/null"}
    assert plugged.run("-c", code, **no_driver).stdout == "False\n"
    done = plugged.run("-c", code, PYTHONPATH=unpatched.site, **no_driver)
    assert done.returncode != 0
    assert "VK_ERROR_INCOMPATIBLE_DRIVER" in done.stderr
