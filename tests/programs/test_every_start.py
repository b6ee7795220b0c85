"""Programs are started in one module of the toolkit, and in one of the locator."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Where the rules are kept, and why each may do what the others may not.
STARTERS = {
    "python/mlcbuild/programs.py": "the one way to start a program",
    "python/mlc_llm/_locator/child.py": "the locator stands alone in the wheel: Python by its path",
    "python/mlc_llm/_linker/windows.py": "as the locator; the linker by its path",
    "python/mlc_llm/_locator/model_library.py": "asks whether there is a linker, and starts none",
    "benchmarks/architecture_compile.py": "runs where the wheel is, without mlcbuild: this Python",
    "python/mlc_llm/_cuda_code.py": "asks whether there is an nvcc, and starts none",
}
RAW = {
    "subprocess": {"run", "Popen", "call", "check_call", "check_output", "getoutput"},
    "os": {"system", "popen", "startfile", "execv", "execve", "execvp", "execvpe", "execl"}
    | {"execlp", "spawnl", "spawnlp", "spawnv", "spawnvp", "posix_spawn", "posix_spawnp"},
    "asyncio": {"create_subprocess_exec", "create_subprocess_shell"},
    "shutil": {"which"},
    "webbrowser": {"open"},
    "pty": {"spawn"},
}


def raw_starts(source: str) -> list[tuple[int, str]]:
    """Return the line and name of every use of a function that starts or looks for a program.

    Uses, not calls alone: one can be handed on. Imports by name are uses too.
    """
    found = []
    nodes = list(ast.walk(ast.parse(source)))
    types = {node.value for node in nodes if isinstance(node, ast.Subscript)}  # Popen[bytes]
    for node in nodes:
        if node in types:
            continue
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in RAW.get(node.value.id, ()):
                found.append((node.lineno, f"{node.value.id}.{node.attr}"))
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names} & RAW.get(node.module or "", set())
            found += [(node.lineno, f"{node.module}.{name}") for name in sorted(names)]
    return found


def sources() -> list[Path]:
    folders = ("python", "scripts", "plugins", "examples", "benchmarks")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_only_the_starters_start_programs() -> None:
    wrong = [
        f"{name}:{line} uses {what}: start programs with mlcbuild.programs"
        for path in sources()
        if (name := path.relative_to(ROOT).as_posix()) not in STARTERS
        for line, what in raw_starts(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess\nsubprocess.run(['git'])",
        "import subprocess\nstart = subprocess.Popen",
        "from subprocess import check_output",
        "import os\nos.system('git')",
        "from shutil import which",
        "import asyncio\nasyncio.create_subprocess_exec('git')",
    ],
)
def test_a_raw_start_would_be_seen(source: str) -> None:
    assert raw_starts(source)


def test_what_starts_nothing_is_not_taken_for_it() -> None:
    source = "import subprocess\ntry: run(['git'])\nexcept subprocess.TimeoutExpired: pass"
    assert not raw_starts(source)
