"""tvm-vulkan and tvm-opencl on PyPI's own apache-tvm, with drivers that compute on the CPU.

They need the network, Mesa's software driver and pocl.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from doccommands import commands, differs
from mlcbuild.cli import main
from mlcbuild.sources.fetch import fetch
from mlcbuild.sources.lock import load
from treehashes import hashes
from wheelvenv import Wheel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conftest import Environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SCHEMA = resources.files("mlcbuild.verify").joinpath("schemas/verify.json")
KERNEL = Path(__file__).with_name("double_kernel.py")
#: TVM's own tests that fail, with the reason where they are run, and how many pass.
EXPLAINED = ["test_cmp_load_store[vulkan]", "test_opencl_type_casting"]
LEAST_PASSED = 57
#: A machine that has Vulkan's loader and no driver.
NO_DRIVER = {"VK_ICD_FILENAMES": "/dev/null", "VK_DRIVER_FILES": "/dev/null"}


@pytest.mark.parametrize("device", ["vulkan", "opencl"])
def test_a_kernel_is_compiled_and_runs(plugged: Environment, device: str) -> None:
    done = plugged.run(KERNEL, device)
    assert done.stdout == "ran\n", done.stderr


def test_without_an_opencl_driver_the_device_is_absent(plugged: Environment) -> None:
    told = plugged.run("-m", "tvm_opencl", OCL_ICD_VENDORS="/dev/null")
    assert told.returncode == 1
    assert "no opencl device: install the OpenCL driver" in told.stdout


def test_the_wheel_is_small_stamped_and_says_what_is_in_it(plugged: Environment) -> None:
    assert plugged.wheels["vulkan"].stat().st_size < 2_000_000
    assert re.search(r"-manylinux_2_\d+_x86_64\.whl$", plugged.wheels["vulkan"].name)
    with zipfile.ZipFile(plugged.wheels["vulkan"]) as archive:
        stamp = json.loads(archive.read("tvm_vulkan/_build.json"))
        licences = [name for name in archive.namelist() if "/licenses/" in name]
    assert stamp["devices"] == ["vulkan"]
    assert {"tvm", "tvm-ffi", "apache-tvm"} <= {source["name"] for source in stamp["sources"]}
    assert {"NOTICE", "LICENSE"} <= {Path(name).name for name in licences}


def test_without_a_driver_it_compiles_and_the_device_is_absent(plugged: Environment) -> None:
    done = plugged.run(KERNEL, "vulkan", **NO_DRIVER)
    assert done.stdout == "compiled\n", done.stderr
    told = plugged.run("-m", "tvm_vulkan", **NO_DRIVER)
    assert told.returncode == 1
    assert "no vulkan device: install the driver" in told.stdout


def test_without_vulkans_loader_it_compiles_and_says_why_there_is_no_device(
    plugged: Environment, tmp_path: Path
) -> None:
    # The same plug-in, its runtime bound to a loader that this machine does not have.
    site = tmp_path / "site"
    with zipfile.ZipFile(plugged.wheels["vulkan"]) as archive:
        archive.extractall(site)
    runtime = site / "tvm_vulkan" / "lib" / "libtvm_runtime_vulkan.so"
    data = runtime.read_bytes()
    assert data.count(b"libvulkan.so.1\0") == 1
    runtime.write_bytes(data.replace(b"libvulkan.so.1\0", b"libvulkan.so.0\0"))
    path = {"PYTHONPATH": str(site)}
    assert plugged.run(KERNEL, "vulkan", **path).stdout == "compiled\n"
    told = plugged.run("-m", "tvm_vulkan", **path)
    assert told.returncode == 1
    assert "libvulkan.so.0" in told.stdout
    assert "install the driver" in told.stdout


def test_another_release_of_tvm_gets_one_warning_that_names_both(plugged: Environment) -> None:
    other = "import tvm_vulkan; tvm_vulkan.PLUGIN.built_for = '0.25.0'"
    code = f"{other}; import tvm; print(tvm.cpu(0).exist)"
    done = plugged.run("-c", code)
    assert done.stdout == "True\n"
    (warning,) = [line for line in done.stderr.splitlines() if "UserWarning" in line]
    assert "fits apache-tvm 0.25.0 alone and 0.26.0 is installed: pip install" in warning


def test_a_runtime_without_compiler_gets_the_device_alone(plugged: Environment) -> None:
    code = (
        "import tvm, tvm_ffi\n"
        "print(tvm.vulkan(0).exist)\n"
        "print(tvm_ffi.get_global_func('target.build.vulkan', allow_missing=True))\n"
    )
    done = plugged.run("-c", code, TVM_USE_RUNTIME_LIB="1")
    assert done.stdout == "True\nNone\n", done.stderr


def test_tvms_own_tests_of_the_generators_pass(plugged: Environment, tmp_path: Path) -> None:
    # From the pinned commit, fetched. Two cannot pass. One compiles for a bare "vulkan", which
    # claims no 8-bit integers, and keeps a bool in global memory, which is stored in bytes. The
    # other looks for a text in the OpenCL source that PyPI's generator does not write.
    files = fetch_tests(tmp_path, ("vulkan", "opencl", "gpu_common", "bool", "device"))
    report = tmp_path / "report.xml"
    done = plugged.run(
        *("-m", "pytest", "-q", "-W", "ignore", f"--junitxml={report}", *files),
        cwd=tmp_path / "from" / "tvm",
    )
    text = report.read_text(encoding="utf-8")
    failed = re.findall(r'<testcase [^>]*name="([^"]+)"[^>]*><failure', text)
    assert sorted(failed) == EXPLAINED, done.stdout
    assert "supports_int8" in done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= LEAST_PASSED


def fetch_tests(folder: Path, names: Iterable[str]) -> list[str]:
    """Fetch TVM's own tests of code generators from the pinned commit."""
    lock = load(ROOT / "3rdparty" / "sources.toml")
    (tvm,) = lock.select(["tvm"])
    files = [f"tests/python/codegen/test_target_codegen_{name}.py" for name in names]
    tests = replace(tvm, paths=("LICENSE", *files), exclude=(), licence_files=("LICENSE",))
    fetch(replace(lock, path=folder / "sources.toml", components=(tests,)), into=folder / "from")
    return files


