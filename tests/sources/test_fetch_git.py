"""What a user sees of ``mlcbuild fetch`` with a Git component."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from mlcbuild.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from sources_helpers import Project


def fetch(project: Project, *options: str, mirror: bool = True) -> int:
    source = ["--mirror", str(project.mirror)] if mirror else []
    return main(
        ["fetch", "--lock", str(project.lock), "--cache", str(project.cache), *source, *options]
    )


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".mlcbuild")
    }


def test_only_the_listed_paths_are_laid_out_byte_for_byte(project: Project) -> None:
    assert fetch(project) == 0
    assert files(project.folder) == {"LICENSE", "src/main.cc", "src/deep/util.h"}
    assert (project.folder / "src/deep/util.h").read_bytes() == b"#pragma once\r\nint util();\r\n"


def test_blobs_that_are_not_needed_are_not_received(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(project, "--json") == 0
    (demo,) = json.loads(capsys.readouterr().out)["components"]
    assert 0 < demo["git_bytes"] < 2000
    assert demo["files"] == demo["written"] == 3


def test_a_second_run_changes_nothing_and_needs_no_server(project: Project) -> None:
    assert fetch(project) == 0
    before = {p: p.stat().st_mtime_ns for p in project.folder.rglob("*")}
    assert fetch(project, "--offline", mirror=False) == 0
    assert {p: p.stat().st_mtime_ns for p in project.folder.rglob("*")} == before


def test_a_changed_patch_touches_only_its_file(project: Project) -> None:
    assert fetch(project) == 0
    licence = (project.folder / "LICENSE").stat().st_mtime_ns
    project.write_patch(
        'reason = "r"\nuntil = "u"\n'
        '[[edit]]\nfile = "src/main.cc"\nanchor = "return 0"\nreplacement = "return 1"\n'
    )
    assert fetch(project, "--offline", mirror=False) == 0
    assert "return 1" in (project.folder / "src/main.cc").read_text("utf-8")
    assert (project.folder / "LICENSE").stat().st_mtime_ns == licence


def test_offline_with_an_empty_cache_says_so_and_writes_nothing(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(project, "--offline", mirror=False) == 3
    assert "is not in the cache" in capsys.readouterr().err
    assert not project.folder.exists()


def test_a_commit_that_the_server_lacks_is_named(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write_lock(commit="1" * 40)
    assert fetch(project) == 3
    error = capsys.readouterr().err
    assert "demo" in error
    assert "sources.toml pins" in error
    assert error.count("\n") == 1


def test_without_git_one_line_names_the_remedy(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.fspath(project.cache))
    assert fetch(project) == 3
    assert "install Git" in capsys.readouterr().err


def test_an_unreachable_host_is_named(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch(project, mirror=False) == 3
    error = capsys.readouterr().err
    assert "https://forge.invalid/owner/demo" in error
    assert "--mirror" in error


def test_a_damaged_pack_is_named_offline_and_repaired_online(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(project) == 0
    for pack in project.entry.glob("objects/pack/*.pack"):
        data = bytearray(pack.read_bytes())
        data[len(data) // 2] ^= 0xFF
        pack.chmod(0o644)
        pack.write_bytes(bytes(data))
    capsys.readouterr()
    assert fetch(project, "--verify") == 1
    assert str(project.entry) in capsys.readouterr().err
    assert fetch(project, "--offline", "--force", mirror=False) == 1
    assert fetch(project, "--force") == 0
    assert "damaged" in capsys.readouterr().err
    assert fetch(project, "--verify") == 0


def test_an_edited_file_is_found_and_kept(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(project) == 0
    mine = project.folder / "src/main.cc"
    mine.write_text("int main() { return 2; }\n", encoding="utf-8")
    assert fetch(project) == 1
    assert str(mine) in capsys.readouterr().err
    assert fetch(project, "--verify") == 1
    assert "return 2" in mine.read_text("utf-8")
    assert fetch(project, "--force") == 0
    assert "return 0" in mine.read_text("utf-8")
