"""Images with odd headers before a real loader: what it does not map, ``check`` must not call good.

Wine takes a few layouts that Windows refuses; ``STRICTER`` names them with the reason.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from mlcbuild.loader.images import read_record
from oddimages import ODD, Layout, build, scramble

if TYPE_CHECKING:
    from pathlib import Path

    from winejudge import Judge

#: Words of our refusals where Wine 8 maps the image and Windows does not.
STRICTER = (
    "is not a power of two",  # MiVerifyImageHeader
    "not aligned to four bytes",
    "linking failed",  # IMAGE_FILE_EXECUTABLE_IMAGE
    "cut short",  # Wine lets the last sector be short
)
#: ERROR_INVALID_ADDRESS: something of this process lies where an image without relocations must.
TAKEN = 487
#: Layouts that end Wine itself: a section over the headers of the image.
DEADLY = ("first-at-0", "second-at-0", "gap-0")
#: A section without raw data whose offset is outside the file; Windows does not look at it.
WINE_ALONE = ("second-offset-a01-nothing",)


def deadly(layout: Layout) -> bool:
    return any(piece.rva == 0 for piece in layout.sections)


@pytest.mark.parametrize("part", ["named", "random"])
def test_a_real_loader_maps_what_the_reader_takes(judge: Judge, tmp_path: Path, part: str) -> None:
    if part == "named":
        layouts = {n: each for n, each in ODD.items() if n not in (*DEADLY, *WINE_ALONE)}
    else:
        source = random.Random(21)
        layouts = {f"random-{at}": scramble(source) for at in range(150)}
        layouts = {n: each for n, each in layouts.items() if not deadly(each)}
    paths = []
    for name, layout in layouts.items():
        paths.append(tmp_path / f"{name}.dll")
        paths[-1].write_bytes(build(layout))
    answers = judge.maps(paths)
    assert len(answers) == len(layouts)
    wrong: list[str] = []
    died: list[str] = []
    for (name, layout), answer in zip(layouts.items(), answers, strict=True):
        record = read_record(build(layout), name)
        foreign = record.image is not None and record.image.machine != "x86_64"
        refused = bool(record.refused) or foreign
        if answer is None:
            died.append(name)
        elif answer == TAKEN and not refused:
            continue  # says nothing of the file
        elif refused != bool(answer) and not any(word in record.refused for word in STRICTER):
            wrong.append(f"{name}: loader {answer}, reader {record.refused or 'takes it'}")
    assert not wrong, "\n".join(wrong)
    assert len(died) <= 3, died
