"""What becomes of each command of the documents: it runs here, or runs elsewhere, or cannot run.

A command of the documents that no list has fails ``tests/docs/test_docs_commands.py``, as does an
entry that no document has any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from pins import TVM, TVM_FFI

__all__ = ["ELSEWHERE", "NOWHERE", "RUN", "Elsewhere", "Run"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A command that runs in the sandbox: ``more`` is put behind it, to keep it short."""

    codes: tuple[int, ...] = (0,)
    more: str = ""
    #: What is shown below it depends on the machine: another test compares it.
    compare: bool = True


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Commands that a test or the gate runs: ``phrase`` stands in the file ``where``."""

    where: str
    phrase: str


_SHORT = "--duration 0.3s"
_FFI = f"apache_tvm_ffi-{TVM_FFI}-cp311-cp311-win_amd64.whl"
#: Text of the command -> how it runs.
RUN: dict[str, Run] = {
    "mlcbuild check dist/pkg-1.0-py3-none-win_amd64.whl": Run(codes=(1,)),
    "mlcbuild doctor": Run(codes=(0, 1), compare=False),
    "mlcbuild explain 1114": Run(),
    "mlcbuild explain -1073741795": Run(),
    "mlcbuild explain LNK1104": Run(),
    "mlcbuild explain mutex-abi": Run(),
    'mlcbuild explain "OSError: [WinError 126] The specified module could not be found"': Run(),
    "some-command 2>&1 | mlcbuild explain -": Run(),
    "pip wheel . 2>&1 | mlcbuild explain -": Run(),
    "mlcbuild bench http://127.0.0.1:8000": Run(more=_SHORT),
    "mlcbuild bench http://127.0.0.1:8000 --concurrency 1,4 --output bench.json": Run(more=_SHORT),
    "mlcbuild report bench.json -o bench.html": Run(),
    "mlcbuild report dist/mlc_llm-*.whl -o wheel.html": Run(),
    "mlcbuild report dist/pkg-1.0-cp311-cp311-win_amd64.whl -o pkg.html": Run(),
    "mlcbuild report C:/venv/Lib/site-packages -o site.html": Run(),
    "mlcbuild report dist/mlc_llm-*.whl doctor.json bench.json -o all.html": Run(codes=(0, 1)),
    f"mlcbuild repair dist/pkg-1.0-py3-none-win_amd64.whl -o wheelhouse --with {_FFI}": Run(),
    "mlcbuild release wheelhouse/*.whl -o release": Run(),
    "mlcbuild matrix": Run(),
    "mlcbuild matrix --json": Run(),
    "mlcbuild matrix --json --stage test": Run(),
    "mlcbuild matrix --json --only system=windows --only publish=true": Run(),
    "mlcbuild completion bash": Run(),
    "git config --global core.longpaths true": Run(),
}


def _at(where: str, phrase: str) -> Elsewhere:
    return Elsewhere(where=where, phrase=phrase)


_GATE = ".ci/run"
_LAB = _at("tests/lab/test_lab_run.py", '"mlcbuild", "lab", "run"')
_VERIFY = _at("tests/verify/test_verify_command.py", '"verify", os.environ["MLCBUILD_TEST_WHEEL"]')
_CHAT = _at("python/mlcbuild/verify/chat.py", '"gen_config"')
_PLUGIN = _at("tests/plugins/test_plugins.py", '"-m", "tvm_vulkan"')
_EXAMPLE = _at("scripts/quickstart.py", '"pip", "wheel", "./examples/ffi-hello"')
_WINDOWS = _at(_GATE, 'verify "$MLCBUILD_TEST_WINDOWS_WHEEL"')
_TRACE = _at("tests/trace/test_trace_command.py", 'main(["trace", "--lab"')
#: The command, ``~`` for anything -> who runs it.
ELSEWHERE: dict[str, Elsewhere] = {
    "python3 scripts/quickstart.py~": _at(_GATE, "scripts/quickstart.py --full"),
    "python~ scripts/test.py~": _at(_GATE, "python3 scripts/test.py)"),
    "python3 scripts/docs.py": _at("tests/docs/test_docs_site.py", '"docs_pages.py"'),
    "python3 scripts/make_docs.py": _at("tests/check/test_check_docs.py", '"make_docs.py"'),
    "python benchmarks/peers.py": _at("tests/docs/test_peers.py", '"peers.py"'),
    "pip wheel . --no-deps -w dist": _at(
        "scripts/quickstart.py", '"pip", "wheel", ".", "--no-deps", "-w", DIST'
    ),
    "pip wheel --no-deps -w ~/wheels ./python": _at(
        "tests/builder/test_ffi_hello_wheel.py", 'REPOSITORY / "python"'
    ),
    "export PIP_FIND_LINKS=~/wheels": _at(
        "tests/builder/test_ffi_hello_wheel.py", "PIP_FIND_LINKS=str(offered)"
    ),
    "pip install -e .": _at("tests/builder/test_ffi_hello_wheel.py", '"-e",'),
    f"mlcbuild check apache_tvm-{TVM}-~": _at("tests/docs/test_docs_commands.py", "def tvm_wheels"),
    "mlcbuild wheel --target win_amd64 --sdk free -o dist": _at(
        _GATE, "wheel --target win_amd64 --sdk free -o dist"
    ),
    "mlcbuild check dist/mlc_llm-*-win_amd64.whl --with-deps": _at(
        _GATE, 'check "$MLCBUILD_TEST_WINDOWS_WHEEL" --with-deps'
    ),
    "mlcbuild wheel --chat-only --target win_amd64 --wheel~": _at(
        "tests/wheelhouse/test_chat_only_windows.py", '"--chat-only", "--target", "win_amd64"'
    ),
    "mlcbuild wheel --target win_amd64 --accept-license -o dist": _at(
        "tests/sdk/test_xwin.py", '"--accept-license"'
    ),
    "mlcbuild wheel --target win_amd64 --device vulkan,opencl~": _at(
        "tests/plugins/test_plugins_on_windows.py", '"--device", "vulkan,opencl"'
    ),
    "pip wheel ./plugins/vulkan": _at("tests/plugins/conftest.py", '"pip", "wheel", ROOT'),
    "mlcbuild wheel --chat-only -o wheelhouse": _at(
        "tests/wheelhouse/test_chat_only_real.py", '"wheel", "--chat-only"'
    ),
    "mlcbuild verify dist/mlc_llm-*-win_amd64.whl --chat --lab~": _WINDOWS,
    "mlcbuild cross . --python 3.11,3.13~ --accept-license -o dist": _at(
        "tests/cross/test_cross_wheels.py", 'main(["cross"'
    ),
    "mlcbuild cross . --target win_arm64 --python 3.13 --accept-license -o dist": _at(
        "tests/cross/test_cross_wheels.py", '"--target", "win_arm64"'
    ),
    "mlcbuild verify dist/bound-1.0-cp311-cp311-win_amd64.whl --lab --run~": _at(
        "tests/cross/test_cross_wheels.py", '"--lab", "--python", version, "--run", code'
    ),
    "mlcbuild verify dist/mlc_llm-*.whl --chat": _VERIFY,
    "mlcbuild verify wheelhouse/*.whl --chat": _VERIFY,
    "mlcbuild verify dist/mlc_llm-*.whl --chat --device vulkan~": _at(
        "tests/plugins/test_plugins.py", '"--chat", "--device", "vulkan"'
    ),
    "mlcbuild verify dist/mlc_llm-*.whl --chat --device cuda": _at(
        "tests/verify/test_verify_cuda.py", '"--chat", "--device", "cuda"'
    ),
    "mlcbuild verify dist/ffi_hello-*.whl --run~": _at("scripts/quickstart.py", '"--run", CALL'),
    "pip install --no-index --find-links wheelhouse mlc-llm": _at(
        "python/mlcbuild/verify/steps.py", '"--find-links", str(folder.resolve())'
    ),
    "mlcbuild lab up": _at("tests/lab/test_lab_up.py", '"mlcbuild", "lab", "up"'),
    "mlcbuild lab pip~": _at("tests/lab/test_lab_windows_build.py", 'lab.run(["pip"'),
    "mlcbuild lab run~": _LAB,
    "mlcbuild lab down": _at("tests/lab/test_lab_up.py", "import down, up"),
    "python -m mlc_llm.libinfo": _at(
        "tests/locator/test_locator_builds.py", '"-m", "mlc_llm.libinfo"'
    ),
    "mlcbuild trace mlc_llm": _TRACE,
    "mlcbuild model MODEL~": _at("tests/model/test_model_request.py", '"model", str(tmp_path)'),
    "mlcbuild model Llama~": _at("tests/model/test_model_convert.py", 'main(["model"'),
    "mlcbuild fetch": _at("scripts/quickstart.py", '"mlcbuild", "fetch"'),
    "mlcbuild fetch --verify": _at("tests/sources/test_fetch_git.py", '"--verify"'),
    "mlcbuild fetch --mirror /srv/git": _at("tests/sources/test_fetch_git.py", "mirror"),
    "bash scripts/ci/tools.sh cpu host": _at(
        "tests/ci/test_workflows.py", "def test_the_example_goes"
    ),
    "ROW_DEVICE=cpu~": _at("tests/ci/test_workflows.py", "def test_the_linux_wheel_goes"),
    "python -m http.server -d release": _at(
        "tests/release/test_release_command.py", "http.server.SimpleHTTPRequestHandler"
    ),
    "pip install --index-url http://localhost:8000/simple/~": _at(
        "tests/release/test_release_command.py", '"--index-url", url'
    ),
    "python scripts/pin_crates.py": _at("tests/sources/test_crates.py", "pin_crates"),
    "cmake -S . -B build~": _at("tests/helpers/demoproject.py", "CMAKE_PROJECT_TOP_LEVEL_INCLUDES"),
    "mlcbuild explain build.log": _at(
        "tests/explain/test_explain_command.py", '["explain", "build.log"]'
    ),
    "pip wheel .": _EXAMPLE,
    "pip install ffi_hello-*.whl": _EXAMPLE,
    'python -c "import ffi_hello~': _at("scripts/quickstart.py", "ffi_hello as f"),
    f"pip install apache-tvm=={TVM} tvm_~": _at(
        "tests/plugins/conftest.py", '"install", *TVM_WHEELS'
    ),
    "python -m tvm_vulkan": _PLUGIN,
    "python -m tvm_opencl": _at("tests/plugins/test_plugins.py", '["vulkan", "opencl"]'),
}
_NO_WINDOWS = "installs or sets up a real Windows, which no test has"
_NO_MODEL = "takes a published model of 2.5 GB; the same steps with a tiny one: verify --chat"
_NO_INDEX = "mlcbuild is not on a package index yet; the gate installs ./python[all]"
_BUILT = "a build of three minutes that the gate does in another spelling"
#: The command, ``~`` for anything -> why it runs in no test. What mlcbuild is asked is parsed.
NOWHERE: dict[str, str] = {
    "winget install~": _NO_WINDOWS,
    "git clone https://github.com/mlcbuild/mlcbuild": _NO_WINDOWS,
    "cd mlcbuild": _NO_WINDOWS,
    "py -3.12 -m venv .venv": _NO_WINDOWS,
    ".venv\\Scripts\\activate": _NO_WINDOWS,
    'pip install "./python[all]"': _NO_WINDOWS,
    "mlcbuild check dist\\mlc_llm-*.whl --with-deps": _NO_WINDOWS,
    "mlcbuild verify dist\\mlc_llm-*.whl --chat": _NO_WINDOWS,
    "pip install .": _BUILT,
    "pip wheel . -C offline=true": _BUILT,
    "mlcbuild wheel -o dist": _BUILT,
    "mlcbuild wheel --device vulkan": _BUILT,
    "mlcbuild wheel -o dist 2>&1 | mlcbuild explain -": _BUILT,
    'pip install --find-links dist "mlc-llm[compile]"': _BUILT,
    "mlc_llm convert_weight~": _NO_MODEL,
    "mlc_llm gen_config~": _NO_MODEL,
    "mlc_llm compile~": _NO_MODEL,
    "mlc_llm chat~": _NO_MODEL,
    "mlc_llm serve~": _NO_MODEL,
    'pip install "mlcbuild~': _NO_INDEX,
}
