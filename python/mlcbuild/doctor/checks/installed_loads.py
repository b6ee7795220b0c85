"""``installed-loads``: the installed TVM family loads together, by ``mlcbuild check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip, warn
from mlcbuild.doctor.distributions import family
from mlcbuild.doctor.runtimes import system_folder
from mlcbuild.doctor.versions import dotted
from mlcbuild.errors import InputError
from mlcbuild.msvc import MSVCP

if TYPE_CHECKING:
    from mlcbuild.rules.finding import Finding

__all__ = ["CHECK"]

#: Rules that other checks cover (the redistributable, drivers), or that concern no load.
_ELSEWHERE: Final = frozenset(
    {
        "driver-dll-needed",
        "redist-needed",
        "redist-too-old",
        "record-mismatch",
        "wheel-tag-mismatch",
        "path-too-long",
    }
)
_DOUBTS: Final = frozenset({"mutex-abi", "ambiguous-dll", "openmp-duplicate"})


def _run(system: System) -> Outcome:
    installed = family(system)
    if not installed:
        return skip("none of mlc-llm, TVM, tvm-ffi and xgrammar is installed in this Python")
    from mlcbuild.check import check_package
    from mlcbuild.check.settings import Settings
    from mlcbuild.doctor.installed import InstalledFiles

    packages = {found.name: InstalledFiles(system, found) for found in installed}
    settings = Settings(msvcp140=_msvcp140(system))
    errors: list[tuple[str, Finding]] = []
    doubts: list[tuple[str, Finding]] = []
    loads = 0
    for name, package in packages.items():
        others = [other for other in packages.values() if other is not package]
        try:
            target = check_package(package, others, settings)
        except InputError as error:
            return fail(str(error), fix="mlcbuild doctor --only damaged-distributions")
        loads += sum(module.load.verdict == "loads" for module in target.modules)
        for finding in target.findings:
            if finding.severity == "error" and finding.rule not in _ELSEWHERE:
                errors.append((name, finding))
            elif finding.severity == "warning" and finding.rule in _DOUBTS:
                doubts.append((name, finding))
    found = errors or doubts
    if not found:
        return ok(f"{loads} images of {', '.join(packages)} load")
    name, first = found[0]
    answer = fail if errors else warn
    return answer(
        f"{name}: {first.module or ''}: {first.message}",
        evidence=[f"{who}: {each.rule}: {each.module}: {each.message}" for who, each in found],
        fix=f"mlcbuild check installed:{name}",
    )


def _msvcp140(system: System) -> str:
    image = system.image(system.join(system_folder(system), MSVCP))
    version = image.version.file_version if image is not None and image.version else None
    return dotted(version) if version else "none"


CHECK = Check(
    title="What is installed will load",
    why="mlc_llm, tvm, tvm_ffi and xgrammar are one graph of DLLs from several wheels, which no "
    "installer checks as a whole: a missing DLL, a symbol that the installed version does not "
    "export, another machine, a Debug build.",
    source="mlc-ai/mlc-llm#3508; SystemPanic/vllm-windows#87; docs/check.md",
    run=_run,
    platforms=("win32",),
    imports=(
        "mlcbuild.check",
        "mlcbuild.check.gather",
        "mlcbuild.check.initialiser",
        "mlcbuild.check.settings",
        "mlcbuild.doctor.installed",
        "mlcbuild.report.result",
    ),
    worth=lambda system: bool(family(system)),
)
