"""What Git's and pip's own words say of the network, and the command that changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakemachine import GIT, FakeSystem, linux, windows
from mlcbuild.doctor.runner import examine
from mlcbuild.doctor.system import Ran

if TYPE_CHECKING:
    from mlcbuild.doctor.check import Result

URL = "https://github.com/mlc-ai/mlc-llm"
ASK = f"ls-remote --exit-code {URL} HEAD"
INTERNET = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"


def git_says(error: str, on: FakeSystem | None = None, **settings: str) -> Result:
    pc = on or windows()
    answers: dict[str, str | Ran] = {
        f"config --get {name.replace('_', '.')}": f"{value}\n" for name, value in settings.items()
    }
    pc.program(GIT if pc.windows else "/usr/bin/git", {**answers, ASK: Ran(code=128, err=error)})
    (result,) = examine(pc, only=["git-host"], network=True).results
    return result


def test_a_host_that_asks_for_a_name_is_no_fault_of_a_proxy() -> None:
    result = git_says(
        "fatal: could not read Username for 'https://github.com': terminal prompts disabled\n"
    )
    assert "asks for credentials" in result.finding
    assert result.fix == f"git ls-remote {URL} HEAD"


@pytest.mark.parametrize(
    ("error", "settings", "fix"),
    [
        (
            (
                "fatal: unable to access: SSL certificate problem: unable to get local issuer "
                "certificate\n"
            ),
            {"http_sslBackend": "openssl"},
            "git config --global http.sslBackend schannel",
        ),
        (
            (
                "fatal: unable to access: schannel: SEC_E_UNTRUSTED_ROOT (0x80090325) - The "
                "certificate chain was issued by an authority that is not trusted.\n"
            ),
            {"http_sslBackend": "schannel"},
            "certutil -user -addstore Root path-to-your-company-root.cer",
        ),
        (
            (
                "fatal: unable to access: schannel: next InitializeSecurityContext failed: "
                "CRYPT_E_NO_REVOCATION_CHECK (0x80092012) - The revocation function was unable\n"
            ),
            {"http_sslBackend": "schannel"},
            "git config --global http.schannelCheckRevoke false",
        ),
        (
            "fatal: unable to access: Could not resolve proxy: proxy\n",
            {"http_proxy": "http://proxy:8080"},
            "git config --global --unset http.proxy",
        ),
        (
            "fatal: unable to access: Could not resolve host: github.com\n",
            {},
            "git config --global http.proxy http://host:port",
        ),
    ],
)
def test_git_gets_the_command_that_changes_something(
    error: str, settings: dict[str, str], fix: str
) -> None:
    assert git_says(error, **settings).fix == fix


def test_a_certificate_on_linux_is_given_to_git() -> None:
    result = git_says("fatal: SSL certificate problem: self-signed\n", on=linux())
    assert result.fix.startswith("git config --global http.sslCAInfo ")


def test_a_proxy_of_the_environment_is_not_set_once_more() -> None:
    pc = windows()
    pc.env["HTTPS_PROXY"] = "http://ada:secret@proxy:8080"
    result = git_says("fatal: unable to access: Proxy CONNECT aborted\n", on=pc)
    assert result.fix == "set HTTPS_PROXY="


@pytest.mark.parametrize(
    ("server", "proxy"),
    [
        ("proxy.firm:8080", "http://proxy.firm:8080"),
        ("http=a:1;https=b:2", "http://b:2"),
        ("socks=a:1", "http://host:port"),
    ],
)
def test_windows_own_proxy_is_offered_to_git(server: str, proxy: str) -> None:
    pc = windows()
    pc.registry_values[INTERNET] = {"ProxyEnable": 1, "ProxyServer": server}
    result = git_says("fatal: unable to access: Failed to connect to github.com\n", on=pc)
    assert result.fix == f"git config --global http.proxy {proxy}"


@pytest.mark.parametrize(
    ("env", "listing", "fix"),
    [
        ({"HTTPS_PROXY": "http://gone:1"}, "", "set HTTPS_PROXY="),
        ({"PIP_PROXY": "http://gone:1"}, "", "set PIP_PROXY="),
        ({"PIP_INDEX_URL": "https://gone.example/simple"}, "", "set PIP_INDEX_URL="),
        ({}, "global.proxy='http://gone:1'\n", "python -m pip config unset global.proxy"),
    ],
)
def test_pip_gets_the_command_that_changes_something(
    env: dict[str, str], listing: str, fix: str
) -> None:
    pc = windows()
    pc.env |= env
    pc.answer(pc.python.executable, {"-m pip config list": listing})
    pc.dead_hosts["https://"] = "timed out"
    (result,) = examine(pc, only=["package-index"], network=True).results
    assert result.status == "fail"
    assert result.fix == fix
