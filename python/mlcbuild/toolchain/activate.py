"""Set up the environment a choice needs: run ``vcvarsall.bat``, or fix a prompt's PATH."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError
from mlcbuild.programs import run
from mlcbuild.toolchain.vcvars import (
    capture_command,
    merged,
    order_path,
    parse_set,
    require_compiler,
)

if TYPE_CHECKING:
    from mlcbuild.toolchain.decision import Choice

#: Seconds; the script takes two, or a minute where antivirus scans every file.
_PATIENCE: Final = 300
#: The script starts a telemetry program unless told not to.
_QUIET: Final = {"VSCMD_SKIP_SENDTELEMETRY": "1"}


class WindowsShell:
    """This machine; tests replace it."""

    def run(self, command: str, env: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        """Run a command line of ``cmd``; return its exit code, standard output and error.

        Raises ``FailedError`` where it hangs.
        """
        try:
            done = run(
                command,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                env=env,
                timeout=_PATIENCE,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FailedError(
                f"vcvarsall.bat does not run ({error})",
                remedy="start the build from a Native Tools prompt instead",
            ) from error
        return done.returncode, done.stdout, done.stderr

    def has_program(self, folder: str, name: str) -> bool:
        """Return whether the file exists; an unreadable folder contains nothing."""
        try:
            return Path(folder, name).is_file()
        except OSError:
            return False


def environment(
    choice: Choice, env: Mapping[str, str], *, shell: WindowsShell | None = None
) -> dict[str, str]:
    """Return the variables to set before CMake runs, if the choice needs any.

    Raises ``FailedError`` where ``vcvarsall.bat`` fails or sets up no compiler.
    """
    shell = shell or WindowsShell()
    if choice.in_prompt:
        name = next((key for key in env if key.casefold() == "path"), "PATH")
        path = env.get(name, "")
        mended = order_path(path, user=path, has_program=shell.has_program)
        return {} if mended == path else {name: mended}
    if choice.vcvars is None:
        return {}
    code, out, err = shell.run(capture_command(choice.vcvars), {**env, **_QUIET})
    # cmd's own commands print UTF-16, programs the console's code page; without the zeros both
    # are readable.
    said = err.replace(b"\0", b"").decode("utf-8", errors="replace")
    after = parse_set(out)
    if code != 0:
        after = {}
    require_compiler(after, said=said)
    return merged({**env, **_QUIET}, after, has_program=shell.has_program)


@contextmanager
def environment_set(changed: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process for the duration of a block."""
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
