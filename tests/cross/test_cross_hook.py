"""What scikit-build-core, and the Pythons that CMake starts, are told of the target."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mlcbuild.cross.backend import told
from mlcbuild.cross.target import Target
from mlcbuild.cross.windows_python import WindowsPython

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="on Windows nothing is crossed")
HOOK = Path(__file__).parents[2] / "python" / "mlcbuild" / "cross" / "child" / "hook.py"
#: A backend in the project's own folder that answers with what it was told.
PROBE = """
import json, os, subprocess, sys

def build_wheel(folder, settings, metadata=None):
    from scikit_build_core.builder import sysconfig
    from scikit_build_core.builder.wheel_tag import WheelTag
    from scikit_build_core.settings.skbuild_overrides import process_overrides
    found = {}
    for name, condition in {
        "windows": {"platform-system": "^win32"},
        "linux": {"platform-system": "^linux"},
        "arm64": {"platform-machine": "ARM64"},
        "new": {"python-version": ">=3.13"},
        "free": {"abi-flags": "t"},
    }.items():
        table = {"overrides": [{"if": condition, "wheel": {"build-tag": "1"}}]}
        process_overrides(table, state="wheel", retry=False)
        found[name] = "wheel" in table
    def ask(code):
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    return {
        "overrides": [name for name, met in found.items() if met],
        "tag": str(WheelTag.compute_best(sysconfig_archs(), settings.get("py-api", ""))),
        "soabi": sysconfig.get_soabi(os.environ),
        "include": str(sysconfig.get_python_include_dir()),
        "library": str(sysconfig.get_python_library(os.environ)),
        "version": ask("import sys; print(*sys.version_info[:2], sep='.', end='')"),
        "suffix": ask("import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'), end='')"),
        "module": subprocess.run(
            [sys.executable, "-m", "asked"], capture_output=True, text=True
        ).stdout,
    }

def sysconfig_archs():
    from scikit_build_core.builder.builder import get_archs
    return get_archs(os.environ)
"""


def answer(tmp_path: Path, target: Target, **settings: str) -> dict[str, Any]:
    tmp_path.joinpath("probe.py").write_text(PROBE, encoding="utf-8")
    module = "import sys; print(*sys.version_info[:2], sep='.', end='')"
    tmp_path.joinpath("asked.py").write_text(module, encoding="utf-8")
    libraries = tmp_path / "python" / "libs"
    libraries.mkdir(parents=True)
    libraries.joinpath(f"python{target.abi.removeprefix('cp')}.lib").touch()
    request = {
        "hook": "build_wheel",
        "arguments": [str(tmp_path)],
        "settings": settings,
        "backend": "probe",
        "backend_path": [str(tmp_path)],
        "target": told(WindowsPython(folder=tmp_path / "python", target=target)),
        "folder": str(tmp_path),
        "answer": str(tmp_path / "answer.json"),
    }
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request), encoding="utf-8")
    subprocess.run([sys.executable, HOOK, path], cwd=tmp_path, check=True, timeout=120)
    found: dict[str, Any] = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    return found


X64 = Target(minor=13, micro=2)
FREE = Target(minor=13, micro=2, free_threaded=True)
ARM64 = Target(minor=12, micro=9, platform="win_arm64")


@pytest.mark.parametrize(
    ("target", "overrides", "tag"),
    [
        (X64, ["windows", "new"], "cp313-cp313-win_amd64"),
        (FREE, ["windows", "new", "free"], "cp313-cp313t-win_amd64"),
        (ARM64, ["windows", "arm64"], "cp312-cp312-win_arm64"),
    ],
)
def test_it_hears_the_target_and_its_children_do_too(
    tmp_path: Path, target: Target, overrides: list[str], tag: str
) -> None:
    found = answer(tmp_path, target)
    assert found["overrides"] == overrides
    assert found["tag"] == tag
    assert found["soabi"] == target.soabi
    assert Path(found["include"]) == tmp_path / "python" / "include"
    assert Path(found["library"]).name == f"python{target.abi.removeprefix('cp')}.lib"
    assert found["version"] == f"3.{target.minor}"
    assert found["suffix"] == f".{target.soabi}.pyd"
    assert found["module"] == f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_stable_abi_is_the_targets_and_a_free_threaded_python_has_none(tmp_path: Path) -> None:
    older = Target(minor=11, micro=9)
    tags = {
        target.version: answer(tmp_path / target.version, target, **{"py-api": "cp312"})["tag"]
        for target in (older, X64, FREE)
        if not (tmp_path / target.version).mkdir()
    }
    assert tags == {
        "3.11": "cp311-cp311-win_amd64",
        "3.13": "cp312-abi3-win_amd64",
        "3.13t": "cp313-cp313t-win_amd64",
    }
