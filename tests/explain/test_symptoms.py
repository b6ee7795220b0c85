"""What users reported, in their words: each must be found, with the cause that it had.

The rows are the public reports and logs that the toolkit was made for; issue numbers stand with
their rows in the catalogue.
"""

from __future__ import annotations

import pytest
from mlcbuild.explain import explain

REPORTS = [
    (
        ("import tvm\nOSError: [WinError 1114] A dynamic link library (DLL) initialization routine "
        "failed"),
        "WinError 1114",
    ),
    (
        ("FileNotFoundError: Could not find module 'C:\\u\\envs\\mlc\\Lib\\site-packages\\tvm"
        "\\tvm.dll' (or one of its dependencies). Try using the full path."),
        "tvm-dll-dependency",
    ),
    ("a 32-bit zstd.dll copied in", "zstd-dll"),
    ("OSError: [WinError 193] %1 is not a valid Win32 application: 'zstd.dll'", "zstd-dll"),
    ("RuntimeError: Cannot find libraries: mlc_llm.dll\nList of candidates:", "library-not-found"),
    ("mlc_llm_static.vcxproj -> D:\\mlc-llm\\build\\Debug\\mlc_llm.dll", "debug-folder"),
    ("tvm_runtime.vcxproj -> D:\\mlc-llm\\build\\tvm\\Debug\\tvm_runtime.dll", "debug-folder"),
    (
        ("tokenizers.lib(x.obj) : error LNK2038: mismatch detected for 'RuntimeLibrary': value "
        "'MDd_DynamicDebug' doesn't match value 'MT_StaticRelease'"),
        "debug-release-mix",
    ),
    ('x.obj : error LNK2001: unresolved external symbol "public: bool tvm::x"',
     "tvm-symbol-unresolved"),
    ("ImportError: cannot import name, missing TVMGetLastPythonError", "tvm-symbol-unresolved"),
    ("link: extra operand '/DEBUG:NONE'\nTry 'link --help' for more information.", "gnu-link"),
    ("CMake Error: CMAKE_C_COMPILER not set, after EnableLanguage", "no-compiler"),
    (
        ("CMake Error at CMakeLists.txt:2 (project):\n  Generator\n\n    Visual Studio 17 2022\n\n"
        "  could not find any instance of Visual Studio."),
        "no-visual-studio",
    ),
    (
        ("CMake Error at 3rdparty/msgpack/CMakeLists.txt:1 (CMAKE_MINIMUM_REQUIRED):\n"
        "  Compatibility with CMake < 3.5 has been removed from CMake."),
        "cmake-policy",
    ),
    ("error: unable to create file a/b/c.cu: Filename too long", "git-long-paths"),
    (
        ("OSError: [Errno 2] No such file or directory: 'C:\\\\x'\nHINT: This error might have "
        "occurred since this system does not have Windows Long Path support enabled."),
        "pip-long-paths",
    ),
    ("Could NOT find LibXml2 (missing: LIBXML2_LIBRARY LIBXML2_INCLUDE_DIR)", "libxml2"),
    ("LINK : fatal error LNK1181: cannot open input file 'libxml2s.lib'", "libxml2"),
    (
        ("clang: error: unable to execute command: program not executable\n"
        "clang: error: linker (via gcc) command failed with exit code 1 (use -v)"),
        "jit-linker",
    ),
    (
        ("Command '['python.exe', '-m', 'mlc_llm.cli.check_device', 'vulkan:0']' returned non-zero "
        "exit status 3221225477."),
        "device-check-crash",
    ),
    (
        ("subprocess.CalledProcessError: Command '['C:\\\\e\\\\python.exe', '-m', 'mlc_llm', "
        "'compile', 'dist\\\\m', '--device', 'vulkan:0', '--output', 'C:\\\\T\\\\lib.dll']' "
        "returned non-zero exit status 3221226505."),
        "jit-compile-failed",
    ),
    ("vulkan not found", "vulkan-missing"),
    ("ERROR: No matching distribution found for mlc-llm-nightly-cu121", "cuda-wheel-absent"),
    ("module wants a libtvm that nightlies no longer ship: libtvm.dll not found",
     "generation-mismatch"),
    ("AttributeError: module 'tvm.relax._ffi_api' has no attribute 'RegisterOpAttr'",
     "generation-mismatch"),
    ("Failed to load dynamic shared library C:\\v\\xgrammar\\xgrammar_bindings.dll",
     "xgrammar-bindings"),
    ("FileNotFoundError: Unable to find library: tvm_ffi_testing.dll", "delvewheel-not-found"),
    ("fatal error C1001: Internal compiler error.", "compiler-crash"),
    ("error C2487: 'x': member of dll interface class may not be declared with dll interface",
     "compiler-strict"),
    ("error C2065: 'u_char': undeclared identifier", "compiler-strict"),
    ("fatal error C1128: number of sections exceeded: compile with /bigobj", "too-many-sections"),
    ("compile succeeds, exit code non-zero", "exit-crash"),
    ("json.decoder.JSONDecodeError: Unexpected UTF-8 BOM (decode using utf-8-sig)", "encoding"),
    ("run.sh: line 1: $'\\r': command not found", "crlf-script"),
    # the first user's own log
    ("CMAKE_BUILD_TYPE=Release was set, the DLLs landed in the Debug folder", "debug-folder"),
    ("pip install -e . could not find mlc_llm.dll", "mlc-library-not-found"),
    (("mlc_llm chat -h\nOSError: [WinError 1114] A dynamic link library (DLL) initialization "
     "routine failed"), "WinError 1114"),
    ("  58 requests in 10.0s\n  Non-2xx or 3xx responses: 58", "bench-non-2xx"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), REPORTS, ids=lambda value: value[:40])
