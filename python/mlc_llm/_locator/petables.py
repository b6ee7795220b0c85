"""Import and export tables and the version of a PE image: what a failed load is explained with.

Source of the layouts: Microsoft "PE Format", sections .idata, .edata and "Resource Directory";
``VS_FIXEDFILEINFO`` of the Windows SDK.
"""

from __future__ import annotations

from mlc_llm._locator.image import NotAnImageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import struct
    from mmap import mmap
else:
    import _struct as struct  # half the time of its Python module

__all__ = ["Exports", "Tables", "file_version", "read_tables"]

_PE32_PLUS = 0x20B
_MANY = 1 << 20
_VERSION_SIGNATURE = b"\xbd\x04\xef\xfe"


class Exports:
    """What an image offers: names, and ordinals of all exports."""

    __slots__ = ("names", "ordinals")

    def __init__(self, names: set[str], ordinals: set[int]) -> None:
        self.names = names
        self.ordinals = ordinals

    def __contains__(self, symbol: object) -> bool:
        return symbol in (self.ordinals if isinstance(symbol, int) else self.names)


class Tables:
    """One image's tables, read when they are asked for.

    Raises ``NotAnImageError`` where they point outside the file.
    """

    def __init__(self, data: mmap) -> None:
        self._data = data
        start = self._at(0x3C, "<I")[0]
        sections, optional_size = self._at(start + 6, "<H12xH")
        optional = start + 24
        magic, major, minor = self._at(optional, "<HBB")
        self.linker: tuple[int, int] = (major, minor)
        self._wide = magic == _PE32_PLUS
        directories = optional + (112 if self._wide else 96)
        count = self._at(directories - 4, "<I")[0]
        self._directories = [self._at(directories + 8 * i, "<II") for i in range(min(count, 16))]
        table = optional + optional_size
        self._sections = [self._at(table + 40 * index, "<8xIIII") for index in range(sections)]
        self.rich = b"Rich" in data[:start]

    def imports(self) -> dict[str, list[str | int]]:
        """Return the imported symbols (names, or ordinals as numbers) of each DLL."""
        found: dict[str, list[str | int]] = {}
        address = self._directory(1)
        for index in range(4096 if address else 0):
            lookup, name, slots = self._at(self._offset(address + 20 * index), "<I8xII")
            if not name:
                break
            found.setdefault(self._text(name), []).extend(self._thunks(lookup or slots))
        return found

    def exports(self) -> Exports:
        """Return what the image exports."""
        address = self._directory(0)
        if not address:
            return Exports(set(), set())
        row = self._at(self._offset(address), "<16xIIIIII")
        base, functions, names, function_rva, name_rva, _ = row
        rvas = self._at(self._offset(name_rva), f"<{names}I") if 0 < names < _MANY else ()
        slots = self._at(self._offset(function_rva), f"<{functions}I") if functions < _MANY else ()
        ordinals = {base + index for index, slot in enumerate(slots) if slot}
        return Exports({self._text(rva) for rva in rvas}, ordinals)

    def version(self) -> tuple[int, int, int, int] | None:
        """Return the file version of the version resource, None where there is none."""
        address = self._directory(2)
        if not address:
            return None
        found = self._data.find(_VERSION_SIGNATURE, self._offset(address))
        if found < 0:
            return None
        high, low = self._at(found + 8, "<II")
        return high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF

    def _thunks(self, address: int) -> list[str | int]:
        size, layout, flag = (8, "<Q", 1 << 63) if self._wide else (4, "<I", 1 << 31)
        symbols: list[str | int] = []
        at = self._offset(address)
        for index in range(_MANY):
            value = self._at(at + size * index, layout)[0]
            if not value:
                break
            symbols.append(value & 0xFFFF if value & flag else self._text(value + 2))
        return symbols

    def _directory(self, index: int) -> int:
        return self._directories[index][0] if index < len(self._directories) else 0

    def _offset(self, rva: int) -> int:
        for virtual_size, virtual, raw_size, raw in self._sections:
            if virtual <= rva < virtual + max(virtual_size, raw_size):
                return int(rva - virtual + raw)
        raise NotAnImageError("an address outside all sections")

    def _at(self, offset: int, layout: str) -> tuple[int, ...]:
        try:
            return struct.unpack_from(layout, self._data, offset)
        except struct.error as error:
            raise NotAnImageError("cut off or damaged") from error

    def _text(self, rva: int) -> str:
        start = self._offset(rva)
        end = self._data.find(b"\0", start, start + 8192)
        if end < 0:
            raise NotAnImageError("a name without an end")
        return self._data[start:end].decode(errors="replace")


def read_tables(path: str) -> Tables:
    """Read one PE image. Raises ``NotAnImageError`` or ``OSError``."""
    import mmap  # noqa: PLC0415 - a healthy import elsewhere than on Windows reads no tables

    with open(path, "rb") as file:
        if file.read(2) != b"MZ":
            raise NotAnImageError("no PE image")
        return Tables(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def file_version(path: str) -> tuple[int, ...] | None:
    """Return a DLL's file version, None where it has none or cannot be read."""
    try:
        return read_tables(path).version()
    except (NotAnImageError, OSError):
        return None
