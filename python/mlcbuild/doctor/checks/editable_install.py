"""``editable-install``: an editable MLC-LLM or TVM finds its source tree and its library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip
from mlcbuild.doctor.distributions import editable_source, family, provides
from mlcbuild.doctor.packages import pip
from mlcbuild.doctor.shell import command
from mlcbuild.doctor.trees import CONFIGURATIONS

if TYPE_CHECKING:
    from mlcbuild.doctor.distributions import Distribution

__all__ = ["CHECK"]

#: Where upstream's code searches, below the source tree (mlc_llm/libinfo.py, tvm/libinfo.py).
_LOOKED: Final = ("build", "build/Release", "build/lib", "lib")
_LIBRARIES: Final = {
    "mlc_llm": ("mlc_llm", "mlc_llm_module"),
    "tvm": ("tvm_runtime", "tvm"),
    "tvm_ffi": ("tvm_ffi",),
}


def _run(system: System) -> Outcome:
    evidence = []
    for distribution in family(system):
        source = editable_source(system, distribution)
        if not source:
            continue
        evidence.append(f"{distribution.name} {distribution.version} from {source}")
        if not system.is_folder(source):
            return fail(
                f"{distribution.name} is an editable install from a missing folder",
                evidence=evidence,
                fix=pip(system, "uninstall", "-y", distribution.name),
            )
        problem = _library_problem(system, distribution, source)
        if problem is not None:
            return problem
    if not evidence:
        return skip("no editable install of MLC-LLM or TVM")
    return ok("editable installs find their libraries", evidence=evidence)


def _library_problem(system: System, distribution: Distribution, source: str) -> Outcome | None:
    package = provides(distribution.name)
    # An editable wheel of ours has the library in site-packages.
    root = system.path.dirname(source) if system.path.basename(source) == "python" else source
    names = [_file_name(system, stem) for stem in _LIBRARIES.get(package, ())]
    carried = [system.join(distribution.place, package, "lib"), system.join(source, package)]
    folders = [*carried, *(system.path.normpath(system.join(root, f)) for f in _LOOKED)]
    if not names or any(system.is_file(system.join(f, n)) for f in folders for n in names):
        return None
    elsewhere = [
        path
        for parent in ("build", "build/lib", "build/tvm")
        for configuration in CONFIGURATIONS
        for name in names
        if system.is_file(
            path := system.path.normpath(system.join(root, parent, configuration, name))
        )
    ]
    build = system.join(root, "build")
    if elsewhere:
        return fail(
            f"the editable {package} does not find {names[0]}: it is in "
            f"{system.path.basename(system.path.dirname(elsewhere[0]))}, which is not searched",
            evidence=[*elsewhere, *(f"{folder}: searched" for folder in folders)],
            fix=command(system, "cmake", "--build", build, "--config", "Release"),
        )
    return fail(
        f"the editable {package} has no {names[0]}: it was not built",
        evidence=[f"{folder}: searched" for folder in folders],
        fix=command(system, "cmake", "--build", build, "--config", "Release")
        if system.is_folder(build)
        else pip(system, "install", package.replace("_", "-")),
    )


def _file_name(system: System, stem: str) -> str:
    if system.windows:
        return f"{stem}.dll"
    return f"lib{stem}.dylib" if system.platform == "darwin" else f"lib{stem}.so"


CHECK = Check(
    title="Editable installs find their libraries",
    why="pip install -e only installs Python files and succeeds without any library. Upstream "
    "looks in build and build/Release: a Debug or RelWithDebInfo build is not found, and a "
    "moved source folder leaves an install that points nowhere.",
    source="mlc-ai/mlc-llm#1750, #1398; mlc_llm/libinfo.py at 79d603f0",
    run=_run,
)
