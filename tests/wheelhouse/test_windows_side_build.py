"""The whole project by Windows' pip: the same wheel as the cross build's, before its repack."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.build.stamp import digest, mismatches, read_stamp
from mlcbuild.check import check
from mlcbuild.check.settings import Settings
from mlcbuild.lab.wine import windows_path
from trackedcopy import copy_tracked

if TYPE_CHECKING:
    from mlcbuild.lab import Lab

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs_hour,  # compiles all again under Wine
    pytest.mark.needs_lab,
    pytest.mark.needs_sources,
    pytest.mark.needs_rust_windows,
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a checkout of what is tracked with the documented command."""
    folder = tmp_path_factory.mktemp("windows-side") / "mlc-llm"
    copy_tracked(ROOT, folder)
    pip = ["lab", "pip", "--env", "test-whole", "--timeout", "3000", "--compiler"]
    done = subprocess.run(
        [sys.executable, "-m", "mlcbuild", *pip, "wheel", ".", "--no-deps", "-v", "-w", "out"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "python")},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")[-5000:]
    (made,) = (folder / "out").glob("*.whl")
    return made


def companions(wheelhouse: Path) -> list[Path]:
    return [next(wheelhouse.glob(f"{name}-*.whl")) for name in ("apache_tvm", "apache_tvm_ffi")]


def test_it_is_stamped_and_windows_will_load_it(wheel: Path, wheelhouse: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        stamp = read_stamp(archive.read("mlc_llm/_build.json"))
        at_hand = {f.path: digest(f.path, archive.read(f.path)) for f in stamp.files}
    assert (stamp.target.system, stamp.configuration) == ("Windows", "Release")
    assert list(at_hand) == ["mlc_llm/lib/mlc_llm.dll"]
    assert mismatches(stamp, at_hand) == ()
    beside = tuple(map(str, companions(wheelhouse)))
    (target,) = check([str(wheel)], Settings(companions=beside)).targets
    assert [m.load.verdict for m in target.modules] == ["loads"]
    assert [f.rule for f in target.findings if f.severity == "error"] == []


def test_it_holds_what_the_cross_built_one_holds(wheel: Path, wheelhouse: Path) -> None:
    def files(path: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if ".dist-info/" not in name]
            return {name: archive.read(name) for name in names}

    mine, cross = files(wheel), files(next(wheelhouse.glob("mlc_llm-*.whl")))
    assert mine.keys() == cross.keys()
    assert {name for name in mine if mine[name] != cross[name]} <= {"mlc_llm/_build.json"}


def test_windows_python_imports_it_beside_the_wheelhouse(
    windows: Lab, wheel: Path, wheelhouse: Path, tmp_path: Path
) -> None:
    lab = windows.use(tmp_path / "env")
    words = ["install", "-q", "--no-index", "--find-links", windows_path(wheelhouse)]
    done = lab.run(["pip", *words, windows_path(wheel)], timeout=900)
    assert done.code == 0, done.errors
    said = lab.python("-c", "import mlc_llm; print(mlc_llm.__version__)")
    assert (said.code, said.text.strip()) == (0, wheel.name.split("-")[1]), said.errors
