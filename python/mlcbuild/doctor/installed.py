"""An installed distribution as a package for ``check``, read through ``System``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.runtimes import members_of
from mlcbuild.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlcbuild.doctor.distributions import Distribution
    from mlcbuild.doctor.system import System
    from mlcbuild.package.member import Kind, Member, Package, WheelFacts

__all__ = ["InstalledFiles"]

_PEEK: Final = 16
#: The size of code whose RECORD row states none.
_MOST_CODE: Final = 1 << 18


class InstalledFiles:
    """The native images of one distribution, and its code near the top. See ``package.member``."""

    def __init__(self, system: System, distribution: Distribution) -> None:
        self.name = distribution.name
        self.kind: Kind = "installed"
        self.wheel: WheelFacts | None = None
        self.companions: Sequence[Package] = ()
        self._system = system
        self._place = distribution.place
        self._distribution = distribution
        self._members: tuple[Member, ...] | None = None
        self._code: dict[str, memoryview] = {}

    def members(self) -> Iterator[Member]:
        """List the DLLs and modules, and the code that adds DLL folders."""
        if self._members is None:
            self._members = tuple(members_of(self._system, self._distribution))
        return iter(self._members)

    def read(
        self, member: Member, *, watch: Callable[[memoryview], None] | None = None
    ) -> memoryview:
        """Return a member's bytes. Raises ``InputError`` where it cannot be read."""
        data = self._code.get(member.path) or self._read(member, member.size or _MOST_CODE)
        if member.path.endswith(".py"):
            self._code[member.path] = data  # each package of the family reads it again
        if watch is not None:
            watch(data)
        return data

    def peek(self, member: Member) -> bytes:
        """Return a member's first bytes; raises like ``read``."""
        return bytes(self._read(member, _PEEK))

    def close(self) -> None:
        """Do nothing: no file is held open."""

    def _read(self, member: Member, limit: int) -> memoryview:
        path = self._system.join(self._place, *member.path.split("/"))
        data = self._system.read(path, limit=limit)
        if data is None:
            raise InputError(f"{member.path}: cannot be read")
        return memoryview(data)
