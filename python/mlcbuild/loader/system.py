"""What Windows itself provides: names, API sets, exports. Built-in data, or a real System32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from mlcbuild.loader.policy import provider_of

if TYPE_CHECKING:
    from mlcbuild.loader.images import File
    from mlcbuild.platforms import Machine

#: ``unknown``: no such API set, so the name is looked for as a file.
ApiSet = Literal["known", "unknown"]
#: ``optional`` a part that some Windows lack, ``old-redist`` an older Visual C++ redistributable.
Doubt = Literal["optional", "old-redist"]


class Table(Protocol):
    """Known exports of a DLL that is not available as a file."""

    #: True where a name absent from the list is surely not exported.
    complete: bool

    def has(self, name: str) -> bool:
        """Return whether the list has this name."""


class SystemDll:
    """One DLL of System32: a real file, or a name with the exports that are known of it."""

    __slots__ = ("_doubt", "file", "name", "table")

    def __init__(
        self,
        name: str,
        *,
        file: File | None = None,
        table: Table | None = None,
        doubt: Doubt | None = None,
    ) -> None:
        self.name = name
        self.file = file
        self.table = table
        self._doubt = doubt

    @property
    def doubt(self) -> Doubt | None:
        """Return why not every Windows has it; None where every one does."""
        if self.file is not None:
            return None
        who = provider_of(self.name)
        if who is not None and who.kind in {"optional", "old-redist"}:
            return "optional" if who.kind == "optional" else "old-redist"
        return self._doubt


class System(Protocol):
    """What the loader asks of System32."""

    def dll(self, name: str, machine: Machine) -> SystemDll | None:
        """Return the DLL of that name, or None where Windows has none."""

    def api_set(self, name: str) -> ApiSet:
        """Say whether the running Windows implements this API set."""

    def python_dll(self, name: str, machine: Machine, python: str | None) -> Table | None:
        """Return what is known of a DLL that Python ships (``python311.dll``, ``vcruntime140``).

        ``python`` is the oldest version that must do (``311``): ``python3.dll`` grows with each.
        """
