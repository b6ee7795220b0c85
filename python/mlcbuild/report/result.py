"""The result shown by every report form, which determines the exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlcbuild.errors import Exit

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Load
    from mlcbuild.package.member import Kind
    from mlcbuild.rules.finding import Finding


#: Possible outcomes of a target.
Outcome = Literal["good", "warnings", "may-fail", "fails", "unreadable"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Module:
    """One image of a target: its facts and its predicted load."""

    path: str
    machine: str
    #: Newest MSVC toolset of any object, ``14.44``; None where no toolset is known.
    toolset: str | None
    crt: str
    load: Load
    #: .NET code for any CPU, whatever ``machine`` the header has.
    managed: bool = False
    #: It does not load, but importing the package does not need it.
    optional: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One thing examined. ``error`` and ``remedy`` are set where it could not be read."""

    name: str
    kind: Kind
    #: The path as given, of which ``name`` is the last part; empty where equal to ``name``.
    spec: str = ""
    modules: tuple[Module, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: str = ""
    remedy: str = ""

    def count(self, severity: str) -> int:
        """Return how many findings have this severity."""
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def outcome(self) -> Outcome:
        """Return the verdict as one word."""
        if self.error:
            return "unreadable"
        if self.count("error"):
            return "fails"
        # A helper for another processor, shipped as data, does not count; nor does an optional
        # plug-in.
        if any(
            module.load.verdict != "loads"
            and not module.optional
            and module.load.cause != "wrong-machine"
            for module in self.modules
        ):
            return "may-fail"
        return "warnings" if self.count("warning") else "good"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The result of one run of ``mlcbuild check``."""

    targets: tuple[Target, ...]
    #: Warnings fail too (``--strict``).
    strict: bool = False

    @property
    def summary(self) -> dict[str, int]:
        """Return the number of findings per severity, over all targets."""
        counts = Counter(f.severity for target in self.targets for f in target.findings)
        return {
            "errors": counts["error"],
            "warnings": counts["warning"],
            "notes": counts["note"],
        }

    @property
    def exit_code(self) -> Exit:
        """Return 3 where a target could not be read, else 1 for findings that fail, else 0."""
        if any(target.error for target in self.targets):
            return Exit.UNREADABLE
        summary = self.summary
        failing = summary["errors"] + (summary["warnings"] if self.strict else 0)
        return Exit.FINDINGS if failing else Exit.GOOD
