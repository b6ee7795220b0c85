"""``package-index``: pip's index can be reached, with pip's proxy settings."""

from __future__ import annotations

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip
from mlcbuild.doctor.network import proxy_variable, without_secret
from mlcbuild.doctor.packages import pip
from mlcbuild.doctor.shell import unset
from mlcbuild.sources.pipconfig import DEFAULT_INDEX, parse_settings

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    executable = system.python.executable
    listing = system.run(executable, "-m", "pip", "config", "list", limit_s=60)
    if not listing.good:
        return skip("no pip: see the check pip")
    options = parse_settings(listing.out)
    if options.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        return skip("pip is configured to use no index (no-index)")
    index = system.variable("PIP_INDEX_URL") or options.get("index-url") or DEFAULT_INDEX
    proxy = system.variable("PIP_PROXY") or options.get("proxy", "")
    evidence = [f"index {without_secret(index)}"]
    evidence += [f"proxy {without_secret(proxy)} (pip's)"] if proxy else []
    evidence += [
        f"{name}={without_secret(value)}"
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
        if (value := system.variable(name) or system.variable(name.lower()))
    ]
    problem = system.fetch(index.rstrip("/") + "/pip/", proxy=proxy, limit_s=15)
    if not problem:
        return ok("the package index answers", evidence=evidence)
    return fail(
        f"the package index cannot be reached: {problem}",
        evidence=evidence,
        fix=_fix(system, problem, proxy=proxy),
    )


def _fix(system: System, problem: str, *, proxy: str) -> str:
    if "CERTIFICATE" in problem.upper():
        # pip 24.2 and newer uses the certificate store of Windows and macOS (truststore).
        return pip(system, "config", "set", "global.cert", "path-to-your-company-certificates.pem")
    if proxy and system.variable("PIP_PROXY"):
        return unset(system, "PIP_PROXY")
    if proxy:
        return pip(system, "config", "unset", "global.proxy")
    if variable := proxy_variable(system):
        return unset(system, variable)
    if system.variable("PIP_INDEX_URL"):
        return unset(system, "PIP_INDEX_URL")
    return pip(system, "config", "set", "global.proxy", "http://host:port")


CHECK = Check(
    title="The package index can be reached",
    why="Build requirements and apache-tvm come from pip's index. Company proxies and "
    "certificates are configured separately for pip, Git and the environment.",
    source="pip documentation, Configuration",
    run=_run,
    waits=True,
    needs="network",
    limit_s=90,
)
