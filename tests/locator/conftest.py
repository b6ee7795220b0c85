"""An installed ``mlc_llm`` in miniature: our locator, real tiny libraries, a stand-in for TVM.

The stand-in finds its libraries as TVM 0.26 does (``tvm/base.py``): ``TVM_LIBRARY_PATH``, then its
own ``lib`` folder; it keeps the handles in ``tvm.base._LOADED_LIBS``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tinyelf import build_so
from windowsinstall import INIT, OVERLAY, TVM, mark_as_ours


@dataclass(frozen=True)
class Install:
    """A folder to put on ``PYTHONPATH``."""

    site: Path

    @property
    def lib(self) -> Path:
        """Return the folder of the wheel's own libraries."""
        return self.site / "mlc_llm" / "lib"

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a child Python on this install."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLC_", "TVM_"))}
        kept |= {"PYTHONPATH": str(self.site), "PYTHONIOENCODING": "utf-8", **environment}
        return subprocess.run(
            [sys.executable, *arguments],
            env=kept,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the libraries once: ours, and TVM's with a compiler and a back end."""
    built = tmp_path_factory.mktemp("locator-libraries")
    for owner in ("ours", "theirs"):
        folder = built / owner
        for name in ("tvm_runtime", "tvm_runtime_extra"):
            needs = [] if name == "tvm_runtime" else ["libtvm_runtime.so"]
            source = f'const char *{name}_from(void) {{ return "{owner}"; }}\n'
            soname = f"lib{name}.so"
            build_so(folder / soname, source=source, soname=soname, needed=needs, runpath="$ORIGIN")
    for path, needs in (
        ("ours/libmlc_llm.so", ["libtvm_runtime.so", "libtvm_runtime_extra.so"]),
        ("theirs/libtvm_compiler.so", ["libtvm_runtime.so"]),
        ("theirs/libtvm_runtime_fast.so", ["libtvm_runtime.so"]),
        ("theirs/libtvm_runtime_cuda.so", ["libtvm_runtime.so", "libno-such-driver.so.1"]),
    ):
        file = build_so(built / path, soname=Path(path).name, needed=needs, runpath="$ORIGIN")
        mark_as_ours(file)
    return built


@pytest.fixture
def install(tmp_path: Path, libraries: Path) -> Install:
    """Lay out an install in a folder with a space and an umlaut."""
    site = tmp_path / "site päckages"
    shutil.copytree(OVERLAY, site / "mlc_llm", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(libraries / "ours", site / "mlc_llm" / "lib")
    shutil.copytree(libraries / "theirs", site / "tvm" / "lib")
    (site / "mlc_llm" / "__init__.py").write_text(INIT, encoding="utf-8")
    (site / "tvm" / "__init__.py").write_text(
        '__version__ = "0.26.0"\nfrom . import base\n', encoding="utf-8"
    )
    (site / "tvm" / "base.py").write_text(TVM, encoding="utf-8")
    (site / "tvm_ffi").mkdir()
    for name in ("__init__.py", "core.py"):
        (site / "tvm_ffi" / name).write_text("", encoding="utf-8")
    return Install(site)
