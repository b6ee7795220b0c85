"""What is found first, what mends it, and an explainer that never fails itself."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from mlc_llm._locator.distributions import forget
from mlc_llm._locator.fixes import reinstall
from mlc_llm._locator.host import Host
from mlc_llm._locator.search import Search
from mlc_llm._locator.stamp import read_stamp
from pefactory import make_pe

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Install

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the libraries here are ELF files")
WINDOWS = Host("windows", "x86_64")
TRY = """
import json
try:
    import mlc_llm
    print(json.dumps({"library": mlc_llm.LIB_PATH}))
except OSError as error:
    print(json.dumps({n: str(getattr(error, n)) for n in ("cause", "culprit", "fix", "reason")}))
"""


def tried(install: Install, **environment: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return what the import says, and what ``python -m mlc_llm.libinfo`` does."""
    said = json.loads(install.python("-c", TRY, **environment).stdout)
    asked = install.python("-m", "mlc_llm.libinfo", "--json", **environment)
    facts = json.loads(asked.stdout)
    assert asked.returncode == (1 if facts["error"] else 0)
    return said, facts["error"] or {}


@LINUX
@pytest.mark.parametrize("package", ["tvm", "tvm_ffi"])
def test_a_file_of_its_name_is_told_with_what_puts_it_first(install: Install, package: str) -> None:
    other = install.site.parent / "other tree"
    other.mkdir()
    (other / f"{package}.py").touch()
    path = f"{other}:{install.site}"

    said, facts = tried(install, PYTHONPATH=path)

    assert (said["cause"], said["culprit"]) == ("wrong-package", str(other / f"{package}.py"))
    assert "PYTHONPATH" in said["reason"]
    assert said["fix"].startswith("unset PYTHONPATH")
    assert {name: facts[name] for name in said} == said


@LINUX
def test_without_tvm_the_pinned_one_is_to_be_installed(install: Install) -> None:
    info = install.site / "mlc_llm-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: mlc-llm\nRequires-Dist: apache-tvm==0.26.0\n\n")
    (install.site / "tvm").rename(install.site / "gone")

    said, facts = tried(install)

    assert (said["cause"], said["fix"]) == ("missing-package", "pip install apache-tvm==0.26.0")
    assert {name: facts[name] for name in said} == said


@LINUX
def test_after_a_mended_failure_the_import_works_in_the_same_process(install: Install) -> None:
    library = install.lib / "libmlc_llm.so"
    whole = library.read_bytes()
    library.write_bytes(b"no library")
    code = f"{TRY}\nopen({str(library)!r}, 'wb').write(bytes.fromhex({whole.hex()!r}))\n{TRY}"
    (install.site.parent / "notebook.py").write_text(code)

    first, second = map(
        json.loads, install.python(str(install.site.parent / "notebook.py")).stdout.splitlines()
    )

    assert first["cause"] == "not-an-elf"
    assert second == {"library": str(library)}


@LINUX
def test_a_console_without_unicode_gets_the_answer(install: Install) -> None:
    done = install.python("-m", "mlc_llm.libinfo", "--no-load", PYTHONIOENCODING="ascii:strict")

    assert done.returncode == 0, done.stderr
    assert "p\\xe4ckages" in done.stdout


@LINUX
def test_where_no_child_can_start_the_files_are_judged(install: Install) -> None:
    code = (
        "import sys; sys.executable = '/programs/editor'; sys.base_prefix = '/nowhere'\n"
        "import json, os; from mlc_llm._locator import host, report\n"
        "facts = report.answer(host.this_host(), os.environ, try_it=True)\n"
        "print(json.dumps([facts['error'], facts['notes']]))\n"
    )
    (install.site / "mlc_llm" / "__init__.py").write_text("", encoding="utf-8")

    error, notes = json.loads(install.python("-c", code).stdout)

    assert error is None
    assert any("could not be tried" in note for note in notes)


@pytest.mark.parametrize("text", ["{", "[[", '"', "", "\0", "[" * 200_000, "{} x", "3", '{"a":'])
def test_a_stamp_that_does_not_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "_build.json").write_text(text)

    assert read_stamp(str(tmp_path)) == {}


@pytest.mark.parametrize(
    ("installer", "command"),
    [
        ("pip", "pip install --force-reinstall --no-deps some-wheel==1.2"),
        ("uv", "uv pip install --reinstall --no-deps some-wheel==1.2"),
    ],
)
def test_the_fix_brings_the_distribution_whose_record_has_the_file(
    tmp_path: Path, installer: str, command: str
) -> None:
    info = tmp_path / "some_wheel-1.2.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("some_wheel.libs/msvcp140.dll,sha256=x,9\n")
    (info / "INSTALLER").write_text(f"{installer}\n")
    forget()

    assert reinstall(str(tmp_path / "some_wheel.libs" / "msvcp140.dll")) == command


def test_the_search_takes_the_loaded_then_the_last_added_and_passes_over_other_machines(
    tmp_path: Path,
) -> None:
    for name, machine in (("first", "x86_64"), ("last", "x86_64"), ("foreign", "x86")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.dll").write_bytes(make_pe(machine=machine))  # type: ignore[arg-type]
    search = Search(WINDOWS, [str(tmp_path / name) for name in ("first", "last", "foreign")])

    found = search.find("a.dll", "")
    search.loaded["a.dll"] = "C:\\loaded\\a.dll"

    assert found == str(tmp_path / "last" / "a.dll")
    assert search.find("A.dll", "") == "C:\\loaded\\a.dll"
