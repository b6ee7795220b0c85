from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from tinyelf import build_so

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Install

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the libraries here are ELF files")

ASK = (
    "import mlc_llm, tvm, json, ctypes; from mlc_llm import libinfo;"
    "f = tvm.base._LOADED_LIBS['tvm_runtime'].tvm_runtime_from; f.restype = ctypes.c_char_p;"
    "print(json.dumps({'library': mlc_llm.LIB_PATH, 'runtime': f().decode(),"
    " 'loaded': {k: v._name for k, v in tvm.base._LOADED_LIBS.items()},"
    " 'refused': libinfo.refused_backends}))"
)


def test_the_wheels_runtime_wins_beside_tvms_compiler_and_back_ends(install: Install) -> None:
    done = install.python("-c", ASK)

    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["library"] == str(install.lib / "libmlc_llm.so")
    assert facts["runtime"] == "ours"
    theirs = str(install.site / "tvm" / "lib")
    assert facts["loaded"]["tvm_compiler"].startswith(theirs)
    assert facts["loaded"]["tvm_runtime_fast"].startswith(theirs)
    assert facts["loaded"]["tvm_runtime_extra"] == str(install.lib / "libtvm_runtime_extra.so")


def test_a_back_end_without_its_driver_is_noted_and_no_error(install: Install) -> None:
    facts = json.loads(install.python("-c", ASK).stdout)

    assert list(facts["refused"]) == ["tvm_runtime_cuda"]
    assert "libno-such-driver.so.1" in facts["refused"]["tvm_runtime_cuda"]


def test_the_users_own_choice_of_runtime_is_kept(install: Install) -> None:
    theirs = str(install.site / "tvm" / "lib")

    facts = json.loads(install.python("-c", ASK, TVM_LIBRARY_PATH=theirs).stdout)

    assert facts["runtime"] == "theirs"


def test_the_environment_is_left_as_it_was(install: Install) -> None:
    done = install.python("-c", "import os, mlc_llm; print('TVM_LIBRARY_PATH' in os.environ)")

    assert done.stdout.strip() == "False", done.stderr


def test_tvm_imported_before_is_fine_at_the_same_version(install: Install) -> None:
    stamp(install, "0.26.0")

    done = install.python("-c", "import tvm; " + ASK)

    assert json.loads(done.stdout)["runtime"] == "theirs", done.stderr


def test_another_version_of_tvm_is_an_error_with_the_command_that_mends_it(
    install: Install,
) -> None:
    stamp(install, "0.27.0")

    done = install.python("-c", "import mlc_llm")

    assert done.returncode == 1
    assert "LibraryLoadError" in done.stderr
    assert "pip install apache-tvm==0.27.0" in done.stderr


@pytest.mark.parametrize(
    ("installed", "wanted", "code"),
    [
        ("0.26.0+mlcbuild.mingw", "0.26.0+mlcbuild.mingw", 0),
        ("0.26.0+mlcbuild.mingw", "0.26.0", 0),
        ("0.26.0", "0.26.0+mlcbuild.mingw", 1),
    ],
)
def test_the_local_part_of_a_version_counts_where_it_is_wanted(
    install: Install, installed: str, wanted: str, code: int
) -> None:
    (install.site / f"apache_tvm-{installed}.dist-info").mkdir()
    stamp(install, wanted)

    assert install.python("-c", "import mlc_llm").returncode == code


def test_another_version_of_tvm_is_known_from_the_metadata_before_it_is_imported(
    install: Install,
) -> None:
    (install.site / "apache_tvm-0.27.0.post1.dist-info").mkdir()
    info = install.site / "mlc_llm-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: mlc-llm\nRequires-Dist: apache-tvm==0.26.0 ; x\n\n")
    (install.site / "tvm" / "base.py").write_text("raise SystemExit(9)")

    done = install.python("-c", "import mlc_llm")

    assert done.returncode == 1, done.stderr
    assert "tvm 0.27.0.post1 is installed" in done.stderr
    assert "pip install apache-tvm==0.26.0" in done.stderr


