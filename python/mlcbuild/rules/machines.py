"""Files that are no image, or no image for this process."""

from __future__ import annotations

from collections.abc import Iterator

from mlcbuild.rules.blame import Blame, blame
from mlcbuild.rules.finding import Finding, Subject, rule
from mlcbuild.rules.names import base_name


@rule(
    severity="error; warning for an .exe, which nothing imports, and for damage in one table",
    title="A .dll, .pyd or .exe is not a readable PE image",
    why=(
        "Windows maps a file as an image only if its DOS, PE and section headers are "
        "complete. A truncated download, a Git LFS pointer, a text file or a library of "
        "another system fails with WinError 193 (%1 is not a valid Win32 application)."
    ),
    source="Microsoft, PE Format; LoadLibraryEx, ERROR_BAD_EXE_FORMAT",
    fix="Rebuild the file, fetch it again (git lfs pull), or rename it if it is data.",
)
def not_a_pe(subject: Subject) -> Iterator[Finding]:
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


@rule(
    severity="error; warning if another copy may win",
    title="An image is for another processor than the process that loads it",
    why=(
        "A 64-bit process cannot map a 32-bit image or one for ARM64, and vice versa. "
        "LoadLibrary fails with WinError 193 for the module or for any DLL that it gets."
    ),
    source="Microsoft, ERROR_BAD_EXE_FORMAT; mlc-ai/mlc-llm#1133; llama-cpp-python#53",
    fix="Ship every DLL for the processor of the Python that loads it.",
)
def wrong_machine(subject: Subject) -> Iterator[Finding]:
    for fault in blame(subject, {"wrong-machine"}):
        # A helper for another processor is data; wheel-tag-mismatch grades it by its kind.
        if subject.wheel is not None and len(fault.problem.chain) <= 1:
            continue
        yield Finding(
            severity="error" if fault.problem.certain else "warning",
            module=fault.module,
            message=fault.problem.reason,
            evidence=_machine_evidence(subject, fault),
            fix="ship the DLL for the same processor as the Python that loads it",
        )


def _machine_evidence(subject: Subject, fault: Blame) -> dict[str, object]:
    image = subject.images.get(fault.module)
    return {
        "machine": None if image is None else image.machine,
        "process": subject.machine,
        **fault.evidence,
    }
