from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.builder.locked_sources import crate_texts, gather, merged
from mlcbuild.errors import FailedError
from mlcbuild.sources.lock import Component, GitOrigin, Lock

if TYPE_CHECKING:
    from pathlib import Path


def crate(folder: Path, name: str, **files: str) -> dict[str, object]:
    place = folder / name
    place.mkdir(parents=True)
    for file, text in files.items():
        (place / file.replace("__", "-")).write_text(text, encoding="utf-8")
    return {
        "name": name,
        "version": "1.0.0",
        "license": "MIT OR Apache-2.0",
        "source": "registry",
        "manifest_path": str(place / "Cargo.toml"),
    }


def lock_of(folder: Path, *licence_files: str) -> Lock:
    component = Component(
        name="demo",
        origin=GitOrigin(url="https://example.invalid/demo", commit="0" * 40),
        paths=("src",),
        exclude=(),
        licence="MIT",
        licence_files=licence_files,
        why="a test",
    )
    return Lock(path=folder / "sources.toml", components=(component,))


def test_a_text_that_crates_share_is_written_once_above_their_names(tmp_path: Path) -> None:
    packages = [
        crate(tmp_path, "beta", LICENSE__MIT="the same words"),
        crate(tmp_path, "alpha", LICENSE__MIT="the same words", COPYING="other words"),
    ]
    text = merged(crate_texts(packages))
    assert text.count("the same words") == 1
    assert "alpha 1.0.0, beta 1.0.0\n" in text
    assert text.index("alpha 1.0.0: MIT OR Apache-2.0") < text.index("beta 1.0.0: MIT")
    assert "other words" in text


def test_our_own_crate_and_files_that_are_no_licence_are_left_out(tmp_path: Path) -> None:
    own = {**crate(tmp_path, "own", LICENSE="ours"), "source": None}
    other = crate(tmp_path, "other", README="read me", LICENCE="british")
    texts = crate_texts([own, other])
    assert list(texts) == ["other 1.0.0"]
    assert texts["other 1.0.0"] == ("MIT OR Apache-2.0", ("british",))


def test_components_keep_the_paths_of_their_licences(tmp_path: Path) -> None:
    source = tmp_path / "demo" / "third_party" / "x"
    source.mkdir(parents=True)
    (source / "LICENSE").write_text("x's words", encoding="utf-8")
    into = tmp_path / "out"
    gather(lock_of(tmp_path, "third_party/x/LICENSE"), [], into)
    assert (into / "demo/third_party/x/LICENSE").read_text(encoding="utf-8") == "x's words"
    (into / "stale").touch()
    gather(lock_of(tmp_path, "third_party/x/LICENSE"), [], into)
    assert not (into / "stale").exists()


def test_a_licence_that_the_lock_names_and_nobody_brought_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="licence file COPYING of demo is missing"):
        gather(lock_of(tmp_path, "COPYING"), [], tmp_path / "out")
    assert not (tmp_path / "out").exists()
