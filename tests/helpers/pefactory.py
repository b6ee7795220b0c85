"""Write PE images byte by byte: what no compiler here makes (Rich headers, versions, ARM64EC).

``make_pe`` returns a well-formed image with one section that holds every directory asked for. It
has no code: it is for readers and rules. For images that a real loader shall load, see ``tinydll``.

    make_pe(rich=[(0x105, 35229)], imports={"MSVCP140.dll": ["_Mtx_lock"]}, linker=(14, 44))
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MACHINES", "make_pe"]

MACHINES = {"x86": 0x14C, "x86_64": 0x8664, "arm64": 0xAA64, "arm": 0x1C4}
BASE = 0x1000
HEADERS = 0x400
RICH_KEY = 0x5EED5EED


class _Section:
    """The one section's bytes, grown a block at a time."""

    def __init__(self) -> None:
        self.data = bytearray()

    def put(self, block: bytes) -> int:
        """Append a block aligned to 16 bytes and return its address."""
        self.data += bytes(-len(self.data) % 16)
        rva = BASE + len(self.data)
        self.data += block
        return rva

    def text(self, text: str) -> int:
        return self.put(text.encode() + b"\0")


def make_pe(
    *,
    machine: str = "x86_64",
    dll: bool = True,
    imports: Mapping[str, Sequence[str | int]] | None = None,
    delay: Mapping[str, Sequence[str | int]] | None = None,
    exports: Sequence[str | None] = (),
    forwarders: Mapping[str, str] | None = None,
    ordinal_base: int = 1,
    rich: Sequence[tuple[int, int]] = (),
    linker: tuple[int, int] = (14, 44),
    dependent_load_flags: int = 0,
    chpe: bool = False,
    version: tuple[int, int, int, int] | None = None,
    strings: Mapping[str, str] | None = None,
    manifest: str | None = None,
    pdb: str | None = None,
    subsystem: int = 2,
    managed_flags: int | None = None,
    section_name: str = ".rdata",
    extra: bytes = b"",
) -> bytes:
    """Return the bytes of one image.

    ``exports`` are names in ordinal order, None for an export without a name; ``forwarders`` maps
    some of them to ``DLL.name``. ``rich`` is (product id, build) pairs. ``extra`` is put into the
    section as it is.
    """
    wide = machine not in {"x86", "arm"}
    section = _Section()
    section.put(extra)
    directories = [(0, 0)] * 16
    if exports:
        directories[0] = _exports(section, exports, forwarders or {}, ordinal_base)
    if imports:
        directories[1] = _imports(section, imports, wide=wide)
    if version or manifest:
        directories[2] = _resources(section, version, strings or {}, manifest)
    if pdb is not None:
        directories[6] = _debug(section, pdb)
    if dependent_load_flags or chpe:
        directories[10] = _load_config(section, dependent_load_flags, chpe=chpe, wide=wide)
    if delay:
        directories[13] = _delay(section, delay, wide=wide)
    if managed_flags is not None:
        directories[14] = (section.put(struct.pack("<IHHIII", 72, 2, 5, 0, 0, managed_flags)), 72)
    stub, pe_at = _stub(rich)
    raw = bytes(section.data) + bytes(-len(section.data) % 0x200)
    characteristics = 0x0002 | (0x2000 if dll else 0) | (0x20 if wide else 0x100)
    optional_size = (112 if wide else 96) + 128
    file_header = struct.pack(
        "<4sHHIIIHH",
        b"PE\0\0",
        MACHINES.get(machine, 0),
        1,
        0,
        0,
        0,
        optional_size,
        characteristics,
    )
    image_size = BASE + (max(1, len(raw)) + 0xFFF) // 0x1000 * 0x1000
    optional = struct.pack("<HBBIIII", 0x20B if wide else 0x10B, *linker, 0, len(raw), 0, BASE)
    optional += struct.pack("<I", BASE)
    optional += struct.pack("<Q", 0x180000000) if wide else struct.pack("<II", BASE, 0x10000000)
    optional += struct.pack("<IIHHHHHHI", 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0)
    optional += struct.pack("<IIIHH", image_size, HEADERS, 0, subsystem, 0x160)
    optional += struct.pack("<4Q" if wide else "<4I", 0x100000, 0x1000, 0x100000, 0x1000)
    optional += struct.pack("<II", 0, 16)
    optional += b"".join(struct.pack("<II", *each) for each in directories)
    header = struct.pack(
        "<8sIIIIIIHHI",
        section_name.encode(),
        max(1, len(section.data)),
        BASE,
        len(raw),
        HEADERS,
        0,
        0,
        0,
        0,
        0x40000040,
    )
    head = stub.ljust(pe_at, b"\0") + file_header + optional + header
    return head.ljust(HEADERS, b"\0") + raw


def _stub(rich: Sequence[tuple[int, int]]) -> tuple[bytes, int]:
    words = [0x536E6144 ^ RICH_KEY, RICH_KEY, RICH_KEY, RICH_KEY]
    for product, build in rich:
        words += [(product << 16 | build) ^ RICH_KEY, 1 ^ RICH_KEY]
    block = struct.pack(f"<{len(words)}I", *words) + b"Rich" + struct.pack("<I", RICH_KEY)
    stub = bytearray(b"MZ".ljust(0x80, b"\0")) + (block if rich else b"")
    pe_at = (len(stub) + 15) // 16 * 16
    struct.pack_into("<I", stub, 0x3C, pe_at)
    return bytes(stub), pe_at


