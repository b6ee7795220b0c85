"""``git-host``: the host of the pinned sources can be reached by Git, as it is set up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.doctor.checks.package_index import without_secret
from mlcbuild.doctor.model import Check, Outcome, fail, ok, skip
from mlcbuild.doctor.shell import unset

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]

#: Of the lock's first component, where the lock is not at hand.
_REPOSITORY: Final = "https://github.com/mlc-ai/mlc-llm"


def _run(system: System) -> Outcome:
    path = system.find("git")
    if path is None:
        return skip("no Git: see the check git")
    mirror = system.variable("MLCBUILD_MIRROR")
    if mirror and not system.is_folder(mirror):
        return fail(
            f"MLCBUILD_MIRROR={mirror} names a folder that is not there",
            evidence=(f"MLCBUILD_MIRROR={mirror}",),
            fix=unset(system, "MLCBUILD_MIRROR"),
        )
    lock = system.text(system.join(system.folder, "3rdparty", "sources.toml")) or ""
    match = re.search(r'^git = "(https://[^"]+)"', lock, re.MULTILINE)
    url = match[1] if match else _REPOSITORY
    proxy = system.run(path, "config", "--get", "http.proxy").out.strip()
    evidence = [url, *([f"git config http.proxy {without_secret(proxy)}"] if proxy else [])]
    done = system.run(path, "ls-remote", "--exit-code", url, "HEAD", limit_s=30)
    if done.good:
        return ok("the Git host answers", evidence=evidence)
    why = (done.err.strip().splitlines() or [done.problem or f"exit code {done.code}"])[-1]
    fix = "git config --global http.proxy http://host:port"
    if proxy:
        fix = "git config --global --unset http.proxy"
    if "certificate" in why.lower():
        fix = "git config --global http.sslBackend schannel" if system.windows else fix
    return fail(f"Git cannot reach its host: {why}", evidence=evidence, fix=fix)


CHECK = Check(
    id="git-host",
    title="The Git host can be reached",
    category="network",
    why="The pinned sources are fetched with Git, which has its own proxy and certificates.",
    source="git-config, http.proxy and http.sslBackend; docs/sources.md",
    run=_run,
    waits=True,
    needs="network",
    limit_s=60,
)
