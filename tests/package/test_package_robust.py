"""Damaged wheels: told in words, never a crash. ``scripts/fuzz.py`` does the same in thousands."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from mlcbuild.errors import InputError
from mlcbuild.package.targets import open_package
from mutate import image_seeds, mutations
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.package.member import Member, Package


def damaged(package: Package, member: Member) -> bool:
    try:
        package.read(member)
        package.peek(member)
    except InputError:
        return True
    return False


@pytest.mark.parametrize("compression", [0, 8])
def test_a_damaged_wheel_is_read_or_refused(tmp_path: Path, compression: int) -> None:
    members = {f"pkg/{at}.dll": image for at, image in enumerate(image_seeds())}
    path = make_wheel(tmp_path, members, compression=compression)
    whole = path.read_bytes()
    outcomes = {"refused": 0, "told": 0, "whole": 0}
    for data in mutations(random.Random(compression), [whole], 150):
        path.write_bytes(data)
        try:
            with open_package(str(path)) as package:
                told = sum(damaged(package, member) for member in package.members())
            outcomes["told" if told else "whole"] += 1
        except InputError:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 10
    assert outcomes["told"] > 10
