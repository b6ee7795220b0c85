"""``mlcbuild trace NAME``: the import that fails leads to the image that fails it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.trace import Options, trace
from mlcbuild.trace.hosts import LabHost
from needs import program
from sickdlls import make
from tinydll import build_dll, run_tool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlcbuild.lab import Lab
    from mlcbuild.trace import Trace


@pytest.fixture
def lab(windows: Lab, tmp_path: Path) -> Lab:
    return windows.use(tmp_path / "env")


def package(lab: Lab, name: str, code: str) -> Path:
    folder = lab.environment / "Lib" / "site-packages" / name
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(code, encoding="utf-8")
    return folder


def traced(lab: Lab, name: str) -> Trace:
    return trace(name, LabHost(lab), Options(limit_s=60))


CODE = """\
import ctypes, os
folder = os.path.dirname(__file__)
handle = os.add_dll_directory(os.path.join(folder, "libs"))
library = ctypes.CDLL(os.path.join(folder, "top.dll"))
"""


def test_the_dll_that_the_import_loads_is_traced_with_its_added_folder(lab: Lab) -> None:
    folder = package(lab, "sickly", CODE)
    make("initialiser-crashes", folder)
    (folder / "libs").mkdir()
    (folder / "mid.dll").rename(folder / "libs" / "mid.dll")

    found = traced(lab, "sickly")

    assert not found.loads
    assert found.target == "sickly"
    assert found.stage == "init"
    assert found.culprit.endswith("/sickly/leaf.dll")
    assert any(str(folder / "top.dll") in note for note in found.notes)


def test_a_healthy_import_loads(lab: Lab) -> None:
    folder = package(lab, "hearty", CODE)
    make("healthy", folder)
    (folder / "libs").mkdir()
    found = traced(lab, "hearty")
    assert found.loads
    assert [path for path in found.loaded if path.endswith("/hearty/top.dll")]


def test_a_process_that_dies_in_the_import_is_followed_too(lab: Lab) -> None:
    folder = package(lab, "dying", CODE)
    make("initialiser-exits", folder)
    (folder / "libs").mkdir()
    found = traced(lab, "dying")
    assert found.stage == "init"
    assert "exit code 3" in found.reason


def test_an_extension_module_that_lacks_a_dll_is_named(lab: Lab) -> None:
    folder = package(lab, "ext", "from ext import _core\n")
    make("missing-dll", folder, top="_core.pyd")
    found = traced(lab, "ext")
    assert found.stage == "not-found"
    assert found.culprit == "leaf.dll"
    assert found.importer.endswith("/ext/mid.dll")


#: Refuses where a certain other DLL is in the process, as an old runtime under a name does.
JEALOUS = """\
__declspec(dllimport) void *STDCALL GetModuleHandleA(const char *);
int STDCALL DllMain(void *module, unsigned reason, void *reserved) {
  return reason != 1 || !GetModuleHandleA("rival.dll");
}
"""


@pytest.mark.slow
def test_a_load_that_fails_only_after_another_one_says_so(lab: Lab) -> None:
    load = "import ctypes, os\nctypes.CDLL(os.path.join(os.path.dirname(__file__), '{}'))\n"
    build_dll(package(lab, "first", load.format("rival.dll")) / "rival.dll", exports=["f"])
    second = package(lab, "second", "import first\n" + load.format("jealous.dll"))
    imports: dict[str, Sequence[str | int]] = {"KERNEL32.dll": ["GetModuleHandleA"]}
    build_dll(second / "jealous.dll", source=JEALOUS, toolchain="lld", imports=imports)

    found = traced(lab, "second")

    assert found.stage == "init"
    assert found.culprit == str(second / "jealous.dll")
    assert any("loaded before it" in note for note in found.notes)


@pytest.mark.slow
def test_an_error_of_python_itself_is_reported_as_one(lab: Lab) -> None:
    package(lab, "wrong", "raise RuntimeError('no weights')\n")
    found = traced(lab, "wrong")
    assert found.stage == "python"
    assert found.reason == "RuntimeError: no weights"


def test_a_library_that_is_nowhere_is_not_found(lab: Lab) -> None:
    package(lab, "lost", "import ctypes\nctypes.CDLL('nowhere.dll')\n")
    found = traced(lab, "lost")
    assert found.stage == "not-found"
    assert found.culprit == "nowhere.dll"
    assert found.winerror == 126


@pytest.mark.slow
def test_a_missing_python_module_is_one_to_install(lab: Lab) -> None:
    package(lab, "needy", "import no_such_module.part\n")
    assert traced(lab, "needy").fix == "python -m pip install no_such_module"


def test_a_dll_of_another_package_is_pointed_at(lab: Lab) -> None:
    other = package(lab, "other", "")
    folder = package(lab, "mine", CODE)
    make("missing-dll", folder)
    (folder / "libs").mkdir()
    make("healthy", other / "lib")
    found = traced(lab, "mine")
    assert found.culprit == "leaf.dll"
    assert any(str(other / "lib" / "leaf.dll") in note for note in found.notes)


def test_a_failure_that_the_import_swallows_is_noted(lab: Lab) -> None:
    code = CODE.replace("library =", "try:\n    library =") + "except OSError:\n    pass\n"
    folder = package(lab, "tolerant", code)
    make("initialiser-returns-false", folder)
    (folder / "libs").mkdir()
    found = traced(lab, "tolerant")
    assert found.loads
    (note,) = found.notes
    assert str(folder / "top.dll") in note


#: What mlc_llm's own error has; the import refuses before Windows is asked.
REFUSING = """\
class LibraryLoadError(OSError):
    reason, path = "mlc_llm.dll is not a native library: cut off", "C:\\\\mlc_llm.dll"
    cause, culprit, fix = "not-a-pe", "C:\\\\mlc_llm.dll", "pip install --force-reinstall mlc-llm"
