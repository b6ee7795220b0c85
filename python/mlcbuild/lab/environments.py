"""Named Python environments of the lab, like those of ``python -m venv`` on Windows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import UsageError
from mlcbuild.lab.pythons import pip_folder
from mlcbuild.lab.wine import windows_path
from mlcbuild.sources.staged_folder import stage_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Certificate bundles of Debian, Fedora, openSUSE and Alpine.
_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def check_name(name: str) -> str:
    """Return the name of an environment. Raises ``UsageError`` for an invalid folder name."""
    if not re.fullmatch(r"\w[\w.+-]*", name) or name.endswith((".lock", ".part")):
        raise UsageError(
            f"{name!r} is not a valid environment name", remedy="use letters, digits and -_.+"
        )
    return name


def make_environment(folder: Path, python: Path, version: str) -> None:
    """Create the environment ``folder`` for the CPython in ``python``, with pip.

    Raises ``OSError`` where it cannot be written.
    """

    def make(staged: Path) -> None:
        packages = staged / "Lib" / "site-packages"
        packages.mkdir(parents=True)
        scripts = staged / "Scripts"
        scripts.mkdir()
        for program in ("python.exe", "pythonw.exe"):
            shutil.copy(_venv_program(python, program), scripts / program)
        (staged / "pyvenv.cfg").write_text(
            f"home = {windows_path(python)}\ninclude-system-site-packages = false\n"
            f"version = {version}\n",
            encoding="utf-8",
        )
        pip = windows_path(pip_folder(python))
        (packages / "mlcbuild-pip.pth").write_text(f"{pip}\n", encoding="utf-8")

    stage_folder(folder, make)


def _venv_program(python: Path, program: str) -> Path:
    """Return venv's launcher, named ``venvlauncher.exe`` since CPython 3.13."""
    folder = python / "Lib" / "venv" / "scripts" / "nt"
    renamed = folder / program.replace("python", "venv").replace(".exe", "launcher.exe")
    return next(path for path in (folder / program, renamed) if path.exists())


def python_variables(folder: Path, python: Path) -> Mapping[str, str]:
    """Return the variables that make ``python.exe`` use the environment.

    The environment's ``Scripts/python.exe`` sets ``__PYVENV_LAUNCHER__`` before it starts the real
    one; setting it here saves one process. WINEPATH goes before PATH.
    """
    path = (folder / "Scripts", python, python / "Scripts")
    return {
        "__PYVENV_LAUNCHER__": windows_path(folder / "Scripts" / "python.exe"),
        "VIRTUAL_ENV": windows_path(folder),
        "WINEPATH": ";".join(windows_path(part) for part in path),
    }


def certificate_variables(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variable that makes Windows' pip use this machine's certificates.

    Windows' pip would only use its own list, and refuse a company's index or proxy. Settings for
    pip in ``given`` have precedence.
    """
    if any(given.get(name) for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")):
        return {}
    bundles = (given.get("SSL_CERT_FILE", ""), *_BUNDLES)
    found = next((Path(name) for name in bundles if name and Path(name).is_file()), None)
    return {} if found is None else {"PIP_CERT": windows_path(found)}