def test_what_users_reported_is_explained_first(text: str, wanted: str) -> None:
    found = explain(text).explanations
    assert found
    assert found[0].id == wanted
    assert found[0].causes
    assert found[0].run


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (REPORTS[3][0], "WinError 193"),
        (REPORTS[19][0], "NTSTATUS 0xC0000005"),
        (REPORTS[20][0], "NTSTATUS 0xC0000409"),
    ],
)
def test_a_report_with_a_number_has_the_number_explained_too(text: str, code: str) -> None:
    assert code in [each.id for each in explain(text).explanations]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (("ImportError: DLL load failed while importing _x: Das angegebene Modul wurde nicht "
         "gefunden."), "WinError 126"),
        ("OSError: [WinError -1073741795] Windows Error 0xc000001d", "NTSTATUS 0xC000001D"),
        ("ImportError: DLL load failed while importing core: 动态链接库(DLL)初始化例程失败。",
         "WinError 1114"),
        (("ImportError: DLL load failed while importing a: %1 n\u2019est pas une application Win32 "
         "valide."), "WinError 193"),
        ("OSError: exception: access violation reading 0x0000000000000010", "NTSTATUS 0xC0000005"),
        ("LoadLibrary failed with error 126: x", "WinError 126"),
        ("The procedure entry point f could not be located in the dynamic link library x.dll",
         "WinError 127"),
    ],
)  # fmt: skip
def test_windows_words_are_understood_without_a_number(text: str, code: str) -> None:
    assert explain(text).explanations[0].id == code


def test_the_dll_of_the_error_goes_into_the_command() -> None:
    text = (
        "OSError: [WinError 1114] A dynamic link library (DLL) initialization routine failed: "
        "'C:\\\\my env\\\\tvm\\\\tvm_runtime.dll'"
    )
    assert explain(text).explanations[0].run == r'mlcbuild trace "C:\my env\tvm\tvm_runtime.dll"'


def test_the_runtime_that_is_missing_is_not_what_one_checks() -> None:
    text = "loading C:\\app\\user.dll: MSVCP140.dll was not found"
    assert explain(text).subject == "C:\\app\\user.dll"


def test_a_module_without_a_file_can_be_traced() -> None:
    text = "ImportError: DLL load failed while importing core: DLL initialization routine failed"
    answer = explain(text)
    assert answer.subject == "core"
    assert answer.explanations[0].run == "mlcbuild trace core"


def test_the_cause_in_a_long_log_stands_before_what_only_repeats_it() -> None:
    log = "\n".join(
        [
            *(f"[{number}/900] Building CXX object {number}.obj" for number in range(500)),
            "main.obj : error LNK2019: unresolved external symbol f referenced in g",
            "mlc_llm.dll : fatal error LNK1120: 1 unresolved externals",
            "ninja: build stopped: subcommand failed.",
            "ERROR: Failed building wheel for mlc-llm",
        ]
    )
    ids = [each.id for each in explain(log).explanations]
    assert ids == ["unresolved-symbol", "build-step-failed", "pip-wrapper"]
