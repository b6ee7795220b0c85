"""Headers that contradict each other: what no process can map is refused, by name of the fault.

``tests/loader/test_layout_wine.py`` asks a real loader about every one of these layouts.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.pe.fields import NotPeError
from mlcbuild.pe.reader import read_image
from oddimages import ODD, Layout, Piece, build

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.pe.facts import Image


def image(layout: Layout) -> Image:
    return read_image(build(layout), path="x.dll")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("image-size-0", "do not fit into SizeOfImage 0x0"),
        ("image-size-ffffffff", "do not fit into SizeOfImage 0xffffffff"),
        ("image-size-3000", "section '.s1' ends at 0x4000, outside SizeOfImage 0x3000"),
        ("section-alignment-1", "section alignment 0x1 is below a page"),
        ("flat-200-shifted", "which a section alignment below a page forbids"),
        ("second-at-1200", "does not begin on a page"),
        ("second-at-0", "overlaps the headers"),
        ("second-at-fffff000", "outside SizeOfImage"),
        ("second-size-ffffffff", "outside SizeOfImage"),
        ("second-raw-10000", "cut short: section '.s1'"),
        ("second-offset-a01", "cut short: section '.s1'"),
        ("file-size-600", "cut short: section '.s1' is missing 1024 bytes"),
        ("count-97", "97 sections, Windows takes 96"),
        ("base-1-fixed", "no relocations and no process has its address free: 0x1"),
    ],
)
def test_a_layout_that_no_process_can_map_is_refused(name: str, words: str) -> None:
    assert words in (image(ODD[name]).invalid or "")


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "image-size-3001",
        "flat-200",
        "flat-1",
        "count-0",
        "shared-file",
        "entry-ffffffff",
        "second-raw-0",
        "no-relocations-but-moves",
        "base-1",
    ],
)
def test_an_odd_layout_that_loads_is_not_refused(name: str) -> None:
    assert image(ODD[name]).invalid is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gap-10000", "Windows maps no image with gaps"),
        ("image-size-80000000", "above Windows' limit"),
        ("file-alignment-10", "below a sector"),
        ("file-alignment-2000", "below the file alignment"),
    ],
)
def test_what_windows_alone_refuses_is_told_and_is_no_verdict(name: str, words: str) -> None:
    odd = image(ODD[name])
    assert odd.invalid is None
    assert any(words in defect for defect in odd.defects)


def test_raw_data_beyond_a_sections_pages_is_not_asked_of_the_file() -> None:
    piece = Piece(rva=0x1000, size=0x100, offset=0x400, raw=0x100000)
    assert image(Layout(sections=(piece,), file_size=0x1400)).invalid is None
    assert image(Layout(sections=(piece,), file_size=0x1300)).invalid is not None


def test_a_dll_that_fits_at_no_address_is_told_with_windows_own_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fixed.dll"
    path.write_bytes(build(ODD["base-1-fixed"]))
    assert main(["check", str(path), "--json"]) == 1
    (module,) = json.loads(capsys.readouterr().out)["targets"][0]["modules"]
    assert module["load"]["verdict"] == "fails"
    assert module["load"]["winerror"] == 487


def test_every_layout_is_read_or_refused() -> None:
    for layout in ODD.values():
        data = build(layout)
        for length in (len(data), 0x200, 0x180):
            with contextlib.suppress(NotPeError):  # any other error fails the test
                read_image(data[:length], path="x.dll")
