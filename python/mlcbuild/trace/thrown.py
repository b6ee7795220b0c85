"""Read a C++ exception's type and text from the memory of the process that threw it.

Microsoft's compilers throw 0xE06D7363 with a description of the types; those derived from
``std::exception`` keep their text after the vtable pointer. GCC throws 0x20474343 with its own
header; the types of the standard library keep their text there too. Unreadable parts are omitted.
Runs beside ``debugger.py`` with only the standard library; 64-bit processes only.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

TYPE_CHECKING = False

MICROSOFT, GCC = 0xE06D7363, 0x20474343
#: Sizes on x86-64: libstdc++'s header before the object, and the part of it before unwinding's.
_UNWIND, _BEFORE = 64, 80
_LONGEST = 500
_MOST_TYPES = 16
_EXCEPTION = ".?AVexception@std@@"
#: Types of libstdc++ that keep a text as their first member.
_WITH_TEXT = frozenset(
    f"St{len(name)}{name}"
    for name in (
        "runtime_error", "logic_error", "out_of_range", "invalid_argument", "length_error",
        "domain_error", "range_error", "overflow_error", "underflow_error", "system_error",
    )
)  # fmt: skip


def thrown(code: int, parameters: list[int], read: Callable[[int, int], bytes]) -> str:
    """Return ``std::runtime_error: its text`` of an exception; "" for another or what is damaged.

    ``read(address, count)`` gives memory, b"" where there is none.
    """
    try:
        if code == MICROSOFT and len(parameters) > 3:  # noqa: PLR2004 - 64 bits have a base too
            return _microsoft(parameters, read)
        if code == GCC and parameters:
            return _gcc(parameters[0], read)
    except struct.error:
        pass
    return ""


def _microsoft(parameters: list[int], read: Callable[[int, int], bytes]) -> str:
    item, info, base = parameters[1:4]
    (array,) = struct.unpack("<12xI", read(info, 16))
    (count,) = struct.unpack("<I", read(base + array, 4))
    name, text = "", ""
    for index in range(min(count, _MOST_TYPES)):
        (kind,) = struct.unpack("<I", read(base + array + 4 + 4 * index, 4))
        described, offset = struct.unpack("<4xIi", read(base + kind, 12))
        spelled = _string(base + described + 16, read)
        name = name or spelled
        if spelled == _EXCEPTION:
            text = _string(_pointer(item + offset + 8, read), read)
    return _said(_plain(name), text)


def _gcc(header: int, read: Callable[[int, int], bytes]) -> str:
    kind = _pointer(header - _BEFORE, read)
    name = _string(_pointer(kind + 8, read), read)
    text = _string(_pointer(header + _UNWIND + 8, read), read) if name in _WITH_TEXT else ""
    return _said(_plain(name), text)


def _said(name: str, text: str) -> str:
    return f"{name}: {text}" if name and text else name


def _plain(name: str) -> str:
    """Spell a decorated name of either compiler: ``.?AVruntime_error@std@@``."""
    if name.startswith((".?AV", ".?AU")):
        return "::".join(reversed([part for part in name[4:].split("@") if part]))
    if name.startswith("St") and name[2:].lstrip("0123456789").isidentifier():
        return "std::" + name[2:].lstrip("0123456789")
    plain = name.lstrip("0123456789")
    return plain if plain.isidentifier() else name


def _pointer(address: int, read: Callable[[int, int], bytes]) -> int:
    (value,) = struct.unpack("<Q", read(address, 8))
    return int(value)


def _string(address: int, read: Callable[[int, int], bytes]) -> str:
    """Return the text at an address, as much as is mapped; "" where it is none that reads."""
    data = b""
    while len(data) < _LONGEST and b"\0" not in data:
        block = read(address + len(data), 50)
        if not block:
            break
        data += block
    text = data.partition(b"\0")[0].decode("utf-8", "replace")
    return "".join(each if each.isprintable() else " " for each in text)
