"""The model's answer to every case, on files that compilers made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from loadercases import CASES, Case
from mlcbuild.loader import Load, Options, predict, world_from_package
from mlcbuild.package.member import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mlcbuild.package.member import Kind, WheelFacts


class FolderPackage:
    """A package over a folder of the test."""

    kind: Kind = "folder"
    wheel: WheelFacts | None = None

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = root.name

    def members(self) -> Iterator[Member]:
        for path in sorted(self.root.rglob("*")):
            if path.is_file():
                yield Member(path=path.relative_to(self.root).as_posix(), size=path.stat().st_size)

    def read(self, member: Member) -> memoryview:
        return memoryview((self.root / member.path).read_bytes())


def answer(case: Case, root: Path) -> Load:
    options = Options(
        add_dirs=tuple(str(root / folder) for folder in case.add),
        machine=case.machine,  # type: ignore[arg-type]
    )
    return predict(world_from_package(FolderPackage(root / "pkg"), options=options), case.target)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_model_answers_as_windows_does(case: Case, built: Callable[[Case], Path]) -> None:
    load = answer(case, built(case))
    verdict = "loads" if case.winerror == 0 else "fails" if case.winerror > 0 else "may-fail"
    assert (load.verdict, load.winerror) == (verdict, abs(case.winerror) or None), load.reason
    if case.chain:
        assert load.chain == case.chain
    assert case.words in load.reason
    assert "\n" not in load.reason
    for name, folder in case.winners.items():
        need = next(need for need in load.needs if need.name.lower() == name)
        place = {"python-dir": "system32", "system": "system32"}.get(need.origin)
        place = place or (need.key or "").replace("\\", "/").rpartition("/")[0] or "pkg"
        assert place.rpartition("/")[2] == folder.rpartition("/")[2]
