"""The Visual C++ redistributable: needed, too old, or bundled without a new name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mlcbuild.loader.policy import provider_of
from mlcbuild.rules.cpp_runtime import (
    CONSTEXPR_MUTEX,
    needed_redist,
    newest_toolset,
    reachable_copies,
    runtime_version,
)
from mlcbuild.rules.finding import Finding, Subject, rule
from mlcbuild.rules.names import base_name, is_mangled, is_msvcp140, is_runtime, original_name
from mlcbuild.versions import dotted

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Need

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


@rule(
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
)
def redist_needed(subject: Subject) -> Iterator[Finding]:
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


@rule(
    severity="warning for a known copy that is too old; note for a private one of 14.40 or newer",
    title="The C++ runtime is older than the toolset that built a module",
    why=(
        "Microsoft supports a redistributable only if it is at least as new as the newest toolset "
        "of any object in the module. Older ones may lack exports or behaviour that the headers "
        "rely on, and fail at load or later."
    ),
    source="Microsoft, C++ binary compatibility between Visual Studio versions",
    fix="Bundle or require a Visual C++ redistributable at least as new as the toolset.",
)
def redist_too_old(subject: Subject) -> Iterator[Finding]:
    for path, image in subject.images.items():
        toolset = newest_toolset(image)
        if toolset is None or is_runtime(original_name(path)):
            continue
        needed = needed_redist(toolset)
        for dll in image.imports:
            # vcruntime140 comes with Python and is judged by Python's version alone.
            if not is_msvcp140(dll.name):
                continue
            copies = reachable_copies(subject, path, dll.name)
            old = [c for c in copies if c.version is not None and c.version < needed]
            if old:
                # A private copy that knows today's std::mutex is how most healthy wheels ship.
                private = is_mangled(dll.name) and all(
                    copy.version >= CONSTEXPR_MUTEX for copy in old if copy.version
                )
                yield Finding(
                    severity="note" if private else "warning",
                    module=path,
                    message=(
                        f"built by toolset {dotted(toolset)}, needs {base_name(dll.name)} "
                        f"{dotted(needed)} or newer; {old[0]} can serve it"
                    ),
                    evidence={
                        "toolset": dotted(toolset),
                        "minimum_msvcp140": dotted(needed),
                        "copies": [{"where": c.where, "version": dotted(c.version)} for c in old],
                    },
                    fix=f"bundle or require msvcp140 {dotted(needed)} or newer",
                )


@rule(
    severity="warning; note for the ones that Python or Windows always provide",
    title="A Visual C++ runtime is bundled under its common name",
    why=(
        "A process has only one DLL per base name: the first that was loaded, from any "
        "folder. Python installs vcruntime140, so a bundled copy is never used. Whether a "
        "bundled msvcp140 is used depends on what was imported before, and an old one then "
        "breaks packages that need a newer one (WinError 1114)."
    ),
    source="Microsoft, Dynamic-link library search order; spaCy#13894; pytorch/pytorch#166628",
    fix="Mangle it (delvewheel repair), or leave it out and require the redistributable.",
)
def runtime_bundled_unmangled(subject: Subject) -> Iterator[Finding]:
    if subject.kind == "image":
        return
    programs = {
        path.rpartition("/")[0] for path in subject.images if path.casefold().endswith(".exe")
    }
    for path, image in subject.images.items():
        name = base_name(path)
        # Beside a program a runtime is deployed for that program: the documented app-local way.
        if not is_runtime(name) or path.rpartition("/")[0] in programs:
            continue
        from_python = name.startswith(("vcruntime140", "ucrtbase", "api-ms-"))
        effect = (
            "never used: Python's or Windows' own copy is loaded before it"
            if from_python
            else "used only if no other copy was loaded first, and then by every other package too"
        )
        version = runtime_version(image)
        yield Finding(
            severity="note" if from_python else "warning",
            module=path,
            message=f"a Visual C++ runtime is bundled under its common name: {effect}",
            evidence={"runtime": name, "version": dotted(version)},
            fix=(
                "leave it out of the package"
                if from_python
                else "let delvewheel repair bundle it under a mangled name"
            ),
        )
