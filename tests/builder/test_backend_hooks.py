from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from mlcbuild import backend
from mlcbuild.builder import pipeline
from mlcbuild.builder.options import BuildOptions
from mlcbuild.builder.scikit import hook_environment
from pins import TVM_WHEELS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy what an sdist holds, without any fetched source, into a path with a space."""
    folder = tmp_path / "a prøject"
    folder.mkdir()
    for name in ("pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "cmake", folder / "cmake")
    (folder / "3rdparty").mkdir()
    for lock in (ROOT / "3rdparty").glob("*.toml"):
        shutil.copy(lock, folder / "3rdparty")
    shutil.copytree(ROOT / "3rdparty" / "patches", folder / "3rdparty" / "patches")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MLCBUILD_CACHE", os.fspath(tmp_path / "cache"))
    return folder


def test_a_wrong_setting_is_one_line_and_exit_2(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    del project
    with pytest.raises(SystemExit) as caught:
        backend.build_wheel(os.fspath(tmp_path), {"device": "voodoo"})
    assert caught.value.code == 2
    assert capfd.readouterr().err.splitlines() == [
        "mlcbuild: error: device=voodoo is not valid: use cpu, vulkan, cuda, opencl, metal"
    ]


@pytest.mark.needs_git
@pytest.mark.needs_cxx
def test_a_missing_cargo_is_one_line_before_anything_is_fetched(
    project: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("git", "cmake", "c++"):
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    monkeypatch.setenv("PATH", os.fspath(programs))
    monkeypatch.setenv("CARGO_HOME", os.fspath(tmp_path / "no-cargo"))
    with pytest.raises(SystemExit) as caught:
        backend.build_wheel(os.fspath(tmp_path), None)
    assert caught.value.code == 1
    assert "Cargo is not found: install it with rustup" in capfd.readouterr().err
    assert sorted(p.name for p in (project / "3rdparty").iterdir() if p.is_dir()) == ["patches"]


@pytest.mark.needs_git
@pytest.mark.needs_cargo
@pytest.mark.needs_cxx
def test_sources_that_cannot_be_had_are_one_line_and_exit_3(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    del project
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(SystemExit) as caught:
        backend.build_wheel(os.fspath(out), {"offline": "true"})
    assert caught.value.code == 3
    (line,) = [x for x in capfd.readouterr().err.splitlines() if "error" in x]
    assert "offline" in line
    assert list(out.iterdir()) == []


def test_metadata_needs_no_sources(project: Path, tmp_path: Path) -> None:
    del project
    name = backend.prepare_metadata_for_build_wheel(os.fspath(tmp_path), None)
    text = (tmp_path / name / "METADATA").read_text(encoding="utf-8")
    assert f"Requires-Dist: {TVM_WHEELS[0]}" in text
    assert "Requires-Dist: psutil" in text


def test_the_environment_is_put_back_after_a_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARGO_BUILD_JOBS", "7")
    monkeypatch.delenv("CARGO_NET_OFFLINE", raising=False)
    before = dict(os.environ)
    with hook_environment(BuildOptions(jobs=2, offline=True)):
        assert os.environ["CARGO_BUILD_JOBS"] == "2"
        assert os.environ["CARGO_NET_OFFLINE"] == "true"
    assert dict(os.environ) == before


def test_what_must_not_mix_has_build_folders_apart() -> None:
    plain = pipeline._build_name(BuildOptions())
    debug = pipeline._build_name(BuildOptions(configuration="Debug"))
    vulkan = pipeline._build_name(BuildOptions(devices=("cpu", "vulkan")))
    assert len({plain, debug, vulkan}) == 3


def test_debug_is_refused_for_a_wheel_before_anything_is_done(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        backend.build_wheel(os.fspath(tmp_path), {"configuration": "Debug"})
    assert caught.value.code == 2
    assert "a Debug build is never packaged" in capfd.readouterr().err
    assert not (project / "build").exists()


def test_an_old_cmake_is_one_line_when_metadata_is_asked_for(
    project: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = tmp_path / "bin" / "cmake"
    old.parent.mkdir()
    old.write_text(
        '#!/bin/sh\ncase "$*" in *json*) echo \'{"version":{"string":"3.20.0"}}\';; '
        '*) echo "cmake version 3.20.0";; esac\n',
        encoding="utf-8",
    )
    old.chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(old.parent))
    monkeypatch.setitem(sys.modules, "cmake", None)
    with pytest.raises(SystemExit) as caught:
        backend.prepare_metadata_for_build_wheel(os.fspath(tmp_path), None)
    assert caught.value.code == 1
    (line,) = [x for x in capfd.readouterr().err.splitlines() if "mlcbuild" in x]
    assert line.endswith('pip install "cmake>=3.26"')
    assert not (project / "build").exists()