raise LibraryLoadError()
"""


def test_an_error_that_names_an_image_is_taken_at_its_word(lab: Lab) -> None:
    package(lab, "refusing", REFUSING)
    found = traced(lab, "refusing")
    assert (found.stage, found.cause, found.winerror) == ("image", "not-a-pe", 193)
    assert found.culprit.endswith("mlc_llm.dll")
    assert found.fix == "pip install --force-reinstall mlc-llm"


def test_a_symbol_that_nothing_exports_is_named_although_wine_imports_it(lab: Lab) -> None:
    folder = package(lab, "lacking", CODE)
    make("missing-export", folder)
    (folder / "libs").mkdir()

    found = traced(lab, "lacking")

    assert (found.stage, found.cause, found.missing) == ("export", "missing-export", ("vanished",))
    assert found.culprit.endswith("/lacking/leaf.dll")
    assert found.importer.endswith("/lacking/mid.dll")


@pytest.mark.needs_mingw
def test_a_c_plus_plus_exception_of_an_initialiser_is_told_with_its_text(
    lab: Lab, tmp_path: Path
) -> None:
    source = tmp_path / "thrower.cpp"
    source.write_text(
        "#include <stdexcept>\n"
        'struct Start { Start() { throw std::runtime_error("no weights in D:/models"); } } start;\n'
        'extern "C" __declspec(dllexport) int f() { return 1; }\n'
    )
    folder = package(lab, "throwing", CODE.replace("top.dll", "thrower.dll"))
    (folder / "libs").mkdir()
    compiler = program("x86_64-w64-mingw32-g++")
    run_tool(compiler, "-shared", "-static", "-o", folder / "thrower.dll", source)

    found = traced(lab, "throwing")

    assert found.stage == "init"
    assert found.fault is not None
    assert found.fault.code == 0x20474343
    assert found.fault.says == "std::runtime_error: no weights in D:/models"
    assert "no weights in D:/models" in found.reason
