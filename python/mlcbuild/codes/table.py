"""Windows error codes of failed DLL loads and crashed processes, and their meaning.

Win32 codes come from LoadLibrary and reach Python as ``OSError.winerror``. NTSTATUS codes are the
exit codes of processes, printed signed, unsigned or in hexadecimal by different tools. An HRESULT
may carry either. Names and numbers are Microsoft's (System Error Codes; NTSTATUS values and HRESULT
structure, MS-ERREF); the causes are what public reports of Python packages came down to. Longer
than other modules because it is a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

_CHECK: Final = "mlcbuild check {path}"
_TRACE: Final = "mlcbuild trace {path}"
#: What to run where the text names no file.
_INSTALLED: Final = "mlcbuild doctor --only installed-loads"
_REDIST: Final = "winget install --exact --id Microsoft.VCRedist.2015+.x64"
_POLICY: Final = "wevtutil qe Microsoft-Windows-CodeIntegrity/Operational /c:5 /rd:true /f:text"
_MEMORY: Final = "SystemPropertiesPerformance"
_DEFENDER: Final = "powershell -NoProfile -Command Update-MpSignature"
_WIN32: Final = "Microsoft Learn: System Error Codes"
_STATUS: Final = "MS-ERREF: NTSTATUS Values"


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """One code. ``causes`` are in order of likelihood; ``run`` finds or fixes the first.

    ``{path}`` in ``run`` stands for the DLL, folder or wheel in question; where the text names
    none, ``without_path`` is to be run.
    """

    number: int
    name: str
    kind: Literal["WinError", "NTSTATUS", "exit code"]
    meaning: str
    causes: tuple[str, ...]
    run: str
    without_path: str
    sources: tuple[str, ...]


def _code(
    kind: Literal["WinError", "NTSTATUS", "exit code"],
    number: int,
    name: str,
    meaning: str,
    causes: tuple[str, ...],
    *,
    run: str,
    bare: str = "",
    seen: str = "",
) -> Code:
    family = {"WinError": _WIN32, "NTSTATUS": _STATUS, "exit code": "Microsoft Learn: cmd"}
    return Code(
        number=number,
        name=name,
        kind=kind,
        meaning=meaning,
        causes=causes,
        run=run,
        without_path=bare or (_INSTALLED if "{path}" in run else run),
        sources=(family[kind], *seen.split()),
    )


def _win(
    number: int,
    name: str,
    meaning: str,
    *causes: str,
    run: str = _CHECK,
    bare: str = "",
    seen: str = "",
) -> Code:
    return _code("WinError", number, name, meaning, causes, run=run, bare=bare, seen=seen)


def _nt(
    number: int,
    name: str,
    meaning: str,
    *causes: str,
    run: str = _TRACE,
    bare: str = "",
    seen: str = "",
) -> Code:
    return _code("NTSTATUS", number, name, meaning, causes, run=run, bare=bare, seen=seen)


_NOT_FOUND: Final = (
    "a dependency of the named DLL is missing, not the DLL itself",
    "the Visual C++ redistributable is missing (msvcp140.dll, vcruntime140_1.dll)",
    "the dependency is in a folder that Python does not search (PATH is not searched)",
    "the Debug configuration was built: debug runtimes only come with Visual Studio",
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
_BLOCKED: Final = (
    "antivirus, Smart App Control or an application control policy blocks it",
    "the file came from the Internet zone and is still marked so",
)

#: A process that starts is given its DLLs by another search than an import of Python.
_NOT_STARTED: Final = (
    "a DLL that the program imports is not in its folder, System32 or on PATH: conda not active?",
    "the Visual C++ redistributable is missing (msvcp140.dll, vcruntime140_1.dll)",
    "the Debug configuration was built: debug runtimes only come with Visual Studio",
)
CODES: Final[tuple[Code, ...]] = (
    _win(2, "ERROR_FILE_NOT_FOUND", "the named file does not exist",
         "the path is wrong, or relative to another folder than the current one",
         "a program that is to be started is not on PATH",
         run="mlcbuild doctor --only path-entries"),
    _win(3, "ERROR_PATH_NOT_FOUND", "a folder of the path does not exist",
         "the path is wrong", "the path is longer than 260 characters and long paths are off",
         run="mlcbuild doctor --only long-paths"),
    _win(5, "ERROR_ACCESS_DENIED", "the file may not be read, mapped or replaced",
         "a running Python has the DLL loaded while pip replaces it: end it and try again",
         "permissions of the file or folder: an administrator's prompt made it",
         "antivirus or application control holds it", run="tasklist /m {name}",
         bare="mlcbuild doctor --only app-control"),
    _win(8, "ERROR_NOT_ENOUGH_MEMORY", "not enough memory",
         "many packages linked to a static C runtime used up the process's TLS slots",
         "memory and paging file are used up", seen="KB193462"),
    _win(32, "ERROR_SHARING_VIOLATION", "another process has the file open",
         "a Python, a server or an editor that uses the package is still running",
         "antivirus is scanning it", run="tasklist /m {name}", bare="tasklist /m python3*"),
    _win(87, "ERROR_INVALID_PARAMETER", "a call was made with arguments that Windows refuses",
         "a DLL was named by a relative path where Python needs an absolute one"),
    _win(112, "ERROR_DISK_FULL", "the disk is full",
         "a build tree of TVM and a pip cache need several GB",
         run="mlcbuild doctor --only disk-space"),
    _win(123, "ERROR_INVALID_NAME", "the path holds what no file name may hold",
         "quotes, a line end or a colon in a path of a variable such as PATH",
         run="mlcbuild doctor --only path-entries"),
    _win(126, "ERROR_MOD_NOT_FOUND", "the DLL or one that it needs was not found", *_NOT_FOUND,
         bare=_REDIST, seen="mlc-ai/mlc-llm#3403 pytorch/pytorch#131662"),
    _win(127, "ERROR_PROC_NOT_FOUND", "a DLL was found but does not export an imported function",
         *_NO_EXPORT, seen="microsoft/onnxruntime#16116"),
    _win(182, "ERROR_INVALID_ORDINAL", "a DLL was found but does not export an imported ordinal",
         *reversed(_NO_EXPORT), seen="pytorch/pytorch#72293"),
    _win(193, "ERROR_BAD_EXE_FORMAT", "the file is not an image for this process", *_BAD_IMAGE,
         bare="mlcbuild doctor --only python-bits", seen="abetlen/llama-cpp-python#53"),
    _win(206, "ERROR_FILENAME_EXCED_RANGE", "the path is longer than Windows allows",
         "long paths are not enabled", run="mlcbuild doctor --only long-paths"),
    _win(216, "ERROR_EXE_MACHINE_TYPE_MISMATCH", "the program is for another machine",
         "an ARM64 program on an x64 Windows, or the like"),
    _win(225, "ERROR_VIRUS_INFECTED", "antivirus classified the file as malware",
         "a false positive of Windows Security: see its protection history",
         run=_DEFENDER, seen="pypa/pip#12009"),
    _win(362, "ERROR_CLOUD_FILE_PROVIDER_NOT_RUNNING", "the folder belongs to a cloud provider "
         "that is not running", "a build or environment in a folder that OneDrive keeps: use one "
         "outside of it, such as C:\\src", "OneDrive is not running",
         run="mlcbuild doctor --only project-path"),
    _win(577, "ERROR_INVALID_IMAGE_HASH", "the signature of the file is not accepted", *_BLOCKED,
         run=_POLICY),
    _win(740, "ERROR_ELEVATION_REQUIRED", "the program asks for administrator rights",
         "an installer was started without them",
         run='powershell -NoProfile -Command "Start-Process cmd -Verb RunAs"'),
    _win(998, "ERROR_NOACCESS", "memory was touched that may not be, during a load",
         "an initialiser crashed (rule mutex-abi is the most frequent cause)",
         "the file is damaged", run=_TRACE, bare=_REDIST),
    _win(1114, "ERROR_DLL_INIT_FAILED",
         "every DLL was found, but an initialiser in one of them failed", *_INIT_FAILED,
         run=_TRACE, bare=_REDIST, seen="mlc-ai/mlc-llm#2870 microsoft/STL#4730 onnx/onnx#6267"),
    _win(1157, "ERROR_DLL_NOT_FOUND", "a DLL that a program needs was not found", *_NOT_FOUND,
         bare=_REDIST),
    _win(1392, "ERROR_FILE_CORRUPT", "the file or its folder is damaged",
         "a fault of the disk", "an interrupted installation", run="chkdsk"),
    _win(1260, "ERROR_ACCESS_DISABLED_BY_POLICY", "a policy of this machine blocks the program",
         "AppLocker or a software restriction policy: the company's administrator can allow it",
         run='wevtutil qe "Microsoft-Windows-AppLocker/EXE and DLL" /c:5 /rd:true /f:text'),
    _win(1455, "ERROR_COMMITMENT_LIMIT", "the paging file is too small for a DLL of this size",
         "the paging file is off or full: page Advanced, Virtual memory",
         run=_MEMORY),
    _win(1920, "ERROR_CANT_ACCESS_FILE", "Windows cannot open the file",
         "OneDrive has not downloaded the file", "a Store alias was named: use the "
         "real python.exe", run="mlcbuild doctor --only python-alias"),
    _win(4551, "ERROR_SYSTEM_INTEGRITY_POLICY_VIOLATION", "a policy of this machine blocks it",
         *_BLOCKED, run=_POLICY),
    _win(14001, "ERROR_SXS_CANT_GEN_ACTCTX", "a side-by-side assembly that it names is missing",
         "the Visual C++ 2005 or 2008 redistributable is missing",
         "a Debug build names a debug assembly", run="sxstrace trace -logfile:sxs.etl"),
    _nt(0x80000003, "STATUS_BREAKPOINT", "a breakpoint was hit with no debugger there",
        "an assertion or __debugbreak() in a debug build"),
    _nt(0xC0000005, "STATUS_ACCESS_VIOLATION", "the process read or wrote memory it does not own",
        "std::mutex on an msvcp140.dll older than 14.40 (rule mutex-abi)",
        "a defect in native code or a driver", bare=_REDIST,
        seen="mlc-ai/mlc-llm#1323 microsoft/STL#4978"),
    _nt(0xC0000006, "STATUS_IN_PAGE_ERROR", "a page of a mapped file could not be read",
        "the DLL or model is on a network or removable drive that was disconnected",
        "a fault of the disk"),
    _nt(0xC0000017, "STATUS_NO_MEMORY", "not enough memory", "memory and paging file are used up"),
    _nt(0xC000001D, "STATUS_ILLEGAL_INSTRUCTION", "the processor does not know an instruction",
        "the code was built for AVX, AVX2 or AVX-512 and the processor has none",
        seen="tensorflow/tensorflow#39502"),
    _nt(0xC0000022, "STATUS_ACCESS_DENIED", "a file may not be mapped",
        "antivirus or application control", run=_POLICY),
    _nt(0xC000007B, "STATUS_INVALID_IMAGE_FORMAT", "an image is not for this process",
        *_BAD_IMAGE, run=_CHECK, bare="mlcbuild doctor --only python-bits"),
    _nt(0xC0000094, "STATUS_INTEGER_DIVIDE_BY_ZERO", "an integer was divided by zero",
        "a defect in native code or a driver"),
    _nt(0xC0000096, "STATUS_PRIVILEGED_INSTRUCTION", "an instruction that programs may not use",
        "a jump into data: a defect, or two runtimes mixed"),
    _nt(0xC000012D, "STATUS_COMMITMENT_LIMIT", "memory and paging file are used up",
        "a model larger than the machine's memory", "the paging file is off or full",
        run=_MEMORY),
    _nt(0xC0000135, "STATUS_DLL_NOT_FOUND", "a DLL was missing when the process started",
        *_NOT_STARTED, run=_CHECK, bare=_REDIST),
    _nt(0xC0000138, "STATUS_ORDINAL_NOT_FOUND", "an imported ordinal is not exported",
        *reversed(_NO_EXPORT), run=_CHECK),
    _nt(0xC0000139, "STATUS_ENTRYPOINT_NOT_FOUND", "an imported function is not exported",
        *_NO_EXPORT, run=_CHECK),
    _nt(0xC000013A, "STATUS_CONTROL_C_EXIT", "the process was ended from its console",
        "Ctrl-C, or the window was closed: nothing is wrong with the program",
        run="mlcbuild doctor"),
    _nt(0xC0000142, "STATUS_DLL_INIT_FAILED", "an initialiser failed when the process started",
        *_INIT_FAILED, bare=_REDIST),
    _nt(0xC00000FD, "STATUS_STACK_OVERFLOW", "the stack is exhausted", "endless recursion",
        "a deep recursion on a thread with a small stack"),
    _nt(0xC0000194, "STATUS_POSSIBLE_DEADLOCK", "a wait inside Windows did not end",
        "an initialiser waits for a thread that cannot start before it returns"),
    _nt(0xC0000374, "STATUS_HEAP_CORRUPTION", "the heap is damaged",
        "memory freed by another C runtime than allocated it (rule static-crt-mix)",
        "a defect in native code", run=_CHECK),
    _nt(0xC0000409, "STATUS_STACK_BUFFER_OVERRUN", "the process ended itself at once (fail-fast)",
        "abort() or an uncaught C++ exception: the message is on stderr",
        seen="mlc-ai/mlc-llm#2127"),
    _nt(0xC0000417, "STATUS_INVALID_CRUNTIME_PARAMETER", "the C runtime refused an argument",
        "a defect in native code; a file or format that does not exist"),
    _nt(0xC0000420, "STATUS_ASSERTION_FAILURE", "an assertion failed",
        "a debug build, or a defect: the message is on stderr"),
    _nt(0xC0000428, "STATUS_INVALID_IMAGE_HASH", "the signature of a file is not accepted",
        *_BLOCKED, run=_POLICY),
    _nt(0xC0000906, "STATUS_VIRUS_INFECTED", "antivirus classified a file as malware",
        "a false positive of Windows Security: see its protection history",
        run=_DEFENDER),
    _nt(0xC06D007E, "delay-load: module not found", "the first call into a delay-loaded DLL failed",
        "the DLL is missing (rule delay-load-missing)", run=_CHECK,
        seen="Microsoft-Learn:Delay-load-helper"),
    _nt(0xC06D007F, "delay-load: procedure not found", "a delay-loaded DLL lacks a function",
        *_NO_EXPORT, run=_CHECK, seen="Microsoft-Learn:Delay-load-helper"),
    _nt(0xE06D7363, "uncaught C++ exception", "native code threw and nothing caught it",
        "see the message on stderr; with a mixed build, exceptions cannot cross DLLs",
        seen="Microsoft-Learn:C++-exception-code"),
)  # fmt: skip

#: Exit codes that mean something else than the Win32 code of that number.
EXIT_CODES: Final[tuple[Code, ...]] = (
    _code(
        "exit code",
        9009,
        "cmd: program not found",
        "cmd found no program of that name",
        (
            "a program that a build step calls is not on PATH: the line before names it",
            "python, where only the Microsoft Store's alias exists",
        ),
        run="mlcbuild doctor --only python-alias",
        seen="Python:Using-Python-on-Windows",
    ),
)
