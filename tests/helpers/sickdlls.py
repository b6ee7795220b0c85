"""Make every kind of DLL that Windows refuses, each with what Windows and Wine answer.

Every case is a chain ``top.dll -> mid.dll -> leaf.dll`` of real x86-64 images (clang and lld), in
one folder; one image in it, the culprit, is sick. ``make`` builds a case, ``mend`` puts a healthy
image in the culprit's place and touches nothing else.

    top = make("initialiser-crashes", folder, top="mlc_llm.dll")
    SICK["initialiser-crashes"].culprit      # "leaf.dll"
    mend("initialiser-crashes", folder, top="mlc_llm.dll")

What Windows answers is documented or reported for all but the stack overflow (inferred: the loader
catches it as it does every other exception of an initialiser); what Wine answers was measured.
"""

from __future__ import annotations

import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from needs import program
from tinydll import build_dll, run_tool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SICK", "Sick", "make", "mend", "set_linker_version", "versioned_dll"]

MISSING_DLL, MISSING_EXPORT, BAD_IMAGE, INIT_FAILED = 126, 127, 193, 1114
ACCESS_VIOLATION = 0xC0000005
ILLEGAL_INSTRUCTION = 0xC000001D
DIVIDE_BY_ZERO = 0xC0000094
STACK_OVERFLOW = 0xC00000FD
FAIL_FAST = 0xC0000409
CPP_EXCEPTION = 0xE06D7363


@dataclass(frozen=True, kw_only=True, slots=True)
class Sick:
    """One kind of sick DLL. File names are those in the folder; ``top`` stands for the first."""

    name: str
    #: The rule id of ``mlcbuild check`` and of the locator; empty for a healthy one.
    cause: str
    #: What Windows says to loading the top image: 0 loads, None where the load does not return.
    winerror: int | None
    #: The image at fault, and the one that needs it.
    culprit: str = "leaf.dll"
    importer: str = "mid.dll"
    #: First-chance exception that the initialiser raises, an NTSTATUS.
    exception: int | None = None
    #: Exit code of a process that loads it, where the load ends the process.
    exit_code: int | None = None
    #: The symbol that is missing.
    symbol: str = ""
    #: What Wine 8 says instead: 0 where it loads what Windows refuses, None where it ends.
    wine: int | None = -1

    @property
    def wine_winerror(self) -> int | None:
        """What Wine 8 says to loading the top image; None where the load does not return."""
        return self.winerror if self.wine == -1 else self.wine


def _initialiser(
    name: str,
    *,
    exception: int | None = None,
    winerror: int | None = INIT_FAILED,
    exit_code: int | None = None,
    wine: int | None = -1,
) -> Sick:
    return Sick(
        name=f"initialiser-{name}",
        cause="init-failed",
        winerror=winerror,
        exception=exception,
        exit_code=exit_code,
        wine=wine,
    )


def _signed(code: int) -> int:
    """Wine gives an exception it has no Win32 number for as it is, as a signed number."""
    return struct.unpack("<i", struct.pack("<I", code))[0]  # type: ignore[no-any-return]


