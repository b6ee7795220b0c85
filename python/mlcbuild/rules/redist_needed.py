"""``redist-needed``: images that do not load on Windows without the Visual C++ redistributable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.loader.policy import provider_of
from mlcbuild.rules.finding import Finding, Rule, Subject
from mlcbuild.rules.names import base_name, is_msvcp140
from mlcbuild.rules.toolsets import dotted, needed_redist, newest_toolset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.loader.outcome import Need

__all__ = ["RULE", "minimum_msvcp140"]

_NAMED: Final = 20


def minimum_msvcp140(subject: Subject) -> tuple[int, int] | None:
    """Return the oldest msvcp140 that is new enough for every module that imports one.

    None when no module imports it or none was built by a known MSVC toolset.
    """
    needed = [
        needed_redist(toolset)
        for image in subject.images.values()
        if any(is_msvcp140(dll.name) for dll in image.imports)
        and (toolset := newest_toolset(image)) is not None
    ]
    return max(needed, default=None)


def _judge(subject: Subject) -> Iterator[Finding]:
    if subject.msvcp140 is not None:
        return  # the user says that the machine has it
    dlls = {
        path: names
        for path, load in subject.loads.items()
        if (names := {base_name(need.name) for need in load.needs if _from_redist(need)})
    }
    if not dlls:
        return
    victims = _with_importers(subject, set(dlls))
    programs = all(path.casefold().endswith(".exe") for path in victims)
    minimum = minimum_msvcp140(subject)
    wanted = sorted(set().union(*dlls.values()))
    which = "the Visual C++ redistributable" + (f" {dotted(minimum)} or newer" if minimum else "")
    one = len(victims) == 1
    yield Finding(
        severity="note" if programs and subject.kind != "image" else "warning",
        message=(
            f"WinError 126 on a Windows without {which}: {len(victims)} "
            f"image{'' if one else 's'} need{'s' if one else ''} {', '.join(wanted)} of it"
        ),
        evidence={
            "winerror": 126,
            "dlls": wanted,
            "minimum_msvcp140": None if minimum is None else dotted(minimum),
            "count": len(victims),
            "modules": sorted(victims)[:_NAMED],
        },
        fix=(
            "bundle it (mlcbuild repair), or document it and check with --msvcp140 and the version "
            "that your users have"
        ),
    )


def _from_redist(need: Need) -> bool:
    """Return whether System32 has this DLL only if the redistributable is installed."""
    if need.origin != "system" or need.delayed or need.key is not None:
        return False
    who = provider_of(need.name)
    return who is not None and who.kind == "redist"


def _with_importers(subject: Subject, victims: set[str]) -> set[str]:
    """Return the images and everything that loads them."""
    importers = subject.importers()
    waiting, found = list(victims), set(victims)
    while waiting:
        new = set(importers.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found


RULE = Rule(
    severity="warning; note if only programs need it, since they search PATH",
    title="An image does not load on Windows without the Visual C++ redistributable",
    why=(
        "msvcp140.dll and the like are not part of Windows; Python installs only vcruntime140.dll "
        "(vcruntime140_1.dll from 3.9 on). On a fresh Windows an import that needs more fails "
        "with WinError 126, which does not name the DLL. It is the most common report of all, and "
        "developers never see it: a compiler installs the runtime."
    ),
    source="Microsoft, Redistributing Visual C++ files; jpype-project/jpype#1167",
    fix="Bundle the runtime with mlcbuild repair, or tell users to install it.",
    judge=_judge,
)
