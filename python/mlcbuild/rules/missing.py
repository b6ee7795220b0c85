"""What the loader does not find: DLLs, symbols, delay-loaded DLLs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mlcbuild.loader.policy import wheel_of
from mlcbuild.package.names import installed_path
from mlcbuild.rules.blame import Blame, blame, is_optional
from mlcbuild.rules.finding import Finding, Severity, Subject, rule
from mlcbuild.rules.names import base_name, is_debug_runtime
from mlcbuild.rules.providers import likely, one_of_several, unseen_requirements

if TYPE_CHECKING:
    from mlcbuild.loader.outcome import Cause

#: What to do where bundling or adding a folder is not it.
_FIXES: Final[dict[Cause, str]] = {
    "load-flags": (
        "link the importer without /DEPENDENTLOADFLAG, or bundle both with mlcbuild repair, which "
        "clears the flags"
    ),
    "redist": "bundle it (delvewheel repair), or require the Visual C++ redistributable",
    "old-redist": "build with a current compiler, or bundle it (delvewheel repair)",
    "toolkit": "document what must be installed, or require a wheel that provides it",
    "optional": "document what must be installed for it, or load it at run time",
    "unknown-api-set": "build for Windows 10, or load it at run time",
    "debug-runtime": "use a Release build of the package that needs it",
}
#: How many of the requirements a fix names.
_SHOWN: Final = 3
_FFMPEG: Final = "tell users which FFmpeg to install (a shared build), and how its folder is added"
_MISSING: Final[frozenset[Cause]] = frozenset({"missing-dll", *_FIXES})


@rule(
    severity=(
        "error; warning for an optional image, and where the machine decides (old "
        "redistributables, optional parts of Windows, programs and load flags, which search PATH) "
        "or the order of imports"
    ),
    title="A DLL that an image imports is not found",
    why=(
        "Python searches the folder of the loaded file, the folder of python.exe, folders "
        "given to os.add_dll_directory and System32; never PATH and never the current "
        "directory. If a dependency is in none of them, the load fails with WinError 126, and"
        " Python names only the requested module."
    ),
    source="Python 3.8, What's New (ctypes, os.add_dll_directory); Microsoft, LoadLibraryExW",
    fix="Check --with-deps or --with the wheel that provides it; else mlcbuild repair bundles it.",
)
def missing_dll(subject: Subject) -> Iterator[Finding]:
    faults = blame(subject, _MISSING)
    if not faults:
        return
    several = one_of_several(fault.problem.chain[-1] for fault in faults)
    requirements = _nearest_first(subject, unseen_requirements(subject))
    for fault in faults:
        problem = fault.problem
        if problem.cause == "debug-runtime" and _is_debug_build(subject, fault.module):
            continue  # debug-crt says it better; what stays is a companion's
        missing = problem.chain[-1]
        elsewhere = list(subject.named.get(base_name(missing), ()))
        variants = several.get(base_name(missing))
        yield Finding(
            severity="warning" if variants else _missing_severity(subject, fault),
            module=fault.module,
            message=f"one of {variants} is needed: FFmpeg's" if variants else problem.reason,
            evidence={"dll": missing, "elsewhere": elsewhere, **fault.evidence},
            fix=_FFMPEG if variants else _missing_fix(fault, missing, elsewhere, requirements),
        )


def _missing_severity(subject: Subject, fault: Blame) -> Severity:
    """Grade: a program also searches PATH, so in a package its fault is not certain."""
    program = fault.module.casefold().endswith(".exe") and subject.kind != "image"
    spared = program or is_optional(subject, fault)
    return "error" if fault.problem.certain and not spared else "warning"


def _is_debug_build(subject: Subject, path: str) -> bool:
    image = subject.images.get(path)
    return image is not None and any(is_debug_runtime(dll.name) for dll in image.imports)


def _missing_fix(
    fault: Blame, missing: str, elsewhere: list[str], requirements: tuple[str, ...]
) -> str:
    special = _FIXES.get(fault.problem.cause)
    if special is not None:
        return special
    if elsewhere:
        return _reach(fault.module, elsewhere[0])
    return _provide(missing, requirements)


def _nearest_first(subject: Subject, requirements: tuple[str, ...]) -> tuple[str, ...]:
    """Put the requirement first whose name shares a word with the wheel's, such as "sumo"."""
    near = likely(subject.wheel.distribution, requirements) if subject.wheel else None
    return tuple(sorted(requirements, key=lambda name: name != near))


