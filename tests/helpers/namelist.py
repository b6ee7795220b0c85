"""The smallest model of a Windows: plain names of its DLLs, without exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.loader.names import fold
from mlcbuild.loader.system import SystemDll

if TYPE_CHECKING:
    from mlcbuild.loader.system import ApiSet, Table
    from mlcbuild.platforms import Machine

__all__ = ["NameList"]


class NameList:
    """A ``System`` that knows names alone."""

    def __init__(self, names: tuple[str, ...], api_sets: tuple[str, ...] = ()) -> None:
        self.names = frozenset(fold(name) for name in names)
        self.api_sets = frozenset(fold(name) for name in api_sets)

    def dll(self, name: str, machine: Machine) -> SystemDll | None:
        """Return the DLL where its name is listed."""
        del machine
        return SystemDll(name) if fold(name) in self.names else None

    def api_set(self, name: str) -> ApiSet:
        """Say whether the name is listed."""
        return "known" if fold(name).removesuffix(".dll") in self.api_sets else "unknown"

    def python_dll(
        self,
        name: str,  # noqa: ARG002
        machine: Machine,  # noqa: ARG002
        python: str | None,  # noqa: ARG002
    ) -> Table | None:
        """Know nothing."""
        return None