def test_a_missing_dependency_names_the_library_that_needs_it(install: Install) -> None:
    build_so(install.lib / "libmlc_llm.so", needed=["libgone.so.7"])

    done = install.python("-c", "import mlc_llm")

    assert done.returncode == 1
    assert "missing-dll" in done.stderr
    assert "culprit: libgone.so.7" in done.stderr


def test_an_undefined_symbol_is_a_missing_export(install: Install) -> None:
    source = "extern int absent(void); int *p = (int *)absent; int f(void) { return absent(); }\n"
    build_so(install.lib / "libmlc_llm.so", source=source)

    done = install.python("-c", "import mlc_llm")

    assert "missing-export" in done.stderr


def test_a_library_of_another_machine_is_refused_before_it_is_loaded(install: Install) -> None:
    build_so(install.lib / "libmlc_llm.so", machine="arm64")

    done = install.python("-c", "import mlc_llm")

    assert "built for arm64, this Python is x86_64" in done.stderr
    assert "wrong-machine" in done.stderr


def test_the_fix_names_the_wheel_file_that_was_installed(install: Install) -> None:
    info = install.site / "mlc_llm-9.9.dist-info"
    info.mkdir()
    file = install.site.parent / "my wheels" / "mlc_llm-9.9-py3-none-any.whl"
    file.parent.mkdir()
    file.touch()
    wheel = file.as_uri()
    (info / "direct_url.json").write_text(json.dumps({"url": wheel, "archive_info": {}}))
    (install.lib / "libmlc_llm.so").write_text("no library")

    said = install.python("-c", "import mlc_llm").stderr

    file.unlink()
    gone = install.python("-c", "import mlc_llm").stderr

    assert f'fix:     pip install --force-reinstall --no-deps "{wheel}"' in said
    assert f"wherever it is now: {file} is gone" in gone


def test_a_damaged_tvm_runtime_is_named(install: Install) -> None:
    (install.lib / "libtvm_runtime.so").write_text("no library")

    done = install.python("-c", "import mlc_llm")

    assert "not-an-elf" in done.stderr
    assert "libtvm_runtime.so" in done.stderr


@pytest.mark.parametrize("damage", ["no libraries", "no tvm", "text files"])
def test_the_question_is_answered_on_a_broken_install(install: Install, damage: str) -> None:
    if damage == "no libraries":
        shutil.rmtree(install.lib)
    elif damage == "no tvm":
        shutil.rmtree(install.site / "tvm")
    else:
        for path in install.lib.iterdir():
            path.write_text("no library")

    done = install.python("-W", "error", "-m", "mlc_llm.libinfo", "--json")

    facts = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert facts["winner"] is None
    assert facts["error"]["fix"].startswith("pip install ")
    assert done.stderr == ""


def test_the_question_loads_nothing(install: Install) -> None:
    done = install.python("-X", "importtime", "-m", "mlc_llm.libinfo")

    assert done.returncode == 0
    assert "=> " in done.stdout
    assert "ctypes" not in done.stderr
    assert "tvm" not in done.stderr


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("int answer(void) { return 42; }", ""),
        ("__attribute__((constructor)) void f(void) { *(volatile int *)0 = 1; }", "SIGSEGV"),
        ("__attribute__((constructor)) void f(void) { __builtin_trap(); }", "SIGILL"),
    ],
)
def test_a_trial_in_a_child_survives_what_the_library_does(
    install: Install, source: str, words: str
) -> None:
    build_so(install.lib / "libmlc_llm.so", source=source)

    done = install.python("-m", "mlc_llm.libinfo", "--load", "--json")

    facts = json.loads(done.stdout)
    assert done.returncode == (1 if words else 0), done.stderr
    assert facts["load"]["good"] == (not words)
    assert not words or words in facts["load"]["reason"]


