"""Machines that answer nonsense: no check dies of it, each still gives a result."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from fakemachine import FakeSystem, install, linux, set_gpu, windows
from mlcbuild.doctor import as_json, as_page, as_text
from mlcbuild.doctor.redact import redacted
from mlcbuild.doctor.runner import examine
from mlcbuild.doctor.system import Ran
from sickmachines import SICK, Sick, build_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlcbuild.doctor.check import Examination


def crashes(examination: Examination) -> list[tuple[str, str]]:
    return [(r.id, r.finding) for r in examination.results if r.status == "crash"]


def busy(make: Callable[[], FakeSystem]) -> FakeSystem:
    """A machine on which many checks have something to read."""
    pc = make()
    build = build_tree(pc, CMAKE_GENERATOR="Visual Studio 17 2022", CMAKE_HOME_DIRECTORY="C:/x")
    pc.put(pc.join(build, "config.cmake"), "set(USE_CUDA ON)\n")
    pc.put(pc.join(build, "lib", "tvm_runtime.dll"), b"MZ")
    for name in ("mlc-llm", "apache-tvm", "apache-tvm-ffi", "xgrammar"):
        install(pc, name, "1.0", "psutil>=5; python_version > '3'", editable=pc.folder)
    pc.env |= {
        "TVM_LIBRARY_PATH": pc.join(build, "lib"),
        "CUDA_PATH": pc.join(pc.folder, "cuda"),
        "VULKAN_SDK": pc.folder,
        "CXX": "clang-cl /x",
        "CMAKE_ARGS": "-DA='b",
        "PYTHONPATH": "::;;",
    }
    pc.program(pc.join(pc.folder, "cuda", "bin", "nvcc.exe" if pc.windows else "nvcc"))
    pc.put(pc.join(pc.folder, "cuda", "include", "crt", "host_config.h"), "_MSC_VER >= x")
    if pc.windows:
        set_gpu(pc)
    return pc


@pytest.mark.parametrize("sick", SICK, ids=[sick.name for sick in SICK])
def test_no_check_crashes_on_a_sick_machine(sick: Sick) -> None:
    examination = examine(sick.make())
    assert crashes(examination) == []
    as_json.render(examination)
    as_text.render(examination, verbose=True)


ANSWERS = [
    Ran(code=0),
    Ran(code=0, out="\x00\ufffd" * 50),
    Ran(code=0, out="version 99999999999999999999.1"),
    Ran(code=0, out="[]"),
    Ran(code=0, out="{}"),
    Ran(code=0, out='[{"installationVersion": "x"}]'),
    Ran(code=0, out="host: \nThread model: \nrelease 1."),
    Ran(code=1, err="\n\n"),
    Ran(code=None, problem="did not end in 20 s"),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
@pytest.mark.parametrize("make", [windows, linux])
def test_programs_that_answer_nonsense(make: Callable[[], FakeSystem], answer: Ran) -> None:
    pc = busy(make)
    pc.run = lambda *_, **__: answer  # type: ignore[method-assign]
    assert crashes(examine(pc, network=True, trial=True)) == []


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("make", [windows, linux])
def test_files_and_registry_that_hold_nonsense(make: Callable[[], FakeSystem], seed: int) -> None:
    chance = random.Random(seed)
    pc = busy(make)
    for path, (name, data) in list(pc._files.items()):
        if isinstance(data, bytes) and chance.random() < 0.5:
            noise = chance.randbytes(chance.choice([0, 1, 40, 3000]))
            pc._files[path] = (name, chance.choice([noise, data + noise, data[:3]]))
    values = [None, 7, -1, "", "x", b"\xff\x00", ["a", "b"], [], "C:\\", 1 << 40]
    for key in [*pc.registry_values, r"HKLM\SYSTEM\CurrentControlSet\Control\CI\Policy"]:
        names = pc.registry_values.get(key, {"": 0})
        pc.registry_values[key] = {name: chance.choice(values) for name in names}
    examination = examine(pc)
    assert crashes(examination) == []
    as_page.render(redacted(examination, pc), "md")


@pytest.mark.parametrize("make", [windows, linux])
def test_a_machine_that_answers_nothing_at_all(make: Callable[[], FakeSystem]) -> None:
    pc = make()
    pc.env, pc.registry_values, pc._files, pc._answers = {}, {}, {}, {}
    pc.home = pc.user = pc.host = ""
    pc.with_python(executable="", prefix="", base_prefix="", site_packages=())
    examination = examine(pc, network=True, trial=True)
    assert crashes(examination) == []
    as_page.render(redacted(examination, pc), "html")


NAMES = (
    *("PATH", "CMAKE_GENERATOR", "CMAKE_ARGS", "CC", "CXX", "CL", "CUDA_PATH", "VULKAN_SDK"),
    *("TVM_HOME", "TVM_LIBRARY_PATH", "MLC_LIBRARY_PATH", "MLC_LLM_SOURCE_DIR", "PYTHONPATH"),
    *("TEMP", "TMPDIR", "VIRTUAL_ENV", "CONDA_PREFIX", "VCINSTALLDIR", "VSCMD_ARG_TGT_ARCH"),
    *("OneDrive", "CARGO_HOME", "PIP_INDEX_URL", "TVM_WIN_CC", "VK_ICD_FILENAMES"),
)


@pytest.mark.parametrize("make", [windows, linux])
def test_variables_that_hold_nonsense(make: Callable[[], FakeSystem]) -> None:
    for text in ("'", '"', "\udcff", "\x00", "x" * 40_000, "%A%", "..", "/", "\\", ";:;", " "):
        pc = busy(make)
        pc.env |= dict.fromkeys(NAMES, text)
        examination = examine(pc)
        assert crashes(examination) == [], text[:10]
        as_text.render(examination)
        as_page.render(redacted(examination, pc), "html")
