from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.elf import read_elf
from mlcbuild.errors import InputError
from tinyelf import build_so

if TYPE_CHECKING:
    from pathlib import Path

_USES_A_VECTOR = """
#include <vector>
#include <string>
__attribute__((visibility("default"))) int words(const char *text) {
  std::vector<std::string> all{text, text};
  int sum = 0;
  for (auto at = all.begin(); at != all.end(); ++at) sum += at->size();
  return sum;
}
// Some toolchains link such a function of libstdc++ into good libraries.
namespace __gnu_debug { __attribute__((visibility("default"))) int attach() { return 1; } }
"""


def test_needs_runpath_and_soname_are_read(tmp_path: Path) -> None:
    file = build_so(
        tmp_path / "liba.so",
        needed=["libb.so.1", "libc.so.6"],
        runpath="$ORIGIN:$ORIGIN/../lib",
        soname="liba.so.3",
    )
    image = read_elf("pkg/liba.so", file.read_bytes())
    assert image.path == "pkg/liba.so"
    assert (image.machine, image.bits, image.soname) == ("x86_64", 64, "liba.so.3")
    assert image.needed == ("libb.so.1", "libc.so.6")
    assert image.runpath == ("$ORIGIN", "$ORIGIN/../lib")
    assert not image.inherited
    assert not image.has_debug_info
    assert (image.exports, image.imports) == ({"answer"}, frozenset())


@pytest.mark.parametrize(("machine", "bits"), [("arm64", 64), ("x86", 32)])
def test_foreign_machines_are_told_apart(tmp_path: Path, machine: str, bits: int) -> None:
    file = build_so(tmp_path / "liba.so", machine=machine)  # type: ignore[arg-type]
    image = read_elf("liba.so", file.read_bytes())
    assert (image.machine, image.bits) == (machine, bits)


def test_debug_information_is_seen(tmp_path: Path) -> None:
    image = read_elf("a", build_so(tmp_path / "a.so", flags=["-g"]).read_bytes())
    assert image.has_debug_info


@pytest.mark.parametrize("visibility", ["default", "hidden"])
@pytest.mark.parametrize("debug", [True, False])
def test_debug_containers_are_seen_in_the_symbols(
    tmp_path: Path,
    debug: bool,  # noqa: FBT001
    visibility: str,
) -> None:
    flags = ["-O1", "-s", f"-fvisibility={visibility}", "-fvisibility-inlines-hidden"]
    flags += ["-D_GLIBCXX_DEBUG"] if debug else []
    file = build_so(tmp_path / "a.so", source=_USES_A_VECTOR, language="c++", flags=flags)
    image = read_elf("a.so", file.read_bytes())
    assert image.has_debug_stl is debug
    assert any(v.startswith("GLIBCXX_3.4") for v in image.versions["libstdc++.so.6"])


def test_only_strong_symbols_without_a_version_must_come_from_anywhere(tmp_path: Path) -> None:
    source = """
#include <cstdio>
#include <string>
extern "C" int strong(void);
extern "C" int weak(void) __attribute__((weak));
int f(const std::string &s) { return std::puts(s.c_str()) + strong() + (weak ? weak() : 0); }
"""
    file = build_so(tmp_path / "a.so", source=source, language="c++", flags=["-s"])
    image = read_elf("a.so", file.read_bytes())
    assert image.imports == {"strong"}
    assert len(image.exports) == 1


@pytest.mark.parametrize("release", [True, False])
def test_assertions_are_seen_where_ndebug_was_not_set(tmp_path: Path, release: bool) -> None:  # noqa: FBT001
    source = "#include <cassert>\nint half(int n) { assert(n % 2 == 0); return n / 2; }\n"
    flags = ["-s", *(["-DNDEBUG"] if release else [])]
    file = build_so(tmp_path / "a.so", source=source, language="c++", flags=flags)
    assert read_elf("a.so", file.read_bytes()).has_asserts is not release


def test_every_truncation_is_an_input_error_or_an_image(tmp_path: Path) -> None:
    data = build_so(tmp_path / "a.so", needed=["libb.so"]).read_bytes()
    outcomes = {_outcome(data[:size]) for size in range(4, len(data), 37)}
    assert "damaged" in outcomes
    assert outcomes <= {"damaged", "read"}


def _outcome(data: bytes) -> str:
    try:
        read_elf("a.so", data)
    except InputError as error:
        return "damaged" if "a.so is a damaged ELF" in str(error) else str(error)
    return "read"
