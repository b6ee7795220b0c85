"""``missing-dll``: a DLL that is in no place where the loader looks (WinError 126)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.loader.policy import wheel_of
from mlcbuild.package.names import installed_path
from mlcbuild.rules.blame import blame
from mlcbuild.rules.model import Finding, Rule, Subject
from mlcbuild.rules.names import base_name, is_debug_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.loader.model import Cause, Problem
    from mlcbuild.rules.blame import Blame
    from mlcbuild.rules.model import Severity

__all__ = ["RULE"]

#: What to do where bundling or adding a folder is not it.
_FIXES: Final[dict[Cause, str]] = {
    "load-flags": (
        "link the importer without /DEPENDENTLOADFLAG, or bundle both with mlcbuild repair, which "
        "clears the flags"
    ),
    "redist": "bundle it (delvewheel repair), or require the Visual C++ redistributable",
    "old-redist": "build with a current compiler, or bundle it (delvewheel repair)",
    "optional": "say in the documentation which part of Windows is needed, or load it at run time",
    "unknown-api-set": "build for Windows 10, or load it at run time",
    "debug-runtime": "use a Release build of the package that needs it",
}
_CAUSES: Final[frozenset[Cause]] = frozenset({"missing-dll", *_FIXES})


def _judge(subject: Subject) -> Iterator[Finding]:
    for fault in blame(subject, _CAUSES):
        problem = fault.problem
        if problem.cause == "debug-runtime" and _is_debug_build(subject, fault.module):
            continue  # debug-crt says it better; what stays is a companion's
        missing = problem.chain[-1] if problem.chain else ""
        elsewhere = list(subject.named.get(base_name(missing), ()))
        yield Finding(
            rule=RULE.id,
            severity=_severity(subject, fault),
            module=fault.module,
            message=problem.reason,
            evidence={"dll": missing, "elsewhere": elsewhere, **fault.evidence},
            fix=_fix(problem, missing, elsewhere),
        )


def _severity(subject: Subject, fault: Blame) -> Severity:
    """Grade: a program starts with PATH, too, so in a package its fault is no certainty."""
    program = fault.module.casefold().endswith(".exe") and subject.kind != "image"
    return "error" if fault.problem.certain and not program else "warning"


def _is_debug_build(subject: Subject, path: str) -> bool:
    image = subject.images.get(path)
    return image is not None and any(is_debug_runtime(dll.name) for dll in image.imports)


def _fix(problem: Problem, missing: str, elsewhere: list[str]) -> str:
    special = _FIXES.get(problem.cause)
    if special is not None:
        return special
    brought_by = wheel_of(missing)
    if not elsewhere and brought_by:
        return f"{brought_by} brings it: require that, and check --with its wheel"
    if not elsewhere:
        return f"bundle {missing} (delvewheel repair), or name the wheel that brings it (--with)"
    folder = installed_path(elsewhere[0])[0].rpartition("/")[0] or "its folder"
    return (
        f"call os.add_dll_directory for {folder} before the import (checked with "
        f"--add-dir {folder}), or move {elsewhere[0]} beside the importer"
    )


RULE = Rule(
    id="missing-dll",
    severity=(
        "error; warning where the machine decides (old redistributables, optional parts of "
        "Windows, programs and load flags, which search PATH) or the order of imports"
    ),
    title="A DLL that an image imports is not found",
    why=(
        "Python searches the folder of the loaded file, the folder of python.exe, folders given "
        "to os.add_dll_directory and System32; never PATH and never the current directory. A "
        "dependency that is in none of them answers WinError 126, and Python names only the "
        "module that was asked for."
    ),
    source="Python 3.8, What's New (ctypes, os.add_dll_directory); Microsoft, LoadLibraryExW",
    fix="Bundle the DLL with delvewheel repair, add its folder, or check --with its wheel.",
    judge=_judge,
)
