"""The locator under real Windows CPython: every way a library can be wrong, named and mended."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from few import few
from sickdlls import SICK
from tinydll import build_dll
from windowsinstall import NEEDS, WindowsInstall, build_libraries

if TYPE_CHECKING:
    from mlcbuild.lab import Lab


@pytest.fixture(scope="session")
def dlls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_libraries(tmp_path_factory.mktemp("windows-libraries"))


@pytest.fixture
def site(tmp_path: Path, dlls: Path, windows: Lab) -> WindowsInstall:
    return WindowsInstall.lay_out(tmp_path / "site packages ü", dlls, windows)


#: Wine 8 ends the process, sometimes without a word; Windows' exit code says 0xC00000FD.


def name_of(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2].lower()


def test_a_healthy_install_loads_with_every_back_end_and_no_child_process(
    site: WindowsInstall,
) -> None:
    found = site.probe()

    assert found["library"] == site.lab.path(site.library)
    assert not found["children"]
    assert found["added"] == site.lab.path(site.lib)
    assert found["loaded"]["tvm_runtime"] == site.lab.path(site.lib / "tvm_runtime.dll")
    theirs = site.lab.path(site.site / "tvm" / "lib")
    for name in ("tvm_compiler", "tvm_runtime_vulkan"):
        assert found["loaded"][name].startswith(theirs)
    assert list(found["refused"]) == ["tvm_runtime_cuda"]
    assert "nvcuda.dll" in found["refused"]["tvm_runtime_cuda"]


#: What an import can survive to tell; the others end the process or never come back.
TELLING = [
    sick.name for sick in SICK.values() if sick.cause and sick.wine_winerror not in (0, None)
]


#: What an initialiser did, in the message.
DID = {
    "initialiser-returns-false": "the initialiser of leaf.dll refuses",
    "initialiser-crashes": "the initialiser of leaf.dll crashes (access violation",
    "initialiser-illegal-instruction": "an instruction that this processor does not have",
    "initialiser-divides-by-zero": "the initialiser of leaf.dll divides by zero",
    "initialiser-raises": "the initialiser of leaf.dll raises a C++ exception",
}


@pytest.mark.parametrize("name", few(TELLING))
def test_an_import_names_culprit_and_cause_and_the_mended_install_loads(
    site: WindowsInstall, name: str
) -> None:
    sick = SICK[name]
    site.sicken(name)

    found = site.probe()
    site.mend(name)
    mended = site.probe()

    assert found["cause"] == sick.cause, found["message"]
    assert name_of(found["culprit"]) == culprit(name), found["message"]
    assert found["fix"]
    assert len(found["message"].splitlines()) <= 12, found["message"]
    assert DID.get(name, "") in found["message"]
    assert culprit(name) in found["message"].lower()
    assert mended.get("library") == site.lab.path(site.library), mended


def culprit(name: str) -> str:
    """Return the file to blame: a missing one by its name, a Debug build by what imports it."""
    wanted = SICK[name].culprit
    return "mlc_llm.dll" if wanted == "top" else wanted


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("initialiser-exits", "ends the process with exit code 3"),
        ("initialiser-fails-fast", "0xC0000409"),
        ("healthy", ""),
    ],
)
def test_a_trial_in_a_child_names_what_would_take_the_process_with_it(
    site: WindowsInstall, name: str, words: str
) -> None:
    site.sicken(name)

    facts = site.ask("--load")

    assert facts["exit"] == (1 if words else 0), facts
    assert facts["load"]["good"] == (not words)
    if words:
        assert name_of(facts["load"]["culprit"]) == "leaf.dll"
        assert words in facts["load"]["reason"]


def test_the_fix_for_an_old_runtime_beside_the_library_is_done_as_it_says(
    site: WindowsInstall,
) -> None:
    site.sicken("old-msvcp140")

    fix = site.probe()["fix"]
    old = site.lib / "msvcp140.dll"
    old.unlink()

    assert fix.startswith(f'del "{site.lab.path(old)}"')
    assert "library" in site.probe()  # with the one in System32


def test_an_old_runtime_that_something_imported_earlier_is_named(site: WindowsInstall) -> None:
    site.sicken("old-msvcp140")
    old = site.site / "elsewhere" / "msvcp140.dll"
    old.parent.mkdir()
    (site.lib / "msvcp140.dll").rename(old)
    import_it = f"import ctypes; kept = ctypes.CDLL({site.lab.path(old)!r})\n"

    found = site.probe(before=import_it)
    ours_first = site.probe(before=f"import mlc_llm\n{import_it}")

    assert (found["cause"], found["culprit"]) == ("mutex-abi", site.lab.path(old))
    assert found["fix"].startswith("import mlc_llm before")
    assert "library" in ours_first


def test_a_dll_of_the_same_name_that_was_loaded_before_is_named(site: WindowsInstall) -> None:
    # The initialiser asks the leaf, and a leaf from elsewhere gives another answer.
    asking = """\
