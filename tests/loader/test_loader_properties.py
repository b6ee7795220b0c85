"""Whatever a set of images imports from each other, the model answers, soon and consistently."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from check_facts import image
from hypothesis import given, settings
from hypothesis import strategies as st
from mlcbuild.loader import World, predict
from mlcbuild.loader.images import File, Record, Tree
from mlcbuild.pe.facts import ExportedSymbol, ImportedDll, ImportedSymbol
from namelist import NameList

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ["a.dll", "B.dll", "c.pyd", "kernel32.dll", "api-ms-win-x-l1-1-0.dll", "nvcuda.dll",
         "msvcp140.dll", "python311.dll", "ucrtbased.dll", "gone", "sub\\a.dll", "C:\\x.dll", "",
         ".", "d.exe"]  # fmt: skip
SYMBOLS = st.one_of(
    st.builds(ImportedSymbol, name=st.sampled_from(["f", "g", ""])),
    st.builds(ImportedSymbol, name=st.none(), ordinal=st.integers(0, 3)),
)
FORWARDERS = st.sampled_from(
    [None, None, "a.f", "B.#1", "gone.f", "nodot", "c.", ".f", "kernel32.f"]
)
MACHINES = st.sampled_from(["x86_64", "x86_64", "x86", "arm64", "arm64ec", "arm64x", "unknown"])


class Table:
    def __init__(self, entries: dict[str | int, str | None]) -> None:
        self.entries = entries

    def find(self, symbol: str | int) -> ExportedSymbol | None:
        if symbol not in self.entries:
            return None
        return ExportedSymbol(name=str(symbol), ordinal=1, forwarder=self.entries[symbol])


@st.composite
def records(draw: Callable[..., object]) -> Record:
    if draw(st.integers(0, 9)) == 0:
        return Record(refused="junk")
    imports = draw(
        st.lists(
            st.builds(
                ImportedDll,
                name=st.sampled_from(NAMES),
                symbols=st.lists(SYMBOLS, max_size=3).map(tuple),
                delayed=st.booleans(),
            ),
            max_size=4,
        )
    )
    plain = image(
        "set-below",
        size=0,
        machine=draw(MACHINES),
        is_dll=draw(st.integers(0, 5)) != 0,
        characteristics=0,
        toolset=None,
        crt="none",
        dependent_load_flags=draw(st.sampled_from([0, 0, 0, 0x800, 0x100, 0x1000, 0xFFFF])),
    )
    keys = st.one_of(st.sampled_from(["f", "g"]), st.integers(1, 2))
    table = draw(st.one_of(st.none(), st.dictionaries(keys, FORWARDERS).map(Table)))
    return Record(image=replace(plain, imports=tuple(imports)), exports=table)  # type: ignore[arg-type]


def build(layout: dict[str, Record], folders: list[str], msvcp140: str | None) -> World:
    files = [
        File(key=path, path=path, origin="dll-dir", place="t", read=lambda each=each: each)
        for path, each in layout.items()
    ]
    tree = Tree("", "dll-dir", files)
    return World(
        package=tree,
        system=NameList(("kernel32.dll", "msvcp140.dll"), ("api-ms-win-x-l1-1-0",)),
        added=tuple(tree.folder(folder) for folder in folders),
        msvcp140=msvcp140,
    )


PATHS = st.sampled_from(
    [f"{folder}{name}" for folder in ("", "one/", "two/") for name in
     ("a.dll", "b.dll", "c.pyd", "d.exe", "kernel32.dll", "msvcp140.dll", "sub/a.dll")]
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    layout=st.dictionaries(PATHS, records(), min_size=1, max_size=8),
    folders=st.lists(st.sampled_from(["one", "two", "none"]), unique=True),
    msvcp140=st.sampled_from([None, "none", "14.29"]),
)
def test_every_answer_is_consistent(
    layout: dict[str, Record], folders: list[str], msvcp140: str | None
) -> None:
    world = build(layout, folders, msvcp140)
    for path in layout:
        load = predict(world, path)
        now = [problem for problem in load.problems if not problem.delayed]
        if load.verdict == "loads":
            assert load.winerror is None
            assert not load.chain
            assert not now
        else:
            assert load.winerror in {126, 127, 182, 193}
            assert load.chain[0] == path
            assert load.reason
            assert now[0].winerror == load.winerror
            assert now[0].chain == load.chain
        if load.verdict == "fails":
            assert any(problem.certain for problem in now)
        assert all(need.key is None or need.key in layout for need in load.needs)
    again = build(layout, folders, msvcp140)
    assert [predict(again, path) for path in reversed(layout)] == [
        predict(world, path) for path in reversed(layout)
    ], "the answer does not depend on what was asked before"


@settings(max_examples=50, deadline=None)
@given(
    layout=st.dictionaries(PATHS, records(), min_size=1, max_size=8),
    folders=st.permutations(["one", "two"]),
)
def test_the_order_in_which_folders_are_given_does_not_matter(
    layout: dict[str, Record], folders: list[str]
) -> None:
    one, two = (build(layout, order, None) for order in (folders, folders[::-1]))
    for path in layout:
        first, second = predict(one, path), predict(two, path)
        assert first.verdict == second.verdict


def test_what_imports_itself_finds_itself_wherever_its_flags_allow_to_search() -> None:
    plain = image("a.dll", imports={"d.dll": ["f"]}, crt="none")
    system32 = image("d.dll", imports={"d.dll": ["f"]}, crt="none", dependent_load_flags=0x800)
    layout = {
        "one/a.dll": Record(image=plain, exports=Table({})),  # type: ignore[arg-type]
        "one/d.dll": Record(image=system32, exports=Table({"f": None})),  # type: ignore[arg-type]
    }
    world = build(layout, [], None)
    assert [predict(world, path).verdict for path in layout] == ["loads", "loads"]
