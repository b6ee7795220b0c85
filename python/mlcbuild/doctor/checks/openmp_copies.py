"""``openmp-copies``: OpenMP runtimes that abort when loaded together."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, ok, skip, warn
from mlcbuild.doctor.packages import pip
from mlcbuild.doctor.runtimes import copies
from mlcbuild.rules.names import openmp_family, original_name

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    found = [each for each in copies(system) if openmp_family(each.path)]
    if not found:
        return skip("no OpenMP runtime is installed")
    evidence = [str(each) for each in found]
    # One name is one module in a process, whatever its source; two names are two runtimes.
    kmp = {original_name(each.path): each for each in found if openmp_family(each.path) == "kmp"}
    owners = {each.owner for each in kmp.values() if each.place != "system"}
    if len(kmp) > 1 and len(owners) > 1:
        one, other = sorted(kmp)[:2]
        packages = sorted(each.owner for each in kmp.values() if each.place == "package")
        return warn(
            f"{one} ({kmp[one].owner}) and {other} ({kmp[other].owner}) abort in one process: "
            "OMP: Error #15",
            evidence=evidence,
            fix=pip(system, "uninstall", *packages[-1:])
            + ", or use them in different environments",
        )
    return ok(f"{len(found)} OpenMP runtimes that do not clash", evidence=evidence)


CHECK = Check(
    title="OpenMP runtimes do not clash",
    why="Intel's and LLVM's OpenMP abort the process when a second one of another name starts.",
    source="Intel, OpenMP run-time error 15; ScrapeGraphAI/Scrapegraph-ai#214",
    run=_run,
    platforms=("win32",),
)