_ALL: Final = (
    Sick(name="healthy", cause="", winerror=0, culprit=""),
    Sick(name="missing-dll", cause="missing-dll", winerror=MISSING_DLL),
    Sick(name="missing-direct-dll", cause="missing-dll", winerror=MISSING_DLL, culprit="mid.dll",
         importer="top"),
    Sick(name="missing-export", cause="missing-export", winerror=MISSING_EXPORT,
         symbol="vanished", wine=0),
    Sick(name="missing-ordinal", cause="missing-export", winerror=182, symbol="#77", wine=0),
    Sick(name="x86-image", cause="wrong-machine", winerror=BAD_IMAGE, culprit="top", importer=""),
    Sick(name="arm64-image", cause="wrong-machine", winerror=BAD_IMAGE, culprit="top", importer=""),
    Sick(name="x86-dependency", cause="wrong-machine", winerror=BAD_IMAGE, wine=MISSING_DLL),
    Sick(name="text-file", cause="not-a-pe", winerror=BAD_IMAGE, culprit="top", importer=""),
    Sick(name="empty-file", cause="not-a-pe", winerror=BAD_IMAGE, culprit="top", importer=""),
    Sick(name="truncated", cause="not-a-pe", winerror=BAD_IMAGE, culprit="top", importer=""),
    Sick(name="text-dependency", cause="not-a-pe", winerror=BAD_IMAGE, wine=MISSING_DLL),
    Sick(name="debug-crt", cause="debug-crt", winerror=MISSING_DLL, culprit="top", importer=""),
    Sick(name="debug-crt-dependency", cause="debug-crt", winerror=MISSING_DLL),
    Sick(name="old-msvcp140", cause="mutex-abi", winerror=INIT_FAILED, culprit="msvcp140.dll",
         importer="leaf.dll", exception=ACCESS_VIOLATION, wine=998),
    _initialiser("returns-false"),
    _initialiser("crashes", exception=ACCESS_VIOLATION, wine=998),
    _initialiser("illegal-instruction", exception=ILLEGAL_INSTRUCTION,
                 wine=_signed(ILLEGAL_INSTRUCTION)),
    _initialiser("divides-by-zero", exception=DIVIDE_BY_ZERO, wine=_signed(DIVIDE_BY_ZERO)),
    _initialiser("raises", exception=CPP_EXCEPTION, wine=_signed(CPP_EXCEPTION)),
    # Wine ends the thread without a word; the exit code is then 1.
    _initialiser("overflows-the-stack", exception=STACK_OVERFLOW, wine=None),
    _initialiser("exits", winerror=None, exit_code=3),
    _initialiser("fails-fast", winerror=None, exit_code=FAIL_FAST),
    _initialiser("hangs", winerror=None),
)  # fmt: skip

#: By name; the order is the order of the list above.
SICK: Final[dict[str, Sick]] = {sick.name: sick for sick in _ALL}

_PROTOTYPES: Final = """\
__declspec(dllimport) void STDCALL RaiseException(unsigned, unsigned, unsigned, void *);
__declspec(dllimport) void STDCALL ExitProcess(unsigned);
__declspec(dllimport) void STDCALL Sleep(unsigned);
__attribute__((noinline)) int deep(int n) {
  volatile char room[2000];
  room[n % 2000] = (char)n;
  return deep(n + 1) + room[n % 2000] + 1;
}
"""
#: What the leaf's DllMain does when the process attaches, and what it imports for that.
_BODIES: Final[dict[str, tuple[str, str]]] = {
    "returns-false": ("return 0;", ""),
    "crashes": ("*(volatile int *)0 = 1;", ""),
    "illegal-instruction": ('__asm__ volatile("ud2");', ""),
    "divides-by-zero": ("volatile int zero = 0; return 5 / zero;", ""),
    "raises": (f"RaiseException({CPP_EXCEPTION:#x}u, 1, 0, 0);", "RaiseException"),
    "overflows-the-stack": ("return deep(1);", ""),
    "exits": ("ExitProcess(3);", "ExitProcess"),
    "fails-fast": ('__asm__ volatile("movl $7, %ecx; int $0x29");', ""),
    "hangs": ("for (;;) Sleep(1000);", "Sleep"),
}
#: A mutex that was never initialised holds null where an old runtime expects its inner object.
_LOCK: Final = """\
__declspec(dllimport) int _Mtx_lock(void *);
static void *mutex[10];
int STDCALL DllMain(void *module, unsigned reason, void *reserved) {
  if (reason == 1) _Mtx_lock(mutex);
  return 1;
}
"""
_OLD_LOCK: Final = "int _Mtx_lock(void **mutex) { return *(volatile int *)mutex[1]; }\n"
_NEW_LOCK: Final = "int _Mtx_lock(void **mutex) { return mutex[1] ? 1 : 0; }\n"


def make(
    name: str,
    folder: Path,
    *,
    top: str = "top.dll",
    needs: Mapping[str, Sequence[str | int]] | None = None,
) -> Path:
    """Build the case in ``folder`` and return the image to load, ``folder / top``.

    ``needs`` are further imports of the top image.
    """
    sick = SICK[name]
    _healthy(folder, top, needs)
    if name.startswith("initialiser-"):
        _sick_leaf(folder, *_BODIES[name.removeprefix("initialiser-")])
    elif name == "old-msvcp140":
        imports = {"msvcp140.dll": ["_Mtx_lock"]}
        leaf = _build(folder / "leaf.dll", exports=["f"], source=_LOCK, imports=imports)
        set_linker_version(leaf, (14, 44))
        _msvcp140(folder, old=True)
    elif name.startswith("missing-") and sick.cause == "missing-dll":
        (folder / sick.culprit).unlink()
    elif sick.cause == "missing-export":
        symbol: str | int = int(sick.symbol[1:]) if sick.symbol[:1] == "#" else sick.symbol
        _build(folder / "mid.dll", imports={"leaf.dll": ["f", symbol]})
    elif sick.culprit:
        _spoil(name, folder / _file(sick.culprit, top))
    return folder / top


