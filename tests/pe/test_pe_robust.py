"""Damaged and crafted images: told in words, in bounded time and memory, never a crash.

``scripts/fuzz.py`` does the same in tens of thousands.
"""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hostilewheels import export_flood, import_flood
from hypothesis import given, settings
from hypothesis import strategies as st
from mlcbuild.pe.fields import NotPeError
from mlcbuild.pe.reader import PeFile, read_image
from mutate import image_seeds, mutations
from pefactory import BASE, HEADERS, make_pe

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlcbuild.pe.facts import Image

SEEDS = image_seeds()
LOOK_UPS = ("alpha", "name1999", "")


def read(data: bytes) -> Image | None:
    try:
        file = PeFile(data, path="x.dll")
    except NotPeError:
        return None
    image, exports = file.image(), file.exports()
    assert [exports.has(name) for name in LOOK_UPS]
    assert sum(1 for _ in exports.symbols()) <= 2 * 65536
    return image


@settings(max_examples=300, deadline=2000)
@given(st.integers(min_value=0))
def test_a_damaged_image_is_read_or_refused(seed: int) -> None:
    for data in mutations(random.Random(seed), SEEDS, 1):
        read(data)


@pytest.mark.parametrize("data", SEEDS[:3])
def test_an_image_cut_anywhere_is_read_or_refused(data: bytes) -> None:
    for length in range(0, len(data), 23):
        image = read(data[:length])
        assert image is None or image.invalid is not None or length >= len(data) - 0x200


def bounded(data: bytes) -> Image | None:
    """Read crafted bytes within the limits that hold for every input."""
    start = time.process_time()
    tracemalloc.start()
    image = read(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - start < 2 * 5  # tracing makes it five times slower
    assert peak < 3 * len(data) + (100 << 20)
    return image


def crafted(body: bytes, directory: int, at: int, size: int = 0xFFFFFFFF) -> bytes:
    """Return an image whose section is ``body``, with one directory at an offset in it."""
    data = bytearray(make_pe(extra=body))
    pe_at = struct.unpack_from("<I", data, 0x3C)[0]
    struct.pack_into("<II", data, pe_at + 24 + 112 + 8 * directory, BASE + at, size)
    return bytes(data)


def test_descriptors_that_share_one_long_table_cost_what_one_does() -> None:
    thunks = struct.pack("<Q", 1 << 63 | 5) * 30_000 + bytes(8)
    name = b"shared.dll\0".ljust(16, b"\0")
    row = struct.pack("<5I", BASE + 16, 0, 0, BASE, BASE + 16)
    body = name + thunks + row * 15_000 + bytes(20)
    image = bounded(crafted(body, 1, len(name + thunks)))
    assert image is not None
    assert any("no end" in defect for defect in image.defects)
    assert len(image.defects) <= 20


def test_names_that_overlap_are_not_copied_for_each() -> None:
    text = b"\0\0" + b"a" * 8000 + b"\0" * 6
    name = b"shared.dll\0".ljust(16, b"\0")
    thunks = b"".join(struct.pack("<Q", BASE + 16 + at % 4000) for at in range(200_000)) + bytes(8)
    row = struct.pack("<5I", BASE + 16 + len(text), 0, 0, BASE, BASE + 16 + len(text))
    image = bounded(crafted(name + text + thunks + row + bytes(20), 1, 16 + len(text + thunks)))
    assert image is not None
    assert image.defects


def test_export_names_far_apart_do_not_copy_the_file() -> None:
    count = 65536
    names = struct.pack("<II", BASE + 40, BASE + 40 + 20_000_000) * (count // 2)
    head = struct.pack("<10I", 0, 0, 0, 0, 1, count, count, BASE + 40, BASE + 40, BASE + 40)
    bounded(crafted(head + names + bytes(20_000_000), 0, 0, 40))


def test_a_resource_tree_that_loops_ends() -> None:
    loop = struct.pack("<IIHHHH", 0, 0, 0, 0, 0xFFFF, 0xFFFF)
    loop += struct.pack("<II", 16, 0x80000000) * 4096
    image = bounded(crafted(loop, 2, 0))
    assert image is not None
    assert any("resource" in defect for defect in image.defects)


def test_a_far_pe_header_does_not_make_the_rich_header_a_list_of_the_file() -> None:
    plain = make_pe(rich=[(0x105, 35229)])
    pe_at = struct.unpack_from("<I", plain, 0x3C)[0]
    far = 30_000_000
    data = bytearray(plain[:pe_at].ljust(far, b"R") + plain[pe_at : pe_at + HEADERS])
    data[far - 8 : far - 4] = b"Rich"
    struct.pack_into("<I", data, 0x3C, far)
    bounded(bytes(data))


def traced(work: Callable[[], object]) -> int:
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_names_that_all_lie_in_one_text_take_the_memory_of_the_file() -> None:
    data = export_flood()
    exports = PeFile(data, path="x.dll").exports()
    assert traced(lambda: exports.find("nosuch")) < 8 << 20
    assert exports.find("nosuch") is None
    assert exports.has("x" * 0x3FF0)


def test_more_dlls_than_the_limit_are_not_judged_and_the_error_names_it() -> None:
    image = read_image(import_flood(10_001, distinct=True), path="x.dll")
    assert image.invalid == "its import directory names over 10000 DLLs, the limit here"
    assert read_image(import_flood(10_000, distinct=False), path="x.dll").invalid is None


def test_import_descriptors_beyond_the_limit_take_no_memory() -> None:
    data = import_flood(100_000, distinct=True)
    assert traced(lambda: read_image(data, path="x.dll")) < 16 << 20
