"""Each fact is said in one place: what names a platform, a compiler, a device or a pin elsewhere.

The sources are read, not run: a constant in the code that says again what a table says is found by
its text. Words for people (docstrings, help, reasons) may name what they like; a constant that *is*
the name, or holds a triple, is the fact itself.
"""

from __future__ import annotations

import ast
import functools
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.devices import DEVICES
from mlcbuild.msvc import RELEASES, RUNTIMES, UCRT, UCRT_SETS
from mlcbuild.platforms import CROSS, LINUX_TRIPLE, MACHINES, WINDOWS
from mlcbuild.pythonversions import NEWEST, OLDEST, USUAL
from mlcbuild.versions import dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "python" / "mlcbuild"


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def constants(path: Path) -> tuple[tuple[int, str], ...]:
    """Return line and text of the string constants of a module, its docstrings left out."""
    tree = tree_of(path)
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return tuple(
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    )


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(CODE.rglob("*.py")):
        yield path.relative_to(CODE).as_posix(), path


def exactly(words: set[str]) -> Callable[[str], object]:
    return words.__contains__


def holding(words: set[str]) -> Callable[[str], object]:
    return re.compile("|".join(map(re.escape, sorted(words)))).search


#: Fact -> its home, how it is known, and where else it stands with a reason.
FACTS: dict[str, tuple[str, Callable[[str], object], set[str]]] = {
    "a triple": (
        "platforms.py",
        holding({"-windows-msvc", LINUX_TRIPLE}),
        # A sentence that tells people what to type for another tool.
        {"cross/project.py"},
    ),
    "a platform's tag": (
        "platforms.py",
        exactly({each.tag for each in CROSS} | {each.sysconfig for each in CROSS}),
        set(),
    ),
    "a processor by Windows' name": (
        "platforms.py",
        exactly({each.processor for each in CROSS}),
        # ARM64 as a word for people.
        {"loader/words.py"},
    ),
    "a generator of Visual Studio": (
        "msvc.py",
        exactly({each.generator for each in RELEASES} | {each.short for each in RELEASES}),
        set(),
    ),
    "a platform toolset": (
        "msvc.py",
        exactly({each.platform_toolset for each in RELEASES}),
        set(),
    ),
    "a runtime of MSVC": ("msvc.py", exactly({*RUNTIMES, UCRT, UCRT_SETS}), set()),
    "a driver's library": (
        "devices.py",
        exactly(
            {each.windows_driver for each in DEVICES.values()}
            | {each.linux_driver for each in DEVICES.values()}
        ),
        set(),
    ),
    "a device's library of TVM": (
        "devices.py",
        exactly({each.runtime for each in DEVICES.values()}),
        set(),
    ),
    "a supported Python": (
        "pythonversions.py",
        exactly({dotted(OLDEST), dotted(USUAL), dotted(NEWEST)}),
        # The pinned downloads, by version: each has its own hash.
        {"lab/downloads.py"},
    ),
}


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_is_said_at_home_alone(fact: str) -> None:
    home, known, excused = FACTS[fact]
    assert (CODE / home).is_file()
    found = [
        f"{name}:{line}: {text!r}"
        for name, path in modules()
        if name not in {home, *excused}
        for line, text in constants(path)
        if text and known(text)
    ]
    assert found == [], f"{fact} belongs into {home}"


@pytest.mark.parametrize("fact", FACTS)
def test_an_excuse_is_still_needed(fact: str) -> None:
    _, known, excused = FACTS[fact]
    for name in excused:
        assert any(known(text) for _, text in constants(CODE / name) if text), name


def test_a_table_of_devices_is_made_from_the_one() -> None:
    names = set(DEVICES)
    found = []
    for name, path in modules():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Tuple | ast.List | ast.Set) and name != "devices.py":
                items = {each.value for each in node.elts if isinstance(each, ast.Constant)}
                if len(items & names) > 2:
                    found.append(f"{name}:{node.lineno}")
    assert found == []


def test_an_exit_code_is_named() -> None:
    """No bare number leaves a process, is returned by a command or is an error's."""
    found = []
    for name, path in modules():
        if name.startswith(("verify/probes/", "trace/", "model/probes/", "cross/child/")):
            continue  # run in another Python, without mlcbuild
        for node in ast.walk(tree_of(path)):
            values: list[ast.expr | None] = []
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"sys.exit", "SystemExit"}:
                values = list(node.args)
            elif isinstance(node, ast.Return) and name.startswith("cli/"):
                value = node.value
                values = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                code = re.compile(r"^exit_code$|^_?EXIT_|_EXIT$")
                if any(isinstance(t, ast.Name) and code.search(t.id) for t in targets):
                    values = [node.value]
            bare = [v for v in values if isinstance(v, ast.Constant) and type(v.value) is int]
            found += [f"{name}:{node.lineno}: {ast.unparse(node)}" for _ in bare]
    assert found == [], "name it by errors.Exit"


