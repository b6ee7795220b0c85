"""``not-a-pe``: a file with a native suffix that Windows cannot map as an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.rules.blame import blame
from mlcbuild.rules.finding import Finding, Rule, Subject
from mlcbuild.rules.names import base_name

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RULE"]


def _judge(subject: Subject) -> Iterator[Finding]:
    for path, why in subject.broken.items():
        program = path.casefold().endswith(".exe")
        yield Finding(
            severity="warning" if program else "error",
            module=path,
            message=f"not a Windows image: {why}",
            evidence={"reason": why},
            fix="rebuild the file or copy it again; if it is data, give it another suffix",
        )
    told = {base_name(path) for path in subject.broken}
    for fault in blame(subject, {"not-a-pe"}):
        if len(fault.problem.chain) > 1 and base_name(fault.problem.chain[-1]) not in told:
            yield Finding(
                severity="error" if fault.problem.certain else "warning",
                module=fault.module,
                message=f"gets a DLL that is no Windows image: {fault.problem.reason}",
                evidence=fault.evidence,
                fix="rebuild that DLL or copy it again",
            )
    for path, image in subject.images.items():
        if image.defects and path not in subject.broken:
            more = f" (and {len(image.defects) - 1} more)" if image.defects[1:] else ""
            yield Finding(
                severity="warning",
                module=path,
                message=f"damaged inside: {image.defects[0]}{more}",
                evidence={"defects": list(image.defects)},
                fix="rebuild the file or copy it again",
            )


RULE = Rule(
    severity="error; warning for an .exe, which nothing imports, and for damage in one table",
    title="A .dll, .pyd or .exe is not a readable PE image",
    why=(
        "Windows maps a file as an image only if its DOS, PE and section headers are "
        "complete. A truncated download, a Git LFS pointer, a text file or a library of "
        "another system fails with WinError 193 (%1 is not a valid Win32 application)."
    ),
    source="Microsoft, PE Format; LoadLibraryEx, ERROR_BAD_EXE_FORMAT",
    fix="Rebuild the file, fetch it again (git lfs pull), or rename it if it is data.",
    judge=_judge,
)
