"""Facts, loads and subjects for the tests of rules and reports: say only what the test is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlcbuild.loader.outcome import Load, Need, Problem
from mlcbuild.package.member import Member, WheelFacts
from mlcbuild.pe.facts import Image, ImportedDll, ImportedSymbol
from mlcbuild.rules import load_rule
from mlcbuild.rules.finding import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlcbuild.rules.finding import Finding

__all__ = ["broken_load", "image", "loads", "need", "run_rule", "subject", "wheel"]


def image(
    path: str,
    *,
    imports: Mapping[str, Sequence[str]] | None = None,
    delayed: Mapping[str, Sequence[str]] | None = None,
    version: tuple[int, int, int, int] | None = None,
    **facts: Any,
) -> Image:
    """Return an ordinary 64-bit MSVC DLL, with the given imports and changed facts."""
    tables = [(imports or {}, False), (delayed or {}, True)]
    plain: dict[str, Any] = {
        "path": path,
        "size": 1000,
        "machine": "x86_64",
        "bits": 64,
        "is_dll": not path.endswith(".exe"),
        "subsystem": 2,
        "characteristics": 0x2022,
        "linker_version": (14, 44),
        "toolset": (14, 44),
        "producer": "msvc",
        "imports": tuple(
            ImportedDll(
                name=dll,
                symbols=tuple(ImportedSymbol(name=name) for name in names),
                delayed=late,
            )
            for table, late in tables
            for dll, names in table.items()
        ),
        "crt": "dynamic",
        "file_version": version,
    }
    return Image(**{**plain, **facts})


def need(name: str, origin: Any = "system", path: str | None = None, **more: Any) -> Need:
    return Need(name=name, origin=origin, path=path, **more)


def loads(*needs: Need) -> Load:
    return Load(verdict="loads", needs=needs)


def broken_load(cause: Any, winerror: int, chain: Sequence[str], *needs: Need, **more: Any) -> Load:
    """Return a load with one problem: failing, unless ``certain=False`` or ``delayed=True``."""
    problem = Problem(
        cause=cause, winerror=winerror, chain=tuple(chain), reason=f"{chain[-1]} is bad", **more
    )
    verdict: Any = "fails" if problem.certain else "may-fail"
    if problem.delayed:
        return Load(verdict="loads", needs=needs, problems=(problem,))
    return Load(
        verdict=verdict,
        winerror=winerror,
        chain=problem.chain,
        reason=problem.reason,
        needs=needs,
        problems=(problem,),
        cause=cause,
    )


def wheel(tag: str = "py3-none-win_amd64", **more: Any) -> WheelFacts:
    return WheelFacts(distribution="pkg", version="1.0", tags=(tag,), **more)


def subject(
    *images: Image,
    loads_of: Mapping[str, Load] | None = None,
    extra_members: Sequence[str] = (),
    **more: Any,
) -> Subject:
    """Return a folder of these images; those without a load given just load."""
    given = dict(loads_of or {})
    plain: dict[str, Any] = {
        "name": "pkg",
        "kind": "wheel" if more.get("wheel") else "folder",
        "members": (
            *(Member(path=one.path, size=one.size) for one in images),
            *(Member(path=path, size=10) for path in extra_members),
        ),
        "images": {one.path: one for one in images},
        "loads": {one.path: given.pop(one.path, loads()) for one in images} | given,
        "machine": "x86_64",
    }
    return Subject(**{**plain, **more})


def run_rule(rule_id: str, judged: Subject) -> list[Finding]:
    """Apply one rule."""
    found = [replace(each, rule=rule_id) for each in load_rule(rule_id).judge(judged)]
    assert all(finding.message and finding.fix for finding in found)
    return found