# --- what other formats say again -------------------------------------------------------------


def table(path: str) -> dict[str, dict[str, str]]:
    parsed: dict[str, dict[str, str]] = tomllib.loads((ROOT / path).read_text(encoding="utf-8"))
    return parsed


def plugins(name: str) -> list[Path]:
    return [path.relative_to(ROOT) for path in sorted((ROOT / "plugins").glob(f"*/{name}"))]


def test_what_is_released_is_the_pinned_tvm() -> None:
    lock = table("3rdparty/sources.toml")
    tvm, ffi = lock["tvm-windows"]["release"], lock["tvm-ffi"]["release"]
    assert lock["tvm-ffi-windows"]["release"] == ffi
    for path in map(str, plugins("pyproject.toml")):
        project = table(path)["project"]
        assert project["version"] == tvm
        assert list(project["dependencies"]) == [f"apache-tvm=={tvm}", f"apache-tvm-ffi=={ffi}"]
    for path in map(str, plugins("python/*/__init__.py")):
        assert f'built_for="{tvm}"' in (ROOT / path).read_text(encoding="utf-8"), path
    needs = list(table("pyproject.toml")["project"]["dependencies"])
    assert needs[:2] == [f"apache-tvm=={tvm}", f"apache-tvm-ffi=={ffi}"]


def test_a_pin_is_in_no_code() -> None:
    """Neither a commit nor a hash nor a requirement at the pinned release."""
    lock = table("3rdparty/sources.toml")
    pins = {each[key] for each in lock.values() if isinstance(each, dict)
            for key in ("commit", "sha256", "file") if key in each}  # fmt: skip
    pins |= {f"{each['pypi']}=={each['release']}" for each in lock.values()
             if isinstance(each, dict) and "pypi" in each}  # fmt: skip
    quoted = re.compile("|".join(f"[\"']{re.escape(pin)}[\"']" for pin in sorted(pins)))
    found = [
        f"{path.relative_to(ROOT).as_posix()}: {said[0]}"
        for folder in ("python", "scripts", "tests")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (said := quoted.search(path.read_text(encoding="utf-8")))
    ]
    allowed = {"doctor", "locator", "helpers", "explain"}  # machines that tests make up
    found = [each for each in found if each.split("/")[1].partition(":")[0] not in allowed]
    assert found == [], "read it from the lock (tests: helpers/pins.py)"


def test_cmake_knows_the_same_platforms() -> None:
    text = (CODE / "cmake" / "clang-cl.cmake").read_text(encoding="utf-8")
    assert set(re.findall(r"\w+-pc-windows-msvc", text)) == {each.triple for each in CROSS}
    processors = set(re.findall(r"SYSTEM_PROCESSOR (\w+)\)", text))
    assert processors == {each.processor for each in CROSS}


def test_cmake_gives_rust_the_target_of_the_same_platform() -> None:
    """``cmake/RustTarget.cmake`` knows a processor by CMake's names, folded, and MSVC's."""
    text = (ROOT / "cmake" / "RustTarget.cmake").read_text(encoding="utf-8")
    rows = re.findall(r'MATCHES "\^\(([\w|]+)\)\$"\)\s+set\(_arch (\w+)\)', text)
    known = {name: arch for names, arch in rows for name in names.split("|")}
    assert {arch for _, arch in rows} == {each.llvm for each in CROSS}
    for each in CROSS:
        for name in (each.processor, each.cmake, each.llvm):
            assert known.get(name.lower()) == each.llvm, name
    for name, arch in known.items():
        assert MACHINES[name] == next(each.machine for each in CROSS if each.llvm == arch)
    msvc = re.search(r"if\(MSVC\)\s+set\(_suffix ([\w-]+)\)", text)
    assert msvc is not None
    assert {f"{each.llvm}-{msvc[1]}" for each in CROSS} == {each.triple for each in CROSS}


def test_cmake_knows_the_same_devices() -> None:
    text = (ROOT / "cmake" / "Options.cmake").read_text(encoding="utf-8")
    named = re.search(r"set\(_known_devices ([\w ]+)\)", text)
    assert named is not None
    assert named[1].split() == list(DEVICES)


def test_the_locator_names_the_drivers_that_the_table_has() -> None:
    """mlc_llm runs without mlcbuild, so it says them again."""
    text = (ROOT / "python" / "mlc_llm" / "_locator" / "cuda.py").read_text(encoding="utf-8")
    cuda = DEVICES["cuda"]
    for name in (cuda.windows_driver, cuda.linux_driver, cuda.runtime):
        assert f'"{name}"' in text or name in text


def test_the_platforms_differ_in_every_name() -> None:
    for field in ("tag", "machine", "cmake", "processor", "llvm", "vcvars", "folder", "coff"):
        assert len({getattr(each, field) for each in WINDOWS.values()}) == len(WINDOWS)
