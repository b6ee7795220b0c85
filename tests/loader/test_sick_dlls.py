"""Every sick DLL is as sick as ``sickdlls`` says: a real loader's answer, and what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sickdlls import SICK, make, mend
from winejudge import on_windows

if TYPE_CHECKING:
    from pathlib import Path

    from winejudge import Judge

#: A load that hangs would hold the judge until its time limit; the judge has no answer to give.
JUDGED = [name for name in SICK if name != "initialiser-hangs"]


def answer(judge: Judge, path: Path) -> int | None:
    """Return what the loader says, as a signed number; None where the load ends the process."""
    try:
        code, _ = judge.load(path, [])
    except AssertionError:
        return None
    return code - (1 << 32) if code >> 31 else code


@pytest.mark.parametrize("name", JUDGED)
def test_a_real_loader_answers_as_recorded_and_the_mended_set_loads(
    judge: Judge, tmp_path: Path, name: str
) -> None:
    sick = SICK[name]
    top = make(name, tmp_path, top="user.dll")

    found = answer(judge, top)
    mend(name, tmp_path, top="user.dll")

    assert found == (sick.winerror if on_windows() else sick.wine_winerror)
    assert answer(judge, top) == 0
