"""Installs of mlc_llm beside PyPI's own TVM for Windows, many of them, each with one fault.

The files are those of the wheels, hard links to one copy: a site costs milliseconds. What is left
out costs seconds under Wine and loads nothing: tvm_compiler.dll, and the parts of TVM's and our
Python that an import runs after the libraries are loaded.
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import TYPE_CHECKING, Any

from windowsinstall import INIT, OVERLAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlcbuild.lab import Lab

__all__ = ["Site", "lay_out", "put", "run_jobs", "unpack"]

_PROGRAM = Path(__file__).with_name("faultprobe.py")
_END = "# end delvewheel patch"
_TVM = "from .libinfo import __version__\nfrom . import base\n"
_FFI = """
from . import libinfo
LIB = libinfo.load_lib_ctypes("apache-tvm-ffi", "tvm_ffi", "RTLD_GLOBAL")
from ._version import __version__
from . import core


def get_global_func(name, allow_missing=False):
    return core._get_global_func(name, allow_missing)
"""
#: Of TVM's Python: what finds and loads.
_KEPT = {
    "tvm": ("__init__.py", "base.py", "libinfo.py", "_version.py"),
    "tvm_ffi": ("__init__.py", "libinfo.py", "_version.py", "registry.py"),
}


#: What else mlc_llm requires: recorded here, imported by none of these sites.
_REQUIRED = (
    "fastapi", "ml_dtypes", "numpy", "prompt_toolkit", "psutil", "pydantic", "requests",
    "shortuuid", "tqdm", "typing_extensions", "uvicorn",
)  # fmt: skip


@dataclass(frozen=True)
class Site:
    """A folder of packages with one fault."""

    folder: Path

    def __truediv__(self, name: str) -> Path:
        """Return a file of it."""
        return self.folder / name

    @property
    def core(self) -> Path:
        """Return the extension module of tvm_ffi."""
        return next((self.folder / "tvm_ffi").glob("core.*.pyd"))


def put(path: Path, data: bytes | str) -> Path:
    """Write a file in the place of a link, so that the other sites keep theirs."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def unpack(wheels: Sequence[Path], folder: Path) -> Path:
    """Lay out the sound install that all sites are links to."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if _is_kept(name):
                    archive.extract(name, folder)
    for name, code in (("tvm", _TVM), ("tvm_ffi", _FFI)):
        start = folder / name / "__init__.py"
        patch, mark, _ = start.read_text(encoding="utf-8").partition(_END)
        put(start, f"{patch}{mark}\n{code}")
    base = folder / "tvm" / "base.py"
    base.write_text(base.read_text(encoding="utf-8"), encoding="utf-8")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(OVERLAY, folder / "mlc_llm", ignore=ignored, dirs_exist_ok=True)
    put(folder / "mlc_llm" / "__init__.py", INIT)
    for name in _REQUIRED:
        put(folder / f"{name}-1.dist-info" / "METADATA", "")
    # Each job imports anew, and compiling costs most of that under Wine. A file that a fault
    # replaces has another hash.
    compileall.compile_dir(folder, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    return folder


def _is_kept(name: str) -> bool:
    top, _, rest = name.partition("/")
    if name.endswith(("/", "tvm_compiler.dll")):
        return False
    if top in _KEPT:
        return rest in _KEPT[top] or rest.endswith((".dll", ".pyd"))
    if top == "mlc_llm":
        return rest.startswith(("lib/", "_build.json"))
    return top.endswith((".libs", ".dist-info")) and "/licenses/" not in name


def lay_out(sound: Path, folder: Path) -> Site:
    """Make a site of links."""
    shutil.copytree(sound, folder, copy_function=os.link, dirs_exist_ok=True)
    return Site(folder)


def run_jobs(lab: Lab, jobs: Sequence[dict[str, Any]], work: Path) -> list[dict[str, Any]]:
    """Run jobs (see faultprobe.py), in one process while none has loaded a library."""
    found: list[dict[str, Any]] = []
    while len(found) < len(jobs):
        found += _run_some(lab, jobs[len(found) :], work / str(len(found)))
    return found


def _run_some(lab: Lab, jobs: Sequence[dict[str, Any]], work: Path) -> list[dict[str, Any]]:
    """Return what came of the first jobs, one at least: how the process ended, if of none."""
    work.mkdir(parents=True)
    question, answers = work / "jobs.json", work / "answers.json"
    question.write_text(json.dumps(list(jobs)), encoding="utf-8")
    words = ["python", "-S", lab.path(_PROGRAM), lab.path(question), lab.path(answers)]
    done = lab.run(words, cwd=work, env={"PYTHONDONTWRITEBYTECODE": "1"}, timeout=300)
    said = answers.read_text(encoding="utf-8").splitlines() if answers.is_file() else []
    found = [json.loads(line) for line in said]
    ended = {"ended": done.code, "said": f"{done.text}{done.errors}"[-2000:]}
    return found if done.code == 0 and found else [*found, ended][: len(jobs)]
