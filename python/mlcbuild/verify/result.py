"""The request of a verification and its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlcbuild.errors import InputError, MlcbuildError
from mlcbuild.verify.steps import Limits


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What to verify. Empty ``imports``: the wheel's top-level packages."""

    wheel: Path
    imports: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    chat: bool = False
    device: str = "cpu"
    python: str | None = None
    find_links: tuple[Path, ...] = ()
    #: Requirements or wheels to install with it, such as a device's plug-in.
    also: tuple[str, ...] = ()
    no_index: bool = False
    #: Use the lab: a Windows wheel, on Linux.
    wine: bool = False
    #: For ``chat`` with ``wine``: this machine's wheel of the same sources, to compare with; it
    #: compiles where the Windows side cannot.
    linux_wheel: Path | None = None
    #: For ``chat`` with ``wine``: processes that must answer and end by themselves.
    repeat: int = 1
    keep: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step that ended. ``detail`` is what it found, or why it failed."""

    name: str
    seconds: float
    ok: bool
    detail: str


@dataclass(kw_only=True, slots=True)
class Outcome:
    """All of it: ``error`` is None for a good wheel, and is raised by the caller otherwise."""

    wheel: str
    steps: list[Step] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    log: str | None = None
    folder: str | None = None
    error: MlcbuildError | None = None
    #: What Wine lacks and Windows has, where the result is unknown because of it.
    lacks: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """``works``, ``broken`` (the wheel is at fault) or ``cannot-tell``."""
        if self.error is None:
            return "works"
        return "cannot-tell" if isinstance(self.error, InputError) else "broken"

    def as_table(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "schema_version": 1,
            "wheel": self.wheel,
            "ok": self.error is None,
            "verdict": self.verdict,
            "wine_lacks": list(self.lacks),
            "steps": [
                {"name": s.name, "seconds": round(s.seconds, 3), "ok": s.ok, "detail": s.detail}
                for s in self.steps
            ],
            "seconds": round(sum(step.seconds for step in self.steps), 3),
            "chat": self.facts.get("chat"),
            "error": self.error and str(self.error),
            "log": self.log,
            "folder": self.folder,
        }
