from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from mlcbuild.cli import main
from mlcbuild.errors import FailedError, UsageError
from mlcbuild.model import cuda_tools, linkers
from mlcbuild.model.device_code import DeviceCode, read_device_code
from mlcbuild.model.make import Options, make
from mlcbuild.model.profiles import DEFAULT, PROFILES, profile_for
from mlcbuild.model.request import flags, make_request, missing_code, target_json
from tinyelf import build_so
from windowsinstall import OVERLAY


def fatbin(*entries: tuple[int, int]) -> bytes:
    """Write a fatbin with entries of (kind, architecture), each with 8 bytes of code."""
    body = b"".join(
        struct.pack("<HHIQ", kind, 0x101, 64, 8)
        + b"\0" * 12
        + struct.pack("<I", architecture)
        + b"\0" * 32
        + b"machine!"
        for kind, architecture in entries
    )
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(body)) + body


def test_a_fatbin_tells_machine_code_from_ptx() -> None:
    library = b"\0" * 100 + fatbin((2, 80), (1, 90)) + b"between" + fatbin((2, 90))
    code = read_device_code(library)
    assert (code.sass, code.ptx, code.source) == ((80, 90), (90,), False)


@pytest.mark.parametrize("end", range(0, 200, 7))
def test_a_library_that_is_cut_short_is_read_without_an_error(end: int) -> None:
    whole = b"x" * 20 + fatbin((2, 80), (2, 90))
    assert set(read_device_code(whole[:end]).sass) <= {80, 90}


def test_cuda_source_in_a_library_is_refused_even_beside_machine_code() -> None:
    request = make_request(target="linux", device="cuda:sm_90")
    code = read_device_code(fatbin((2, 90)) + b'extern "C" __global__ void f() {}')
    assert "source" in missing_code(request, code)


def test_each_architecture_that_was_asked_for_must_be_there() -> None:
    request = make_request(target="linux", device="cuda:80,sm_90")
    assert request.architectures == (80, 90)
    assert missing_code(request, DeviceCode(sass=(90,))) == "it has no machine code for sm_80"
    assert missing_code(request, DeviceCode(sass=(80, 90))) == ""


def test_a_vulkan_library_holds_shaders() -> None:
    request = make_request(target="linux", device="vulkan")
    assert missing_code(request, DeviceCode()) == "it holds no SPIR-V shaders"
    assert missing_code(request, read_device_code(b"..\x03\x02\x23\x07")) == ""


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("cuda:sm_60", "CUDA 13 makes no code for sm_60"),
        ("cuda:hopper", "'hopper' is not a CUDA architecture"),
        ("vulkan:90", "device vulkan:90 is not known"),
        ("metal", "device metal is not known"),
    ],
)
def test_a_device_that_is_not_understood_is_one_line(
    device: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["model", str(tmp_path), "--device", device, "-o", str(tmp_path / "a.so")])
    assert code == 2
    assert words in capsys.readouterr().err


def test_the_code_is_made_for_every_x86_64_unless_a_processor_is_named() -> None:
    plain = json.loads(target_json(make_request(target="win_amd64", device="cpu")))
    wanted = {"kind": "llvm", "mtriple": "x86_64-pc-windows-msvc", "mcpu": "x86-64-v2"}
    assert plain == {**wanted, "host": wanted}
    named = json.loads(target_json(make_request(target="linux", device="cpu", cpu="znver4")))
    assert named["mcpu"] == named["host"]["mcpu"] == "znver4"


def test_nothing_is_left_to_be_compiled_where_the_model_runs() -> None:
    assert "flashinfer=0" in flags(make_request(target="linux", device="cuda"))


def test_every_profile_fits_its_device() -> None:
    for device, name in DEFAULT.items():
        assert profile_for(device).name == name
    assert all(profile.target["kind"] == profile.device for profile in PROFILES.values())
    with pytest.raises(UsageError, match="vulkan-small is not a profile of cuda"):
        profile_for("cuda", "vulkan-small")


def test_a_model_that_is_not_there_is_exit_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", str(tmp_path / "no"), "-o", str(tmp_path / "a.so")]) == 3
    assert "mlc-chat-config.json" in capsys.readouterr().err


