"""The installed packages of the TVM family."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mlcbuild.doctor.check import Outcome, System, check, fail, ok, skip, warn
from mlcbuild.doctor.distributions import (
    Distribution,
    distributions,
    editable_source,
    family,
    headers,
    provides,
)
from mlcbuild.doctor.packages import pip, pip_steps
from mlcbuild.doctor.shell import command, remove_folder
from mlcbuild.doctor.trees import CONFIGURATIONS


@check(
    title="No installation is damaged",
    why="pip renames a package's folder to ~name before it replaces it; a DLL loaded by a running "
    "Python stops it half-way. Tools that read metadata then crash, or see two versions.",
    source="pypa/pip, Ignoring invalid distribution; python/importlib_metadata",
)
def damaged_distributions(system: System) -> Outcome:
    leftovers, broken = [], []
    for place in system.python.site_packages:
        for name in system.names(place) or ():
            path = system.join(place, name)
            if name.startswith("~") and system.is_folder(path):
                leftovers.append(path)
            elif name.endswith(".dist-info") and not system.is_file(system.join(path, "METADATA")):
                broken.append((name, path))
    evidence = [f"{path}: METADATA is missing" for _, path in broken]
    evidence += [f"{path}: left by an interrupted pip" for path in leftovers]
    if broken:
        match = re.match(r"(.+?)-\d", broken[0][0])
        name = match[1] if match else broken[0][0].removesuffix(".dist-info")
        return warn(
            f"the installation of {name} is damaged: pip cannot upgrade or remove it",
            evidence=evidence,
            fix=pip(system, "install", "--force-reinstall", "--ignore-installed", name),
        )
    if leftovers:
        return warn(
            f"pip was interrupted and left {system.path.basename(leftovers[0])} behind "
            "(a DLL was in use)",
            evidence=evidence,
            fix=remove_folder(system, leftovers[0]),
        )
    return ok("no installation is damaged")


@check(
    title="No package is provided twice",
    why="mlc-llm and its nightlies, mlc-ai's TVM and apache-tvm install files of the same names. "
    "pip does not notice; the process then mixes DLLs of two TVM versions (error 127).",
    source="mlc-ai/mlc-llm#3508, #3506, #3498; mlc-ai/package#101",
)
def mixed_installs(system: System) -> Outcome:
    groups: dict[str, list[Distribution]] = {}
    for found in family(system):
        groups.setdefault(provides(found.name), []).append(found)
    if not groups:
        return skip("none of them is installed in this Python")
    evidence = [
        f"{package}: {d.name} {d.version} in {d.place}" for package, g in groups.items() for d in g
    ]
    for package, group in groups.items():
        names = list(dict.fromkeys(found.name for found in group))
        if len(names) > 1:
            return fail(
                f"{' and '.join(names)} both provide the package {package}: "
                "their files overwrite each other",
                evidence=evidence,
                fix=_keep(system, names, _kept(system, group)),
            )
        if len({found.version for found in group}) > 1:
            return fail(
                f"{names[0]} is installed {len(group)} times, in different versions",
                evidence=evidence,
                fix=_keep(system, names * len(group), group[0]),
            )
    return ok(", ".join(f"{g[0].name} {g[0].version}" for g in groups.values()), evidence=evidence)


def _kept(system: System, group: list[Distribution]) -> Distribution:
    """Choose the one another distribution requires, else the TVM release."""
    required = {
        re.split(r"[^\w.-]", line, maxsplit=1)[0].lower()
        for distribution in family(system)
        for line in headers(system, distribution).get("requires-dist", [])
    }
    wanted = [found for found in group if found.name in required]
    return next(iter(wanted), next((d for d in group if d.name.startswith("apache")), group[0]))


def _keep(system: System, names: list[str], kept: Distribution) -> str:
    removals = [("uninstall", "-y", name) for name in names]
    return pip_steps(system, *removals, ("install", f"{kept.name}=={kept.version}"))


@check(
    title="Requirements of the family are met",
    why="MLC-LLM and its TVM must match: upgrading only apache-tvm or apache-tvm-ffi "
    "leads to WinError 127 or missing functions.",
    source="mlc-ai/mlc-llm#3508; mlc-ai/package#102; mlc-llm's pyproject.toml at 79d603f0",
    imports=("mlcbuild.package.requirements",),
)
def requirements(system: System) -> Outcome:
    wanting = family(system)
    if not wanting:
        return skip("none of them is installed in this Python")
    installed = {found.name: found.version for found in reversed(list(distributions(system)))}
    broken: dict[str, str] = {}
    for distribution in wanting:
        for requirement, problem in _unmet(system, distribution, installed):
            broken.setdefault(requirement, problem)
    if broken:
        return fail(
            next(iter(broken.values())),
            evidence=list(broken.values()),
            fix=pip(system, "install", *broken),
        )
    return ok("every requirement is met", evidence=[f"{d.name} {d.version}" for d in wanting])


def _unmet(
    system: System, distribution: Distribution, installed: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield what to install and what is wrong, for each unmet requirement."""
    from mlcbuild.package.requirements import needed

    environment = {"sys_platform": system.platform}
    environment["python_version"] = "{}.{}".format(*system.python.version)
    if system.windows:
        environment |= {"os_name": "nt", "platform_system": "Windows"}
    lines = headers(system, distribution).get("requires-dist", [])
    who = f"{distribution.name} {distribution.version}"
    for requirement in needed(lines, environment):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        spelt = f"{requirement.name}{requirement.specifier}"
        if name not in installed:
            yield spelt, f"{who} requires {spelt}, which is not installed"
        elif not requirement.specifier.contains(installed[name], prereleases=True):
            yield spelt, f"{who} requires {spelt}, found {installed[name]}"
    # Upstream imports psutil without declaring it.
    if provides(distribution.name) == "mlc_llm" and "psutil" not in installed:
        yield "psutil", f"{who} imports psutil, which is not installed"


#: Where upstream's code searches, below the source tree (mlc_llm/libinfo.py, tvm/libinfo.py).
_LOOKED: Final = ("build", "build/Release", "build/lib", "lib")
_LIBRARIES: Final = {
    "mlc_llm": ("mlc_llm", "mlc_llm_module"),
    "tvm": ("tvm_runtime", "tvm"),
    "tvm_ffi": ("tvm_ffi",),
}


@check(
    title="Editable installs find their libraries",
    why="pip install -e only installs Python files and succeeds without any library. Upstream "
    "looks in build and build/Release: a Debug or RelWithDebInfo build is not found, and a "
    "moved source folder leaves an install that points nowhere.",
    source="mlc-ai/mlc-llm#1750, #1398; mlc_llm/libinfo.py at 79d603f0",
)
def editable_install(system: System) -> Outcome:
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
