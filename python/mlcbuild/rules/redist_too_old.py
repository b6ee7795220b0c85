"""``redist-too-old``: the C++ runtime that a module gets is older than the module's toolset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.rules.cpp_runtime import reachable_copies
from mlcbuild.rules.finding import Finding, Rule, Subject
from mlcbuild.rules.names import base_name, is_mangled, is_msvcp140, is_runtime, original_name
from mlcbuild.rules.toolsets import CONSTEXPR_MUTEX, dotted, needed_redist, newest_toolset

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
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


RULE = Rule(
    severity="warning for a known copy that is too old; note for a private one of 14.40 or newer",
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
