"""``certificate-variables``: variables name certificate files that exist."""

from __future__ import annotations

from typing import Final

from mlcbuild.doctor.check import Check, Outcome, System, fail, ok, skip
from mlcbuild.doctor.shell import unset

__all__ = ["CHECK"]

#: Variable -> the programs that read it and fail without the file.
_VARIABLES: Final = {
    "SSL_CERT_FILE": "Python and uv",
    "REQUESTS_CA_BUNDLE": "pip",
    "CURL_CA_BUNDLE": "pip and curl",
    "PIP_CERT": "pip",
    "GIT_SSL_CAINFO": "Git",
    "CARGO_HTTP_CAINFO": "Cargo",
}
#: On Windows Python and Git use Windows' certificate store and ignore such a file.
_BESIDE: Final = ("SSL_CERT_FILE", "GIT_SSL_CAINFO")


def _run(system: System) -> Outcome:
    readers = {n: who for n, who in _VARIABLES.items() if not (system.windows and n in _BESIDE)}
    named = {name: value for name in readers if (value := system.variable(name))}
    if not named:
        return skip("no variable names certificates")
    evidence = [f"{name}={value}" for name, value in named.items()]
    gone = [name for name, value in named.items() if system.entry(value) is None]
    if not gone:
        return ok("variables name existing certificate files", evidence=evidence)
    return fail(
        f"{gone[0]}={named[gone[0]]} names a missing file: {_VARIABLES[gone[0]]} cannot trust any "
        f"host",
        evidence=evidence,
        fix=unset(system, *gone),
    )


CHECK = Check(
    title="Variables name existing certificate files",
    why="conda and company scripts set these variables. Where the file is missing, "
    "every download fails as if the network were down.",
    source="OpenSSL, SSL_CERT_FILE; requests, SSL Cert Verification; git-config, http.sslCAInfo; "
    "Cargo, http.cainfo",
    run=_run,
)
