"""Every sick DLL is as sick as ``sickdlls`` says: a real loader's answer, and what mends it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from sickdlls import SICK, make, mend
from winejudge import close_judge, make_judge, on_windows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from winejudge import Judge

#: A load that hangs would hold the judge until its time limit; the judge has no answer to give.
JUDGED = [name for name in SICK if name != "initialiser-hangs"]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    judge = make_judge(tmp_path_factory.mktemp("sick-judge"))
    yield judge
    close_judge(judge)


def answer(judge: Judge, path: Path) -> int | None:
    """Return what the loader says, as a signed number; None where the load ends the process."""
    try:
        code, _ = judge.load(path, [])
    except AssertionError:
        return None
    return code - (1 << 32) if code >> 31 else code


@pytest.mark.skipif(sys.platform == "darwin", reason="needs Windows' loader or Wine's")
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
