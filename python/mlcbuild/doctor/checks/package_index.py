"""``package-index``: pip's index can be reached, through its own proxy settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcbuild.doctor.model import Check, Outcome, fail, ok, skip
from mlcbuild.doctor.shell import command, pip, python
from mlcbuild.sources.pipconfig import default_index_of, parse_settings

if TYPE_CHECKING:
    from mlcbuild.doctor.system import System

__all__ = ["CHECK"]


def _run(system: System) -> Outcome:
    executable = system.python.executable
    listing = system.run(executable, "-m", "pip", "config", "list", limit_s=60)
    if not listing.good:
        return skip("no pip to ask: see the check pip")
    options = parse_settings(listing.out)
    if options.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        return skip("pip is told not to ask an index (no-index)")
    index = system.variable("PIP_INDEX_URL") or options.get("index-url", "")
    if not index:
        index = default_index_of(system.run(executable, "-m", "pip", "download", "--help").out)
    proxy = system.variable("PIP_PROXY") or options.get("proxy", "")
    evidence = [f"index {without_secret(index)}"]
    evidence += [f"proxy {without_secret(proxy)} (pip's)"] if proxy else []
    evidence += [
        f"{name}={without_secret(value)}"
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
        if (value := system.variable(name) or system.variable(name.lower()))
    ]
    if not index:
        return skip("pip does not tell its index")
    problem = system.fetch(index.rstrip("/") + "/pip/", proxy=proxy, limit_s=15)
    if not problem:
        return ok("the package index answers", evidence=evidence)
    return fail(
        f"the package index cannot be reached: {problem}",
        evidence=evidence,
        fix=_fix(system, problem),
    )


def _fix(system: System, problem: str) -> str:
    if "CERTIFICATE" in problem.upper():
        return pip(system, "config", "set", "global.cert", "path-to-your-company-certificates.pem")
    return command(
        system, python(system), "-m", "pip", "config", "set", "global.proxy", "http://host:port"
    )


def without_secret(url: str) -> str:
    """Return an address without the name and password that it may hold."""
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


CHECK = Check(
    id="package-index",
    title="The package index can be reached",
    category="network",
    why="Build requirements and apache-tvm come from pip's index. Proxies and certificates of "
    "companies are set for pip, for Git and for the environment apart.",
    source="pip documentation, Configuration",
    run=_run,
    waits=True,
    needs="network",
    limit_s=90,
)
