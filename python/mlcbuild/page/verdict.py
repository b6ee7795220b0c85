"""The verdict at the top of the page, and the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import Exit
from mlcbuild.report.groups import count

if TYPE_CHECKING:
    from mlcbuild.page.read import Section


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """``state`` is good, warnings or fails; ``code`` the command's exit code."""

    state: str
    word: str
    line: str
    code: Exit


#: WinError of an image that Windows cannot map into any process of this machine.
_BAD_IMAGE: Final = 193


def verdict_of(section: Section) -> Verdict:
    """Return the verdict on one result, as its own command reports it."""
    if section.kind == "check":
        return _check(section.table)
    if section.kind == "doctor":
        return _doctor(section.table)
    ok = bool(section.table["ok"])
    word = "GOOD" if ok else "FAILED"
    partial = bool(section.table["interrupted"])
    return Verdict(
        state="warnings" if ok and partial else "good" if ok else "fails",
        word=word,
        line=str(section.table["headline"]).removeprefix(f"{word}: "),  # said by the word
        code=Exit.GOOD if ok else Exit.FINDINGS,
    )


def _check(table: dict[str, Any]) -> Verdict:
    modules = [module for target in table["targets"] for module in target["modules"]]
    loads = Counter("optional" if _optional(m) else m["load"]["verdict"] for m in modules)
    unread = [target["error"]["message"] for target in table["targets"] if "error" in target]
    summary = table["summary"]
    said = [f"{loads['loads']} of {count(len(modules), 'image')} will load"]
    said += [f"{loads['fails']} will not"] if loads["fails"] else []
    said += [f"{loads['may-fail']} may fail"] if loads["may-fail"] else []
    said += [f"{loads['optional']} optional may not"] if loads["optional"] else []
    said += [
        count(summary[key], key.removesuffix("s")) for key in ("errors", "warnings") if summary[key]
    ]
    line = ", ".join([*unread, *said])
    if unread:
        return Verdict(state="fails", word="UNREADABLE", line=line, code=Exit.UNREADABLE)
    if summary["errors"]:
        return Verdict(state="fails", word="FAILS", line=line, code=Exit.FINDINGS)
    if loads["may-fail"] or loads["fails"]:
        return Verdict(state="warnings", word="MAY FAIL", line=line, code=Exit.GOOD)
    doubtful = summary["warnings"] or loads["optional"]
    return Verdict(
        state="warnings" if doubtful else "good",
        word="GOOD, with warnings" if doubtful else "GOOD",
        line=line,
        code=Exit.GOOD,
    )


def _optional(module: dict[str, Any]) -> bool:
    """Return whether importing the package does not need an image (such as a 32-bit helper)."""
    load = module["load"]
    helper = load["winerror"] == _BAD_IMAGE and len(load["chain"]) <= 1
    return bool(module.get("optional")) or (helper and load["verdict"] != "loads")


def _doctor(table: dict[str, Any]) -> Verdict:
    counts = Counter(str(check["status"]) for check in table["checks"])
    bad = counts["fail"] + counts["crash"]
    said = [
        f"{counts[key]} {key}" for key in ("fail", "crash", "warn", "ok", "skip") if counts[key]
    ]
    state = "fails" if bad else "warnings" if counts["warn"] else "good"
    word = {"fails": "NOT READY", "warnings": "READY, with warnings", "good": "READY"}[state]
    return Verdict(
        state=state, word=word, line=", ".join(said), code=Exit.FINDINGS if bad else Exit.GOOD
    )


def worst_code(verdicts: Sequence[Verdict]) -> Exit:
    """Return the overall exit code: unreadable (3) over failing (1) over good (0)."""
    return max((verdict.code for verdict in verdicts), default=Exit.GOOD)
