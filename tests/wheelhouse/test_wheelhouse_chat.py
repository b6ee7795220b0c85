"""The Windows wheels end to end: made here, installed by Windows CPython, chatting as on Linux."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from mlcbuild.check import check
from mlcbuild.check.settings import Settings

ROOT = Path(__file__).parents[2]
#: Our wheels must stay below this, all together (upstream's mlc_llm alone: 21.8 MB). Bytes.
LIMIT = 12_000_000


def mlcbuild(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlcbuild", *map(str, words)]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=env)


@pytest.fixture(scope="module")
def ours(wheelhouse: Path) -> list[Path]:
    table: dict[str, Any] = json.loads((wheelhouse / "wheelhouse.json").read_text())
    assert table["compiles_models"] is False
    return [wheelhouse / w["file"] for w in table["wheels"] if w["origin"] == "mlcbuild"]


@pytest.mark.slow
def test_windows_loads_every_dll_from_the_set_alone(ours: list[Path]) -> None:
    for wheel in ours:
        beside = tuple(str(other) for other in ours if other != wheel)
        (target,) = check([str(wheel)], Settings(companions=beside)).targets
        # vulkan-1.dll is the driver's: no set may have it.
        unsure = [m for m in target.modules if m.load.verdict != "loads"]
        assert {m.path for m in unsure} <= {"tvm_vulkan/lib/tvm_runtime_vulkan.dll"}
        assert {m.load.chain[-1] for m in unsure} <= {"vulkan-1.dll"}
        assert [f.rule for f in target.findings if f.severity == "error"] == []


@pytest.mark.slow
def test_the_set_is_small_and_each_wheel_names_itself_a_variant(ours: list[Path]) -> None:
    names = {wheel.name.partition("-")[0] for wheel in ours}
    assert names >= {"mlc_llm", "apache_tvm", "apache_tvm_ffi"}
    assert names <= {"mlc_llm", "apache_tvm", "apache_tvm_ffi", "tvm_vulkan"}
    assert sum(wheel.stat().st_size for wheel in ours) < LIMIT
    assert all("mlcbuild.mingw" in wheel.name for wheel in ours)


@pytest.mark.slow
def test_each_of_our_wheels_carries_a_stamp_and_licences(ours: list[Path]) -> None:
    for wheel in ours:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
        assert any(name.endswith("/_build.json") for name in names)
        assert any(".dist-info/licenses/" in name for name in names)


@pytest.mark.slow
def test_windows_chats_with_the_same_tokens_and_every_process_ends_by_itself(
    ours: list[Path], linux_wheel: Path
) -> None:
    wheel = next(path for path in ours if path.name.startswith("mlc_llm-"))
    done = mlcbuild(
        *("verify", wheel, "--chat", "--wine", "--linux-wheel", linux_wheel),
        *("--repeat", "5", "--json"),
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    table = json.loads(done.stdout)
    assert table["chat"]["usage"]["completion_tokens"] > 0