def test_finding_the_library_imports_none_of_the_slow_modules(install: Install) -> None:
    code = (
        "import sys; before = set(sys.modules);"
        "from mlc_llm import libinfo; libinfo.find_lib_path('mlc_llm');"
        "slow = {'pathlib', 'json', 're', 'typing', 'importlib.metadata'};"
        "print(slow & (set(sys.modules) - before))"
    )
    (install.site / "mlc_llm" / "__init__.py").write_text("", encoding="utf-8")

    assert install.python("-S", "-c", code).stdout.strip() == "set()"


def test_a_healthy_import_starts_no_child_process(install: Install) -> None:
    code = (
        "import sys\n"
        "def watch(event, arguments):\n"
        "    if event in ('subprocess.Popen', 'os.fork', 'os.posix_spawn', 'os.system'):\n"
        "        print(event)\n"
        "sys.addaudithook(watch)\n"
        "import mlc_llm\n"
        "print('imported')\n"
    )

    assert install.python("-c", code).stdout == "imported\n"


def test_another_module_of_the_package_is_not_taken_for_the_question(install: Install) -> None:
    (install.site / "mlc_llm" / "tool.py").write_text(
        "import sys; print('tvm' in sys.modules)", encoding="utf-8"
    )

    assert install.python("-m", "mlc_llm.tool", "-m", "mlc_llm.libinfo").stdout == "True\n"


def test_upstreams_names_answer_as_its_callers_expect(install: Install) -> None:
    code = (
        "from mlc_llm import libinfo; import json; print(json.dumps("
        "[libinfo.find_lib_path('mlc_llm_module'), libinfo.get_dll_directories(),"
        " libinfo.__version__, libinfo.MLC_LIBRARY_PATH]))"
    )

    found, folders, version, variable = json.loads(install.python("-c", code).stdout)

    assert found == [str(install.lib / "libmlc_llm.so")]
    assert folders == [str(install.lib)]
    assert isinstance(version, str)
    assert variable is None


def test_skipping_the_load_skips_the_preparation(install: Install) -> None:
    shutil.rmtree(install.lib)
    code = "import os; from mlc_llm import libinfo; libinfo.prepare(); print('fine')"
    (install.site / "mlc_llm" / "__init__.py").write_text("", encoding="utf-8")

    assert install.python("-c", code, SKIP_LOADING_MLCLLM_SO="1").stdout == "fine\n"


def test_an_editable_install_is_found_through_its_record(install: Install) -> None:
    source = install.site.parent / "source tree"
    (install.site / "mlc_llm").rename(source)
    shutil.copytree(source / "lib", install.lib)
    shutil.rmtree(source / "lib")
    (install.lib.parent / "_build.json").write_text(
        '{"configuration": "Release", "generator": "g", "sources": []}', encoding="utf-8"
    )
    info = install.site / "mlc_llm-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mlc-llm\nVersion: 9.9\n")
    (info / "RECORD").write_text("mlc_llm/lib/libmlc_llm.so,,\n")
    finder = "import sys, types; m = types.ModuleType('mlc_llm'); sys.modules['mlc_llm'] = m;"
    finder += f"m.__path__ = [{str(source)!r}]; from mlc_llm import libinfo;"
    code = finder + "print(libinfo.find_lib_path('mlc_llm')[0]); print(libinfo.__version__);"
    code += "from mlc_llm._locator import report;"
    code += "print(report.answer(libinfo.this_host(), {})['stamp']['configuration'])"

    done = install.python("-c", code)

    assert done.stdout.splitlines() == [str(install.lib / "libmlc_llm.so"), "9.9", "Release"], (
        done.stderr
    )


def stamp(install: Install, tvm: str) -> None:
    target: Path = install.site / "mlc_llm" / "_build.json"
    target.write_text(
        json.dumps({"sources": [{"name": "tvm", "version": tvm}], "files": []}), encoding="utf-8"
    )
