"""The text of a C++ exception, read out of memory as both compilers lay it out."""

from __future__ import annotations

import struct

import pytest
from mlcbuild.trace.probe import Run
from mlcbuild.trace.result import Fault
from mlcbuild.trace.thrown import GCC, MICROSOFT, thrown


class Memory:
    """Bytes at addresses; what is not there reads as nothing."""

    def __init__(self) -> None:
        self.blocks: dict[int, bytes] = {}

    def put(self, address: int, data: bytes) -> None:
        self.blocks[address] = data

    def read(self, address: int, count: int) -> bytes:
        for start, data in self.blocks.items():
            if start <= address < start + len(data):
                return data[address - start :][:count]
        return b""


def microsofts(names: list[str], text: bytes) -> tuple[Memory, list[int]]:
    memory, base, item = Memory(), 0x10000, 0x5000
    memory.put(0x6000, struct.pack("<4I", 0, 0, 0, 0x100))
    kinds = [0x400 + 0x40 * n for n in range(len(names))]
    memory.put(base + 0x100, struct.pack(f"<{1 + len(names)}I", len(names), *kinds))
    for number, (kind, name) in enumerate(zip(kinds, names, strict=True)):
        described = 0x1000 + 0x100 * number
        memory.put(base + kind, struct.pack("<IIi", 0, described, 0))
        memory.put(base + described, bytes(16) + name.encode() + b"\0")
    memory.put(item, struct.pack("<QQ", 0x77, 0x7000))
    memory.put(0x7000, text + b"\0")
    return memory, [0x19930520, item, 0x6000, base]


def test_microsofts_exception_tells_its_type_and_text() -> None:
    memory, parameters = microsofts(
        [".?AVruntime_error@std@@", ".?AVexception@std@@"], b"no device 0"
    )

    assert thrown(MICROSOFT, parameters, memory.read) == "std::runtime_error: no device 0"


def test_a_thrown_number_of_microsofts_tells_its_type_alone() -> None:
    memory, parameters = microsofts([".H"], b"not a text")

    assert thrown(MICROSOFT, parameters, memory.read) == ".H"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (b"St13runtime_error", "std::runtime_error: no device 0"),
        (b"7MyError", "MyError"),  # its text can be anywhere
    ],
)
def test_gccs_exception_tells_what_is_certain(name: bytes, said: str) -> None:
    memory, header = Memory(), 0x8000
    memory.put(header - 80, struct.pack("<Q", 0x9000))
    memory.put(0x9000, struct.pack("<QQ", 0, 0x9100))
    memory.put(0x9100, name + b"\0")
    memory.put(header + 64, struct.pack("<QQ", 0x77, 0x9200))
    memory.put(0x9200, b"no device 0\0")

    assert thrown(GCC, [header], memory.read) == said


@pytest.mark.parametrize("code", [MICROSOFT, GCC, 0xC0000005])
def test_what_cannot_be_read_says_nothing(code: int) -> None:
    assert thrown(code, [0x19930520, 1, 2, 3], Memory().read) == ""
    assert thrown(code, [], Memory().read) == ""


def seen(*codes: int, error: int | None = None) -> int | None:
    """Return the code of the exception that is said to have ended a load, of those seen in it."""
    faults = tuple(Fault(code=code, module="a.dll", rva=1) for code in codes)
    found = Run(events=(), exit=None, errors="", faults=faults).fault_of(error)
    return found.code if found is not None else None


@pytest.mark.parametrize(
    ("codes", "error", "ended"),
    [
        ([MICROSOFT, 0xC0000409], None, MICROSOFT),  # terminate, abort, fail-fast
        ([GCC, 0xC0000026], None, GCC),  # nobody to unwind to
        ([GCC, 0xC00000FD, 0xC0000005], 541541187, GCC),  # as Wine under a debugger
        ([0xC00000FD, 0xC0000005], None, 0xC00000FD),
        ([MICROSOFT, 0xC0000005], None, 0xC0000005),  # the first was caught
        ([0xC0000409], None, 0xC0000409),
        ([], None, None),
    ],
)
def test_the_exception_that_ended_a_load_is_told_from_what_came_of_it(
    codes: list[int], error: int | None, ended: int | None
) -> None:
    assert seen(*codes, error=error) == ended
