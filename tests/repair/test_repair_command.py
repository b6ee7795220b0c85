"""``mlcbuild repair`` with the real delvewheel on wheels that lack something."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.repair.exclusions import exclusions
from mlcbuild.repair.tool import arguments, search_folders
from mlcbuild.stamp import Compiler, Stamp, Target, mismatches, read_stamp, write_stamp
from mlcbuild.stamp import digest as digest_of
from tinydll import build_dll
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from mlcbuild.lab import Lab

STAMP = Stamp(
    configuration="Release",
    generator="Ninja Multi-Config",
    compiler=Compiler(id="GNU", version="12"),
    crt="dynamic",
    target=Target(system="Windows", machine="x86_64"),
)


@pytest.fixture
def lacking(tmp_path: Path) -> Path:
    """Return a ctypes wheel that needs a DLL of the build machine, a driver and another wheel."""
    tools = tmp_path / "tools with space"
    tools.mkdir()
    build_dll(tools / "leaf.dll", exports=["f"], imports={"nvcuda.dll": ["cuInit"]})
    build_dll(tools / "tvm_ffi.dll", exports=["t"])
    build_dll(tools / "vulkan-1.dll", exports=["v"])
    build_dll(tools / "nvcuda.dll", exports=["cuInit"])
    user = build_dll(
        tmp_path / "user.dll",
        exports=["run"],
        imports={"leaf.dll": ["f"], "tvm_ffi.dll": ["t"]},
    ).read_bytes()
    gpu = build_dll(tmp_path / "gpu.dll", exports=["g"], imports={"vulkan-1.dll": ["v"]})
    files = {
        "pkg/__init__.py": b"",
        "pkg/user.dll": user,
        "pkg/gpu.dll": gpu.read_bytes(),
        "pkg/_build.json": write_stamp(STAMP),
    }
    return make_wheel(tmp_path / "dist", files, name="pkg")


@pytest.fixture
def companion(tmp_path: Path) -> Path:
    ffi = build_dll(tmp_path / "ffi.dll", exports=["t"]).read_bytes()
    files = {"tvm_ffi/lib/tvm_ffi.dll": ffi, "tvm_ffi/__init__.py": b""}
    return make_wheel(tmp_path / "beside", files, name="apache_tvm_ffi")


def call(*words: object) -> int:
    return main(["repair", *map(str, words)])


def test_a_wheel_gets_what_it_lacks_and_nothing_of_others(
    lacking: Path, companion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "wheel house"
    tools = tmp_path / "tools with space"
    original = lacking.read_bytes()
    code = call(lacking, "-o", out, "--add-path", tools, "--with", companion, "--json")
    (done,) = json.loads(capsys.readouterr().out)["wheels"]
    assert [name.partition("-")[0] for name in done["bundled"]] == ["pkg.libs/leaf"]
    assert {entry["dll"]: entry["reason"] for entry in done["excluded"]} == {
        "nvcuda.dll": "provided by the NVIDIA display driver",
        "tvm_ffi.dll": f"provided by {companion.name}",
        "vulkan-1.dll": "provided by a display driver with Vulkan support",
    }
    assert any(f["rule"] == "missing-dll" for f in done["mended"])
    assert done["left"] == []
    assert code == 0
    assert lacking.read_bytes() == original
    with zipfile.ZipFile(out / lacking.name) as archive:
        stamp = read_stamp(archive.read("pkg/_build.json"))
        at_hand = {f.path: digest_of(f.path, archive.read(f.path)) for f in stamp.files}
    assert len(at_hand) == 3
    assert mismatches(stamp, at_hand) == ()


def test_the_repair_gives_the_same_bytes_twice(
    lacking: Path, companion: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    tools = tmp_path / "tools with space"
    made = []
    for name in ("one", "two"):
        assert call(lacking, "-o", tmp_path / name, "--add-path", tools, "--with", companion) == 0
        made.append((tmp_path / name / lacking.name).read_bytes())
    assert made[0] == made[1]


def test_a_well_known_wheels_dll_stays_out_without_being_named(
    lacking: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tools = tmp_path / "tools with space"
    assert call(lacking, "-o", tmp_path / "out", "--add-path", tools) == 1
    text = capsys.readouterr().out
    assert "left out  tvm_ffi.dll: provided by apache-tvm-ffi" in text
    assert "apache-tvm-ffi provides it: require that" not in text  # that is check's to say
    assert "left      error[missing-dll] pkg/user.dll" in text


def test_a_dll_that_is_nowhere_is_one_line_and_no_wheel_is_left(
    lacking: Path, companion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(lacking, "-o", tmp_path / "out", "--with", companion) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "leaf.dll" in error
    assert "--add-path" in error
    assert list((tmp_path / "out").iterdir()) == []


def test_a_repair_that_makes_it_worse_is_not_delivered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    # Bundled by force, and it needs what nobody brings.
    build_dll(tools / "extra.dll", exports=["f"], imports={"nowhere.dll": ["x"]})
    user = build_dll(tmp_path / "user.dll", exports=["run"]).read_bytes()
    wheel = make_wheel(
        tmp_path / "dist", {"pkg/__init__.py": b"", "pkg/user.dll": user}, name="pkg"
    )
    options = ["--delvewheel=--include=extra.dll", "--exclude", "nowhere.dll"]
    code = call(wheel, "-o", tmp_path / "out", "--add-path", tools, *options)
    assert code == 1
    error = capsys.readouterr().err
    assert "made pkg-1.0-py3-none-win_amd64.whl worse: [missing-dll]" in error
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 cut", b"\0" * 100])
def test_what_is_no_wheel_is_an_input_error(
    tmp_path: Path, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "x-1-py3-none-win_amd64.whl"
    bad.write_bytes(data)
    assert call(bad, "-o", tmp_path / "out") == 3
    assert call(tmp_path / "absent-1-py3-none-win_amd64.whl") == 3
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.slow  # makes an environment of the lab
def test_the_repaired_wheel_loads_in_a_real_windows_python(windows: Lab, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    body = "__declspec(dllexport) int f(void) { return 42; }\n"
    build_dll(tools / "leaf.dll", source=body)
    user = build_dll(
        tmp_path / "user.dll",
        source="int f(void); __declspec(dllexport) int run(void) { return f(); }\n",
        imports={"leaf.dll": ["f"]},
    ).read_bytes()
    code = (
        b"import ctypes, pathlib\n"
        b"lib = ctypes.CDLL(str(pathlib.Path(__file__).with_name('user.dll')))\n"
    )
    files = {"pkg/__init__.py": code, "pkg/user.dll": user}
    wheel = make_wheel(tmp_path / "dist", files, name="pkg")
    lab = windows.use(tmp_path / "env")
    program = ["python", "-c", "import pkg; print(pkg.lib.run())"]
    assert lab.run(["pip", "install", "--no-index", lab.path(wheel)]).code == 0
    broken = lab.run(program)
    assert broken.code != 0
    assert call(wheel, "-o", tmp_path / "out", "--add-path", tools) == 0
    mended = lab.path(tmp_path / "out" / wheel.name)
    assert lab.run(["pip", "install", "--no-index", "--force-reinstall", mended]).code == 0
    assert lab.run(program).text.strip() == "42"


# --- decisions --------------------------------------------------------------------------------


def test_every_exclusion_has_its_reason() -> None:
    names = [
        "KERNEL32.dll", "MSVCP140.dll", "VCRUNTIME140.dll", "vcruntime140_1.dll", "nvcuda.dll",
        "cudart64_13.dll", "tvm_runtime_cuda.dll", "mine.dll", "python311.dll", "zlib1.dll",
        "MSVCP140D.dll", "own.dll",
    ]  # fmt: skip
    found = exclusions(
        names, companions={"zlib1.dll": "z.whl"}, declared=["MINE.dll"], own=["pkg/own.dll"]
    )
    debug = "provided by Visual Studio only (a debug runtime) and may not be shipped"
    assert {entry.dll: entry.reason for entry in found} == {
        "cudart64_13.dll": "provided by nvidia-cuda-runtime",
        "mine.dll": "excluded by you",
        "msvcp140d.dll": debug,
        "nvcuda.dll": "provided by the NVIDIA display driver",
        "python311.dll": "provided by Python itself",
        "tvm_runtime_cuda.dll": "provided by apache-tvm",
        "vcruntime140.dll": "provided by Python",
        "vcruntime140_1.dll": "provided by Python",
        "zlib1.dll": "provided by z.whl",
    }


def test_system32_is_searched_before_path_on_windows(tmp_path: Path) -> None:
    env = {"SystemRoot": "C:/Windows"}
    assert search_folders([tmp_path], env, platform="win32") == [
        tmp_path,
        Path("C:/Windows/System32"),
    ]
    assert search_folders([], env, platform="linux") == []


def test_delvewheel_is_told_to_look_at_what_ctypes_loads(tmp_path: Path) -> None:
    words = arguments(
        tmp_path / "a.whl", tmp_path / "o", folders=[], excluded=[], extra=["--strip"]
    )
    assert "--analyze-existing" in words
    assert "--ignore-existing" in words
    assert "--exclude" not in words
    assert words[-2:] == ["--strip", str(tmp_path / "a.whl")]


def test_what_the_index_brings_beside_it_stays_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = build_dll(tmp_path / "special.dll", exports=["t"]).read_bytes()
    files = {"beside/__init__.py": b"", "beside/special.dll": beside}
    make_wheel(tmp_path / "index", files, name="beside")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "special.dll").write_bytes(beside)
    user = build_dll(tmp_path / "u.dll", exports=["r"], imports={"special.dll": ["t"]})
    wheel = make_wheel(
        tmp_path / "dist",
        {"pkg/__init__.py": b"", "pkg/u.dll": user.read_bytes()},
        name="pkg",
        requires=("beside",),
    )
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    code = call(wheel, "-o", tmp_path / "out", "--with-deps", "--add-path", tools, "--json")
    (done,) = json.loads(capsys.readouterr().out)["wheels"]
    assert done["bundled"] == []
    assert [entry["dll"] for entry in done["excluded"]] == ["special.dll"]
    assert code in (0, 1)  # whether its folder is added is the package's affair
