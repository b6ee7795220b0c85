from __future__ import annotations

import hashlib

from check_facts import wheel
from memory_package import MemoryPackage
from mlcbuild.check.reading import ReadingPackage

FILES = {"pkg/a.dll": b"A" * 100, "pkg/b.py": b"B", "pkg/c.txt": b"C"}
RECORD = {"pkg/a.dll": ("sha256=x", 100), "pkg/b.py": ("sha256=y", 1), "pkg/c.txt": ("", None)}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_members_that_record_hashes_get_a_digest_and_are_read_once() -> None:
    package = MemoryPackage(FILES, kind="wheel", wheel=wheel(record=RECORD))
    reading = ReadingPackage(package)
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
    reading = ReadingPackage(package)
    reading.finish()
    assert reading.digests == {}
    assert package.reads == {}


def test_a_stamp_is_kept_and_the_images_it_may_name_are_hashed() -> None:
    package = MemoryPackage({**FILES, "pkg/_build.json": b"{}"})
    reading = ReadingPackage(package)
    reading.finish()
    assert reading.stamps == {"pkg/_build.json": b"{}"}
    assert reading.digests == {"pkg/a.dll": sha256(b"A" * 100)}


def test_a_big_member_is_hashed_as_it_is_unpacked() -> None:
    data = b"big" * (3 << 20)
    package = MemoryPackage(
        {"pkg/a.dll": data}, kind="wheel", wheel=wheel(record={"pkg/a.dll": ("sha256=x", None)})
    )
    reading = ReadingPackage(package)
    reading.finish()
    assert reading.digests == {"pkg/a.dll": sha256(data)}


def test_an_installed_distribution_is_not_compared_with_its_record() -> None:
    package = MemoryPackage(FILES, kind="installed", wheel=wheel(record=RECORD))
    reading = ReadingPackage(package)
    reading.finish()
    assert package.reads == {}


def test_of_a_wheel_with_much_beside_its_native_code_only_that_code_is_hashed() -> None:
    files = {**FILES, "pkg/big.h": bytes(17 << 20)}
    record = {**RECORD, "pkg/big.h": ("sha256=z", 17 << 20)}
    package = MemoryPackage(files, kind="wheel", wheel=wheel(record=record))
    reading = ReadingPackage(package)
    reading.finish()
    assert set(reading.digests) == {"pkg/a.dll"}
    assert package.reads == {"pkg/a.dll": 1}
