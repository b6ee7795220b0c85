"""What a user sees of ``mlcbuild fetch`` with a Git component."""

from __future__ import annotations

import json
import os
import subprocess
import zlib
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from sources_helpers import Project, git

if TYPE_CHECKING:
    from pathlib import Path


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
    assert not list(project.cache.rglob("*.new"))


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


def test_a_folder_that_is_not_ours_is_left_alone(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.folder.mkdir()
    mine = project.folder / "mine.txt"
    mine.write_text("mine", encoding="utf-8")
    assert fetch(project, "--force") == 1
    assert "was not created by mlcbuild" in capsys.readouterr().err
    assert files(project.folder) == {"mine.txt"}


def test_what_the_lock_no_longer_lists_goes_and_other_files_stay(project: Project) -> None:
    assert fetch(project) == 0
    (project.folder / "src" / "Cargo.lock").write_text("ours", encoding="utf-8")
    project.write_lock(paths=("LICENSE", "src/main.cc"))
    assert fetch(project, "--offline", mirror=False) == 0
    assert files(project.folder) == {"LICENSE", "src/main.cc", "src/Cargo.lock"}
    assert not (project.folder / "src" / "deep").exists()


def test_a_path_that_the_lock_lists_anew_is_brought(project: Project) -> None:
    assert fetch(project) == 0
    project.write_lock(paths=("LICENSE", "src", "docs"))
    assert fetch(project, "--offline", mirror=False) == 3
    assert fetch(project) == 0
    assert "docs/big.txt" in files(project.folder)


def test_a_path_that_the_commit_lacks_is_named(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write_lock(paths=("LICENSE", "sources"))
    assert fetch(project) == 1
    assert "lists sources" in capsys.readouterr().err


def test_a_mirror_without_the_repository_is_named(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.repository.rename(project.repository.with_name("other.git"))
    assert fetch(project) == 3
    assert "has no owner/demo" in capsys.readouterr().err


def test_the_environment_names_mirror_and_cache(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLCBUILD_MIRROR", str(project.mirror))
    monkeypatch.setenv("MLCBUILD_CACHE", str(project.cache))
    monkeypatch.chdir(project.folder.parent)
    assert main(["fetch", "demo"]) == 0
    assert project.entry.is_dir()
    assert (project.folder / "LICENSE").is_file()


def git_configuration(project: Project, monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    path = project.root / "gitconfig"
    path.write_text(
        f'[url "{project.mirror.as_uri()}/"]\n\tinsteadOf = https://forge.invalid/\n'
        f"[safe]\n\tdirectory = *\n\tbareRepository = explicit\n{more}",
        encoding="utf-8",
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(path))


def test_insteadof_of_the_users_git_is_honoured(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served = "[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n"
    strict = "[core]\n\tautocrlf = true\n[fetch]\n\tfsckObjects = true\n"
    git_configuration(project, monkeypatch, served + strict)
    assert fetch(project, mirror=False) == 0
    assert capsys.readouterr().err == ""
    assert (project.folder / "src/main.cc").read_bytes() == b"int main() { return 0; }\n"


@pytest.mark.parametrize("protocol", ["0", "2"])
def test_a_server_without_filters_sends_more_and_that_is_said(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    protocol: str,
) -> None:
    git_configuration(project, monkeypatch, f"[protocol]\n\tversion = {protocol}\n")
    assert fetch(project, mirror=False) == 0
    assert "has no filter support" in capsys.readouterr().err
    assert files(project.folder) == {"LICENSE", "src/main.cc", "src/deep/util.h"}


def test_a_calling_gits_repository_is_not_touched(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a hook of the user's repository."""
    monkeypatch.setenv("GIT_DIR", str(project.repository))
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(project.repository / "objects"))
    before = sorted(p.name for p in project.repository.rglob("*"))
    assert fetch(project) == 0
    assert sorted(p.name for p in project.repository.rglob("*")) == before
    assert list(project.entry.glob("objects/pack/*.pack"))


def test_unknown_names_and_options_that_contradict_are_wrong_use(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch(project, "nonesuch") == 2
    assert "choose from demo" in capsys.readouterr().err
    assert fetch(project, "--verify", "--force") == 2
    assert fetch(project, "-j", "0") == 2


def test_outside_a_project_the_lock_must_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fetch"]) == 2
    assert "--lock" in capsys.readouterr().err


def test_an_unwritable_cache_is_named(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.cache.write_text("a file", encoding="utf-8")
    assert fetch(project) == 3
    error = capsys.readouterr().err
    assert str(project.cache) in error
    assert "--cache" in error


def test_a_forged_object_is_found_by_its_hash(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other bytes under a right name: Git itself would hand them out."""
    assert fetch(project) == 0
    for pack in project.entry.glob("objects/pack/*.pack"):
        staged = project.cache / pack.name
        pack.rename(staged)
        with staged.open("rb") as stream:
            command = ["git", "--git-dir", str(project.entry), "unpack-objects", "-q"]
            subprocess.run(command, stdin=stream, check=True)
    oid = git("rev-parse", f"{project.commit}:src/main.cc", cwd=project.repository)
    loose = project.entry / "objects" / oid[:2] / oid[2:]
    content = zlib.decompress(loose.read_bytes())
    loose.chmod(0o644)
    loose.write_bytes(zlib.compress(content.replace(b"return 0", b"return 7")))
    assert "return 7" in git("cat-file", "blob", oid, cwd=project.entry)
    assert fetch(project, "--offline", "--force", mirror=False) == 1
    error = capsys.readouterr().err
    assert "damaged" in error
    assert oid[:12] in error
    assert "return 0" in (project.folder / "src/main.cc").read_text("utf-8")