def _thunks(section: _Section, symbols: Sequence[str | int], *, wide: bool) -> bytes:
    flag = 1 << (63 if wide else 31)
    words = []
    for symbol in symbols:
        if isinstance(symbol, int):
            words.append(flag | symbol)
        else:
            words.append(section.put(b"\0\0" + symbol.encode() + b"\0"))
    return struct.pack(f"<{len(words) + 1}{'Q' if wide else 'I'}", *words, 0)


def _imports(
    section: _Section, imports: Mapping[str, Sequence[str | int]], *, wide: bool
) -> tuple[int, int]:
    rows = b""
    for name, symbols in imports.items():
        thunks = _thunks(section, symbols, wide=wide)
        lookup, addresses = section.put(thunks), section.put(thunks)
        rows += struct.pack("<5I", lookup, 0, 0, section.text(name), addresses)
    return section.put(rows + bytes(20)), len(rows) + 20


def _delay(
    section: _Section, imports: Mapping[str, Sequence[str | int]], *, wide: bool
) -> tuple[int, int]:
    rows = b""
    for name, symbols in imports.items():
        thunks = _thunks(section, symbols, wide=wide)
        lookup, addresses = section.put(thunks), section.put(thunks)
        rows += struct.pack("<8I", 1, section.text(name), 0, addresses, lookup, 0, 0, 0)
    return section.put(rows + bytes(32)), len(rows) + 32


def _exports(
    section: _Section,
    exports: Sequence[str | None],
    forwarders: Mapping[str, str],
    ordinal_base: int,
) -> tuple[int, int]:
    section.data += bytes(-len(section.data) % 16)
    start = BASE + len(section.data)
    named = sorted((name, at) for at, name in enumerate(exports) if name is not None)
    count = len(exports)
    at = 40 + 4 * count + 6 * len(named)
    texts = bytearray()

    def text(value: str) -> int:
        rva = start + at + len(texts)
        texts.extend(value.encode() + b"\0")
        return rva

    dll_name = text("made.dll")
    functions = [
        text(forwarders[name]) if name is not None and name in forwarders else BASE
        for name in exports
    ]
    names = [text(name) for name, _ in named]
    block = struct.pack(
        "<IIHHIIIIIII",
        0,
        0,
        0,
        0,
        dll_name,
        ordinal_base,
        count,
        len(named),
        start + 40,
        start + 40 + 4 * count,
        start + 40 + 4 * count + 4 * len(named),
    )
    block += struct.pack(f"<{count}I", *functions) + struct.pack(f"<{len(named)}I", *names)
    block += struct.pack(f"<{len(named)}H", *(ordinal for _, ordinal in named)) + texts
    return section.put(block), len(block)


def _load_config(section: _Section, flags: int, *, chpe: bool, wide: bool) -> tuple[int, int]:
    block = bytearray(0x140 if wide else 0xC0)
    struct.pack_into("<I", block, 0, len(block))
    struct.pack_into("<H", block, 78 if wide else 54, flags)
    if chpe:
        struct.pack_into("<Q", block, 200, 0x180001000)
    return section.put(bytes(block)), len(block)


def _debug(section: _Section, pdb: str) -> tuple[int, int]:
    record = b"RSDS" + bytes(20) + pdb.encode() + b"\0"
    rva = section.put(record)
    offset = HEADERS + rva - BASE
    return section.put(struct.pack("<IIHHIIII", 0, 0, 0, 0, 2, len(record), rva, offset)), 28


def _block(key: str, value: bytes, value_length: int, kind: int, children: bytes = b"") -> bytes:
    head = (key + "\0").encode("utf-16-le")
    body = head + bytes(-(6 + len(head)) % 4) + value
    body += (bytes(-(6 + len(body)) % 4) + children) if children else b""
    length = 6 + len(body)
    return struct.pack("<HHH", length, value_length, kind) + body + bytes(-length % 4)


def _version(version: tuple[int, int, int, int], strings: Mapping[str, str]) -> bytes:
    high, low = version[0] << 16 | version[1], version[2] << 16 | version[3]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 0, 0, 4, 2, 0, 0, 0)
    pairs = b"".join(
        _block(key, (value + "\0").encode("utf-16-le"), len(value) + 1, 1)
        for key, value in strings.items()
    )
    info = _block("StringFileInfo", b"", 0, 1, _block("040904B0", b"", 0, 1, pairs))
    return _block("VS_VERSION_INFO", fixed, len(fixed), 0, info if strings else b"")


def _resources(
    section: _Section,
    version: tuple[int, int, int, int] | None,
    strings: Mapping[str, str],
    manifest: str | None,
) -> tuple[int, int]:
    found = []
    if version is not None:
        found.append((16, _version(version, strings)))
    if manifest is not None:
        found.append((24, manifest.encode()))
    leaves = [struct.pack("<IIII", section.put(raw), len(raw), 0, 0) for _, raw in found]
    count = len(found)
    # Root, then for each type: its names, its languages, its leaf.
    at, tables, root = 16 + 8 * count, b"", b""
    for (kind, _), leaf in zip(found, leaves, strict=True):
        root += struct.pack("<II", kind, 0x80000000 | at)
        tables += struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, 1, 0x80000000 | (at + 24))
        tables += struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, 1033, at + 48) + leaf
        at += 64
    block = struct.pack("<IIHHHH", 0, 0, 0, 0, 0, count) + root + tables
    return section.put(block), len(block)
