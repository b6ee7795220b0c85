"""``library-variables``.

TVM_LIBRARY_PATH and MLC_LIBRARY_PATH name folders with usable libraries.
"""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok
from mlcbuild.doctor.shell import unset
from mlcbuild.platforms import by_tag

__all__ = ["CHECK"]

_VARIABLES: Final = {
    "TVM_LIBRARY_PATH": ("tvm_runtime", "tvm"),
    "MLC_LIBRARY_PATH": ("mlc_llm", "mlc_llm_module"),
}


def _run(system: System) -> Outcome:
    evidence = []
    for name, stems in _VARIABLES.items():
        value = system.variable(name)
        if not value:
            continue
        line = f"{name}={value}"
        problem = _problem(system, value, stems)
        if problem:
            return fail(f"{line} {problem}", evidence=(line,), fix=unset(system, name))
        evidence.append(line)
    return ok("library variables: " + ("good" if evidence else "not set"), evidence=evidence)


def _problem(system: System, value: str, stems: tuple[str, ...]) -> str:
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


CHECK = Check(
    title="Library variables name usable libraries",
    why="TVM_LIBRARY_PATH and MLC_LIBRARY_PATH override installed libraries. Left from an older "
    "build they make a new install load an old, a Debug or a foreign DLL.",
    source="tvm/libinfo.py and mlc_llm/libinfo.py, order of candidates",
    run=_run,
)
