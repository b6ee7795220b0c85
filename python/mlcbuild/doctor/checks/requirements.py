"""``requirements``.

What MLC-LLM, TVM and tvm-ffi require is installed, in a version they accept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip
from mlcbuild.doctor.distributions import distributions, family, headers, provides
from mlcbuild.doctor.packages import pip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcbuild.doctor.distributions import Distribution

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


CHECK = Check(
    title="Requirements of the family are met",
    why="MLC-LLM and its TVM must match: upgrading only apache-tvm or apache-tvm-ffi "
    "leads to WinError 127 or missing functions.",
    source="mlc-ai/mlc-llm#3508; mlc-ai/package#102; mlc-llm's pyproject.toml at 79d603f0",
    run=_run,
    imports=("mlcbuild.package.requirements",),
)
