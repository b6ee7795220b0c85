"""What is found first, what mends it, and an explainer that never fails itself."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from mlc_llm._locator import Host
from mlc_llm._locator.fixes import reinstall
from mlc_llm._locator.records import forget, read_stamp
from mlc_llm._locator.runtimes import replace_runtime
from mlc_llm._locator.search import Search
from pefactory import make_pe
from tinyelf import build_so

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
def test_a_wheel_of_two_builds_is_installed_again(install: Install) -> None:
    info = install.site / "mlc_llm-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: mlc-llm\nRequires-Dist: apache-tvm==0.26.0\n\n")
    stamp = install.site / "mlc_llm" / "_build.json"
    stamp.write_text('{"sources": [{"name": "tvm", "version": "0.27.0"}]}')

    said, facts = tried(install)

    assert (said["cause"], said["culprit"]) == ("stamp-mismatch", str(stamp))
    assert said["fix"] == "pip install --force-reinstall --no-deps mlc-llm==9.9"
    assert {name: facts[name] for name in said} == said


@LINUX
def test_what_import_and_question_say_of_a_library_left_out_is_the_same(install: Install) -> None:
    (install.site / "tvm_ffi" / "registry.py").write_text("_SKIP_UNKNOWN_OBJECTS = False\n")
    ffi = "from . import registry\nget_global_func = lambda name, allow_missing: None\n"
    (install.site / "tvm_ffi" / "__init__.py").write_text(ffi)
    start = install.site / "tvm" / "__init__.py"
    start.write_text("import tvm_ffi\n" + start.read_text())

    said, facts = tried(install, SKIP_LOADING_MLCLLM_SO="1")

    assert said["cause"] == "left-out"
    assert said["fix"].startswith("unset SKIP_LOADING_MLCLLM_SO")
    assert {name: facts[name] for name in said} == said


@LINUX
def test_the_files_of_a_runtime_that_needs_tvm_ffi_are_good(install: Install) -> None:
    build_so(install.site / "tvm_ffi" / "lib" / "libtvm_ffi.so", soname="libtvm_ffi.so")
    runtime = install.lib / "libtvm_runtime.so"
    build_so(runtime, soname=runtime.name, needed=["libtvm_ffi.so"])

    done = install.python("-m", "mlc_llm.libinfo", "--no-load", "--json")

    assert json.loads(done.stdout)["error"] is None


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
        "import json, os; from mlc_llm._locator import report, this_host\n"
        "facts = report.answer(this_host(), os.environ, try_it=True)\n"
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


def test_a_package_whose_own_file_is_old_is_upgraded_and_a_damaged_one_put_back(
    tmp_path: Path,
) -> None:
    info = tmp_path / "some_wheel-1.2.dist-info"
    file = tmp_path / "some_wheel.libs" / "msvcp140.dll"
    for folder in (info, file.parent):
        folder.mkdir()
    file.write_bytes(b"old")
    record = info / "RECORD"
    digest = "y6BrVzb69n5UsHtWHq6UOV53TFF6fZEKVDaeEmPM-9Q"
    forget()

    record.write_text(f"some_wheel.libs/msvcp140.dll,sha256={digest},3\n")
    upgraded = replace_runtime(str(file), (14, 40), Search(WINDOWS))
    record.write_text("some_wheel.libs/msvcp140.dll,sha256=AAAA,3\n")
    put_back = replace_runtime(str(file), (14, 40), Search(WINDOWS))

    assert upgraded == "pip install --upgrade some-wheel"
    assert put_back == "pip install --force-reinstall --no-deps some-wheel==1.2"


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
