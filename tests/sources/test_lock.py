"""The lock's format: what is read, and how each mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlcbuild.errors import InputError, UsageError
from mlcbuild.sources.lock import GitOrigin, PypiOrigin, load, pins
from mlcbuild.sources.patches import load_patches

ROOT = Path(__file__).parents[2]
GOOD = """\
version = 1
[a]
git = "https://forge.invalid/o/a"
commit = "0123456789012345678901234567890123456789"
paths = ["LICENSE", "src"]
exclude = ["src/big"]
licence = "MIT"
licence_files = ["LICENSE"]
why = "because"
[b]
pypi = "b"
release = "2.0"
file = "b-2.0.tar.gz"
sha256 = "abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd"
paths = ["LICENSE"]
licence = "MIT"
licence_files = ["LICENSE"]
why = "because"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_both_kinds_of_origin_are_read(tmp_path: Path) -> None:
    lock = load(write(tmp_path, GOOD))
    a, b = lock.components
    assert isinstance(a.origin, GitOrigin)
    assert isinstance(b.origin, PypiOrigin)
    assert pins(lock) == {"a": "0123456789" * 4, "b": "2.0+sha256.abcdefabcdef"}
    assert a.wants("src/x.cc")
    assert not a.wants("src/big/y")
    assert not a.wants("srcs")


def test_components_are_selected_in_the_locks_order(tmp_path: Path) -> None:
    lock = load(write(tmp_path, GOOD))
    assert [c.name for c in lock.select(["b", "a"])] == ["a", "b"]
    with pytest.raises(UsageError, match="no component c"):
        lock.select(["c"])


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("version = 1", "version = 2", "version 2"),
        ("version = 1", "", "version None"),
        ('commit = "0123', 'commit = "123', "commit"),
        ('sha256 = "abc', 'sha256 = "xyz', "sha256"),
        ('paths = ["LICENSE", "src"]', "", "paths"),
        ('paths = ["LICENSE", "src"]', 'paths = ["LICENSE", "../src"]', "../src"),
        ('paths = ["LICENSE", "src"]', 'paths = ["LICENSE", "/src"]', "/src"),
        ('paths = ["LICENSE", "src"]', 'paths = ["src"]', "licence file LICENSE"),
        ('paths = ["LICENSE", "src"]', "paths = [1]", "paths"),
        ('why = "because"\n[b]', "[b]", "why"),
        ('licence = "MIT"', "", "licence"),
        ('exclude = ["src/big"]', "excludes = []", "excludes"),
        ('git = "https', 'hg = "https', "origin"),
        ('file = "b-2.0.tar.gz"', 'file = "../b-2.0.tar.gz"', "file"),
        ('file = "b-2.0.tar.gz"', 'file = "b-2.0.exe"', "neither an sdist nor a wheel"),
        ("[a]", '["../a"]', "folder"),
        ("[a]", "[a", "not valid TOML"),
        ("[b]\n", "b = 1\n[c]\n", "unknown keys: b"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=r"sources\.toml") as caught:
        load(write(tmp_path, GOOD.replace(old, new, 1)))
    assert named in str(caught.value)


def test_an_absent_lock_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        load(tmp_path / "sources.toml")


def test_the_committed_lock_and_patches_are_well_formed() -> None:
    lock = load(ROOT / "3rdparty" / "sources.toml")
    patches = load_patches(lock)
    assert {"mlc-llm", "tvm", "tvm-ffi", "tokenizers-cpp"} <= set(patches)
    assert all(pins(lock).values())
    assert {p.path.name for found in patches.values() for p in found} == {
        path.name for path in lock.patches.glob("*.toml")
    }