def _provide(missing: str, requirements: tuple[str, ...]) -> str:
    """Say what provides a DLL that was not found: a known wheel, a requirement, or a repair."""
    provided_by = wheel_of(missing)
    if provided_by in requirements:
        return f"{provided_by}, which it requires, provides it: check --with-deps"
    if provided_by is not None:
        return f"{provided_by} provides it: require that, and check --with its wheel"
    may_bring = likely(missing, requirements)
    if may_bring is not None:
        return f"it requires {may_bring}, which may provide it: check --with-deps"
    bundle = f"bundle {missing} (mlcbuild repair), or name the wheel that provides it (--with)"
    if not requirements:
        return bundle
    shown = ", ".join(requirements[:_SHOWN]) + (", ..." if len(requirements) > _SHOWN else "")
    return f"see whether what it requires provides it ({shown}): check --with-deps; else {bundle}"


def _reach(importer: str, member: str) -> str:
    """Say how an importer can reach a DLL in another folder of its package."""
    if importer.casefold().endswith(".exe"):
        return f"put {member} beside the program: no folder can be added for it"
    folder = installed_path(member)[0].rpartition("/")[0] or "its folder"
    return (
        f"call os.add_dll_directory for {folder} before the import (checked with "
        f"--add-dir {folder}), or move {member} beside the importer"
    )


@rule(
    severity="error; warning for an optional image, or if another copy may win",
    title="The DLL that is found does not export what is imported",
    why=(
        "The loader binds every import by name or ordinal to the one DLL that wins the "
        "search. If that DLL is another version or another product of the same name, the load"
        " fails with WinError 127 (name) or 182 (ordinal). Forwarded exports are followed."
    ),
    source="Microsoft, System error codes 127 and 182; pytorch/pytorch#72293",
    fix="Build both sides against the same version, and check --with the wheel that provides it.",
)
def missing_export(subject: Subject) -> Iterator[Finding]:
    for fault in blame(
        subject, {"missing-export", "missing-ordinal", "no-exports", "forwarder-loop"}
    ):
        problem = fault.problem
        yield Finding(
            severity="error" if problem.certain and not is_optional(subject, fault) else "warning",
            module=fault.module,
            message=problem.reason,
            evidence={"symbol": problem.symbol, **fault.evidence},
            fix="build both against the same version, or ship the version that was linked against",
        )


#: Drivers have a rule of their own; the redistributable is expected on every machine.
_DELAYED: frozenset[Cause] = frozenset(
    {
        "missing-dll",
        "missing-export",
        "missing-ordinal",
        "no-exports",
        "forwarder-loop",
        "wrong-machine",
        "not-a-pe",
        "debug-runtime",
        "old-redist",
        "toolkit",
        "load-flags",
        "unknown-api-set",
    }
)


@rule(
    severity="warning",
    title="A delay-loaded DLL, or a function of it, is missing",
    why=(
        "A delay-loaded DLL is searched for at the first call into it. The module loads without "
        "it; the call raises 0xC06D007E (DLL) or 0xC06D007F (function), which ends the process "
        "unless the code expects it."
    ),
    source="Microsoft, Linker support for delay-loaded DLLs",
    fix="Ship the DLL, or document the optional feature that needs it.",
)
def delay_load_missing(subject: Subject) -> Iterator[Finding]:
    for fault in blame(subject, _DELAYED, delayed=True):
        problem = fault.problem
        target = problem.chain[-1] if problem.chain else "a delay-loaded DLL"
        yield Finding(
            severity="warning",
            module=fault.module,
            message=f"loads, but the first call into {target} fails: {problem.reason}",
            evidence={"dll": target, "symbol": problem.symbol, **fault.evidence},
            fix=f"ship {target}, or say which optional feature needs it",
        )
