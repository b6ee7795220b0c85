"""A Windows CPython in the layout of python.org's installer, and its named environments.

They are like those of ``python -m venv`` on Windows.
"""

from __future__ import annotations

import io
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from mlcbuild.errors import FailedError, UsageError
from mlcbuild.lab.downloads import Download, fetch, python_download
from mlcbuild.lab.wine import windows_path
from mlcbuild.sources.cache import stage_folder

#: Files of CPython itself, without packages that WinPython adds and its copies of the C++
#: runtime, which a real python.exe does not ship (except vcruntime140).
_WANTED: Final = re.compile(
    r"(?:DLLs|Lib|include|libs|tcl)/.+"
    r"|python\w*\.(?:exe|dll)|vcruntime140(?:_1)?\.dll|LICENSE\.txt|NEWS\.txt"
)
#: Changed with the layout, so that an older one is not used.
_RECIPE: Final = "2"
_UNWANTED: Final = re.compile(r"Lib/site-packages/.+|Lib/test/.+|.*/__pycache__/.+")


def lay_out_python(root: Path, version: str, notice: Callable[[str], None]) -> Path:
    """Return the folder of Windows CPython ``version`` below ``root``, created on first use.

    Raises ``UsageError`` for an unknown version and what ``fetch`` raises.
    """
    download = python_download(version)
    folder = root / "pythons" / f"{version}-{download.sha256[:8]}.{_RECIPE}"

    def make(staged: Path) -> None:
        archive = fetch(download, root / "downloads", notice)
        notice(f"unpacking Windows Python {download.version}")
        _unpack(archive, download, staged)
        for wheel in (staged / "Lib" / "ensurepip" / "_bundled").glob("pip-*.whl"):
            with zipfile.ZipFile(wheel) as bundle:
                bundle.extractall(pip_folder(staged))  # noqa: S202 - a pinned zip

    stage_folder(folder, make, notice)
    return folder


def pip_folder(python: Path) -> Path:
    """Return the pip folder shared by all environments.

    Its bytecode is compiled once; doing it per environment takes seconds.
    """
    return python / "pip"


def _unpack(path: Path, download: Download, to: Path) -> None:
    """Write the files of the zip in the sdist."""
    try:
        with tarfile.open(path, "r:gz") as sdist:
            inner = next(name for name in sdist.getnames() if name.endswith("/data.zip"))
            file = sdist.extractfile(inner)
            data = zipfile.ZipFile(io.BytesIO(file.read() if file else b""))
        for info in data.infolist():
            name = info.filename.partition("/")[2]
            if info.is_dir() or not _WANTED.fullmatch(name) or _UNWANTED.fullmatch(name):
                continue
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data.read(info))
    except (StopIteration, OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise FailedError(
            f"{download.filename} cannot be unpacked: {str(error) or 'it has no data.zip'}",
            remedy=f"delete {path} and try again",
        ) from error
    (to / "Lib" / "site-packages").mkdir(exist_ok=True)


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
