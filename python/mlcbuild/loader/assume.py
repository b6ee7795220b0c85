"""Which folders of a distribution its own code adds to the search, read from its sources.

Windows searches a folder only if something adds it. What adds it is Python code that runs at
import: ``os.add_dll_directory``, or loading a DLL by its full path, after which every import of
that base name is satisfied by the loaded module. We do not run that code; we look for modules that
make such calls and name the folder: their own folder, a string whose last component it is, or a
word long enough not to be a coincidence (``import pywin32_system32``). Qt needs no such code: it
loads its plugins itself, when its own DLLs are in the process already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from mlcbuild.loader.names import fold

_CALL: Final = re.compile(
    rb"add_dll_directory|AddDllDirectory|LoadLibrary(?:Ex)?[AW]?\b|\bCDLL\b|\bWinDLL\b|load_library"
)
#: What sources ask for by ``windll.kernel32``: no DLL of theirs.
_OF_WINDOWS: Final = (
    rb"(?:kernel32|kernelbase|ntdll|user32|gdi32|shell32|shlwapi|shcore|ole32|oleaut32|advapi32"
    rb"|msvcrt|ucrtbase|ws2_32|psapi|winmm|dwmapi|uxtheme|bcrypt|crypt32|secur32|netapi32|version"
    rb"|comctl32|comdlg32|setupapi|iphlpapi|imm32|wtsapi32|powrprof|pdh|mpr)\b"
)
#: The same without what only adds a folder, and with what other packages use to load a DLL.
_LOAD: Final = re.compile(
    rb"LoadLibrary(?:Ex)?[AW]?\b|\bCDLL\b|\bWinDLL\b|\bPyDLL\b|\bOleDLL\b|load_library|\bdlopen\b"
    rb"|load_op_library|register_custom_ops_library|\bAddReference|(?:cdll|windll)\["
    rb"|\b(?:cdll|windll|oledll|pydll)\.(?!LoadLibrary|" + _OF_WINDOWS + rb")\w"
)
#: What every match of ``_CALL`` contains; looked for first, since that is fifty times faster.
_WORDS: Final = (
    b"add_dll_directory",
    b"AddDllDirectory",
    b"LoadLibrary",
    b"load_library",
    b"CDLL",
    b"WinDLL",
)
_STRING: Final = re.compile(rb"""(['"])((?:(?!\1)[^\\\n]|\\.){1,200})\1""")
_WORD: Final = re.compile(rb"[\w.-]{8,}")
_QT_CORE: Final = re.compile(r"qt[56]core(?:_\w+)?\.dll")


def calls_loader(source: bytes) -> bool:
    """Return whether a module's source adds a folder to the search or loads a DLL itself."""
    return any(word in source for word in _WORDS) and _CALL.search(source) is not None


def loads_dlls(source: bytes) -> bool:
    """Return whether a module's source loads a DLL itself, by ctypes, cffi or a framework."""
    return _LOAD.search(source) is not None


def added_by_sources(folders: Iterable[str], sources: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return those of ``folders`` (paths as installed) that some source makes reachable.

    ``sources`` are (path, content) of modules for which ``calls_loader`` holds; only
    modules in the root of site-packages can reach the root itself.
    """
    wanted = sorted(set(folders))
    reached: set[str] = set()
    for path, content in sources:
        home = fold(path).rpartition("/")[0]
        named = {_last(match[2]) for match in _STRING.finditer(content)}
        named |= {_last(match[0]) for match in _WORD.finditer(content)}
        for folder in wanted:
            first, _, rest = fold(folder).partition("/")
            if rest and first != home.partition("/")[0] and first not in named:
                continue  # another package's folder of the same name
            last = rest.rpartition("/")[2] or first
            if fold(folder) == home or (last and last in named):
                reached.add(folder)
    return [folder for folder in wanted if folder in reached]


def loaded_by_qt(files: Iterable[str]) -> list[str]:
    """Return the folders that contain Qt's core among ``files`` (paths in the distribution)."""
    split = (fold(path).rpartition("/") for path in files)
    return sorted({folder for folder, _, name in split if _QT_CORE.fullmatch(name)})


def _last(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").replace("\\\\", "/")
    return fold(text).strip("/").rpartition("/")[2]
