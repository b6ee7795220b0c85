"""A checkout from a stranger: what it left below 3rdparty leads nowhere else."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from mlcbuild.errors import FailedError
from mlcbuild.sources.layout import MARKER, lay_out, read_state
from mlcbuild.sources.lock import load
from mlcbuild.sources.tree import SourceFile

if TYPE_CHECKING:
    from pathlib import Path

    from sources_helpers import Project

TREE = {"src/main.cc": SourceFile(data=b"int main() {}\n")}


@pytest.mark.parametrize("path", ["../../victim", "/etc/victim", "src/../../../victim", "a\\b"])
def test_a_marker_that_names_files_outside_deletes_nothing(
    tmp_path: Path, project: Project, path: str
) -> None:
    folder = tmp_path / "3rdparty" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    (tmp_path / "victim").write_text("precious")
    state = {"format": 1, "fingerprint": "x", "files": {path: [1, 1, "0"]}}
    (folder / MARKER).write_text(json.dumps(state))
    (component,) = load(project.lock).components
    assert read_state(folder) is None
    with pytest.raises(FailedError, match="not created by mlcbuild"):
        lay_out(folder, component, TREE, "y")
    assert (tmp_path / "victim").read_text() == "precious"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_folder_that_is_a_link_is_not_written_through(tmp_path: Path, project: Project) -> None:
    (component,) = load(project.lock).components
    folder, elsewhere = tmp_path / "out" / "demo", tmp_path / "elsewhere"
    lay_out(folder, component, {"other.cc": SourceFile(data=b"")}, "x")
    elsewhere.mkdir()
    (folder / "src").symlink_to(elsewhere)
    with pytest.raises(FailedError, match="is a symbolic link"):
        lay_out(folder, component, TREE, "y")
    assert list(elsewhere.iterdir()) == []
