"""``mutex-abi``: a constexpr ``std::mutex`` with a C++ runtime that does not support it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.rules.cpp_runtime import crashing_neighbours, judge_mutex
from mlcbuild.rules.finding import Finding, Rule, Severity, Subject
from mlcbuild.rules.toolsets import CONSTEXPR_MUTEX, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.rules.cpp_runtime import MutexUse, RuntimeCopy

__all__ = ["RULE"]

_FIX = (
    "bundle msvcp140 14.40 or newer (delvewheel repair mangles it), require that redistributable, "
    "or define _DISABLE_CONSTEXPR_MUTEX_CONSTRUCTOR for every object"
)


def _judge(subject: Subject) -> Iterator[Finding]:
    for path in subject.images:
        use, copies, fatal = judge_mutex(subject, path)
        old = tuple(c for c in copies if c.version is not None and c.version < CONSTEXPR_MUTEX)
        unknown = tuple(c for c in copies if c.version is None)
        if use == "safe" or not (old or unknown):
            continue
        yield Finding(
            severity=_severity(use, copies, fatal, old),
            module=path,
            message=_message(use, copies, fatal, old),
            evidence={
                "use": use,
                "toolset": dotted(subject.images[path].toolset),
                "minimum_msvcp140": dotted(CONSTEXPR_MUTEX),
                "copies": [{"where": c.where, "version": dotted(c.version)} for c in copies],
            },
            fix=_FIX,
        )
    for path, (copies, fatal) in crashing_neighbours(subject).items():
        yield Finding(
            severity=_severity("certain", copies, fatal, fatal),
            message=f"{path}: {_message('certain', copies, fatal, fatal)}",
            evidence={
                "use": "certain",
                "minimum_msvcp140": dotted(CONSTEXPR_MUTEX),
                "copies": [{"where": c.where, "version": dotted(c.version)} for c in copies],
            },
            fix=_FIX,
        )


def _severity(
    use: MutexUse,
    copies: tuple[RuntimeCopy, ...],
    fatal: tuple[RuntimeCopy, ...],
    old: tuple[RuntimeCopy, ...],
) -> Severity:
    """Grade: an error only for certain code if every copy is known to crash, as in the verdict."""
    if use == "certain":
        return "error" if fatal and len(fatal) == len(copies) else "warning"
    return "warning" if old else "note"


def _message(
    use: MutexUse,
    copies: tuple[RuntimeCopy, ...],
    fatal: tuple[RuntimeCopy, ...],
    old: tuple[RuntimeCopy, ...],
) -> str:
    needed = f"msvcp140.dll {dotted(CONSTEXPR_MUTEX)} or newer"
    if use == "unknown":
        return f"locks std::mutex; which toolset built it is unknown: may need {needed}"
    if use == "at-risk":
        return f"mixes objects with old and new std::mutex: may need {needed}"
    if fatal:
        certain = "crashes (WinError 1114)" if len(fatal) == len(copies) else "can crash"
        return f"needs {needed}; {certain} with {fatal[0]}"
    if old:
        return f"needs {needed}; {old[0]} is older and only tolerated in practice"
    return f"needs {needed}; WinError 1114 on a machine with an older one"


RULE = Rule(
    severity="error if every copy that can win is older than 14.38; else warning, note if unsure",
    title="std::mutex is newer than an msvcp140.dll that can be loaded",
    why=(
        "Toolset 14.40 (Visual Studio 2022 17.10) made the constructor of std::mutex constexpr. "
        "An older msvcp140.dll dereferences null when it locks such a mutex; inside a static "
        "initialiser Windows reports that as WinError 1114. Code is affected when it imports "
        "_Mtx_lock but not _Mtx_init_in_situ and was linked by 14.40 or newer. 14.38 and 14.39 "
        "are tolerated in practice, against the documented rule."
    ),
    source="microsoft/STL#4730; microsoft/onnxruntime#21005; onnx/onnx#6267",
    fix=f"{_FIX[0].upper()}{_FIX[1:]}.",
    judge=_judge,
)
