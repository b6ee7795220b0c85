"""``mixed-installs``: one distribution per package of the family."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip
from mlcbuild.doctor.distributions import family, headers, provides
from mlcbuild.doctor.packages import pip_steps

if TYPE_CHECKING:
    from mlcbuild.doctor.distributions import Distribution

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
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


CHECK = Check(
    title="No package is provided twice",
    why="mlc-llm and its nightlies, mlc-ai's TVM and apache-tvm install files of the same names. "
    "pip does not notice; the process then mixes DLLs of two TVM versions (error 127).",
    source="mlc-ai/mlc-llm#3508, #3506, #3498; mlc-ai/package#101",
    run=_run,
)
