"""Read the facts of one image: one pass over its headers and the requested directories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.pe.crt import find_crt
from mlcbuild.pe.directories import is_portable_managed, read_debug, read_load_config
from mlcbuild.pe.exports import Exports, read_exports
from mlcbuild.pe.facts import Image
from mlcbuild.pe.headers import Headers, read_headers
from mlcbuild.pe.imports import read_delay_imports, read_imports
from mlcbuild.pe.resources import read_resources
from mlcbuild.pe.toolset import find_producer, toolset_of_image
from mlcbuild.platforms import WINDOWS, Machine

if TYPE_CHECKING:
    import mmap


IS_DLL: Final = 0x2000
_MACHINES: Final[dict[int, Machine]] = {
    **{each.coff: each.machine for each in WINDOWS.values()},
    0x01C4: "arm",
    0xA641: "arm64ec",
    0xA64E: "arm64x",
}
#: A header's machine -> what it is where the load config has ARM64EC metadata.
_HYBRID: Final[dict[Machine, Machine]] = {"x86_64": "arm64ec", "arm64": "arm64x"}


class PeFile:
    """One image over its bytes (mapped or inflated), for its facts and its exports.

    Raises ``NotPeError`` if the bytes have no PE headers. Later damage raises nothing:
    it is reported in ``Image.defects`` and ``Exports.defects``.
    """

    def __init__(self, data: memoryview | bytes | bytearray | mmap.mmap, *, path: str) -> None:
        self._path = path
        self._headers: Headers = read_headers(memoryview(data).cast("B"), path=path)
        self._exports: Exports | None = None

    def image(self) -> Image:
        """Read the facts."""
        headers = self._headers
        imports, import_defects, over = read_imports(headers)
        delayed, delay_defects, delay_over = read_delay_imports(headers)
        load_config, config_defects = read_load_config(headers)
        file_version, manifest, resource_defects = read_resources(headers)
        debug = read_debug(headers)
        producer = find_producer(headers, debug, imports)
        machine = _MACHINES.get(headers.machine, "unknown")
        return Image(
            path=self._path,
            size=len(headers.data),
            machine=_HYBRID.get(machine, machine) if load_config.chpe else machine,
            bits=headers.bits,
            is_dll=bool(headers.characteristics & IS_DLL),
            subsystem=headers.subsystem,
            characteristics=headers.characteristics,
            linker_version=headers.linker_version,
            toolset=toolset_of_image(headers, producer),
            producer=producer,
            imports=(*imports, *delayed),
            crt=find_crt([*imports, *delayed], producer),
            dependent_load_flags=load_config.dependent_load_flags,
            file_version=file_version,
            manifest=manifest,
            pdb=debug.pdb,
            defects=(
                *headers.defects,
                *import_defects,
                *delay_defects,
                *config_defects,
                *resource_defects,
                *self.exports().defects,
            ),
            invalid=headers.invalid or over or delay_over,
            winerror=headers.winerror,
            managed=is_portable_managed(headers),
        )

    def exports(self) -> Exports:
        """Read the export directory; the result does not hold the image's bytes."""
        if self._exports is None:
            self._exports = read_exports(self._headers)
        return self._exports


def read_image(data: memoryview | bytes | bytearray | mmap.mmap, *, path: str) -> Image:
    """Read the facts of one image; ``path`` is only the name it is shown under. See ``PeFile``."""
    return PeFile(data, path=path).image()
