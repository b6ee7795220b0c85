"""Find the library whose initialiser fails, in a child process, and say what it does there.

Windows says 1114 for every failure of an initialiser and names the library that was asked for, not
the one at fault. Only a load that failed comes here.
"""

from __future__ import annotations

import os

from mlc_llm._locator.child import run_python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Guilty", "find_guilty", "leaves_first", "spell"]

#: Seconds after which an initialiser that has not come back is taken to hang.
_PATIENCE = 60.0
#: The first words of faulthandler's report, for exceptions that leave no room for ours.
_FAULTHANDLER = {"stack overflow": 0xC00000FD, "access violation": 0xC0000005}
_INIT_FAILED = 1114

#: NTSTATUS -> what the initialiser did (ntstatus.h; 0xE06D7363 is MSVC's C++ exception).
_DID = {
    0xC0000005: "crashes (access violation, 0xC0000005)",
    0xC000001D: "executes an instruction that this processor does not have (0xC000001D)",
    0xC0000094: "divides by zero (0xC0000094)",
    0xC00000FD: "overflows the stack (0xC00000FD)",
    0xC0000374: "damages the heap (0xC0000374)",
    0xC0000409: "stops the process (fail-fast or abort, 0xC0000409)",
    0xC06D007E: "needs a delay-loaded DLL that is missing (0xC06D007E)",
    0xC06D007F: "needs a delay-loaded function that is missing (0xC06D007F)",
    0xE06D7363: "raises a C++ exception that nobody catches (0xE06D7363)",
}


class Guilty:
    """What the child saw: the library, and how its load ended.

    ``winerror``: what the loader said; ``exception``: an NTSTATUS, raised in ``module``;
    ``exit_code``: the process ended; ``hung``: it did not come back.
    """

    __slots__ = ("exception", "exit_code", "hung", "module", "path", "winerror")

    def __init__(self, path: str) -> None:
        self.path = path
        self.winerror: int | None = None
        self.exception: int | None = None
        self.module = ""
        self.exit_code: int | None = None
        self.hung = False

    @property
    def code(self) -> int | None:
        """The NTSTATUS that tells what it did: of an exception, or of the process's end."""
        if self.exception is not None:
            return self.exception
        code = self.exit_code if self.winerror is None else self.winerror
        code = None if code is None else code & 0xFFFFFFFF
        return code if code in _DID else None

    def did(self) -> str:
        """Say what the initialiser does, as the end of a sentence about it."""
        if self.hung:
            return f"does not come back within {_PATIENCE:.0f} s"
        code = self.code
        if code is not None:
            where = os.path.basename(self.module)
            elsewhere = where and where.lower() != os.path.basename(self.path).lower()
            return spell(code) + (f" in {where}" if elsewhere else "")
        if self.winerror == _INIT_FAILED:
            return "refuses (it returns FALSE)"
        if self.winerror is not None:
            return f"fails with WinError {self.winerror}"
        return f"ends the process with exit code {self.exit_code}"


def spell(code: int) -> str:
    """Say what an NTSTATUS means, as the end of a sentence."""
    return _DID.get(code, f"raises exception 0x{code:08X}")


def leaves_first(paths: Sequence[str], needed: Mapping[str, Sequence[str]]) -> list[str]:
    """Sort libraries so that each comes after those it needs; a cycle keeps its order."""
    ordered: list[str] = []
    entered: set[str] = set()

    def visit(path: str) -> None:
        if path in entered:
            return
        entered.add(path)
        for other in needed.get(path, ()):
            visit(other)
        ordered.append(path)

    for path in paths:
        visit(path)
    return ordered


def find_guilty(
    libraries: Sequence[str], folders: Sequence[str], *, patience: float = _PATIENCE
) -> Guilty | None:
    """Load ``libraries`` in this order in a child; return the first that fails, None if none does.

    ``folders`` are added to the child's DLL search. Raises ``OSError`` where no child can start, or
    it ends before it has loaded anything: that tells nothing about the libraries.
    """
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "leaf_first.py")
    done = run_python(["-I", "-X", "faulthandler", program, *folders, "--", *libraries], patience)
    lines = [line.split(" ", 2) for line in done.output.splitlines()]
    if libraries and not lines:
        raise OSError(f"Python ended with exit code {done.code} before it loaded anything")
    guilty: Guilty | None = None
    for words in lines:
        if words[0] == "load":
            guilty = Guilty(libraries[int(words[1])])
        elif words[0] == "good":
            guilty = None
        elif guilty is not None and words[0] == "exception":
            guilty.exception, guilty.module = int(words[1]), words[-1]
        elif guilty is not None and words[0] == "fail":
            guilty.winerror = int(words[2])
    if guilty is not None:
        guilty.hung = done.hung
        if guilty.winerror is None and not done.hung:
            guilty.exit_code = done.code & 0xFFFFFFFF
        if guilty.exception is None:
            guilty.exception = _from_faulthandler(done.errors)
    return guilty


def _from_faulthandler(text: str) -> int | None:
    mark = "Windows fatal exception: "
    if mark not in text:
        return None
    words = text.partition(mark)[2].partition("\n")[0].strip()
    if words.startswith("code 0x"):
        return int(words[5:], 16)
    return _FAULTHANDLER.get(words)
