"""Numbers that Windows answers when a DLL does not load or a process dies, and what they mean.

Win32 codes come from LoadLibrary and reach Python as ``OSError.winerror``. NTSTATUS codes are the
exit codes of processes, printed signed, unsigned or in hexadecimal by different tools. Names and
numbers are Microsoft's (System Error Codes; NTSTATUS values, MS-ERREF); the causes are what public
reports of Python packages came down to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["CODES", "Code", "find_code", "signed"]

_CHECK: Final = "mlcbuild check PATH, with the folder, wheel or DLL that did not load"


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """One code. ``causes`` are in order of likelihood; ``run`` is what finds the one."""

    number: int
    name: str
    kind: Literal["WinError", "NTSTATUS"]
    meaning: str
    causes: tuple[str, ...]
    run: str


def _win(number: int, name: str, meaning: str, *causes: str, run: str = _CHECK) -> Code:
    return Code(number=number, name=name, kind="WinError", meaning=meaning, causes=causes, run=run)


def _nt(number: int, name: str, meaning: str, *causes: str, run: str = _CHECK) -> Code:
    return Code(number=number, name=name, kind="NTSTATUS", meaning=meaning, causes=causes, run=run)


_NOT_FOUND: Final = (
    "a dependency of the named DLL is missing, not the DLL itself",
    "the dependency lies in a folder that Python does not search (PATH is not searched)",
    "the Debug configuration was built: debug runtimes exist only beside Visual Studio",
    "a driver DLL (vulkan-1, nvcuda) is absent from this machine",
)
_NO_EXPORT: Final = (
    "two packages were built against different versions of the DLL they share",
    "another DLL of the same name wins the search",
)
_BAD_IMAGE: Final = (
    "a 32-bit DLL in a 64-bit process, or the other way round; ARM64 and x64 mixed",
    "a damaged or truncated file, or a Git LFS pointer",
)
_INIT_FAILED: Final = (
    "the code uses a newer std::mutex than the msvcp140.dll that was loaded (rule mutex-abi)",
    "another package loaded an older msvcp140.dll first",
    "the processor lacks an instruction set that an initialiser uses",
    "DllMain refused",
)

CODES: Final[tuple[Code, ...]] = (
    _win(5, "ERROR_ACCESS_DENIED", "the file may not be read or mapped",
         "permissions of the file or folder", "antivirus or application control holds it",
         run="icacls PATH"),
    _win(126, "ERROR_MOD_NOT_FOUND", "the DLL or one that it needs was not found", *_NOT_FOUND),
    _win(127, "ERROR_PROC_NOT_FOUND", "a DLL was found, but lacks an imported function",
         *_NO_EXPORT),
    _win(182, "ERROR_INVALID_ORDINAL", "a DLL was found, but lacks an imported ordinal",
         *reversed(_NO_EXPORT)),
    _win(193, "ERROR_BAD_EXE_FORMAT", "the file is no image for this process", *_BAD_IMAGE),
    _win(206, "ERROR_FILENAME_EXCED_RANGE", "the path is longer than Windows allows",
         "long paths are not enabled",
         run=r"reg query HKLM\SYSTEM\CurrentControlSet\Control\FileSystem /v LongPathsEnabled"),
    _win(1114, "ERROR_DLL_INIT_FAILED",
         "every DLL was found, but an initialiser in one of them failed", *_INIT_FAILED),
    _win(1455, "ERROR_COMMITMENT_LIMIT", "the paging file is too small for a DLL of this size",
         "the paging file is off or full",
         run="SystemPropertiesPerformance, page Advanced, Virtual memory"),
    _nt(0xC0000005, "STATUS_ACCESS_VIOLATION", "the process read or wrote memory it does not own",
        "std::mutex on an msvcp140.dll older than 14.40 (rule mutex-abi)",
        "a defect in native code or a driver"),
    _nt(0xC000001D, "STATUS_ILLEGAL_INSTRUCTION", "the processor does not know an instruction",
        "the code was built for AVX, AVX2 or AVX-512 and the processor has none",
        run="msinfo32, for the processor's name, and look up what its maker says it knows"),
    _nt(0xC0000022, "STATUS_ACCESS_DENIED", "a file may not be mapped",
        "antivirus or application control", run="icacls PATH"),
    _nt(0xC000007B, "STATUS_INVALID_IMAGE_FORMAT", "an image is not for this process",
        *_BAD_IMAGE),
    _nt(0xC0000135, "STATUS_DLL_NOT_FOUND", "a DLL was missing when the process started",
        *_NOT_FOUND),
    _nt(0xC0000138, "STATUS_ORDINAL_NOT_FOUND", "an imported ordinal is not exported",
        *reversed(_NO_EXPORT)),
    _nt(0xC0000139, "STATUS_ENTRYPOINT_NOT_FOUND", "an imported function is not exported",
        *_NO_EXPORT),
    _nt(0xC0000142, "STATUS_DLL_INIT_FAILED", "an initialiser failed when the process started",
        *_INIT_FAILED),
    _nt(0xC00000FD, "STATUS_STACK_OVERFLOW", "the stack is exhausted", "endless recursion"),
    _nt(0xC0000374, "STATUS_HEAP_CORRUPTION", "the heap is damaged",
        "memory freed by another C runtime than allocated it (rule static-crt-mix)"),
    _nt(0xC0000409, "STATUS_STACK_BUFFER_OVERRUN", "the process ended itself at once (fail-fast)",
        "abort() or an uncaught C++ exception: the message is on stderr"),
    _nt(0xC06D007E, "delay-load: module not found", "the first call into a delay-loaded DLL failed",
        "the DLL is missing (rule delay-load-missing)"),
    _nt(0xC06D007F, "delay-load: procedure not found", "a delay-loaded DLL lacks a function",
        *_NO_EXPORT),
    _nt(0xE06D7363, "uncaught C++ exception", "native code threw and nobody caught",
        "see the message on stderr; with a mixed build, exceptions cannot cross DLLs"),
)  # fmt: skip

_BY_NUMBER: Final = {code.number: code for code in CODES}
#: What an English Windows, and ctypes, write where Python leaves the number out.
_TEXTS: Final = {
    "specified module could not be found": 126,
    "could not find module": 126,
    "specified procedure could not be found": 127,
    "operating system cannot run": 182,
    "not a valid win32 application": 193,
    "filename or extension is too long": 206,
    "initialization routine failed": 1114,
    "paging file is too small": 1455,
}
_MODULUS: Final = 1 << 32
_NUMBER: Final = re.compile(r"(?<![\w.])(?:0x[0-9a-f]{1,8}|-?\d{1,10})(?![\w.]|\d)", re.IGNORECASE)


def signed(number: int) -> int:
    """Return an NTSTATUS as the signed number that Python and MSBuild print."""
    return number - _MODULUS if number >= _MODULUS >> 1 else number


def find_code(text: str) -> Code | None:
    """Return the code of a number in any notation, or of a whole error text.

    In a text, a number after ``WinError`` counts most, then Windows' own words, then any number.
    """
    marked = re.findall(r"winerror\s+(\d+)", text, re.IGNORECASE)
    spoken = [str(number) for words, number in _TEXTS.items() if words in text.casefold()]
    for token in (*marked, *spoken, *_NUMBER.findall(text)):
        number = int(token, 16) if token.lower().startswith("0x") else int(token)
        code = _BY_NUMBER.get(number % _MODULUS)
        if code is not None:
            return code
    return None
