"""What CI builds and where: one table, given to GitHub Actions as its matrix.

A workflow asks for the table (`mlcbuild matrix --json`) instead of repeating it. docs/ci.md shows
the rows; a test holds runner labels against those that GitHub has. It ships, though it is about
this repository, because scripts rely on the command `mlcbuild matrix`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any, Final

from mlcbuild.errors import UsageError
from mlcbuild.platforms import AMD64
from mlcbuild.pythonversions import NEWEST, OLDEST, USUAL
from mlcbuild.versions import dotted

#: The oldest, the middle and the newest Python of a py3-none wheel.
_PYTHONS: Final = (dotted(OLDEST), dotted(USUAL), dotted(NEWEST))


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One build."""

    id: str
    #: What the wheel runs on.
    system: str
    arch: str
    #: Comma-separated, as ``-C device=`` takes it.
    device: str = "cpu"
    #: The label of the runner that builds, and of the one that tests.
    runner: str
    test_runner: str
    #: ``mlcbuild wheel --target``.
    target: str = "host"
    #: CMAKE_GENERATOR; empty: mlcbuild chooses.
    generator: str = ""
    #: The folder of the project: the mlc-llm wheel, or the example over tvm-ffi alone.
    project: str = "."
    #: The Python that builds, and those that test.
    python: str = dotted(USUAL)
    pythons: tuple[str, ...] = _PYTHONS
    #: Whether the wheel is released; the others prove a toolchain.
    publish: bool = True
    #: `mlcbuild verify --chat`: needs apache-tvm's compiler beside it and a minute.
    chat: bool = True
    #: Why the row is there.
    why: str = ""


#: The usual rows of two systems; a row says what differs.
_LINUX: Final = "ubuntu-24.04"
_linux = partial(Row, system="linux", arch="x86_64", runner=_LINUX, test_runner=_LINUX)
_WINDOWS: Final = "windows-2025"
_windows = partial(Row, system="windows", arch="x86_64", runner=_WINDOWS, test_runner=_WINDOWS)

ROWS: Final = (
    _linux(
        id="linux-x86_64-cpu",
        runner="ubuntu-22.04",
        why="the reference; the oldest image, for the oldest glibc",
    ),
    Row(
        id="linux-arm64-cpu",
        system="linux",
        arch="arm64",
        runner="ubuntu-22.04-arm",
        test_runner="ubuntu-24.04-arm",
        why="the other processor of servers",
    ),
    _linux(
        id="linux-x86_64-vulkan",
        device="cpu,vulkan",
        runner="ubuntu-22.04",
        why="every GPU vendor",
    ),
    _windows(
        id="windows-x86_64-cpu",
        why="the first use; the image has only Visual Studio 2026",
    ),
    _windows(
        id="windows-x86_64-vulkan",
        device="cpu,vulkan",
        chat=False,
        why="every GPU vendor; runners have no GPU, so it is imported and not chatted with",
    ),
    _windows(
        id="windows-x86_64-cuda",
        device="cpu,cuda",
        chat=False,
        why="only host code, without nvcc; without a GPU only the import is tested",
    ),
    _windows(
        id="windows-x86_64-vs2022",
        runner="windows-2022",
        test_runner="windows-2022",
        publish=False,
        pythons=(dotted(USUAL),),
        why="proves Visual Studio 2022",
    ),
    _windows(
        id="windows-x86_64-ninja",
        generator="Ninja Multi-Config",
        publish=False,
        pythons=(dotted(USUAL),),
        why="proves the captured MSVC environment",
    ),
    _windows(
        id="windows-x86_64-cross",
        runner="ubuntu-24.04",
        target=AMD64,
        publish=False,
        pythons=(dotted(USUAL),),
        why="proves the build by clang-cl on Linux, with the free SDK",
    ),
    _linux(
        id="linux-x86_64-example",
        project="examples/ffi-hello",
        publish=False,
        chat=False,
        why="another project through the same steps, in a minute",
    ),
    Row(
        id="windows-arm64-example",
        system="windows",
        arch="arm64",
        runner="windows-11-arm",
        test_runner="windows-11-arm",
        project="examples/ffi-hello",
        publish=False,
        chat=False,
        pythons=(dotted(USUAL), dotted(NEWEST)),
        why="apache-tvm has no wheel for Windows on ARM64: the policy is proved by the example",
    ),
    Row(
        id="macos-arm64-metal",
        system="macos",
        arch="arm64",
        device="cpu,metal",
        runner="macos-15",
        test_runner="macos-15",
        why="Apple's GPU; apache-tvm has no wheel for Intel Macs",
    ),
)


def chosen(conditions: Iterable[str], rows: Iterable[Row] = ROWS) -> list[Row]:
    """Return the rows that fulfil every ``field=value``; a list of devices fits by each of them.

    Raises ``UsageError`` for a field that is none, or where no row is left.
    """
    wanted = [condition.partition("=") for condition in conditions]
    known = {field.name for field in fields(Row)}
    for name, equals, _ in wanted:
        if not equals or name not in known:
            raise UsageError(
                f"{name}{equals} is not a field of the matrix",
                remedy=f"use {', '.join(sorted(known))}",
            )
    found = [row for row in rows if all(_fits(row, name, value) for name, _, value in wanted)]
    if not found:
        raise UsageError(
            f"no row of the matrix has {' and '.join(f'{n}={v}' for n, _, v in wanted)}",
            remedy="see mlcbuild matrix",
        )
    return found


def _fits(row: Row, name: str, value: str) -> bool:
    own = getattr(row, name)
    if isinstance(own, bool):
        return value.lower() == str(own).lower()
    if name == "device":
        return value == own or value in own.split(",")
    return value in own if isinstance(own, tuple) else str(own) == value


def test_jobs(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return one entry a wheel and Python, for the jobs that test."""
    return [
        {**as_entry(row), "python": python, "chat": row.chat and python == row.python}
        for row in rows
        for python in row.pythons
    ]


def as_entry(row: Row) -> dict[str, Any]:
    """Return a row as a matrix entry: plain values, no lists."""
    entry: Mapping[str, Any] = asdict(row)
    return {key: value for key, value in entry.items() if key not in ("pythons", "why")}
