"""C++ runtimes, TVM packages and graphics drivers, examined by real Windows CPython under Wine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sickdlls import make, mend, versioned_dll
from toolkitinside import bring_needs, run_inside

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.lab import Lab


@pytest.fixture
def lab(windows: Lab, tmp_path: Path) -> Lab:
    lab = windows.use(tmp_path / "env")
    bring_needs(lab)
    return lab


def distribution(lab: Lab, name: str, *files: Path) -> None:
    """Say that a distribution brought these files."""
    site = lab.environment / "Lib" / "site-packages"
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n", encoding="utf-8")
    rows = (f"{file.relative_to(site).as_posix()},sha256=x,1\n" for file in files)
    (info / "RECORD").write_text("".join(rows), encoding="utf-8")


def examined(lab: Lab, **env: str) -> dict[str, dict[str, Any]]:
    done = run_inside(lab, "doctor", "--json", "--only", "runtime-dlls", "--only", "gpu", env=env)
    assert done.code in (0, 1), done.text + done.errors
    checks = json.loads(done.text)["checks"]
    assert all(check["status"] != "crash" for check in checks), checks
    return {check["id"]: check for check in checks if check["status"] in ("warn", "fail")}


def test_a_fresh_environment_has_nothing_to_say(lab: Lab) -> None:
    assert examined(lab) == {}


def test_an_old_runtime_a_broken_family_and_a_stale_variable_are_all_named(lab: Lab) -> None:
    site = lab.environment / "Lib" / "site-packages"
    old = versioned_dll(site / "old" / "msvcp140.dll", (14, 26, 28720, 3))
    distribution(lab, "old_package", old)
    make("missing-export", site / "tvm_ffi" / "lib", top="tvm_ffi.dll")
    distribution(lab, "apache_tvm_ffi", *sorted((site / "tvm_ffi" / "lib").glob("*.dll")))

    found = examined(lab, VK_DRIVER_FILES="C:\\gone.json")

    assert set(found) == {"runtime-copies", "installed-loads", "vulkan-driver"}
    assert "old-package's msvcp140.dll 14.26 can win" in found["runtime-copies"]["finding"]
    assert found["installed-loads"]["status"] == "fail"
    assert "vanished" in found["installed-loads"]["finding"]
    assert "VK_DRIVER_FILES" in found["vulkan-driver"]["finding"]

    mend("missing-export", site / "tvm_ffi" / "lib", top="tvm_ffi.dll")
    old.unlink()
    assert examined(lab) == {}
