from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.build.spaceless import spaceless
from mlcbuild.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_without_a_space_keeps_its_name(tmp_path: Path) -> None:
    assert spaceless(tmp_path / "büild", tmp_path / "cache") == tmp_path / "büild"
    assert not list(tmp_path.iterdir())


def test_a_folder_with_a_space_gets_the_same_other_name_each_time(tmp_path: Path) -> None:
    folder, cache = tmp_path / "sp äce" / "cargo", tmp_path / "cache"
    name = spaceless(folder, cache)
    assert " " not in str(name)
    (name / "made").write_text("x")
    assert (folder / "made").read_text() == "x"
    assert spaceless(folder, cache) == name
    assert spaceless(folder.with_name("other"), cache) != name


def test_a_cache_with_a_space_gives_no_other_name(tmp_path: Path) -> None:
    assert spaceless(tmp_path / "a b", tmp_path / "c d") == tmp_path / "a b"


def test_a_system_that_only_says_it_makes_links_gets_the_folder_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pathlib.Path.symlink_to", lambda *_, **__: None)
    assert spaceless(tmp_path / "a b", tmp_path / "cache") == tmp_path / "a b"


def test_a_link_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(InputError, match="without a space in its name"):
        spaceless(tmp_path / "a b", tmp_path / "cache")
