"""Merge equal findings of several modules; shared by the text and Markdown forms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlcbuild.loader.words import MACHINE_NAMES

if TYPE_CHECKING:
    from mlcbuild.report.result import Report, Target
    from mlcbuild.rules.finding import Finding, Severity

#: Rule, severity, message, fix.
_Key = tuple[str, "Severity", str, str]
#: DLLs of one group that are named.
_DLLS = 3
_WORDS = {
    "good": "GOOD",
    "warnings": "GOOD, with warnings",
    "may-fail": "MAY FAIL",
    "fails": "FAILS",
    "unreadable": "UNREADABLE",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One message and its modules; no module for a message on the whole package."""

    rule: str
    severity: Severity
    message: str
    fix: str
    modules: tuple[str, ...]
    #: How many findings were merged.
    count: int = 1


def grouped(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Merge findings of one rule, severity, message and fix, in order of first appearance.

    Then findings that are equal except for the DLL, for one module: twenty missing DLLs that the
    same wheel provides are one fault to fix.
    """
    merged: dict[_Key, list[str | None]] = {}
    dlls: dict[_Key, str] = {}
    for finding in findings:
        key = (finding.rule, finding.severity, finding.message, finding.fix)
        merged.setdefault(key, []).append(finding.module)
        dlls[key] = str(finding.evidence.get("dll", ""))
    alike: dict[tuple[_Key, tuple[str, ...]], list[_Key]] = {}
    for key, modules in merged.items():
        paths = tuple(dict.fromkeys(path for path in modules if path is not None))
        same = without_dll(dlls[key], key) if len(paths) == 1 else key
        alike.setdefault((same, paths), []).append(key)
    return tuple(
        Group(
            rule=first[0],
            severity=first[1],
            message=_of_all([dlls[key] for key in keys], first[2]),
            fix=first[3].replace(dlls[first], "them") if len(keys) > 1 else first[3],
            modules=paths,
            count=sum(len(merged[key]) for key in keys),
        )
        for (_, paths), keys in alike.items()
        for first in keys[:1]
    )


def without_dll(dll: str, key: _Key) -> _Key:
    """Return the key with the DLL's name left open; one that does not begin with it stays."""
    rule, severity, message, fix = key
    if not dll or not message.startswith(f"{dll} is "):
        return key
    return rule, severity, message.removeprefix(dll), fix.replace(dll, "")


def _of_all(dlls: list[str], text: str) -> str:
    """Return what a message says of the first DLL as said of all."""
    if len(dlls) < 2:  # noqa: PLR2004 - one
        return text
    shown = names(tuple(dlls), at_most=_DLLS)
    return f"{shown} are {text.removeprefix(f'{dlls[0]} is ')}"


def count(number: int, noun: str) -> str:
    """Return ``1 image`` or ``3 images``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def summary_line(report: Report) -> str:
    """Return ``1 error, 0 warnings, 2 notes``."""
    return ", ".join(count(number, noun[:-1]) for noun, number in report.summary.items())


def names(modules: tuple[str, ...], *, at_most: int) -> str:
    """Return the first modules and the number of others."""
    shown = ", ".join(modules[:at_most])
    left = len(modules) - at_most
    return f"{shown} and {left} more" if left > 0 else shown


def verdict_line(target: Target) -> tuple[str, str]:
    """Return the verdict in capitals and its reason."""
    word = _WORDS[target.outcome]
    if target.error:
        return word, target.error
    loads = ["optional" if m.optional else m.load.verdict for m in target.modules]
    parts = [
        f"{number} {verb}"
        for number, verb in (
            (loads.count("loads"), "will load"),
            (loads.count("fails"), "will not"),
            (loads.count("may-fail"), "may fail"),
            (loads.count("optional"), "optional may not"),
        )
        if number
    ]
    if not parts:
        return word, "no images" if target.kind in {"folder", "image"} else "pure Python: no images"
    return word, f"{count(len(loads), 'image')}{_machine(target)}: {', '.join(parts)}"


def conditions(target: Target) -> list[str]:
    """Return the verdict's conditions: machines on which fewer images load."""
    found = []
    for finding in target.findings:
        number = finding.evidence.get("count")
        if finding.rule == "redist-needed" and isinstance(number, int):
            code = finding.evidence["winerror"]
            found.append(
                f"on Windows without the redistributable: {number} will not, WinError {code}"
            )
    return found


def _machine(target: Target) -> str:
    """Name the machine where it is not the usual one.

    Without a wheel's tag or ``--python-dir``, images are judged in a process of their own machine:
    a 32-bit DLL that loads there does not load in the usual 64-bit Python.
    """
    machines = {module.machine for module in target.modules if not module.managed} - {"unknown"}
    if len(machines) != 1 or machines == {"x86_64"}:
        return ""
    return f" for {MACHINE_NAMES[machines.pop()]}"
