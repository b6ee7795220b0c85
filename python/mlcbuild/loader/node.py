"""The nodes of the loader's graph: a file, its imports, its faults and the nearest ones below."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from mlcbuild.loader.context import Found
    from mlcbuild.loader.images import File
    from mlcbuild.loader.outcome import Problem

#: Faults as they decide a verdict, the first kind that there is first: a certain fault of mapping,
#: of binding, then any of mapping, of binding.
Kind = Literal["mapping", "binding", "doubtful-mapping", "doubtful-binding"]
KINDS: Final[tuple[Kind, ...]] = ("mapping", "binding", "doubtful-mapping", "doubtful-binding")


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """One import, delay-load or forwarder of a file. ``via`` names the DLLs in between."""

    name: str
    found: Found
    via: tuple[str, ...] = ()
    delayed: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The steps from the importer to what was found."""
        return (*self.via, self.name)


@dataclass(slots=True, eq=False)
class Node:
    """One file's own edges and faults. Chains are relative: they start after the file."""

    file: File
    edges: list[Edge] = field(default_factory=list)
    mapping: list[Problem] = field(default_factory=list)
    binding: list[Problem] = field(default_factory=list)
    delayed: list[Problem] = field(default_factory=list)
    #: The imports that Windows follows, and what they lead to, each file once.
    follow: list[tuple[Edge, Node]] = field(default_factory=list)
    #: Kind of fault -> the nearest one, here or further down.
    near: dict[Kind, Near] = field(default_factory=dict)
    #: Whether this file or one that it needs has anything to tell in a load.
    matters: bool = False

    @property
    def name(self) -> str:
        """The file's base name."""
        return self.file.name

    @property
    def troubles(self) -> int:
        """How many of its imports and symbols are not found, delayed ones too."""
        return sum(edge.found.cause is not None for edge in self.edges) + len(self.binding)


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """The nearest fault of one kind: how many files away, by which import, whose fault."""

    steps: int
    #: The import that leads there, and the file that it leads to; None for the file's own fault.
    by: tuple[Edge, Node] | None
    holder: Node
    problem: Problem
