"""A real loader's answer: Windows' own where the tests run on Windows, elsewhere the lab's Wine.

The judge is a program of thirty lines that loads one DLL as CPython loads an extension module, or
starts one program, and prints the error code.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from needs import program

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlcbuild.lab.wine import Prefix

__all__ = ["Judge", "make_judge", "on_windows"]

#: Wine 8 ends about one program in some thousand before it begins.
_STARTS = 3

SOURCE = r"""
#define _WIN32_WINNT 0x0A00
#define PSAPI_VERSION 2
#include <windows.h>
#include <psapi.h>
#include <stdio.h>
#include <wchar.h>

int main(void) {
  int count = 0;
  wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX | SEM_NOGPFAULTERRORBOX);
  if (!wcscmp(words[1], L"run")) {
    STARTUPINFOW start = {sizeof start};
    PROCESS_INFORMATION child;
    DWORD code = 0;
    if (!CreateProcessW(words[2], NULL, NULL, NULL, FALSE, 0, NULL, NULL, &start, &child)) {
      printf("answer %lu\n", GetLastError());
      return 0;
    }
    WaitForSingleObject(child.hProcess, 20000);
    GetExitCodeProcess(child.hProcess, &code);
    printf("answer %lu\n", code);
    return 0;
  }
  if (!wcscmp(words[1], L"map")) {
    for (int i = 2; i < count; i++) {
      HMODULE mapped = LoadLibraryExW(words[i], NULL, DONT_RESOLVE_DLL_REFERENCES);
      printf("answer %lu\n", mapped ? 0 : GetLastError());
      fflush(stdout);
      if (mapped) FreeLibrary(mapped);
    }
    TerminateProcess(GetCurrentProcess(), 0);
  }
  for (int i = 3; i < count; i++)
    if (!AddDllDirectory(words[i])) printf("cannot add %lu\n", GetLastError());
  HMODULE module = LoadLibraryExW(
      words[2], NULL, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS | LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR);
  printf("answer %lu\n", module ? 0 : GetLastError());
  HMODULE all[512];
  DWORD size = 0;
  char path[1024];
  EnumProcessModules(GetCurrentProcess(), all, sizeof all, &size);
  for (unsigned i = 0; i < size / sizeof *all; i++)
    if (GetModuleFileNameA(all[i], path, sizeof path)) printf("module %s\n", path);
  fflush(stdout);
  TerminateProcess(GetCurrentProcess(), 0);
}
"""
#: NTSTATUS of a process that did not start -> the code that a load of the same fault gives.
TWINS = {0xC0000135: 126, 0xC0000139: 127, 0xC0000138: 182, 0xC000007B: 193, 0xC0000142: 1114}


def on_windows() -> bool:
    """Return whether the judge is Windows itself."""
    return os.name == "nt"


@dataclass(frozen=True, slots=True)
class Judge:
    """A loader to ask."""

    program: Path
    prefix: Prefix | None

    def load(self, path: Path, add: Sequence[Path]) -> tuple[int, dict[str, str]]:
        """Load a DLL by its full path: the error, 0 where it loads, and where modules came from.

        The second part maps a module's name to its folder's name (``system32`` for Windows').
        """
        code, lines = self._ask("load", path, *add)
        loaded = (line.removeprefix("module ") for line in lines if line.startswith("module "))
        parts = (module.lower().split("\\") for module in loaded)
        return code, {names[-1]: names[-2] for names in parts}

    def maps(self, paths: Sequence[Path]) -> list[int | None]:
        """Map DLLs one after the other, without their imports: the error of each, 0 if mapped.

        None for one on which the loader itself died.
        """
        answers: list[int | None] = []
        while len(answers) < len(paths):
            try:
                _, lines = self._ask("map", *paths[len(answers) :][:100])
            except AssertionError:  # it died on the first
                lines = []
            told = [int(line.removeprefix("answer ")) for line in lines if line[:7] == "answer "]
            answers += told
            if len(told) < min(100, len(paths) - len(answers) + len(told)):
                answers.append(None)
        return answers

    def run(self, path: Path) -> int:
        """Return the error that starting a program gives, as a load would say it."""
        code, _ = self._ask("run", path)
        return TWINS.get(code, code)

    def _ask(self, word: str, *paths: Path) -> tuple[int, list[str]]:
        start = [str(self.program)]
        if self.prefix is not None:
            self.prefix.start()
            start = [self.prefix.programs.wine, *start]
        for _ in range(_STARTS):
            done = subprocess.run(
                [*start, word, *(self._native(path) for path in paths)],
                capture_output=True,
                text=True,
                check=False,
                timeout=180,
                env=None if self.prefix is None else self.prefix.environment(),
            )
            lines = done.stdout.splitlines()
            for line in lines:
                if line.startswith("answer "):
                    return int(line.removeprefix("answer ")), lines
        raise AssertionError(f"the judge died on {paths[0]}: {done.stdout}{done.stderr}")

    def _native(self, path: Path) -> str:
        text = str(path.resolve())
        return text if self.prefix is None else "Z:" + text.replace("/", "\\")


def make_judge(folder: Path, prefix: Prefix | None) -> Judge:
    """Compile the judge. ``prefix`` is the lab's; None on Windows, which needs none."""
    judge = folder / "judge" / "judge.exe"
    judge.parent.mkdir(parents=True)
    source = judge.with_suffix(".c")
    source.write_text(SOURCE, encoding="utf-8")
    gcc = program("x86_64-w64-mingw32-gcc")
    subprocess.run([gcc, "-O1", "-o", judge, source, "-lshell32"], check=True, timeout=120)
    return Judge(judge, prefix)
