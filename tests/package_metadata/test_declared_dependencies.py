"""The wheel's declared dependencies against what upstream's package really imports."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from mlcbuild.pythonversions import OLDEST

ROOT = Path(__file__).resolve().parents[2]
UPSTREAM = ROOT / "3rdparty" / "mlc-llm" / "python" / "mlc_llm"
#: What the wheel lays over it.
OURS = ROOT / "python" / "mlc_llm"

#: Import name -> distribution, where they differ.
DISTRIBUTIONS = {"tvm": "apache-tvm", "tvm_ffi": "apache-tvm-ffi", "PIL": "pillow"}
#: Parts of the package that chat, serve and compile do not import -> the extra they need.
APART = {"bench": "bench", "router": "router", "interface/router.py": "router"}
#: Developers' tools of upstream: used from a checkout, without an extra.
TOOLS = {"testing", "contrib", "cli/delivery.py"}
#: Two debugging hooks of upstream import cuda.cudart, which cuda-python 13 no longer has.
UNSUPPORTED = {"cuda"}
#: Imported inside functions or guarded, for the extra that brings them.
LAZY = {
    "msgpack": "convert",
    "peft": "convert-torch",
    "torch": "convert-torch",
    "transformers": "convert",
    "PIL": "image",
    "triton": "cuda-kernels",
    "aiohttp": "bench",
}

pytestmark = pytest.mark.needs_upstream


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name, maxsplit=1)[0]).lower()


@pytest.fixture(scope="module")
def project() -> dict[str, set[str]]:
    """Return requirement names: of the wheel itself under "", and of each extra."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": table["dependencies"], **table["optional-dependencies"]}
    return {group: {normal(line) for line in lines} for group, lines in groups.items()}


def part_of(path: Path) -> str:
    below = path.relative_to(UPSTREAM).as_posix()
    return below if below in APART or below in TOOLS else below.partition("/")[0]


def imports(path: Path) -> tuple[set[str], set[str]]:
    """Return the third-party modules imported at the top, and those in functions or guarded."""
    always: set[str] = set()
    lazily: set[str] = set()

    def visit(node: ast.AST, found: set[str]) -> None:
        for child in ast.iter_child_nodes(node):
            names = []
            if isinstance(child, ast.Import):
                names = [alias.name for alias in child.names]
            elif isinstance(child, ast.ImportFrom) and not child.level and child.module:
                names = [child.module]
            found.update(name.partition(".")[0] for name in names)
            deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Try)
            checking = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            visit(child, lazily if deferred or checking else found)

    visit(ast.parse(path.read_text(encoding="utf-8")), always)
    own = {"mlc_llm", *sys.stdlib_module_names}
    return always - own, lazily - own - always


def test_what_is_imported_at_the_top_is_declared(project: dict[str, set[str]]) -> None:
    undeclared = {}
    for path in UPSTREAM.rglob("*.py"):
        part = part_of(path)
        if part in TOOLS:
            continue
        declared = project[""] | project.get(APART.get(part, ""), set())
        for name in imports(path)[0]:
            if normal(DISTRIBUTIONS.get(name, name)) not in declared:
                undeclared[name] = path.relative_to(UPSTREAM).as_posix()

    assert undeclared == {}


def test_what_is_imported_later_is_declared_or_in_the_extra_that_brings_it(
    project: dict[str, set[str]],
) -> None:
    undeclared = {}
    for path in UPSTREAM.rglob("*.py"):
        if part_of(path) in TOOLS:
            continue
        for name in imports(path)[1] - UNSUPPORTED:
            if normal(DISTRIBUTIONS.get(name, name)) in project[""]:
                continue
            fetched = project.get(LAZY.get(name, "?"), set())
            if normal(DISTRIBUTIONS.get(name, name)) not in fetched:
                undeclared[name] = path.relative_to(UPSTREAM).as_posix()

    assert undeclared == {}


def test_nothing_is_declared_that_nobody_imports(project: dict[str, set[str]]) -> None:
    used: set[str] = set()
    for path in (*UPSTREAM.rglob("*.py"), *OURS.rglob("*.py")):
        always, lazily = imports(path)
        used |= {normal(DISTRIBUTIONS.get(name, name)) for name in always | lazily}

    # tvm imports ml_dtypes and typing_extensions too; both are imported by mlc_llm itself.
    assert project[""] - used == set()


def test_heavy_packages_are_not_in_the_way_of_a_chat(project: dict[str, set[str]]) -> None:
    assert not project[""] & {"torch", "transformers", "safetensors", "datasets", "pandas"}


@pytest.mark.slow
@pytest.mark.needs_index
def test_what_converts_safetensors_installs_no_torch(tmp_path: Path) -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    report = tmp_path / "report.json"
    words = ["--dry-run", "--ignore-installed", "--quiet", "--report", report]
    asked = table["optional-dependencies"]["convert"]
    subprocess.run([sys.executable, "-m", "pip", "install", *words, *asked], check=True)
    chosen = {each["metadata"]["name"] for each in json.loads(report.read_text("utf-8"))["install"]}
    assert "transformers" in chosen
    assert not [name for name in chosen if name.startswith(("torch", "nvidia", "triton"))]


def test_tvm_is_pinned_to_the_release_the_libraries_are_built_against(
    project: dict[str, set[str]],
) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert {"apache-tvm", "apache-tvm-ffi"} <= project[""]
    assert re.search(r'"apache-tvm==\d[\w.]*"', text)


def test_every_project_of_the_repository_asks_for_the_same_oldest_python() -> None:
    asked = {
        str(path.relative_to(ROOT)): tomllib.loads(path.read_text("utf-8"))["project"][
            "requires-python"
        ]
        for path in (
            ROOT / "pyproject.toml",
            *ROOT.glob("python/pyproject.toml"),
            *ROOT.glob("plugins/*/pyproject.toml"),
            *ROOT.glob("examples/*/pyproject.toml"),
        )
    }
    assert set(asked.values()) == {f">={OLDEST[0]}.{OLDEST[1]}"}, asked
