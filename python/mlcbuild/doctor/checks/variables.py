"""Variables that change where and how libraries are found."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Outcome, System, check, fail, ok, warn
from mlcbuild.doctor.distributions import family, provides
from mlcbuild.doctor.shell import unset
from mlcbuild.doctor.trees import VARIABLES as SOURCES
from mlcbuild.platforms import by_tag

_LIBRARY_VARIABLES: Final = {
    "TVM_LIBRARY_PATH": ("tvm_runtime", "tvm"),
    "MLC_LIBRARY_PATH": ("mlc_llm", "mlc_llm_module"),
}


@check(
    title="Library variables name usable libraries",
    why="TVM_LIBRARY_PATH and MLC_LIBRARY_PATH override installed libraries. Left from an older "
    "build they make a new install load an old, a Debug or a foreign DLL.",
    source="tvm/libinfo.py and mlc_llm/libinfo.py, order of candidates",
)
def library_variables(system: System) -> Outcome:
    evidence = []
    for name, stems in _LIBRARY_VARIABLES.items():
        value = system.variable(name)
        if not value:
            continue
        line = f"{name}={value}"
        problem = _library_problem(system, value, stems)
        if problem:
            return fail(f"{line} {problem}", evidence=(line,), fix=unset(system, name))
        evidence.append(line)
    return ok("library variables: " + ("good" if evidence else "not set"), evidence=evidence)


def _library_problem(system: System, value: str, stems: tuple[str, ...]) -> str:
    """Describe the problem of a folder (or, for MLC_LIBRARY_PATH, a file), or return ``""``."""
    if system.entry(value) is None:
        return "names a missing folder"
    forms = {"win32": "{}.dll", "darwin": "lib{}.dylib"}
    form = forms.get(system.platform, "lib{}.so")
    paths = [system.join(value, form.format(stem)) for stem in stems]
    path = value if system.is_file(value) else next((p for p in paths if system.is_file(p)), None)
    if path is None:
        return f"names a folder without {form.format(stems[0])}"
    if not system.windows:
        return ""
    image = system.image(path)
    if image is None:
        return f"leads to {system.path.basename(path)}, which is not a DLL"
    if image.crt == "debug":
        return f"leads to a Debug build of {system.path.basename(path)}"
    platform = by_tag(system.python.platform)
    if platform and image.machine != platform.machine:
        return f"leads to a DLL for {image.machine}, Python is {system.python.platform}"
    return ""


@check(
    title="Source variables name source trees",
    why="MLC_LLM_SOURCE_DIR and TVM_HOME set where headers and build trees are searched. They "
    "outlive the tree they were set for.",
    source="mlc-llm's CMakeLists.txt and docs/install",
)
def source_variables(system: System) -> Outcome:
    evidence = []
    for name in SOURCES:
        value = system.variable(name)
        if not value:
            continue
        line = f"{name}={value}"
        evidence.append(line)
        if not system.is_folder(value):
            return fail(f"{line} names a missing folder", evidence=(line,), fix=unset(system, name))
        if not system.is_file(system.join(value, "CMakeLists.txt")):
            return warn(
                f"{line} names a folder that is not a source tree",
                evidence=(line, f"{system.join(value, 'CMakeLists.txt')} is missing"),
                fix=unset(system, name),
            )
    installed = [d for d in family(system) if provides(d.name) == "tvm"]
    if installed and system.variable("TVM_HOME"):
        return warn(
            f"TVM_HOME is set and {installed[0].name} {installed[0].version} is installed: "
            "headers and libraries come from different TVMs",
            evidence=(*evidence, f"{installed[0].name} {installed[0].version}"),
            fix=unset(system, "TVM_HOME"),
        )
    return ok("source variables: " + ("good" if evidence else "not set"), evidence=evidence)


_MEANING: Final = {
    "SKIP_LOADING_MLCLLM_SO": "mlc_llm does not load its library: every call fails",
    "TVM_USE_RUNTIME_LIB": "TVM does not load its compiler: models cannot be compiled",
    "KMP_DUPLICATE_LIB_OK": "two OpenMP runtimes may run in one process: results can be wrong",
}


@check(
    title="No variable changes how libraries load",
    why="Such variables are set once to work around a problem and forgotten; they cause the next "
    "problem.",
    source="mlc_llm/base.py, tvm/base.py; Intel, KMP_DUPLICATE_LIB_OK",
)
def runtime_variables(system: System) -> Outcome:
    for name, meaning in _MEANING.items():
        value = system.variable(name)
        if value and value.lower() not in ("0", "false", "no", "off"):
            line = f"{name}={value}"
            return warn(f"{line}: {meaning}", evidence=(line,), fix=unset(system, name))
    return ok("no variable changes how libraries load")