@pytest.mark.needs_wheel
def test_the_real_wheel_compiles_a_model_that_answers_on_vulkan_as_on_the_cpu(
    plugged: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = os.environ["MLCBUILD_TEST_WHEEL"]
    options = ["--chat", "--device", "vulkan", "--with", str(plugged.wheels["vulkan"]), "--json"]
    code = main(["verify", wheel, *options])

    table = json.loads(capsys.readouterr().out)
    assert code == 0, table["error"]
    jsonschema.validate(table, json.loads(SCHEMA.read_text("utf-8")))
    chats = [step["detail"] for step in table["steps"] if step["name"] == "chat"]
    assert [chat.partition(":")[0] for chat in chats] == ["cpu", "vulkan"]
    answers = {chat.partition(": ")[2].partition(";")[0] for chat in chats}
    assert len(answers) == 1
    assert [step["name"] for step in table["steps"]][-2:] == ["chat", "serve"]
    assert table["chat"]["usage"]["completion_tokens"] == 12
    # Without Vulkan's steps it is what the document shows.
    command = "mlcbuild verify dist/mlc_llm-*.whl --chat"
    (shown,) = {c.shown for c in commands() if (c.page, c.text) == ("docs/tasks.md", command)}
    said = [
        f"ok {step['name']} {step['seconds']} s {step['detail']}"
        for step in table["steps"]
        if "vulkan" not in step["detail"]
    ]
    assert differs((*shown, "..."), "\n".join(said)) == ""


def test_uninstalling_leaves_apache_tvm_as_it_was(plugged: Environment) -> None:
    made = Wheel(python=plugged.python)
    made.uninstall("tvm-vulkan", "tvm-opencl")
    try:
        assert hashes(plugged.site / "tvm") == plugged.untouched
        done = plugged.run("-c", "import tvm; print(tvm.vulkan(0).exist)")
        assert done.stdout == "False\n", done.stderr
    finally:
        made.install(*plugged.wheels.values())


def test_the_sdist_is_refused_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import backend; backend.build_sdist('unused')"],
        cwd=ROOT / "plugins" / "vulkan",
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1].startswith("mlcbuild: error:")
