"""``runtime-bundled-unmangled``: a runtime DLL is shipped under its common name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.rules.finding import Finding, Rule, Subject
from mlcbuild.rules.names import base_name, is_runtime
from mlcbuild.rules.toolsets import dotted, runtime_version

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
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


RULE = Rule(
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
    judge=_judge,
)
