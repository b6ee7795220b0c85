"""The built-in data of what Windows and Python provide, read lazily.

``data/system.bin`` is made by ``scripts/make_system_data.py``: 8 bytes of magic, the format and
the index's size (two little-endian 32-bit numbers), the index (zlib over JSON), then one zlib block
of sorted names a DLL. Asking for one DLL's exports inflates that DLL's block alone. The index says
where each list comes from and which lists are complete; an absence proves something only there.
"""

from __future__ import annotations

import functools
import json
import struct
import zlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.loader.names import api_set_key, fold, is_api_set
from mlcbuild.loader.system import ApiSet, SystemDll, Table
from mlcbuild.msvc import UCRT, UCRT_SETS

if TYPE_CHECKING:
    from mlcbuild.platforms import Machine

MAGIC: Final = b"MLCSYS\r\n"
FORMAT: Final = 1
#: The stable ABI's DLL has a list a version: ``python3.dll@311``.
_STABLE_ABI: Final = "python3.dll"
_OLDEST: Final = 8
#: Lists taken on x64 hold for these processes too, where there is none of their own: one API and
#: one C++ mangling for 64 bits.
_LISTS: Final[dict[str, str]] = {
    "x86": "x86",
    "x86_64": "x86_64",
    "arm64": "x86_64",
    "arm64ec": "x86_64",
    "arm64x": "x86_64",
}


class _Names:
    """One DLL's exported names, inflated at the first question."""

    def __init__(self, block: bytes, *, complete: bool) -> None:
        self.complete = complete
        self._block = block
        self._names: frozenset[str] | None = None

    @property
    def names(self) -> frozenset[str]:
        """The whole list."""
        if self._names is None:
            self._names = frozenset(zlib.decompress(self._block).decode().split("\n"))
        return self._names

    def has(self, name: str) -> bool:
        """Return whether the list has this name."""
        return name in self.names


class _Crt:
    """An API set of the Universal CRT: its own list, and all that its host exports.

    The free lists of single sets leave functions out (``strnlen``); the host's list has them.
    """

    complete = True

    def __init__(self, own: Table, host: Table) -> None:
        self._lists = (own, host)

    def has(self, name: str) -> bool:
        """Return whether either list has this name."""
        return any(names.has(name) for names in self._lists)


class _Contract:
    """An API set with a published list: what no list of Windows has, its host does not export.

    Hosts differ between Windows versions, so a name that any DLL of Windows exports proves nothing.
    """

    complete = True

    def __init__(self, own: Table, system: SystemData) -> None:
        self._own = own
        self._system = system

    def has(self, name: str) -> bool:
        """Return whether the contract, or any DLL of Windows, has this name."""
        return self._own.has(name) or name in self._system.every_name


class SystemData:
    """A ``System`` over the built-in data."""

    def __init__(self, raw: bytes) -> None:
        magic, (version, size) = raw[:8], struct.unpack_from("<II", raw, 8)
        if magic != MAGIC or version != FORMAT:
            raise ValueError(f"system data of format {version}, this program reads {FORMAT}")
        index: dict[str, Any] = json.loads(zlib.decompress(raw[16 : 16 + size]))
        self.provenance: dict[str, Any] = index["provenance"]
        self._blocks = raw[16 + size :]
        self._index: dict[str, list[int]] = index["exports"]
        self._present = frozenset(index["present"])
        self._sometimes = frozenset(index["sometimes"])
        self._redistributed = frozenset(index["redistributed"])
        self._api_sets = frozenset(index["api_sets"])
        self._complete = frozenset(index["complete"])
        self._tables: dict[tuple[str, bool], _Names] = {}

    def dll(self, name: str, machine: Machine) -> SystemDll | None:
        """Return the DLL where Windows, or an installed redistributable, has it."""
        base = fold(name)
        if base in self._present or base in self._redistributed:
            return SystemDll(base, table=self._table(base, machine))
        if base in self._sometimes:
            return SystemDll(base, table=self._table(base, machine), doubt="optional")
        if is_api_set(base) and self.api_set(base) == "known":
            own, host = self._table(base, machine), self._table(UCRT, machine)
            if own and host and host.complete and base.startswith(UCRT_SETS):
                return SystemDll(base, table=_Crt(own, host))
            if own is not None and machine == "x86_64":
                return SystemDll(base, table=_Contract(own, self))
            return SystemDll(base, table=own)
        return None

    @functools.cached_property
    def every_name(self) -> frozenset[str]:
        """Every name that a DLL or API set of Windows is known to export, on some machine."""
        keys = (key for key in self._index if key.startswith("any/"))
        return frozenset().union(*(self._table(key[4:], "x86_64").names for key in keys))  # type: ignore[union-attr]

    def api_set(self, name: str) -> ApiSet:
        """Say whether a Windows 10 or 11 has this contract."""
        return "known" if api_set_key(name) in self._api_sets else "unknown"

    def python_dll(self, name: str, machine: Machine, python: str | None) -> Table | None:
        """Return the exports of ``python311.dll`` and the like, where known."""
        base = fold(name)
        if base != _STABLE_ABI:
            return self._table(base, machine)
        if python is None or not python.rstrip("t").isdecimal():
            return None
        # Versions before the oldest known export less: the oldest list errs towards "loads".
        wanted = max(_OLDEST, int(python.rstrip("t")[1:]))
        return self._table(f"{_STABLE_ABI}@3{wanted}", machine)

    def windows_dlls(self) -> list[str]:
        """Return the DLLs in Windows itself, on every machine, whose exports are listed."""
        keys = (key.partition("/") for key in self._index)
        return sorted(
            base for _, _, base in keys if base in self._present and base.endswith(".dll")
        )

    def listed(self, prefix: str) -> list[str]:
        """Return the DLLs and API sets with a list of exports whose name begins so."""
        bases = {key.partition("/")[2] for key in self._index}
        return sorted(base for base in bases if base.startswith(prefix))

    def exports(self, name: str, machine: Machine) -> frozenset[str]:
        """Return every name that a DLL is known to export; empty where nothing is listed."""
        table = self._table(fold(name), machine)
        return frozenset() if table is None else table.names

    def _table(self, base: str, machine: Machine) -> _Names | None:
        for key in (f"{machine}/{base}", f"{_LISTS.get(machine, '')}/{base}", f"any/{base}"):
            if key in self._index:
                # Complete for the machine it was taken on; others have functions of their own.
                whole = key in self._complete and (
                    machine == "x86_64" or key.startswith(f"{machine}/")
                )
                if (key, whole) not in self._tables:
                    offset, size, _ = self._index[key]
                    block = self._blocks[offset : offset + size]
                    self._tables[key, whole] = _Names(block, complete=whole)
                return self._tables[key, whole]
        return None


@lru_cache(maxsize=1)
def builtin_system() -> SystemData:
    """Return the data shipped with the package."""
    return SystemData(Path(__file__).with_name("data").joinpath("system.bin").read_bytes())
