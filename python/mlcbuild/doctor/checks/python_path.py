"""``python-path``: PYTHONPATH and PYTHONHOME do not hide installed packages."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, warn
from mlcbuild.doctor.distributions import editable_source, family, provides
from mlcbuild.doctor.shell import same_path, unset

__all__ = ["CHECK"]

_PACKAGES: Final = ("tvm", "mlc_llm", "tvm_ffi", "xgrammar")
_FOREIGN: Final = re.compile(r"python-?(\d)\.?(\d{1,2})(?=[\\/]|$)", re.IGNORECASE)


def _run(system: System) -> Outcome:
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
        match = _FOREIGN.search(entry) if "site-packages" in entry else None
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


CHECK = Check(
    title="PYTHONPATH hides nothing",
    why="Upstream's documents set PYTHONPATH to source trees. Later, with a wheel installed, the "
    "tree's Python files load and its libraries are missing, or of another version.",
    source="mlc-llm's and TVM's installation documents",
    run=_run,
)
