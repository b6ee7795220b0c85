"""``cargo``: Cargo, which builds the tokenizers."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok
from mlcbuild.doctor.purpose import absent
from mlcbuild.doctor.rust import find_rust, install_rust, toolchain
from mlcbuild.doctor.versions import Version, dotted, find_version

__all__ = ["CHECK"]

#: Oldest Rust of the pinned crates where their lock (3rdparty/sources.toml) is not available.
_FLOOR: Final = (1, 78)


def _run(system: System) -> Outcome:
    fix = partial(install_rust, system)
    path = find_rust(system, "cargo")
    if path is None:
        return absent(
            system, "Cargo is not installed: the tokenizers are written in Rust", fix=fix()
        )
    done = system.run(path, "--version")
    version = find_version(done.out) if done.good else None
    if version is None:
        why = done.err.strip().splitlines()[:1]
        return fail(
            "Cargo does not run",
            evidence=(f"{path}: {done.problem or ' '.join(why) or f'exit code {done.code}'}",),
            fix=f"rustup default {toolchain(system)}" if "rustup" in done.err else fix(),
        )
    floor = _floor(system)
    if version < floor:
        managed = system.find("rustup") is not None and ".cargo" in path
        return fail(
            f"Cargo {dotted(version)} is older than {dotted(floor)}, which the pinned crates need",
            evidence=[f"{each} {dotted(version)}" for each in (path,)]
            + [f"also on PATH: {other}" for other in system.find_all("cargo") if other != path],
            fix="rustup update stable" if managed else fix(),
        )
    return ok(f"Cargo {dotted(version)}", evidence=(f"{path} {dotted(version)}",))


def _floor(system: System) -> Version:
    text = system.text(system.join(system.folder, "3rdparty", "sources.toml")) or ""
    match = re.search(r'^rust = "([\d.]+)"', text, re.MULTILINE)
    return tuple(int(part) for part in match[1].split(".")) if match else _FLOOR


CHECK = Check(
    title="Cargo is new enough",
    why="tokenizers-cpp compiles Hugging Face's tokenizers. Distributions ship a Cargo that is too "
    "old for its crates, and one that is first on PATH hides rustup's.",
    source="3rdparty/sources.toml",
    run=_run,
    waits=True,
)