__declspec(dllimport) int answer(void);
int STDCALL DllMain(void *m, unsigned reason, void *r) { return reason != 1 || answer(); }
"""
    imports = {"leaf.dll": ["answer"]}
    build_dll(site.lib / "mid.dll", exports=["f"], source=asking, imports=imports, toolchain="lld")
    other = site.site / "elsewhere" / "leaf.dll"
    for path, value in ((site.lib / "leaf.dll", 1), (other, 0)):
        body = f"int answer(void) {{ return {value}; }}"
        build_dll(path, exports=["answer"], source=body, toolchain="lld")

    found = site.probe(before=f"import ctypes; ctypes.CDLL({site.lab.path(other)!r})\n")

    assert (found["cause"], found["culprit"]) == ("ambiguous-dll", site.lab.path(other))
    assert found["fix"] == "import mlc_llm before the others"
    assert "library" in site.probe()


@pytest.mark.slow
def test_an_initialiser_that_never_comes_back_is_named(site: WindowsInstall) -> None:
    site.sicken("initialiser-hangs")
    leaf = site.lab.path(site.lib / "leaf.dll")
    code = (
        "import sys; sys.argv[:1] = ['-m']; sys.orig_argv[-1:] = ['mlc_llm.libinfo']\n"
        "from mlc_llm._locator.triage import find_guilty\n"
        f"guilty = find_guilty([{leaf!r}], [], patience=5)\n"
        "print(guilty.hung, guilty.did())\n"
    )

    assert site.run("-c", code).text.startswith("True does not come back")


@pytest.mark.parametrize("name", ["missing-export", "missing-ordinal"])
def test_a_missing_export_is_seen_without_loading(site: WindowsInstall, name: str) -> None:
    # Wine would load it: the verdict comes from the files, as on Windows after its 127.
    site.sicken(name)

    facts = site.ask("--no-load")
    site.mend(name)

    assert facts["exit"] == 1
    assert facts["error"]["cause"] == "missing-export"
    assert name_of(facts["error"]["culprit"]) == "leaf.dll"
    assert SICK[name].symbol.removeprefix("#") in facts["error"]["reason"]
    assert site.ask("--no-load")["winner"] == site.lab.path(site.library)


@pytest.mark.parametrize("bundled", [True, False], ids=["own-runtime", "tvms-runtime"])
def test_without_tvm_ffi_the_error_names_it(site: WindowsInstall, *, bundled: bool) -> None:
    if not bundled:  # as in a wheel that takes the runtime of an installed apache-tvm
        (site.lib / "tvm_runtime.dll").unlink()
        (site.lib / "tvm_runtime_extra.dll").unlink()
    library = site.site / "tvm_ffi" / "lib" / "tvm_ffi.dll"
    data = library.read_bytes()
    library.unlink()

    found = site.probe()
    library.write_bytes(data)

    assert found["cause"] == "missing-dll", found["message"]
    assert found["culprit"] == site.lab.path(library)
    assert found["fix"] == "pip install --force-reinstall --no-deps apache-tvm-ffi"
    assert "library" in site.probe()


def test_a_tvm_runtime_of_another_version_is_told_by_its_missing_symbol(
    site: WindowsInstall,
) -> None:
    old = site.lib / "tvm_runtime.dll"
    imports = {"tvm_ffi.dll": ["ffi_call"]}
    build_dll(old, exports=["older_call"], imports=imports, toolchain="lld")

    facts = site.ask("--no-load")

    assert facts["error"]["cause"] == "missing-export"
    assert name_of(facts["error"]["culprit"]) == "tvm_runtime.dll"
    assert "tvm_call" in facts["error"]["reason"]


def test_another_tvm_imported_before_is_refused_with_the_command_that_mends_it(
    site: WindowsInstall,
) -> None:
    (site.site / "mlc_llm" / "_build.json").write_text(
        '{"sources": [{"name": "tvm", "version": "0.27.0"}]}', encoding="utf-8"
    )

    found = site.probe(before="import tvm\n")

    assert found["cause"] == "stamp-mismatch"
    assert found["fix"] == "pip install apache-tvm==0.27.0"


def test_a_tvm_of_the_same_version_imported_before_is_fine(site: WindowsInstall) -> None:
    found = site.probe(before="import tvm\n")

    theirs = site.lab.path(site.site / "tvm" / "lib" / "tvm_runtime.dll")
    assert found["loaded"]["tvm_runtime"] == theirs


def test_the_debug_folder_alone_is_refused_and_with_a_release_beside_it_release_wins(
    site: WindowsInstall, dlls: Path
) -> None:
    source = site.site.parent / "source"
    (site.lib / "mlc_llm.dll").unlink()
    for path in site.lib.iterdir():
        path.unlink()
    site.lib.rmdir()
    debug = lay_out_build(source / "build" / "Debug", dlls, debug=True)
    only_debug = site.probe(MLC_LLM_SOURCE_DIR=site.lab.path(source))

    release = lay_out_build(source / "build" / "Release", dlls)
    both = site.probe(MLC_LLM_SOURCE_DIR=site.lab.path(source))

    assert only_debug["cause"] == "debug-crt"
    assert only_debug["path"] == site.lab.path(debug)
    assert only_debug["runtime_error"]
    assert "Release" in only_debug["fix"]
    assert both["library"] == site.lab.path(release)
    assert both["loaded"]["tvm_runtime"] == site.lab.path(release.with_name("tvm_runtime.dll"))


def lay_out_build(folder: Path, dlls: Path, *, debug: bool = False) -> Path:
    folder.mkdir(parents=True)
    for path in (dlls / "ours").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    if debug:
        imports = {"MSVCP140D.dll": ["f"], "VCRUNTIME140D.dll": ["memcpy"]}
        build_dll(folder / "mlc_llm.dll", exports=["f"], imports=imports, toolchain="lld")
    return folder / "mlc_llm.dll"


def test_a_stale_copy_on_path_is_ignored_and_one_that_is_named_is_an_error(
    site: WindowsInstall, dlls: Path
) -> None:
    stale = site.site.parent / "old install"
    stale.mkdir()
    build_dll(
        stale / "mlc_llm.dll",
        exports=["f"],
        imports={**NEEDS, "tvm_runtime.dll": ["removed_call"]},
        toolchain="lld",
    )
    (stale / "tvm_runtime.dll").write_bytes((dlls / "ours" / "tvm_runtime.dll").read_bytes())

    on_path = site.probe(WINEPATH=site.lab.path(stale))
    named = site.probe(MLC_LIBRARY_PATH=site.lab.path(stale))

    assert on_path["library"] == site.lab.path(site.library)
    assert named["cause"] == "missing-export"
    assert "removed_call" in named["message"]
    assert "unset MLC_LIBRARY_PATH" in named["fix"]


@pytest.mark.parametrize("name", ["x86-image", "text-file"])
def test_a_bad_copy_that_is_named_is_an_error(site: WindowsInstall, name: str) -> None:
    site.sicken(name)
    bad = site.site.parent / "bad.dll"
    bad.write_bytes(site.library.read_bytes())
    site.mend(name)

    found = site.probe(MLC_LIBRARY_PATH=site.lab.path(bad))

    assert found["cause"] == SICK[name].cause
    assert found["culprit"] == site.lab.path(bad)


def test_a_library_that_another_program_holds_is_told_from_one_without_rights(
    site: WindowsInstall,
) -> None:
    hold = (
        "import ctypes\n"
        "kernel32 = ctypes.WinDLL('kernel32')\n"
        f"kernel32.CreateFileW({site.lab.path(site.library)!r}, 0x80000000, 0, None, 3, 0, None)\n"
    )

    found = site.probe(before=hold)

    assert found["cause"] == "locked", found
    assert "close that program" in found["fix"]


def test_a_folder_of_300_characters_is_no_obstacle(
    tmp_path: Path, dlls: Path, windows: Lab
) -> None:
    deep = tmp_path
    while len(str(deep)) < 300:
        deep /= "a folder with spaces and ümläuts"
    install = WindowsInstall.lay_out(deep, dlls, windows)
    elsewhere = WindowsInstall(tmp_path, windows)  # no folder of that length can be current

    found = elsewhere.probe(before=f"import sys; sys.path.insert(0, {windows.path(deep)!r})\n")

    assert found["library"].endswith(windows.path(install.library)), found
    assert len(found["library"]) > 300


def test_two_threads_import_at_once(site: WindowsInstall) -> None:
    code = (
        "import threading, sys\n"
        "failed = []\n"
        "def load():\n"
        "    try:\n"
        "        import mlc_llm; from mlc_llm import libinfo; libinfo.load_library()\n"
        "    except BaseException as error:\n"
        "        failed.append(repr(error))\n"
        "threads = [threading.Thread(target=load) for _ in range(2)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(failed)\n"
    )

    assert site.run("-c", code).text.strip() == "[]"


def test_a_read_only_install_loads_and_nothing_is_written(site: WindowsInstall) -> None:
    def present() -> set[Path]:
        return {path for path in site.site.rglob("*") if "__pycache__" not in path.parts}

    before = present()  # who may write everywhere (root) is held to this
    for folder, _, files in os.walk(site.site):
        for file in files:
            Path(folder, file).chmod(0o444)
        Path(folder).chmod(0o555)
    try:
        found = site.probe()
    finally:
        for folder, _, _ in os.walk(site.site):
            Path(folder).chmod(0o755)

    assert found["library"] == site.lab.path(site.library)
    assert present() == before


def test_the_silent_fall_back_to_the_runtime_is_explained_to_who_compiles(
    site: WindowsInstall,
) -> None:
    compiler = site.site / "tvm" / "lib" / "tvm_compiler.dll"
    build_dll(compiler, exports=["f"], imports={"zstd.dll": ["ZSTD_decompress"]}, toolchain="lld")
    code = (
        "import mlc_llm\n"
        "from mlc_llm import libinfo\n"
        "try:\n"
        "    libinfo.require_compiler()\n"
        "except libinfo.LibraryLoadError as error:\n"
        "    print(error.cause, error.culprit, error)\n"
    )

    said = site.run("-c", code).text

    assert said.startswith("missing-dll zstd.dll"), said
    assert "TVM runs without its compiler: tvm_compiler.dll needs zstd.dll" in said


def test_cudas_runtime_library_is_taken_from_nvidias_wheel(site: WindowsInstall) -> None:
    theirs = site.site / "tvm" / "lib"
    (theirs / "tvm_runtime_cuda.dll").unlink()
    build_dll(theirs / "nvcuda.dll", exports=["cuInit"], toolchain="lld")
    needs = {"tvm_runtime.dll": ["tvm_call"], "nvcuda.dll": ["cuInit"]}
    needs["cudart64_13.dll"] = ["cudaFree"]
    build_dll(theirs / "tvm_runtime_cuda.dll", exports=["cuda"], imports=needs, toolchain="lld")

    found = site.probe()
    assert "cudart64_13.dll is not installed" in found["refused"]["tvm_runtime_cuda"]

    wheel = site.site / "nvidia" / "cu13" / "bin" / "x86_64" / "cudart64_13.dll"
    build_dll(wheel, exports=["cudaFree"], toolchain="lld")
    found = site.probe()
    assert found["refused"] == {}
    assert "tvm_runtime_cuda" in found["loaded"]
