"""``verify --lab``: a sick wheel is broken for its reason; what Wine lacks is no fault of it."""

from __future__ import annotations

import json
import sys
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from mlcbuild.cli import main
from sickdlls import make
from tinydll import build_dll

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import MakeWheel

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the lab is Linux's way to run Windows programs"
)
LOAD = "import ctypes, os\nctypes.CDLL(os.path.join(os.path.dirname(__file__), 'top.dll'))\n"
WIN = "cp311-cp311-win_amd64"


def windows_wheel(make_wheel: MakeWheel, dlls: Path, python: str = LOAD, tag: str = WIN) -> Path:
    """Return a wheel with the DLLs of a folder in its package."""
    files: dict[str, str | bytes] = {"demo/__init__.py": python}
    files |= {f"demo/{dll.name}": dll.read_bytes() for dll in dlls.glob("*.dll")}
    wheel = make_wheel(files)
    return wheel.rename(wheel.with_name(f"demo-1.0-{tag}.whl"))


def verified(wheel: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, Any]:
    """Verify a wheel; return the exit code and the JSON, which matches its schema."""
    code = main(["verify", str(wheel), "--lab", "--no-index", "--json", *options])
    table = json.loads(capsys.readouterr().out)
    schema = resources.files("mlcbuild.verify").joinpath("schemas/verify.json").read_text("utf-8")
    jsonschema.validate(table, json.loads(schema))
    return code, table


@pytest.mark.usefixtures("windows")
@pytest.mark.slow
def test_a_healthy_wheel_works(
    make_wheel: MakeWheel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make("healthy", tmp_path, top="top.dll")
    code, table = verified(
        windows_wheel(make_wheel, tmp_path),
        capsys,
        *("--run", "import sys; print(sys.platform)", "--run", "pass"),
    )
    assert (code, table["verdict"], table["error"]) == (0, "works", None)
    details = {step["name"]: step["detail"] for step in table["steps"]}
    assert details["environment"].startswith("Windows Python 3.11.9, wine-")
    assert details["import"].endswith("3 of 3 native libraries loaded, all from the wheel")
    runs = [step["detail"] for step in table["steps"] if step["name"] == "run"]
    assert runs == ["win32", "no output"]


@pytest.mark.slow
@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("sick", "reason"),
    [
        ("missing-dll", "mid.dll needs leaf.dll, which neither the wheel"),
        (
            "missing-export",
            "mid.dll imports vanished from leaf.dll, which does not export it (127)",
        ),
        ("x86-dependency", "mid.dll needs leaf.dll, which is not an image for this process (193)"),
        ("initialiser-returns-false", "the initialiser of leaf.dll fails (1114)"),
    ],
)
def test_a_broken_wheel_is_broken_for_its_reason(
    sick: str,
    reason: str,
    make_wheel: MakeWheel,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make(sick, tmp_path, top="top.dll")
    code, table = verified(windows_wheel(make_wheel, tmp_path), capsys)
    assert (code, table["verdict"]) == (1, "broken"), table
    assert reason in table["error"]
    assert table["wine_lacks"] == []


@pytest.mark.slow
@pytest.mark.usefixtures("windows")
def test_what_wine_lacks_and_windows_has_is_not_held_against_the_wheel(
    make_wheel: MakeWheel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_dll(
        tmp_path / "top.dll",
        exports=["f"],
        source="extern int AddResourceAttributeAce(void);\n"
        "int f(void) { return AddResourceAttributeAce(); }",
        imports={"KERNEL32.dll": ["AddResourceAttributeAce"]},
    )
    code, table = verified(windows_wheel(make_wheel, tmp_path, f"{LOAD[:-1]}.f()\n"), capsys)
    assert (code, table["verdict"]) == (3, "cannot-tell")
    assert table["wine_lacks"] == ["KERNEL32.dll!AddResourceAttributeAce"]
    assert "cannot tell here: Wine" in table["error"]


@pytest.mark.slow
@pytest.mark.usefixtures("windows")
def test_a_dll_that_wine_puts_before_the_wheels_is_not_held_against_it(
    make_wheel: MakeWheel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_dll(tmp_path / "top.dll", exports=["f"], imports={"zlib1.dll": ["mine"]})
    build_dll(tmp_path / "zlib1.dll", exports=["mine"])
    python = f"import ctypes\nctypes.CDLL('zlib1.dll')\n{LOAD}"

    code, table = verified(windows_wheel(make_wheel, tmp_path, python), capsys)

    assert (code, table["verdict"]) == (3, "cannot-tell"), table["error"]
    assert "has its own zlib1.dll, unlike Windows" in table["error"]


@pytest.mark.slow
@pytest.mark.usefixtures("windows")
def test_the_machines_cpp_runtime_may_go_before_the_wheels_copy(
    make_wheel: MakeWheel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_dll(tmp_path / "top.dll", exports=["f"], imports={"MSVCP140.dll": ["_Xtime_get_ticks"]})
    build_dll(tmp_path / "msvcp140.dll", exports=["_Xtime_get_ticks"])
    python = f"import ctypes\nctypes.CDLL('msvcp140.dll')\n{LOAD}"

    code, table = verified(windows_wheel(make_wheel, tmp_path, python), capsys)

    assert (code, table["verdict"]) == (0, "works"), table["error"]


@pytest.mark.slow
@pytest.mark.usefixtures("windows")
def test_an_exception_is_the_wheels_and_its_python_is_that_of_its_tag(
    make_wheel: MakeWheel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python = "import sys\nraise RuntimeError(sys.version[:4])\n"
    wheel = windows_wheel(make_wheel, tmp_path, python, "cp312-cp312-win_amd64")
    code, table = verified(wheel, capsys)
    assert (code, table["verdict"]) == (1, "broken"), table
    assert "RuntimeError: 3.12" in table["error"]


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("cp311-cp311-manylinux_2_28_x86_64", "is for manylinux_2_28_x86_64"),
        ("cp311-cp311-win_arm64", "is for win_arm64"),
        ("cp313-cp313t-win_amd64", "is for a free-threaded CPython, which the lab does not have"),
        ("cp314-cp314-win_amd64", "is for CPython 3.14, which the lab does not have"),
    ],
)
def test_a_wheel_of_another_system_is_said_so(
    tag: str,
    said: str,
    make_wheel: MakeWheel,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, table = verified(windows_wheel(make_wheel, tmp_path, "", tag), capsys)
    assert (code, table["verdict"]) == (3, "cannot-tell")
    assert said in table["error"]
