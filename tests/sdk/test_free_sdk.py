"""The free SDK is whole enough for C++ programs: compiled, linked, and run as Windows programs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.errors import FailedError
from mlcbuild.pe.reader import read_image
from mlcbuild.sdk import free
from mlcbuild.sdk.windows_sdk import read_sdk

if TYPE_CHECKING:
    from mlcbuild.lab import Lab
    from mlcbuild.llvm import Llvm
    from mlcbuild.sdk.windows_sdk import WindowsSdk

pytestmark = pytest.mark.slow

PROGRAM = """\
#include <Windows.h>

#include <filesystem>
#include <future>
#include <iostream>
#include <mutex>
#include <regex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>

thread_local std::string mine = "thread";
struct Logged {
  Logged() { std::cout << "made "; }
  ~Logged() { std::cout << "gone" << std::endl; }
};
Logged& logged() {
  static Logged one;
  return one;
}
struct Base {
  virtual ~Base() {}
};
struct Derived : Base {
  int value = 3;
};
int main(int argc, char**) {
  try {
    throw std::runtime_error("thrown");
  } catch (std::exception const& error) {
    std::cout << error.what() << " ";
  }
  logged();
  logged();
  std::thread([] { std::cout << (mine += "1") << " "; }).join();
  std::cout << mine << " ";
  Base* const base = new Derived;
  std::cout << typeid(*base).name() << dynamic_cast<Derived*>(base)->value << " ";
  delete base;
  std::shared_mutex mutex;
  std::shared_lock lock(mutex);
  std::once_flag once;
  std::call_once(once, [] { std::cout << "once "; });
  std::cout << std::regex_match("abc", std::regex("a.c")) << " ";
  std::cout << std::async(std::launch::async, [] { return 42; }).get() << " ";
  std::cout << std::filesystem::exists("C:/windows") << std::filesystem::exists("nowhere") << " ";
  char large[300000]; // more than a page: __chkstk
  large[argc] = 7;
  std::cout << std::stod("1.5") << " ";
  return large[argc];
}
"""


def build(
    llvm: Llvm, sdk: WindowsSdk, folder: Path, source: str, *link: str, name: str = "x.cpp"
) -> Path:
    (folder / name).write_text(source, encoding="utf-8")
    options = ["/O2", "/MD", *(f"/imsvc{path}" for path in sdk.includes)]
    options += ["/EHsc", "/std:c++20"] if name == "x.cpp" else []
    llvm.compile(folder / name, folder / "x.obj", machine=sdk.machine, options=options)
    image = folder / ("x.dll" if "/dll" in link else "x.exe")
    words = [*link, f"/out:{image}", folder / "x.obj"]
    words += [f"/libpath:{path}" for path in sdk.libraries]
    done = subprocess.run([llvm.lld_link, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return image


def test_a_cpp_program_runs_on_windows(
    llvm: Llvm, free_sdk: WindowsSdk, windows: Lab, tmp_path: Path
) -> None:
    program = build(llvm, free_sdk, tmp_path, PROGRAM)
    done = windows.run([program], timeout=120)
    assert done.text.split() == (
        [
            "thrown",
            "made",
            "thread1",
            "thread",
            "struct",
            "Derived3",
            "once",
            "1",
            "42",
            "10",
            "1.5",
            "gone",
        ]
    ), done.errors
    assert done.code == 7


def test_a_c_program_has_the_functions_of_long_double(
    llvm: Llvm, free_sdk: WindowsSdk, windows: Lab, tmp_path: Path
) -> None:
    source = """
        #include <math.h>
        #include <stdio.h>
        int main(int argc, char** argv) {
          long double whole, rest = modfl(-2.5L * argc, &whole);
          printf("%g %g %g %g %g", (double)fabsl(rest), (double)whole, (double)sqrtl(4.0L * argc),
                 (double)hypotl(3, 4.0L * argc), (double)fmal(2, 3, argc));
          return isnan(rest) || isinf(rest);
        }
    """
    done = windows.run([build(llvm, free_sdk, tmp_path, source, name="x.c")], timeout=120)
    assert (done.code, done.text) == (0, "0.5 -2 2 5 7"), done.errors


def test_it_asks_for_the_same_dlls_as_microsofts_compiler(
    llvm: Llvm, free_sdk: WindowsSdk, tmp_path: Path
) -> None:
    program = build(llvm, free_sdk, tmp_path, PROGRAM)
    names = {dll.name.casefold() for dll in read_image(program.read_bytes(), path="x").imports}
    own = {name for name in names if not name.startswith("api-ms-win-crt-")}
    assert own == {"kernel32.dll", "msvcp140.dll", "vcruntime140.dll"}


def test_what_it_lacks_is_said_by_the_compiler(
    llvm: Llvm, free_sdk: WindowsSdk, tmp_path: Path
) -> None:
    with pytest.raises(FailedError, match=r"'afxwin\.h' file not found"):
        build(llvm, free_sdk, tmp_path, "#include <afxwin.h>\n")


def test_it_is_made_once_and_recognised(llvm: Llvm, free_sdk: WindowsSdk) -> None:
    del llvm
    again = read_sdk(free_sdk.folder, "x86_64")
    assert (again.kind, again.label, again.toolset) == ("free", "free", (14, 44))
    assert not list(free_sdk.folder.parent.glob("*.part"))


def test_wines_headers_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free, "_HEADERS", ("/nowhere",))
    with pytest.raises(FailedError, match="needs Wine") as caught:
        free.wine_headers()
    assert "libwine-dev" in caught.value.remedy


def test_the_path_has_no_effect_on_the_bytes(
    llvm: Llvm, free_sdk: WindowsSdk, tmp_path: Path
) -> None:
    images = []
    for name in ("a", "a longer name"):
        (tmp_path / name).mkdir()
        folder = Path(os.path.relpath(tmp_path / name))
        images.append(build(llvm, free_sdk, folder, PROGRAM, "/Brepro").read_bytes())
    assert images[0] == images[1]
