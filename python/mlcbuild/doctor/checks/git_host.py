"""``git-host``: Git, as configured, can reach the host of the pinned sources."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip
from mlcbuild.doctor.network import proxy_variable, windows_proxy, without_secret
from mlcbuild.doctor.shell import command, unset

__all__ = ["CHECK"]

#: The first component's repository, where the lock is not available.
_REPOSITORY: Final = "https://github.com/mlc-ai/mlc-llm"
#: Git was asked for credentials: the network works.
_LOGIN: Final = re.compile(
    r"could not read (Username|Password)|terminal prompts disabled|Authentication failed|"
    r"No such device or address.*Username",
    re.IGNORECASE,
)
#: Schannel could not check certificate revocation (0x80092012, 0x80092013).
_REVOKED: Final = re.compile(r"REVOCATION|0x8009201[23]", re.IGNORECASE)
_UNTRUSTED: Final = re.compile(r"certificate|SEC_E_UNTRUSTED_ROOT|0x80090325", re.IGNORECASE)


def _run(system: System) -> Outcome:
    path = system.find("git")
    if path is None:
        return skip("no Git: see the check git")
    mirror = system.variable("MLCBUILD_MIRROR")
    if mirror and not system.is_folder(mirror):
        return fail(
            f"MLCBUILD_MIRROR={mirror} names a missing folder",
            evidence=(f"MLCBUILD_MIRROR={mirror}",),
            fix=unset(system, "MLCBUILD_MIRROR"),
        )
    lock = system.text(system.join(system.folder, "3rdparty", "sources.toml")) or ""
    match = re.search(r'^git = "(https://[^"]+)"', lock, re.MULTILINE)
    url = match[1] if match else _REPOSITORY
    proxy = _setting(system, path, "http.proxy")
    evidence = [url, *([f"git config http.proxy {without_secret(proxy)}"] if proxy else [])]
    done = system.run(path, "ls-remote", "--exit-code", url, "HEAD", limit_s=30)
    if done.good:
        return ok("the Git host answers", evidence=evidence)
    lines = done.err.strip().splitlines() or [done.problem or f"exit code {done.code}"]
    why = next((line for line in lines if line.startswith("fatal:")), lines[-1])
    if _LOGIN.search(done.err):
        return fail(
            f"the Git host asks for credentials: {why}",
            evidence=evidence,
            fix=command(system, "git", "ls-remote", url, "HEAD"),
        )
    return fail(
        f"Git cannot reach its host: {why}",
        evidence=evidence,
        fix=_fix(system, path, why=done.err or why, proxy=proxy),
    )


def _setting(system: System, path: str, name: str) -> str:
    return system.run(path, "config", "--get", name).out.strip()


def _fix(system: System, path: str, *, why: str, proxy: str) -> str:
    if _REVOKED.search(why):
        return "git config --global http.schannelCheckRevoke false"
    if _UNTRUSTED.search(why):
        backend = _setting(system, path, "http.sslBackend")
        if system.windows and backend.lower() != "schannel":
            return "git config --global http.sslBackend schannel"
        if system.windows:
            # Schannel uses Windows' certificate store: the company's root is missing there.
            return "certutil -user -addstore Root path-to-your-company-root.cer"
        return "git config --global http.sslCAInfo path-to-your-company-certificates.pem"
    if proxy:
        return "git config --global --unset http.proxy"
    if variable := proxy_variable(system):
        return unset(system, variable)
    known = without_secret(windows_proxy(system))
    return f"git config --global http.proxy {known or 'http://host:port'}"


CHECK = Check(
    title="The Git host can be reached",
    why="The pinned sources are fetched with Git, which has its own proxy and certificates.",
    source="git-config, http.proxy, http.sslBackend and http.schannelCheckRevoke; docs/sources.md",
    run=_run,
    waits=True,
    needs="network",
    limit_s=60,
)
