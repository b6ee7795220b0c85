"""Judge one file without loading it: can this interpreter use it, and should it."""

from __future__ import annotations

import os
import sys

from mlc_llm._locator.image import NotAnImageError, read_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlc_llm._locator import Host
    from mlc_llm._locator.image import Image

__all__ = ["GOOD", "REINSTALL", "Candidate", "Verdict", "judge"]

_NOT_AN_IMAGE = {"pe": "not-a-pe", "elf": "not-an-elf", "mach-o": "not-a-mach-o"}
_FORMAT_NAMES = {"pe": "Windows (PE)", "elf": "Linux (ELF)", "mach-o": "macOS (Mach-O)"}

#: ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION.
_LOCKED = (32, 33)
#: For a 32-bit Python there is no wheel at all.
_PYTHON_64 = "winget install --id Python.Python.3.12 --architecture x64 --source winget"

REINSTALL = "pip install --force-reinstall --no-deps mlc_llm"


_ALLOW = " (MLC_ALLOW_DEBUG=1 takes it all the same)"


class Verdict:
    """``cause`` is empty for a good file, else a rule id; ``reason`` says it in words.

    ``culprit`` is the image at fault where it is another one than the file judged.
    """

    __slots__ = ("cause", "culprit", "fix", "reason")

    def __init__(self, cause: str = "", reason: str = "", fix: str = "", culprit: str = "") -> None:
        self.cause = cause
        self.reason = reason
        self.fix = fix
        self.culprit = culprit

    @property
    def good(self) -> bool:
        """Whether the file can be loaded as it is."""
        return not self.cause


GOOD = Verdict()


class Candidate:
    """One file that could be the library, judged.

    ``explicit``: the user named it, so it is taken or it is an error, never passed over. ``note``
    is what must be said where it is taken all the same (it is older than its sources, ...).
    """

    __slots__ = ("explicit", "note", "origin", "path", "verdict")

    def __init__(
        self, path: str, origin: str, verdict: Verdict, *, explicit: bool = False, note: str = ""
    ) -> None:
        self.path = path
        self.origin = origin
        self.verdict = verdict
        self.explicit = explicit
        self.note = note


def judge(path: str, host: Host, *, size: int | None = None) -> Verdict:
    """Read the header of ``path`` and say whether ``host`` can use it.

    ``size`` is the file's size in bytes as the build stamp recorded it, where there is a stamp.
    """
    try:
        image = read_image(path)
        real = os.stat(path).st_size
    except FileNotFoundError:
        return Verdict("absent", "no such file", REINSTALL)
    except NotAnImageError as error:
        cause = _NOT_AN_IMAGE[host.image_format]
        return Verdict(cause, f"not a native library: {error}", REINSTALL)
    except OSError as error:
        return _unreadable(path, error)
    verdict = _judge_image(image, host)
    if verdict.good and size is not None and real != size:
        reason = f"{real} bytes, its stamp says {size}: it is not the file that was built"
        return Verdict("stamp-mismatch", reason, REINSTALL)
    return verdict


def _unreadable(path: str, error: OSError) -> Verdict:
    """Tell a file that another program keeps open from one without rights."""
    if _windows_refusal(path) in _LOCKED:
        reason = "another program has it open and lets nobody read it"
        return Verdict("locked", reason, "close that program, or restart the machine")
    if os.path.isdir(path):
        return Verdict("absent", "a folder, and no file", REINSTALL)
    rights = f'icacls "{path}" /reset' if os.name == "nt" else f'chmod u+r "{path}"'
    return Verdict("unreadable", f"cannot be read: {error.strerror}", rights)


def _windows_refusal(path: str) -> int:
    """Return why Windows does not open a file: Python's ``open`` has one error for all reasons."""
    if sys.platform != "win32":
        return 0
    import _winapi  # noqa: PLC0415 - Windows' own, after a failure

    shared_by_all = 7  # FILE_SHARE_READ, _WRITE and _DELETE
    try:
        handle = _winapi.CreateFile(
            path, _winapi.GENERIC_READ, shared_by_all, 0, _winapi.OPEN_EXISTING, 0, 0
        )
    except OSError as error:
        return error.winerror or 0
    _winapi.CloseHandle(handle)
    return 0


def _judge_image(image: Image, host: Host) -> Verdict:
    if image.format != host.image_format:
        built, wanted = _FORMAT_NAMES[image.format], _FORMAT_NAMES[host.image_format]
        return Verdict("wrong-machine", f"a {built} library, needed is {wanted}", REINSTALL)
    if host.machine not in image.machines:
        built = ", ".join(image.machines)
        reason = f"built for {built}, this Python is {host.machine}"
        small = host.machine == "x86" and host.system == "windows"
        return Verdict("wrong-machine", reason, _PYTHON_64 if small else REINSTALL)
    if debug := image.debug_crt:
        return Verdict(
            "debug-crt",
            f"a Debug build: it imports {debug}",
            "build with --config Release" + (_ALLOW if _present(debug) else ""),
        )
    return GOOD


def _present(runtime: str) -> bool:
    """Tell whether this machine has a debug runtime: without it nothing can be allowed."""
    from mlc_llm._locator.process import system_folder  # noqa: PLC0415 - only after a failure

    return os.path.isfile(os.path.join(system_folder(), runtime))
