"""Why TVM's thread pool may not join its workers on Windows: the loader lock, shown without TVM."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mlcbuild.lab import Lab

#: One thread_local owner of a worker. Win32 calls alone: no C++ runtime's mutex or condition.
SOURCE = """
#include <windows.h>
static DWORD WINAPI work(void *stop) { WaitForSingleObject((HANDLE)stop, INFINITE); return 0; }
struct Pool {
  HANDLE stop = CreateEventA(0, 1, 0, 0), thread = CreateThread(0, 0, work, stop, 0, 0);
  ~Pool() { SetEvent(stop); LEAVE }
};
extern "C" __declspec(dllexport) int touch() {
  static thread_local Pool pool;
  return pool.thread != 0;
}
"""
SCRIPT = """
import ctypes, sys, threading
def run(what):
    thread = threading.Thread(target=what)
    thread.start()
    thread.join()
run(ctypes.CDLL(sys.argv[1]).touch)
run(lambda: print("a second thread ran", flush=True))
"""


#: What our MinGW build links into every library.
CURE = Path(__file__).parents[2] / "cmake" / "thread_local.cc"


def pool(folder: Path, *, joins: bool, further: tuple[Path, ...] = ()) -> Path:
    compiler = shutil.which("x86_64-w64-mingw32-g++-posix")
    assert compiler, "apt-get install g++-mingw-w64-x86-64-posix"
    source = folder / "pool.cc"
    source.write_text(SOURCE.replace("LEAVE", "WaitForSingleObject(thread, INFINITE);" * joins))
    library = folder / "pool.dll"
    command = [compiler, "-O1", "-shared", "-static", "-o", str(library), str(source)]
    command += map(str, further)
    subprocess.run(command, check=True)
    return library


@pytest.mark.parametrize("joins", [True, False])
def test_a_pool_that_joins_in_a_thread_locals_destructor_stops_all_threads(
    *, joins: bool, windows: Lab, tmp_path: Path
) -> None:
    library = windows.path(pool(tmp_path, joins=joins))
    done = windows.run(["python", "-c", SCRIPT, library], timeout=20)
    assert done.timed_out == joins
    assert ("a second thread ran" in done.text) != joins


def test_our_mingw_libraries_run_no_destructor_of_a_thread_local(
    windows: Lab, tmp_path: Path
) -> None:
    library = windows.path(pool(tmp_path, joins=True, further=(CURE,)))
    done = windows.run(["python", "-c", SCRIPT, library], timeout=60)
    assert (done.code, done.timed_out) == (0, False)
    assert "a second thread ran" in done.text
