"""The package index and the Git host, reached as pip and Git are set up."""

from __future__ import annotations

import re
from typing import Final

from mlcbuild.doctor.check import Outcome, System, check, fail, ok, skip
from mlcbuild.doctor.packages import pip
from mlcbuild.doctor.shell import command, unset
from mlcbuild.redaction import without_credentials
from mlcbuild.sources.pipconfig import DEFAULT_INDEX, parse_settings

_INTERNET: Final = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"


def proxy_variable(system: System) -> str:
    """Return the name of the variable that sets a proxy for https; pip and Git obey it."""
    names = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    return next((name for name in names if system.variable(name)), "")


def windows_proxy(system: System) -> str:
    """Return the https proxy of Windows' settings, which Git does not read.

    Source: Microsoft, Internet Settings (ProxyEnable, ProxyServer ``host:port`` or ``https=...``).
    """
    values = system.registry(_INTERNET) or {}
    server = str(values.get("ProxyServer", ""))
    if not system.windows or values.get("ProxyEnable") != 1 or not server:
        return ""
    match = re.search(r"(?:^|;)https=([^;]+)", server)
    place = match[1] if match else ("" if "=" in server else server)
    return place if not place or "://" in place else f"http://{place}"


#: Variable -> the programs that read it and fail without the file.
_CERTIFICATE_VARIABLES: Final = {
    "SSL_CERT_FILE": "Python and uv",
    "REQUESTS_CA_BUNDLE": "pip",
    "CURL_CA_BUNDLE": "pip and curl",
    "PIP_CERT": "pip",
    "GIT_SSL_CAINFO": "Git",
    "CARGO_HTTP_CAINFO": "Cargo",
}
#: On Windows Python and Git use Windows' certificate store and ignore such a file.
_IGNORED_ON_WINDOWS: Final = ("SSL_CERT_FILE", "GIT_SSL_CAINFO")


@check(
    title="Variables name existing certificate files",
    why="conda and company scripts set these variables. Where the file is missing, "
    "every download fails as if the network were down.",
    source="OpenSSL, SSL_CERT_FILE; requests, SSL Cert Verification; git-config, http.sslCAInfo; "
    "Cargo, http.cainfo",
)
def certificate_variables(system: System) -> Outcome:
    readers = {
        n: who
        for n, who in _CERTIFICATE_VARIABLES.items()
        if not (system.windows and n in _IGNORED_ON_WINDOWS)
    }
    named = {name: value for name in readers if (value := system.variable(name))}
    if not named:
        return skip("no variable names certificates")
    evidence = [f"{name}={value}" for name, value in named.items()]
    gone = [name for name, value in named.items() if system.entry(value) is None]
    if not gone:
        return ok("variables name existing certificate files", evidence=evidence)
    return fail(
        f"{gone[0]}={named[gone[0]]} names a missing file: {readers[gone[0]]} cannot trust "
        "any host",
        evidence=evidence,
        fix=unset(system, *gone),
    )


@check(
    title="The package index can be reached",
    why="Build requirements and apache-tvm come from pip's index. Company proxies and "
    "certificates are configured separately for pip, Git and the environment.",
    source="pip documentation, Configuration",
    waits=True,
    needs="network",
    limit_s=90,
)
def package_index(system: System) -> Outcome:
    executable = system.python.executable
    listing = system.run(executable, "-m", "pip", "config", "list", limit_s=60)
    if not listing.good:
        return skip("no pip: see the check pip")
    options = parse_settings(listing.out)
    if options.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        return skip("pip is configured to use no index (no-index)")
    index = system.variable("PIP_INDEX_URL") or options.get("index-url") or DEFAULT_INDEX
    proxy = system.variable("PIP_PROXY") or options.get("proxy", "")
    evidence = [f"index {without_credentials(index)}"]
    evidence += [f"proxy {without_credentials(proxy)} (pip's)"] if proxy else []
    evidence += [
        f"{name}={without_credentials(value)}"
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
        if (value := system.variable(name) or system.variable(name.lower()))
    ]
    problem = system.fetch(index.rstrip("/") + "/pip/", proxy=proxy, limit_s=15)
    if not problem:
        return ok("the package index answers", evidence=evidence)
    return fail(
        f"the package index cannot be reached: {problem}",
        evidence=evidence,
        fix=_index_fix(system, problem, proxy=proxy),
    )


def _index_fix(system: System, problem: str, *, proxy: str) -> str:
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


@check(
    title="The Git host can be reached",
    why="The pinned sources are fetched with Git, which has its own proxy and certificates.",
    source="git-config, http.proxy, http.sslBackend and http.schannelCheckRevoke; docs/sources.md",
    waits=True,
    needs="network",
    limit_s=60,
)
def git_host(system: System) -> Outcome:
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
    proxy = _git_setting(system, path, "http.proxy")
    evidence = [url, *([f"git config http.proxy {without_credentials(proxy)}"] if proxy else [])]
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
        fix=_host_fix(system, path, why=done.err or why, proxy=proxy),
    )


def _git_setting(system: System, path: str, name: str) -> str:
    return system.run(path, "config", "--get", name).out.strip()


def _host_fix(system: System, path: str, *, why: str, proxy: str) -> str:
    if _REVOKED.search(why):
        return "git config --global http.schannelCheckRevoke false"
    if _UNTRUSTED.search(why):
        backend = _git_setting(system, path, "http.sslBackend")
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
    known = without_credentials(windows_proxy(system))
    return f"git config --global http.proxy {known or 'http://host:port'}"
