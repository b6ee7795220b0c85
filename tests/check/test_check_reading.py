from __future__ import annotations

import hashlib

import pytest
from check_facts import wheel
from memory_package import MemoryPackage
from mlcbuild.check import reading as module
from mlcbuild.check.reading import ReadingPackage

FILES = {"pkg/a.dll": b"A" * 100, "pkg/b.py": b"B", "pkg/c.txt": b"C"}
RECORD = {"pkg/a.dll": ("sha256=x", 100), "pkg/b.py": ("sha256=y", 1), "pkg/c.txt": ("", None)}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_members_that_record_hashes_get_a_digest_and_are_read_once() -> None:
    package = MemoryPackage(FILES, kind="wheel", wheel=wheel(record=RECORD))
    with ReadingPackage(package) as reading:
        first = next(m for m in reading.members() if m.path == "pkg/a.dll")
        assert bytes(reading.read(first)) == FILES["pkg/a.dll"]
        reading.finish()
    assert reading.digests == {
        "pkg/a.dll": sha256(b"A" * 100),
        "pkg/b.py": sha256(b"B"),
    }
    assert package.reads == {"pkg/a.dll": 1, "pkg/b.py": 1}


def test_a_folder_without_a_stamp_needs_no_digest() -> None:
    package = MemoryPackage(FILES)
    with ReadingPackage(package) as reading:
        reading.finish()
    assert reading.digests == {}
    assert package.reads == {}


def test_a_stamp_is_kept_and_the_images_it_may_name_are_hashed() -> None:
    package = MemoryPackage({**FILES, "pkg/_build.json": b"{}"})
    with ReadingPackage(package) as reading:
        reading.finish()
    assert reading.stamps == {"pkg/_build.json": b"{}"}
    assert reading.digests == {"pkg/a.dll": sha256(b"A" * 100)}


def test_no_more_is_held_for_hashing_than_the_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BACKLOG", 10)
    files = {f"pkg/{n}.dll": bytes([n]) * 50 for n in range(20)}
    record = dict.fromkeys(files, ("sha256=x", 50))
    with ReadingPackage(MemoryPackage(files, kind="wheel", wheel=wheel(record=record))) as reading:
        for member in reading.members():
            reading.read(member)
            assert sum(size for size, _ in reading._pending) <= 10 + 50
        reading.finish()
    assert reading.digests == {path: sha256(data) for path, data in files.items()}
