"""Variables that change where libraries, sources and temporary files are."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Outcome, System, check, fail, ok, warn
from mlcbuild.doctor.distributions import family, provides
from mlcbuild.doctor.shell import Shell, same_path, set_variables, spelt, unset
from mlcbuild.doctor.shell import line as command_line
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


#: Python's order; Windows' GetTempPath reads TMP before TEMP.
_TEMP_VARIABLES: Final = ("TMPDIR", "TEMP", "TMP")


@check(
    title="The temporary folder works",
    why="pip, compilers and linkers write there, and each reports a failure differently. "
    "Python reads TEMP before TMP, Windows programs such as cl.exe TMP before TEMP.",
    source="Python documentation, tempfile.gettempdir; Microsoft, GetTempPathW",
)
def temp_folder(system: System) -> Outcome:
    named = [(name, value) for name in _TEMP_VARIABLES if (value := system.variable(name))]
    default = system.join(system.home, "AppData", "Local", "Temp") if system.windows else "/tmp"  # noqa: S108
    for name, folder in named or [("", default)]:
        outcome = _judge_temp(system, name, folder, default)
        if outcome.status != "ok":
            return outcome
    return ok(
        "the temporary folder is writable",
        evidence=[f"{name}={folder}" for name, folder in named] or [default],
    )


def _judge_temp(system: System, name: str, folder: str, default: str) -> Outcome:
    text = f"{name}={folder}" if name else folder
    if not system.is_folder(folder):
        make, words = fail, f"the temporary folder does not exist: {text}"
    elif not system.writable(folder):
        make, words = fail, f"the temporary folder is not writable: {text}"
    elif system.windows and not folder.isascii():
        make, words = (
            warn,
            "the temporary folder's path is not ASCII: nvcc and GNU tools fail there",
        )
    else:
        return ok(text)
    return make(words, evidence=(text,), fix=_temp_fix(system, name, folder, default))


def _temp_fix(system: System, name: str, folder: str, default: str) -> str:
    if not system.windows:
        return unset(system, name) if name else "sudo mkdir -m 1777 /tmp"
    if not system.is_folder(folder) and same_path(system, folder, default):
        return _make_folder(system, folder)
    return _elsewhere(system, default)


def _elsewhere(system: System, default: str) -> str:
    r"""Return the command that switches to a working folder: an existing one, else a new one.

    Every user may create folders in the root of the system drive, and owns them; in C:\Windows\Temp
    users may create files but not list them (Windows' default permissions).
    """
    drive = system.variable("SystemDrive") or "C:"
    new = f"{drive}\\Temp"
    works = next(
        (
            place
            for place in (default, new, f"{drive}\\tmp")
            if place.isascii() and system.is_folder(place) and system.writable(place)
        ),
        "",
    )
    names = [n for n in _TEMP_VARIABLES if system.variable(n) or n != "TMPDIR"]
    move = set_variables(system, **dict.fromkeys(names, works or new))
    if works:
        return move
    return _make_and_move(system, new, names)


def _make_and_move(system: System, new: str, names: list[str]) -> str:
    """Return the command that creates a folder and switches to it."""

    def spell(shell: Shell) -> str:
        if shell == "cmd":
            return " & ".join([f"md {new}", *(f'set "{name}={new}"' for name in names)])
        if shell == "powershell":
            return f"md -Force {new}; " + "; ".join(f"$env:{name} = '{new}'" for name in names)
        return f"mkdir -p '{new}'; " + "; ".join(f"export {name}='{new}'" for name in names)

    return spelt(system, spell)


def _make_folder(system: System, folder: str) -> str:
    options: dict[Shell, tuple[str, ...]] = {"cmd": (), "powershell": (), "sh": ("-p",)}
    return spelt(
        system, lambda shell: command_line(system, shell, ("mkdir", *options[shell], folder))
    )
