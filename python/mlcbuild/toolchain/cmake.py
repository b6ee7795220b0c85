"""What a CMake knows: its version and its generators (``cmake -E capabilities``)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from mlcbuild.errors import InputError

__all__ = [
    "NINJA",
    "VISUAL_STUDIO_GENERATORS",
    "CMake",
    "read_capabilities",
    "visual_studio_generator",
]

NINJA: Final = "Ninja Multi-Config"

#: Major version of Visual Studio -> its generator, and the first CMake that has it (CMake's
#: release notes; 18: CMake 4.2).
VISUAL_STUDIO_GENERATORS: Final = {
    15: ("Visual Studio 15 2017", (3, 8)),
    16: ("Visual Studio 16 2019", (3, 14)),
    17: ("Visual Studio 17 2022", (3, 21)),
    18: ("Visual Studio 18 2026", (4, 2)),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CMake:
    """One CMake. ``generators`` is empty where it did not say: the version decides then."""

    version: tuple[int, ...]
    generators: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The version as people write it."""
        return ".".join(map(str, self.version))

    def knows(self, generator: str) -> bool:
        """Say whether this CMake has the generator."""
        if self.generators:
            return generator in self.generators
        match = re.match(r"Visual Studio (\d+)", generator)
        since = VISUAL_STUDIO_GENERATORS.get(int(match[1]), ("", (99,)))[1] if match else (3, 17)
        return self.version >= since


def visual_studio_generator(major: int) -> tuple[str, str]:
    """Return the generator of a major version and the first CMake with it; empty if unknown."""
    generator, since = VISUAL_STUDIO_GENERATORS.get(major, ("", ()))
    return generator, ".".join(map(str, since))


def read_capabilities(data: bytes) -> CMake:
    """Parse ``cmake -E capabilities`` (JSON). Raises ``InputError`` where it is none."""
    try:
        table = json.loads(data.decode("utf-8-sig"))
        version = table["version"]
        return CMake(
            version=(int(version["major"]), int(version["minor"]), int(version["patch"])),
            generators=frozenset(str(entry["name"]) for entry in table["generators"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"CMake's capabilities cannot be read ({type(error).__name__}: {error})",
            remedy='install CMake again (pip install -U "cmake>=3.26")',
        ) from error
