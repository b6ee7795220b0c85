"""``debug-crt``: an image built in the Debug configuration, or a bundled debug runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.rules.finding import Finding, Rule, Subject
from mlcbuild.rules.names import is_debug_runtime, original_name

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
    for path, image in subject.images.items():
        imported = sorted(dll.name for dll in image.imports if is_debug_runtime(dll.name))
        if imported:
            yield Finding(
                severity="warning" if path in subject.optional else "error",
                module=path,
                message=f"built in the Debug configuration: imports {', '.join(imported)}",
                evidence={"imports": imported},
                fix="build and install with --config Release",
            )
        elif is_debug_runtime(path):
            yield Finding(
                severity="error",
                module=path,
                message="a debug runtime is bundled; its licence forbids redistribution",
                evidence={"runtime": original_name(path)},
                fix="build with --config Release and leave this file out",
            )


RULE = Rule(
    severity="error; warning if the release build is beside it",
    title="An image needs the debug runtime",
    why=(
        "Debug builds import msvcp140d, vcruntime140d or ucrtbased. These come with Visual "
        "Studio only and may not be redistributed, so the image loads on the developer's "
        "machine and fails with WinError 126 everywhere else. A multi-config generator builds"
        " Debug if --config is not given, whatever CMAKE_BUILD_TYPE says."
    ),
    source="Microsoft, Preparing a test machine to run a debug executable; mlc-ai/mlc-llm#999",
    fix="Build and install with --config Release.",
    judge=_judge,
)
