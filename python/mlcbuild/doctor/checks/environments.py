"""Python's environment: conda, a virtual environment, its search path, pip."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.doctor.check import Outcome, Repair, System, check, fail, ok, skip, warn
from mlcbuild.doctor.distributions import editable_source, family, provides
from mlcbuild.doctor.installers import install_python
from mlcbuild.doctor.packages import find_uv, has_pip, uses_uv
from mlcbuild.doctor.shell import command, python, same_path, steps, unset

_PLACES: Final = (
    (re.compile(r"[\\/]pipx[\\/]venvs[\\/]", re.IGNORECASE), "pipx"),
    (re.compile(r"[\\/]uv[\\/](data[\\/])?tools[\\/]", re.IGNORECASE), "uv tool"),
    (re.compile(r"[\\/]uv[\\/](cache[\\/])?archive-v\d+[\\/]", re.IGNORECASE), "uvx"),
)


def tool_environment(system: System) -> str:
    """Return the tool that created an environment only for mlcbuild, or ``""``.

    Source: pipx, How pipx works; uv, Tools (``uv tool dir``, cached environments of ``uvx``).
    """
    if system.is_file(system.join(system.python.prefix, "pipx_metadata.json")):
        return "pipx"
    place = system.python.prefix + system.path.sep
    return next((name for pattern, name in _PLACES if pattern.search(place)), "")


@check(
    title="The active conda environment is the one that runs",
    why="conda's Python searches five more folders for DLLs, and its activation changes PATH. A "
    "venv's Python in an active conda environment builds against conda and runs without it.",
    source="conda-forge python-feedstock, patch 0012; conda/conda#10897",
)
def python_conda(system: System) -> Outcome:
    active = system.variable("CONDA_PREFIX")
    python = system.python
    own = system.is_folder(system.join(python.base_prefix, "conda-meta"))
    name = "CONDA_DLL_SEARCH_MODIFICATION_ENABLE"
    if own and system.windows and system.variable(name):
        return warn(
            f"{name} makes conda's Python search all of PATH for DLLs",
            evidence=(f"{name}={system.variable(name)}",),
            fix=unset(system, name),
        )
    if not active and not own:
        return skip("no conda")
    if active and not same_path(system, active, python.base_prefix):
        return warn(
            "a conda environment is active, but this Python is not part of it: CMake finds conda's "
            "libraries, Python does not",
            evidence=(f"CONDA_PREFIX={active}", f"this Python is {python.executable}"),
            fix="conda deactivate",
        )
    if active and _is_base(system, active):
        return ok("conda's base environment", evidence=(f"CONDA_PREFIX={active}",))
    if own and not active and system.windows:
        return warn(
            "this Python is conda's, but its environment is not activated: Library\\bin is not "
            "on PATH, and programs do not find the DLLs of its packages",
            evidence=(python.executable, "CONDA_PREFIX is not set"),
            fix=command(system, "conda", "activate", python.base_prefix),
        )
    return ok("conda environment", evidence=(f"{python.base_prefix}",))


def _is_base(system: System, prefix: str) -> bool:
    return system.is_folder(system.join(prefix, "condabin"))


@check(
    title="The active environment is the one that runs",
    why="mlcbuild examines the Python that runs it. Installed elsewhere (for the user, by pipx), "
    "it would examine packages that the terminal's python does not use.",
    source="PyPA, virtual environments",
)
def python_venv(system: System) -> Outcome:
    python = system.python
    active = system.variable("VIRTUAL_ENV")
    if python.prefix != python.base_prefix and not system.is_folder(python.base_prefix):
        return fail(
            "the Python this environment was created from no longer exists",
            evidence=(f"{python.prefix}: created from {python.base_prefix}",),
            fix=_renew_environment(system),
        )
    if not active:
        return skip("no environment is active")
    evidence = (f"VIRTUAL_ENV={active}", f"this Python is {python.executable}")
    if not system.is_folder(active):
        return warn(
            "the active environment no longer exists",
            evidence=evidence,
            fix=unset(system, "VIRTUAL_ENV"),
        )
    if same_path(system, active, python.prefix):
        return ok("virtual environment", evidence=evidence[:1])
    if tool := tool_environment(system):
        return ok(f"mlcbuild was installed separately by {tool}", evidence=evidence)
    program = r"Scripts\python.exe" if system.windows else "bin/python"
    return warn(
        "the active environment is not the one whose Python runs mlcbuild: python and pip "
        "in this terminal are not the ones examined",
        evidence=evidence,
        fix=command(system, system.join(active, program), "-m", "mlcbuild", "doctor"),
    )


def _renew_environment(system: System) -> str:
    """Return the command that recreates the environment; its Python version may be gone."""
    prefix = system.python.prefix
    version = "{}.{}".format(*system.python.version)
    if find_uv(system):
        return command(system, "uv", "venv", "--allow-existing", "--python", version, prefix)
    if system.windows and system.find("py"):
        return command(system, "py", f"-{version}", "-m", "venv", "--upgrade", prefix)
    return command(system, "python", "-m", "venv", "--upgrade", prefix)


_PACKAGES: Final = ("tvm", "mlc_llm", "tvm_ffi", "xgrammar")
_OTHER_PYTHON: Final = re.compile(r"python-?(\d)\.?(\d{1,2})(?=[\\/]|$)", re.IGNORECASE)


@check(
    title="PYTHONPATH hides nothing",
    why="Upstream's documents set PYTHONPATH to source trees. Later, with a wheel installed, the "
    "tree's Python files load and its libraries are missing, or of another version.",
    source="mlc-llm's and TVM's installation documents",
)
def python_path(system: System) -> Outcome:
    home = system.variable("PYTHONHOME")
    if home and not same_path(system, home, system.python.base_prefix):
        return fail(
            f"PYTHONHOME={home}: every Python takes its standard library from there",
            evidence=(f"PYTHONHOME={home}",),
            fix=unset(system, "PYTHONHOME"),
        )
    value = system.variable("PYTHONPATH")
    entries = [entry for entry in value.split(";" if system.windows else ":") if entry]
    own = system.python.version
    installed = {provides(d.name): d for d in family(system)}
    for entry in entries:
        match = _OTHER_PYTHON.search(entry) if "site-packages" in entry else None
        if match and (int(match[1]), int(match[2])) != own[:2]:
            return fail(
                f"PYTHONPATH has the packages of Python {match[1]}.{match[2]}, this is "
                f"{own[0]}.{own[1]}: extension modules do not load",
                evidence=(f"PYTHONPATH={value}",),
                fix=unset(system, "PYTHONPATH"),
            )
        for package in _PACKAGES:
            if package in installed and system.is_file(system.join(entry, package, "__init__.py")):
                found = installed[package]
                source = editable_source(system, found)
                if source and system.path.normpath(entry).startswith(source):
                    continue  # it is the same tree
                return warn(
                    f"PYTHONPATH hides the installed {found.name} {found.version} behind the "
                    f"source tree {entry}",
                    evidence=(f"PYTHONPATH={value}", f"{found.name} in {found.place}"),
                    fix=unset(system, "PYTHONPATH"),
                )
    # Python skips missing entries.
    return ok("PYTHONPATH: " + ("good" if entries else "not set"), evidence=entries)


_ON: Final = ("1", "true", "yes", "on")


@check(
    title="pip can install into this Python",
    why="An environment created with --without-pip has no pip, and `python -m pip` of "
    "another Python installs elsewhere. Environments of uv and pixi have no pip by design. "
    "Distributions' own Pythons refuse pip (PEP 668).",
    source="PEP 668; Python documentation, ensurepip; pip, Configuration; uv, uv pip",
)
def pip(system: System) -> Outcome:
    own = system.python
    in_venv = own.prefix != own.base_prefix
    if tool := tool_environment(system):
        return skip(f"mlcbuild runs in an environment of {tool}, which takes no other packages")
    place = has_pip(system)
    if not place and uses_uv(system):
        return ok("no pip: uv installs into this environment", evidence=(find_uv(system) or "uv",))
    if not place and system.is_folder(system.join(own.prefix, "conda-meta")) and _pixi(system):
        return ok("no pip: pixi installs into this environment", evidence=(own.prefix,))
    if not place:
        return _no_pip(system, in_venv=in_venv)
    if astray := _astray(system, in_venv=in_venv):
        name, what = astray
        line = f"{name}={system.variable(name)}"
        required = name == "PIP_REQUIRE_VIRTUALENV"
        fix = _new_environment(system) if required else unset(system, name)
        return warn(f"{line} {what}", evidence=(line,), fix=fix)
    marker = system.join(_standard_library(system), "EXTERNALLY-MANAGED")
    if not in_venv and system.is_file(marker):
        if find_uv(system) and "uv" in system.path.normcase(own.base_prefix):
            return ok("this Python is uv's: packages go into environments", evidence=(marker,))
        return warn(
            "this Python belongs to the system: pip refuses to install into it",
            evidence=(marker,),
            fix=_new_environment(system),
        )
    if not in_venv and not system.windows and not system.writable(system.path.dirname(place)):
        return warn(
            "this Python's packages belong to another user: pip uses the user folder instead",
            evidence=(system.path.dirname(place),),
            fix=_new_environment(system),
        )
    return ok("pip is available", evidence=(place,))


def _astray(system: System, *, in_venv: bool) -> tuple[str, str] | None:
    """Return a variable that misdirects pip, and its effect."""
    if in_venv and system.variable("PIP_USER").lower() in _ON:
        return "PIP_USER", "makes pip refuse every install into this environment"
    if not in_venv and system.variable("PIP_REQUIRE_VIRTUALENV").lower() in _ON:
        return "PIP_REQUIRE_VIRTUALENV", "makes pip refuse every install outside an environment"
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"):
        if system.variable(name):
            return name, "makes pip install into a folder this Python does not search"
    if ":all:" in system.variable("PIP_NO_BINARY"):
        return "PIP_NO_BINARY", "makes pip compile every package instead of using its wheel"
    return None


def _pixi(system: System) -> bool:
    return f"{system.path.sep}.pixi{system.path.sep}" in system.python.prefix


def _no_pip(system: System, *, in_venv: bool) -> Outcome:
    if system.is_folder(system.join(system.python.prefix, "conda-meta")):
        return fail(
            "this conda environment has no pip",
            evidence=(system.python.executable,),
            fix=command(system, "conda", "install", "-y", "-p", system.python.prefix, "pip"),
        )
    bundled = system.join(_standard_library(system), "ensurepip", "__init__.py")
    if not system.is_file(bundled):
        return fail(
            "this Python has no pip and no ensurepip",
            evidence=(bundled,),
            fix=install_python(system),
        )
    words = (python(system), "-m", "ensurepip", "--upgrade")
    return fail(
        "this Python has no pip",
        evidence=(system.python.executable,),
        fix=command(system, *words),
        repair=Repair(
            says="install pip into the active environment (python -m ensurepip)",
            undo="python -m pip uninstall pip",
            command=(system.python.executable, *words[1:]),
        )
        if in_venv
        else None,
    )


def _new_environment(system: System) -> str:
    """Return the command that creates an environment; Debian has venv in a separate package."""
    make = (python(system), "-m", "venv", ".venv")
    bundled = system.join(_standard_library(system), "ensurepip", "__init__.py")
    if system.is_file(bundled) or not system.find("apt-get"):
        return command(system, *make)
    sudo = ("sudo",) if system.find("sudo") else ()
    return steps(system, (*sudo, "apt-get", "install", "-y", "python3-venv"), make)


def _standard_library(system: System) -> str:
    """Return the folder of the standard library."""
    own = system.python
    if system.windows:
        return system.join(own.base_prefix, "Lib")
    return system.join(own.base_prefix, "lib", f"python{own.version[0]}.{own.version[1]}")
