"""The systems to collect wheels for, by their names in uv and pip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mlcbuild.platforms import AMD64, WINDOWS_AMD64

#: The C library of our Linux wheel (its tag), and the oldest in wheel tags.
_GLIBC: Final = 35
_OLDEST: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """One system: ``name`` as in the manifest, ``uv`` its platform, ``pip`` the options."""

    name: str
    title: str
    uv: str
    pip: tuple[str, ...]


def _platforms(*names: str) -> tuple[str, ...]:
    return tuple(word for name in names for word in ("--platform", name))


WINDOWS: Final = System(name=AMD64, title="Windows", uv=WINDOWS_AMD64.triple, pip=_platforms(AMD64))
#: pip matches platforms exactly: list all that this C library supports.
LINUX: Final = System(
    name="linux_x86_64",
    title="Linux",
    uv=f"x86_64-manylinux_2_{_GLIBC}",
    pip=_platforms(
        *(f"manylinux_2_{minor}_x86_64" for minor in range(_GLIBC, _OLDEST - 1, -1)),
        "manylinux2014_x86_64",
        "manylinux2010_x86_64",
        "manylinux1_x86_64",
    ),
)

#: Keyed by the names of ``mlcbuild wheel --target``.
SYSTEMS: Final = {"host": LINUX, AMD64: WINDOWS}
