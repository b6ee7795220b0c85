"""``requirements``: what MLC-LLM, TVM and tvm-ffi require is installed, in a version they take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlcbuild.doctor.check import Check, Outcome, fail, ok, skip
from mlcbuild.doctor.distributions import distributions, family, headers, provides
from mlcbuild.doctor.packages import pip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.doctor.distributions import Distribution
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
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
    """Yield what to install and what is wrong, of each requirement that does not hold."""
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
            yield spelt, f"{who} requires {spelt}, here is {installed[name]}"
    # Upstream imports it and does not declare it.
    if provides(distribution.name) == "mlc_llm" and "psutil" not in installed:
        yield "psutil", f"{who} imports psutil, which is not installed"


CHECK = Check(
    id="requirements",
    title="Requirements of the family are met",
    category="python",
    why="MLC-LLM and the TVM beside it must be of one generation: apache-tvm and apache-tvm-ffi "
    "that were upgraded alone answer 127 or ask for functions that are not there.",
    source="mlc-ai/mlc-llm#3508; mlc-ai/package#102; mlc-llm's pyproject.toml at 79d603f0",
    run=_run,
    imports=("mlcbuild.package.requirements",),
)
