from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from memory_package import MemoryPackage
from mlcbuild.check.reading import BIG, Ahead
from mlcbuild.errors import InputError
from pefactory import make_pe

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlcbuild.package.member import Member

SMALL_IMAGE = make_pe(imports={"a.dll": ["f"]})
BIG_IMAGE = make_pe(imports={"a.dll": ["f"]}, exports=["g"], extra=bytes(BIG))


@pytest.fixture(autouse=True)
def _two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)


class Watched(MemoryPackage):
    """Notes which thread reads each member, and refuses the damaged."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(files, kind="wheel")
        self.threads: dict[str, bool] = {}

    def read(
        self, member: Member, *, watch: Callable[[memoryview], None] | None = None
    ) -> memoryview:
        self.threads[member.path] = threading.current_thread() is threading.main_thread()
        if "damaged" in member.path:
            raise InputError("it is truncated")
        return super().read(member, watch=watch)


def test_big_images_are_read_by_the_thread_and_the_others_when_asked_for() -> None:
    package = Watched({"big.dll": BIG_IMAGE, "small.dll": SMALL_IMAGE, "big.bin": BIG_IMAGE})
    ahead = Ahead(package)
    records = {m.path: ahead.record(package, m) for m in package.members() if ".dll" in m.path}
    ahead.close()
    assert package.threads == {"big.dll": False, "small.dll": True}
    assert package.reads == {"big.dll": 1, "small.dll": 1}
    for record in records.values():
        assert record.image is not None
        assert record.image.imports[0].name == "a.dll"


def test_damage_met_by_the_thread_is_told_where_it_is_asked_for() -> None:
    package = Watched({"damaged.dll": BIG_IMAGE, "junk.dll": bytes(BIG), "big.dll": BIG_IMAGE})
    ahead = Ahead(package)
    damaged, junk, big = (ahead.record(package, member) for member in package.members())
    ahead.close()
    assert damaged.refused == "it is truncated"
    assert "not a PE image" in junk.refused
    assert big.image is not None


def test_what_breaks_the_thread_breaks_the_check_instead_of_hanging_it() -> None:
    class Broken(Watched):
        def read(self, member: Member, *, watch: object = None) -> memoryview:
            raise MemoryError(member.path, watch)

    package = Broken({"big.dll": BIG_IMAGE})
    ahead = Ahead(package)
    with pytest.raises(MemoryError):
        ahead.record(package, next(package.members()))
    ahead.close()


def test_closing_leaves_the_rest_unread() -> None:
    started, go_on = threading.Event(), threading.Event()

    class Slow(Watched):
        def read(
            self, member: Member, *, watch: Callable[[memoryview], None] | None = None
        ) -> memoryview:
            started.set()
            assert go_on.wait(10)
            return super().read(member, watch=watch)

    package = Slow({f"{at}.dll": BIG_IMAGE for at in range(3)})
    ahead = Ahead(package)
    assert started.wait(10)
    closer = threading.Thread(target=ahead.close)
    closer.start()
    while not ahead._stopped:
        pass
    go_on.set()
    closer.join(10)
    assert not closer.is_alive()
    assert list(package.reads) == ["0.dll"]
