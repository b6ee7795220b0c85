"""What becomes of each command of the documents: it runs here, or runs elsewhere, or cannot run.

A command of the documents that no list has fails ``tests/docs/test_docs_commands.py``, as does an
entry that no document has any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from pins import TVM, TVM_FFI

__all__ = ["ELSEWHERE", "NOWHERE", "RUN", "Run"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A command that runs in the sandbox: ``more`` is put behind it, to keep it short."""

    codes: tuple[int, ...] = (0,)
    more: str = ""
    #: What is shown below it depends on the machine: another test compares it.
    compare: bool = True


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


_GATE = ".ci/run"
_CROSS = "tests/cross/test_cross_wheels.py"
_RELEASE = "tests/release/test_release_command.py"
_CHAT_ONLY = "tests/wheelhouse/test_chat_only_windows.py"
_PLUGINS_ON_WINDOWS = "tests/plugins/test_plugins_on_windows.py"
_LAB = "tests/lab/test_lab_run.py"
_VERIFY = "tests/verify/test_verify_command.py"
_CHAT = "python/mlcbuild/verify/chat.py"
_PLUGIN = "tests/plugins/test_plugins.py"
_EXAMPLE = "scripts/quickstart.py"
_WINDOWS = _GATE
_TRACE = "tests/trace/test_trace_command.py"
#: The command, ``~`` for anything -> the file that runs it, or the same in another spelling.
ELSEWHERE: dict[str, str] = {
    "python3 scripts/quickstart.py~": _GATE,
    "python~ scripts/test.py~": _GATE,
    "python3 scripts/docs.py": "tests/docs/test_docs_site.py",
    "python3 scripts/make_docs.py": "tests/check/test_check_docs.py",
    "python benchmarks/peers.py": "tests/docs/test_peers.py",
    "pip wheel . --no-deps -w dist": "scripts/quickstart.py",
    "pip wheel --no-deps -w ~/wheels ./python": "tests/builder/test_ffi_hello_wheel.py",
    "export PIP_FIND_LINKS=~/wheels": "tests/builder/test_ffi_hello_wheel.py",
    "pip install -e .": "tests/builder/test_ffi_hello_wheel.py",
    f"mlcbuild check apache_tvm-{TVM}-~": "tests/docs/test_docs_commands.py",
    "mlcbuild wheel --target win_amd64 --sdk free -o dist": _GATE,
    "mlcbuild check dist/mlc_llm-*-win_amd64.whl --with-deps": _GATE,
    "mlcbuild wheel --chat-only --target win_amd64 --wheel~": _CHAT_ONLY,
    "mlcbuild wheel --target win_amd64 --accept-license -o dist": "tests/sdk/test_xwin.py",
    "mlcbuild wheel --target win_amd64 --device vulkan,opencl~": _PLUGINS_ON_WINDOWS,
    "pip wheel ./plugins/vulkan": "tests/plugins/conftest.py",
    "mlcbuild wheel --chat-only -o wheelhouse": "tests/wheelhouse/test_chat_only_real.py",
    "mlcbuild verify dist/mlc_llm-*-win_amd64.whl --chat --lab~": _WINDOWS,
    "mlcbuild cross . --python 3.11,3.13~ --accept-license -o dist": _CROSS,
    "mlcbuild cross . --target win_arm64 --python 3.13 --accept-license -o dist": _CROSS,
    "mlcbuild verify dist/bound-1.0-cp311-cp311-win_amd64.whl --lab --run~": _CROSS,
    "mlcbuild verify dist/mlc_llm-*.whl --chat": _VERIFY,
    "mlcbuild verify wheelhouse/*.whl --chat": _VERIFY,
    "mlcbuild verify dist/mlc_llm-*.whl --chat --device vulkan~": "tests/plugins/test_plugins.py",
    "mlcbuild verify dist/mlc_llm-*.whl --chat --device cuda": "tests/verify/test_verify_cuda.py",
    "mlcbuild verify dist/ffi_hello-*.whl --run~": "scripts/quickstart.py",
    "pip install --no-index --find-links wheelhouse mlc-llm": "python/mlcbuild/verify/steps.py",
    "mlcbuild lab up": "tests/lab/test_lab_up.py",
    "mlcbuild lab pip~": "tests/lab/test_lab_windows_build.py",
    "mlcbuild lab run~": _LAB,
    "mlcbuild lab down": "tests/lab/test_lab_up.py",
    "python -m mlc_llm.libinfo": "tests/locator/test_locator_builds.py",
    "mlcbuild trace mlc_llm": _TRACE,
    "mlcbuild model MODEL~": "tests/model/test_model_request.py",
    "mlcbuild model Llama~": "tests/model/test_model_convert.py",
    "mlcbuild fetch": "scripts/quickstart.py",
    "mlcbuild fetch --verify": "tests/sources/test_fetch_git.py",
    "mlcbuild fetch --mirror /srv/git": "tests/sources/test_fetch_git.py",
    "bash scripts/ci/tools.sh cpu host": "tests/ci/test_workflows.py",
    "ROW_DEVICE=cpu~": "tests/ci/test_workflows.py",
    "python -m http.server -d release": _RELEASE,
    "pip install --index-url http://localhost:8000/simple/~": _RELEASE,
    "cmake -S . -B build~": "tests/helpers/demoproject.py",
    "mlcbuild explain build.log": "tests/explain/test_explain_command.py",
    "pip wheel .": _EXAMPLE,
    "pip install ffi_hello-*.whl": _EXAMPLE,
    'python -c "import ffi_hello~': "scripts/quickstart.py",
    f"pip install apache-tvm=={TVM} tvm_~": "tests/plugins/conftest.py",
    "python -m tvm_vulkan": _PLUGIN,
    "python -m tvm_opencl": "tests/plugins/test_plugins.py",
}
_NO_WINDOWS = "installs or sets up a real Windows, which no test has"
_NO_MODEL = "takes a published model of 2.5 GB; the same steps with a tiny one: verify --chat"
_NO_INDEX = "mlcbuild is not on a package index yet; the gate installs ./python[all]"
_BUILT = "a build of three minutes that the gate does in another spelling"
#: The command, ``~`` for anything -> why it runs in no test. What mlcbuild is asked is parsed.
NOWHERE: dict[str, str] = {
    "python scripts/pin_crates.py": "asks the registry what is newest, and rewrites the lock",
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
