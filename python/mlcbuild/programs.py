"""Start programs by absolute path, found only on PATH, in a clean environment.

Two things would run what somebody left in the current folder, a checkout or a download folder:

- Windows' ``CreateProcess`` looks for a bare name in the current folder before it looks on PATH
  (so does ``shutil.which`` there), and on every system so do empty and relative entries of PATH;
- ``python -m`` and ``python -c`` put the current folder first on ``sys.path``, so that a
  ``ctypes.py`` there wins over the standard library's. ``-P``, which keeps it out, is new in
  Python 3.11, and ``-I`` takes the user's PYTHONPATH away as well.

Programs are therefore named by their path and Pythons get a first line that removes the entry.
Standard library only: the scripts of the checkout start their programs here too.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

#: What CreateProcess can start by itself; other endings of PATHEXT need a shell.
_STARTABLE: Final = (".com", ".exe", ".bat", ".cmd")
#: The entry that -c makes is "", unless the user keeps it out with PYTHONSAFEPATH.
_WITHOUT_FOLDER: Final = "import sys; sys.path[:1] == [''] and sys.path.pop(0); "
_BOOTSTRAPS: Final = {
    "-c": _WITHOUT_FOLDER + "exec(compile(sys.argv.pop(1), '<string>', 'exec'))",
    "-m": _WITHOUT_FOLDER + "import runpy; "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)",
}
#: cmd.exe and every CreateProcess of a child heed it: no bare name is found in the current folder.
NOT_HERE: Final = "NoDefaultCurrentDirectoryInExePath"


def find_program(name: str, env: Mapping[str, str] | None = None) -> str | None:
    """Return the absolute path of the program that ``name`` is on PATH, or None.

    Entries of PATH that are empty or relative mean the current folder and are passed over. A name
    with a folder in it is a path already, and meant from the current folder.
    """
    path = Path(name)
    if path.name != name:
        return next(_files(path.absolute().parent, path.name), None) if name else None
    return next((found for folder in _folders(env) for found in _files(Path(folder), name)), None)


def isolated(command: Sequence[str]) -> list[str]:
    """Return a command whose ``python -m`` or ``-c`` imports nothing from the current folder."""
    words = list(command)
    if len(words) > 2 and words[1] in _BOOTSTRAPS and _is_python(words[0]):  # noqa: PLR2004
        return [words[0], "-c", _BOOTSTRAPS[words[1]], *words[2:]]
    return words


def safe_environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment whose search paths do not name the current folder by accident.

    Programs that the child starts are found under the same rules as the child.
    """
    safe = dict(os.environ if env is None else env)
    for name, value in safe.items():
        if name.upper() == "PATH":
            safe[name] = os.pathsep.join(_folders({"PATH": value}))
        elif name.upper() == "PYTHONPATH":
            safe[name] = os.pathsep.join(filter(None, value.split(os.pathsep)))
    return {**safe, NOT_HERE: "1"} if sys.platform == "win32" else safe


def run(
    command: Sequence[str | os.PathLike[str]] | str,
    *,
    env: Mapping[str, str] | None = None,
    **options: Any,  # noqa: ANN401 - subprocess' own
) -> subprocess.CompletedProcess[Any]:
    """Run a program to its end; ``options`` are those of ``subprocess.run``. No exit code raises.

    A ``str`` is a command line of Windows' own quoting, for ``cmd``. Raises ``OSError`` where the
    program is not found or cannot be started.
    """
    options.setdefault("check", False)
    return subprocess.run(**_prepared(command, env), **options)  # noqa: PLW1510 - set above


def start(
    command: Sequence[str | os.PathLike[str]],
    *,
    env: Mapping[str, str] | None = None,
    **options: Any,  # noqa: ANN401 - Popen's own
) -> subprocess.Popen[Any]:
    """Start a program; ``options`` are those of ``subprocess.Popen``. Raises as ``run`` does."""
    return subprocess.Popen(**_prepared(command, env), **options)


def ask(
    command: Sequence[str], *, limit_s: float = 60, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes] | None:
    """Ask a program about itself (``--version``), or return None where it cannot tell.

    It runs in its own folder: rustup's programs start the toolchain that a ``rust-toolchain.toml``
    of the current folder names.
    """
    program = find_program(command[0], env)
    if program is None:
        return None
    try:
        return run(
            [program, *command[1:]],
            env=env,
            cwd=Path(program).parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def _prepared(
    command: Sequence[str | os.PathLike[str]] | str, env: Mapping[str, str] | None
) -> dict[str, Any]:
    """Return ``args``, ``executable`` and ``env`` for subprocess."""
    line = command if isinstance(command, str) else ""
    words = [line.partition(" ")[0]] if line else isolated([os.fspath(word) for word in command])
    program = find_program(words[0], env)
    if program is None:
        raise FileNotFoundError(errno.ENOENT, "not found on PATH", words[0])
    arguments = {"args": line, "executable": program} if line else {"args": [program, *words[1:]]}
    return {**arguments, "env": safe_environment(env)}


def _folders(env: Mapping[str, str] | None) -> Iterator[str]:
    """Yield the absolute entries of PATH, without the quotes that Windows allows."""
    given = os.environ if env is None else env
    path = next((given[name] for name in given if name.upper() == "PATH"), os.defpath)
    for entry in path.split(os.pathsep):
        folder = entry.strip().strip('"') if sys.platform == "win32" else entry
        if Path(folder).is_absolute():
            yield folder


def _files(folder: Path, name: str) -> Iterator[str]:
    """Yield what of ``folder`` the name starts: on Windows with the endings of PATHEXT."""
    endings = [""]
    if sys.platform == "win32":
        listed = os.environ.get("PATHEXT", "").lower().split(os.pathsep)
        endings = [ending for ending in listed if ending in _STARTABLE] or list(_STARTABLE)
        if Path(name).suffix.lower() in _STARTABLE:
            endings = ["", *endings]
    for path in (folder / f"{name}{ending}" for ending in endings):
        # os.path: a folder of PATH that we may not read is no error.
        if os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113
            yield os.fspath(path)


def _is_python(program: str) -> bool:
    return program == sys.executable or Path(program).name.lower().startswith(("python", "pypy"))
