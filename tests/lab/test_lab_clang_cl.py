"""Windows' own pip builds with clang-cl as a user's does, and makes the cross build's bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.cross.toolchain import find_toolchain
from mlcbuild.lab.visual_studio import VisualStudioStandIn
from mlcbuild.sources.cache import default_cache
from mlcbuild.stamp import read_stamp
from mlcbuild.toolchain.decision import Vcvars
from mlcbuild.toolchain.vcvars import capture_command, parse_set, require_compiler
from mlcbuild.toolchain.vswhere import read_vswhere, vswhere_arguments, vswhere_path
from trackedcopy import copy_tracked

if TYPE_CHECKING:
    from mlcbuild.lab import Lab
    from mlcbuild.stamp import Stamp

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.needs_clang_cl, pytest.mark.needs_index]


def mlcbuild(*words: str, **env: str) -> None:
    command = [sys.executable, "-m", "mlcbuild", *words]
    done = subprocess.run(
        command, check=False, env={**os.environ, **env}, capture_output=True, errors="replace"
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def by_windows_pip(project: Path, into: Path, **env: str) -> Path:
    mlcbuild("lab", "pip", "--clang-cl", "wheel", "--no-deps", "-w", str(into), str(project), **env)
    (made,) = into.glob("*.whl")
    return made


def compare(made: Path, crossed: Path, stamp: str, *, further: frozenset[str]) -> Stamp:
    """Return the stamp of what Windows' pip made, where all else is the same.

    ``further`` are the sources that only the cross build takes: the wheel has their licences.
    """
    with zipfile.ZipFile(made) as ours, zipfile.ZipFile(crossed) as other:
        members = set(ours.namelist())
        for name in set(other.namelist()) ^ members:
            assert name.partition(".dist-info/licenses/")[2].partition("/")[0] in further, name
        differ = {name for name in members if ours.read(name) != other.read(name)}
        record = next(name for name in members if name.endswith(".dist-info/RECORD"))
        # How it was made is another thing, and the stamp says so.
        assert differ == {stamp, record}
        assert sum(name.endswith(".dll") for name in members)
        mine, its = read_stamp(ours.read(stamp)), read_stamp(other.read(stamp))
    assert mine.minimum_msvcp140 == its.minimum_msvcp140
    assert (mine.toolchain.family, mine.toolchain.vcvars) == ("clang-cl", "amd64")
    assert "with the environment of Visual Studio 17.14 BuildTools" in mine.toolchain.reasons
    return mine


@pytest.mark.needs_sources
def test_our_own_finder_takes_it_for_visual_studio(windows: Lab) -> None:
    cache = default_cache().absolute()
    clang_cl = find_toolchain(
        "free", accepted=False, machine="x86_64", cache=cache, env=os.environ, notice=print
    )
    stand_in = VisualStudioStandIn(lab=windows, clang_cl=clang_cl)
    *_, programs, _ = stand_in.command("pip")
    vswhere = vswhere_path({"ProgramFiles(x86)": programs})
    answer = windows.run([vswhere, *vswhere_arguments()], env=stand_in.variables(), timeout=60)
    (studio,) = read_vswhere(answer.stdout)
    assert (studio.major, studio.has_clang, studio.has_sdk) == (17, True, True)
    vcvars = Vcvars(script=studio.vcvarsall, arguments=("amd64",))
    script = f"import subprocess; subprocess.run({capture_command(vcvars)!r})"
    done = windows.run(["python", "-c", script], env=stand_in.variables(), timeout=60)
    after = parse_set(done.stdout)
    require_compiler(after, said=done.errors)
    assert after["VCToolsVersion"].startswith("14.44.")
    assert windows.path(clang_cl.sdk.includes[0]) == after["INCLUDE"].split(";")[0]
    found = windows.run(
        ["clang-cl", "--version"],
        env={**stand_in.variables(), "WINEPATH": after["PATH"]},
        timeout=60,
    )
    assert found.text.startswith(("clang version", "Debian clang version"))


@pytest.mark.needs_sources
def test_the_command_runs_pip_of_windows(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["lab", "pip", "--clang-cl", "--", "--version"]) == 0
    assert b" from Z:\\" in capfdbinary.readouterr().out


@pytest.mark.needs_windows_pip
def test_the_example(windows: Lab, offered: Path, tmp_path: Path) -> None:
    project = tmp_path / "exämple dir" / "ffi-hello"
    shutil.copytree(ROOT / "examples" / "ffi-hello", project)
    made = by_windows_pip(project, tmp_path / "made", PIP_FIND_LINKS=windows.path(offered))
    mlcbuild(
        *("cross", str(project), "--sdk", "free", "-o", str(tmp_path / "crossed")),
        **dict.fromkeys(("PIP_FIND_LINKS", "UV_FIND_LINKS"), str(offered)),
    )
    (crossed,) = (tmp_path / "crossed").glob("*.whl")
    stamp = compare(made, crossed, "ffi_hello/_build.json", further=frozenset())
    assert stamp.minimum_msvcp140 == "14.44"


@pytest.mark.needs_windows_pip
@pytest.mark.needs_sources
@pytest.mark.needs_rust_windows
@pytest.mark.needs_windows_wheel
def test_the_superbuild(tmp_path: Path) -> None:
    """MLCBUILD_TEST_WINDOWS_WHEEL is this checkout's, by ``mlcbuild wheel --target win_amd64``."""
    checkout = tmp_path / "checkout"
    copy_tracked(ROOT, checkout)
    made = by_windows_pip(checkout, tmp_path / "made")
    crossed = Path(os.environ["MLCBUILD_TEST_WINDOWS_WHEEL"])
    further = frozenset({"microsoft-stl", "tvm-ffi-windows"})
    stamp = compare(made, crossed, "mlc_llm/_build.json", further=further)
    assert stamp.generator == "Ninja Multi-Config"