def test_a_windows_library_ends_in_dll(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mlc-chat-config.json").write_text("{}", encoding="utf-8")
    command = ["model", str(tmp_path), "--target", "win_amd64", "-o", str(tmp_path / "a.so")]
    assert main(command) == 2
    assert "a.dll" in capsys.readouterr().err


def test_an_environment_without_mlc_llm_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mlc-chat-config.json").write_text("{}", encoding="utf-8")
    target, name = ("win_amd64", "a.dll") if sys.platform == "win32" else ("linux", "a.so")
    assert main(["model", str(tmp_path), "-o", str(tmp_path / name), "--target", target]) == 1
    assert "mlc_llm is not usable in" in capsys.readouterr().err
    assert not (tmp_path / name).exists()


def test_without_any_linker_the_remedy_is_a_package() -> None:
    with pytest.raises(FailedError, match=r"pip install ziglang, or apt-get install g\+\+"):
        linkers.choose(which=lambda _: None, zig=False)


def test_for_windows_the_compilers_of_this_machine_are_not_asked() -> None:
    given = {"CXX": "g++", "CC": "gcc", "PATH": "/bin"}
    kept = linkers.for_windows(given)
    assert "CXX" not in kept
    assert "CC" not in kept
    assert Path(kept["TVM_WIN_CC"]).is_file()  # zig's, which is installed here
    assert linkers.for_windows({"TVM_WIN_CC": "clang"}) == {"TVM_WIN_CC": "clang"}


def test_what_windows_cannot_make_is_said_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mlc-chat-config.json").write_text("{}", encoding="utf-8")
    request = make_request(target="linux", device="cpu")
    output = tmp_path / "new/a.so"
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(UsageError, match="a library for linux is compiled there"):
        make(Options(model=tmp_path, output=output, request=request), lambda _: None)
    assert not output.parent.exists()


@pytest.fixture
def mlc_llm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python path with an mlc_llm and a TVM that has every code generator, in name alone."""
    site = tmp_path / "site"
    (site / "mlc_llm").mkdir(parents=True)
    (site / "mlc_llm" / "__init__.py").touch()
    (site / "mlc_llm-1.dist-info").mkdir()
    (site / "mlc_llm-1.dist-info" / "METADATA").write_text("Name: mlc-llm\nVersion: 1\n")
    (site / "tvm.py").write_text("__version__ = '1'")
    (site / "tvm_ffi.py").write_text("def get_global_func(name, allow_missing): return name")
    monkeypatch.setenv("PYTHONPATH", str(site))
    return site / "mlc_llm"


@pytest.mark.skipif(sys.platform == "win32", reason="compiles for Linux, there")
def test_each_stage_is_a_line_with_its_seconds_apart_from_the_result(
    mlc_llm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compiled = build_so(tmp_path / "compiled.so", needed=["libtvm_ffi.so"])
    (mlc_llm / "__main__.py").write_text(
        f"import shutil, sys\nshutil.copy({str(compiled)!r}, sys.argv[sys.argv.index('-o') + 1])"
    )
    (tmp_path / "mlc-chat-config.json").write_text("{}", encoding="utf-8")
    output = tmp_path / "model.so"
    assert main(["model", str(tmp_path), "-o", str(output), "--target", "linux"]) == 0
    said = capsys.readouterr()
    stages = [re.match(r"(\w+) +\d+\.\d s  \S", line) for line in said.err.splitlines()]
    named = [stage[1] for stage in stages if stage]
    assert named == ["environment", "tools", "compile", "check"]
    assert len(named) == len(stages)
    result, command = said.out.splitlines()
    assert re.match(rf"{re.escape(str(output))}: \d\.\d\d MB, \d+\.\d s$", result)
    assert command.startswith("mlc_llm chat ")


def make_dll(tmp_path: Path) -> int:
    (tmp_path / "mlc-chat-config.json").write_text("{}", encoding="utf-8")
    return main(["model", str(tmp_path), "--target", "win_amd64", "-o", str(tmp_path / "a.dll")])


@pytest.mark.usefixtures("mlc_llm")
def test_an_mlc_llm_that_cannot_link_for_windows_is_named_before_it_compiles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_dll(tmp_path) == 1
    assert "has no link step for Windows" in capsys.readouterr().err


def test_a_linker_that_is_not_there_is_named_before_it_compiles(
    mlc_llm: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(OVERLAY / "_linker", mlc_llm / "_linker")
    monkeypatch.setenv("TVM_WIN_CC", "no-such-linker")
    assert make_dll(tmp_path) == 1
    said = capsys.readouterr().err
    assert "TVM_WIN_CC=no-such-linker, which links the library, is not found" in said


@pytest.mark.slow
def test_cudas_compiler_is_content_with_zig_where_there_is_no_other(tmp_path: Path) -> None:
    tools = linkers.choose(which=lambda _: None)
    folder = cuda_tools.fetch(print)
    cuda_tools.stand_in(tools, tmp_path)
    variables = cuda_tools.environment(folder, tmp_path, "") | cuda_tools.host_compiler(
        tools, tmp_path
    )
    source = tmp_path / "kernel.cu"
    source.write_text("#include <cuda_fp16.h>\n__global__ void k(__half *a) { a[0] += a[1]; }\n")
    nvcc = folder / "nvidia" / "cu13" / "bin" / "nvcc"
    subprocess.run(
        [nvcc, "--fatbin", "-arch=sm_90", "-o", tmp_path / "kernel.fatbin", source],
        env={**variables, "PATH": str(nvcc.parent), "HOME": str(tmp_path)},
        check=True,
    )
    assert read_device_code((tmp_path / "kernel.fatbin").read_bytes()).sass == (90,)
