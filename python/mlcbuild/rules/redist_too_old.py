"""``redist-too-old``: the C++ runtime that serves a module is older than the module's toolset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.rules.cpp_runtime import reachable_copies
from mlcbuild.rules.model import Finding, Rule, Subject
from mlcbuild.rules.names import base_name, is_mangled, is_msvcp140, is_runtime, original_name
from mlcbuild.rules.toolsets import CONSTEXPR_MUTEX, dotted, needed_redist, newest_toolset

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE", "minimum_msvcp140"]


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
    from_system = []
    for path, image in subject.images.items():
        toolset = newest_toolset(image)
        if toolset is None or is_runtime(original_name(path)):
            continue
        needed = needed_redist(toolset)
        for dll in image.imports:
            # vcruntime140 comes with Python and is judged by nobody's version but Python's.
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
                    rule=RULE.id,
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
            elif any(c.version is None for c in copies):
                from_system.append(path)
    minimum = minimum_msvcp140(subject)
    if from_system and minimum is not None:
        yield Finding(
            rule=RULE.id,
            severity="note",
            message=(
                f"needs the Microsoft Visual C++ Redistributable {dotted(minimum)} or newer on "
                "the user's machine"
            ),
            evidence={"minimum_msvcp140": dotted(minimum), "modules": from_system},
            fix="document it, or bundle msvcp140 with delvewheel repair",
        )


RULE = Rule(
    id="redist-too-old",
    severity=(
        "warning for a known copy that is too old; note for a private one of 14.40 or newer, and "
        "with the minimum for the machine's own"
    ),
    title="The C++ runtime is older than the toolset that built a module",
    why=(
        "Microsoft supports a redistributable only if it is at least as new as the newest toolset "
        "of any object in the module. Older ones may lack exports or behaviour that the headers "
        "rely on, and fail at load or later."
    ),
    source="Microsoft, C++ binary compatibility between Visual Studio versions",
    fix="Bundle or require a Visual C++ redistributable at least as new as the toolset.",
    judge=_judge,
)