def mend(
    name: str,
    folder: Path,
    *,
    top: str = "top.dll",
    needs: Mapping[str, Sequence[str | int]] | None = None,
) -> None:
    """Replace the culprit, and only it, with a healthy image."""
    sick = SICK[name]
    if name == "old-msvcp140":
        _msvcp140(folder, old=False)
    elif sick.cause == "missing-export":
        named = sick.symbol if sick.symbol[:1] != "#" else f"late @{sick.symbol[1:]}"
        _build(folder / "leaf.dll", exports=["f", named])
    elif sick.culprit == "top":
        _build(folder / top, exports=["f"], imports={"mid.dll": ["f"], **(needs or {})})
    elif sick.culprit == "mid.dll":
        _build(folder / "mid.dll", imports={"leaf.dll": ["f"]})
    elif sick.culprit:
        _build(folder / "leaf.dll")


def versioned_dll(path: Path, version: tuple[int, int, int, int], **options: Any) -> Path:
    """Build a DLL that carries a version resource, as Microsoft's runtimes do."""
    with tempfile.TemporaryDirectory(prefix="sickdlls-") as work:
        script = Path(work, "version.rc")
        numbers = ",".join(map(str, version))
        script.write_text(
            f"1 VERSIONINFO\nFILEVERSION {numbers}\nPRODUCTVERSION {numbers}\nBEGIN\nEND\n",
            encoding="utf-8",
        )
        run_tool(program("llvm-rc"), "/fo", script.with_suffix(".res"), script)
        return _build(path, flags=[str(script.with_suffix(".res"))], **options)


def set_linker_version(path: Path, version: tuple[int, int]) -> None:
    """Let the image say that this version of link.exe made it (lld always says 14.0)."""
    data = bytearray(path.read_bytes())
    (start,) = struct.unpack_from("<I", data, 0x3C)
    data[start + 26 : start + 28] = bytes(version)
    path.write_bytes(data)


def _build(path: Path, **options: Any) -> Path:
    options.setdefault("exports", ["f"])
    return build_dll(path, toolchain="lld", **options)


def _healthy(
    folder: Path, top: str, needs: Mapping[str, Sequence[str | int]] | None = None
) -> None:
    _build(folder / top, imports={"mid.dll": ["f"], **(needs or {})})
    _build(folder / "mid.dll", imports={"leaf.dll": ["f"]})
    _build(folder / "leaf.dll")


def _file(name: str, top: str) -> str:
    return top if name == "top" else name


def _sick_leaf(folder: Path, body: str, symbol: str) -> None:
    source = (
        _PROTOTYPES
        + "int STDCALL DllMain(void *module, unsigned reason, void *reserved) {\n"
        + f"  if (reason != 1) return 1;\n  {body}\n  return 1;\n}}\n"
    )
    imports = {"KERNEL32.dll": [symbol]} if symbol else None
    _build(folder / "leaf.dll", source=source, imports=imports)


def _msvcp140(folder: Path, *, old: bool) -> None:
    version = (14, 29, 30139, 0) if old else (14, 44, 35211, 0)
    source = _OLD_LOCK if old else _NEW_LOCK
    versioned_dll(folder / "msvcp140.dll", version, exports=["_Mtx_lock"], source=source)


def _spoil(name: str, path: Path) -> None:
    """Make one file of a healthy chain what the case says."""
    if name.startswith("text-"):
        path.write_text("this is no library\n" * 40, encoding="utf-8")
    elif name == "empty-file":
        path.write_bytes(b"")
    elif name == "truncated":
        path.write_bytes(path.read_bytes()[:200])
    elif name.startswith("debug-crt"):
        _build(path, imports={"VCRUNTIME140D.dll": ["memcpy"], "ucrtbased.dll": ["malloc"]})
    else:
        machine = name.partition("-")[0]
        build_dll(
            path, exports=["f"], machine=machine, toolchain="mingw" if machine == "x86" else "lld"
        )
