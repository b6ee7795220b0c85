"""Run one job in a child and read its events."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import FailedError
from mlcbuild.trace.result import Exit, Fault, LogLine

if TYPE_CHECKING:
    from mlcbuild.trace.hosts import Host
    from mlcbuild.trace.plan import Step

_CHILD: Final = Path(__file__).with_name("child.py")
_DEBUGGER: Final = Path(__file__).with_name("debugger.py")
_LEAST_ERROR: Final = 0xC0000000
_STACK_OVERFLOW: Final = 0xC00000FD
#: .NET's own exceptions: no fault of a load.
_HARMLESS: Final = frozenset({0xE0434352})
#: GCC's C++ exception, which is no number of an error.
_GCC: Final = 0x20474343
_THROWN: Final = frozenset({_GCC, 0xE06D7363})
#: What an exception that nobody catches leads to: the end is theirs, the cause is not.
_AFTERWARDS: Final = frozenset(
    {0xC00000FD, 0xC0000025, 0xC0000026, 0xC0000027, 0xC0000028, 0xC0000029, 0xC0000409, 0xC000013A}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The events of one child, and how it ended where it did not come to its end."""

    events: tuple[dict[str, Any], ...]
    exit: Exit | None
    #: The end of what the child and its DLLs wrote: an assertion's or abort's last words.
    errors: str
    log: tuple[LogLine, ...] = ()
    #: Exceptions of severity error, first chance too; seen under the debugger alone.
    faults: tuple[Fault, ...] = ()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of a kind."""
        return [event for event in self.events if event["event"] == kind]

    @property
    def refused(self) -> dict[str, Any] | None:
        """The image that the loader refused."""
        return next(iter(self.of("refused")), None)

    @property
    def dying(self) -> str:
        """The image that was being loaded when the process died; empty if none."""
        if self.exit is None or not self.of("loading"):
            return ""
        last = self.of("loading")[-1]["path"]
        ended = [
            each["path"] for kind in ("loaded", "refused", "settled") for each in self.of(kind)
        ]
        return "" if last in ended else str(last)

    @property
    def fault(self) -> Fault | None:
        """The exception that ended the load, not one that it, or a stack overflow, caused."""
        return self.fault_of(None)

    def fault_of(self, error: int | None) -> Fault | None:
        """Return the exception that ended the load; Wine's error can be its very number."""
        same = [each for each in self.faults if error and each.code == error % (1 << 32)]
        first_overflow = [each for each in self.faults if each.code == _STACK_OVERFLOW][:1]
        # Who throws may exhaust the stack under a debugger, which looks for a handler again.
        if found := same or (first_overflow if not _threw(self.faults) else []):
            return found[-1]
        causes = [each for each in self.faults if each.code not in _AFTERWARDS]
        causes = causes or list(self.faults)
        unhandled = [each for each in causes if each.unhandled]
        return unhandled[0] if unhandled else causes[-1] if causes else None


@dataclass(slots=True)
class Probe:
    """Starts children on a host. ``facts`` is what the first of them reported about the machine."""

    host: Host
    limit_s: float
    facts: dict[str, Any] = field(default_factory=dict)

    def load(
        self,
        steps: Sequence[Step],
        *,
        folders: Sequence[str] = (),
        before: Sequence[str] = (),
        debug: bool = False,
    ) -> Run:
        """Load images one after the other, up to the first that fails."""
        there = self.host.there
        job = {
            "folders": [there(folder) for folder in folders],
            "before": [there(path) for path in before],
            "steps": [
                {
                    "path": there(step.path),
                    "needs": [{"name": n.name, "symbols": list(n.symbols)} for n in step.needs],
                }
                for step in steps
            ],
        }
        return self._run(job, debug=debug)

    def import_module(self, name: str, *, debug: bool = False) -> Run:
        """Import a Python module."""
        return self._run({"module": name}, debug=debug)

    def _run(self, job: dict[str, Any], *, debug: bool) -> Run:
        with tempfile.TemporaryDirectory(prefix="mlcbuild-", ignore_cleanup_errors=True) as folder:
            question, answer, log = (Path(folder, name) for name in ("job.json", "out", "log"))
            question.write_text(json.dumps(job), encoding="utf-8")
            paths = [self.host.there(str(path)) for path in (question, answer)]
            if debug:
                child = self.host.there(str(_CHILD))
                limit = str(self.limit_s)
                words = [self.host.there(str(log)), limit, child, *paths]
                # The debugger ends its child in time; the margin is for a debugger that hangs.
                ended = self.host.run(_DEBUGGER, words, limit_s=self.limit_s + 30)
            else:
                ended = self.host.run(_CHILD, paths, limit_s=self.limit_s)
            events = _events(answer)
            lines = _events(log) if debug else []
        if not events:
            raise FailedError(
                f"no child could be run: {' '.join(ended.output.split())[-300:]}",
                remedy="see whether this Python starts at all",
            )
        for event in events:
            if "path" in event:
                event["path"] = self.host.here(event["path"])
            if "importer" in event:
                event["importer"] = self.host.here(event["importer"])
        self.facts = self.facts or events[0]
        finished = any(event["event"] == "done" for event in events)
        code, timed_out = ended.code, ended.timed_out
        faults = []
        for line in lines:
            if line["kind"] == "exception" and line["loading"] and _is_error(line["code"]):
                faults.append(
                    Fault(
                        code=line["code"],
                        module=self.host.here(line["module"]),
                        rva=line["rva"],
                        says=line["says"],
                        unhandled=line["unhandled"],
                    )
                )
            if line["kind"] == "exit":
                code, timed_out = line["code"], line["timed_out"]
        return Run(
            events=tuple(events),
            exit=None if finished else Exit(code=code, timed_out=timed_out, seconds=ended.seconds),
            errors=ended.output[-2000:],
            log=tuple(LogLine(kind=line["kind"], text=line["text"]) for line in lines),
            faults=tuple(faults),
        )


def _threw(faults: Sequence[Fault]) -> bool:
    """Return whether a C++ exception came before the stack was exhausted."""
    codes = [each.code for each in faults]
    overflow = codes.index(_STACK_OVERFLOW) if _STACK_OVERFLOW in codes else 0
    return any(code in _THROWN for code in codes[:overflow])


def _is_error(code: int) -> bool:
    return code == _GCC or (code >= _LEAST_ERROR and code not in _HARMLESS)


def _events(path: Path) -> list[dict[str, Any]]:
    """Return the events of a file; a last line that was cut off is left out."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("}\n")]
