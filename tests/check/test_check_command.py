"""The command as a user runs it: exit codes, forms, files, errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from mlcbuild.cli import main
from mlcbuild.rules import RULE_IDS
from pefactory import make_pe
from tinydll import build_dll
from wheelfactory import make_wheel

PYTHON_FOLDER = Path(__file__).resolve().parents[2] / "python"


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder: good.dll; pkg/ where user needs mid needs leaf, which lies in libs/."""
    folder = tmp_path_factory.mktemp("mit leer ä")
    build_dll(folder / "good.dll", exports=["f"], imports={"kernel32.dll": ["ExitProcess"]})
    build_dll(folder / "pkg/libs/leaf.dll", exports=["f"])
    build_dll(folder / "pkg/mid.dll", exports=["f"], imports={"leaf.dll": ["f"]})
    build_dll(folder / "pkg/user.dll", exports=["f"], imports={"mid.dll": ["f"]})
    build_dll(folder / "gpu/gpu.dll", exports=["f"], imports={"vulkan-1.dll": ["vkCreateDevice"]})
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main(["check", *(str(argument) for argument in arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def document(out: str) -> Any:
    return json.loads(out)


def test_a_good_image_exits_0_and_says_so_first(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, images / "good.dll")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("GOOD")


def test_a_dll_in_a_folder_nobody_adds_fails_with_the_chain(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, images / "pkg", "--json")
    assert code == 1
    modules = {m["path"]: m for m in document(out)["targets"][0]["modules"]}
    load = modules["user.dll"]["load"]
    assert (load["verdict"], load["winerror"]) == ("fails", 126)
    assert load["chain"] == ["user.dll", "mid.dll", "leaf.dll"]
    assert modules["libs/leaf.dll"]["load"]["verdict"] == "loads"


def test_adding_that_folder_makes_it_load(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in (images / "pkg/libs", Path("libs")):
        code, out, _ = run(capsys, images / "pkg", "--add-dir", folder, "--json")
        assert code == 0
        assert {m["load"]["verdict"] for m in document(out)["targets"][0]["modules"]} == {"loads"}


def test_what_is_printed_satisfies_the_shipped_schema(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = files("mlcbuild.report").joinpath("schemas/check-1.json").read_text(encoding="utf-8")
    (tmp_path / "junk.dll").write_bytes(b"MZ" + bytes(200))
    leaf = (images / "pkg/libs/leaf.dll").read_bytes()
    wheel = make_wheel(tmp_path, {"x/leaf.dll": leaf, "x/junk.dll": b"junk"}, tag="py3-none-win32")
    targets = [images, images / "good.dll", tmp_path / "junk.dll", wheel, tmp_path / "gone.whl"]
    code, out, _ = run(capsys, *targets, "--json")
    assert code == 3
    jsonschema.validate(document(out), json.loads(schema), cls=jsonschema.Draft202012Validator)
    rules = {f["rule"] for target in document(out)["targets"] for f in target["findings"]}
    assert rules >= {"missing-dll", "not-a-pe", "wheel-tag-mismatch", "driver-dll-needed"}


@pytest.mark.parametrize("form", ["text", "json", "sarif", "html", "markdown"])
@pytest.mark.parametrize(("name", "expected"), [("good.dll", 0), ("pkg", 1), ("gone.whl", 3)])
def test_the_exit_code_does_not_depend_on_the_form(
    images: Path, capsys: pytest.CaptureFixture[str], form: str, name: str, expected: int
) -> None:
    code, out, _ = run(capsys, images / name, "--format", form)
    assert code == expected
    if form in {"json", "sarif"}:
        json.loads(out)


def test_without_the_redistributable_its_dlls_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = build_dll(tmp_path / "a.dll", imports={"msvcp140.dll": ["_Xtime_get_ticks"]})
    assert run(capsys, path)[0] == 0
    code, out, _ = run(capsys, path, "--msvcp140", "none", "--json")
    assert code == 1
    (target,) = document(out)["targets"]
    assert target["modules"][0]["load"]["winerror"] == 126
    assert [finding["rule"] for finding in target["findings"]] == ["missing-dll"]


def test_a_debug_build_is_one_error_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = build_dll(tmp_path / "a.dll", imports={"vcruntime140d.dll": ["memcpy"]})
    code, out, _ = run(capsys, path, "--json")
    assert code == 1
    (target,) = document(out)["targets"]
    assert target["modules"][0]["load"]["winerror"] == 126
    assert target["modules"][0]["crt"] == "debug"
    assert [finding["rule"] for finding in target["findings"]] == ["debug-crt"]


def test_a_debug_build_beside_it_is_blamed_on_that_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = build_dll(tmp_path / "mine/a.dll", imports={"dep.dll": ["f"]})
    build_dll(tmp_path / "beside/dep.dll", exports=["f"], imports={"vcruntime140d.dll": ["memcpy"]})
    code, out, _ = run(capsys, mine.parent, "--with", tmp_path / "beside", "--json")
    assert code == 1
    (finding,) = document(out)["targets"][0]["findings"]
    assert finding["rule"] == "missing-dll"
    assert finding["evidence"]["chain"][-1] == "vcruntime140d.dll"


def test_strict_makes_warnings_fail(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, images / "gpu")[0] == 0
    code, out, _ = run(capsys, images / "gpu", "--strict")
    assert code == 1
    assert "--strict" in out


def test_an_ignored_rule_neither_shows_nor_fails(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(
        capsys, images / "gpu", "--strict", "--ignore", "driver-dll-needed", "--json"
    )
    assert code == 0
    assert document(out)["targets"][0]["findings"] == []


def test_one_unreadable_target_leaves_the_others_reported(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, images / "gone.dll", images / "good.dll", images / "pkg", "--json")
    assert code == 3
    targets = document(out)["targets"]
    assert ["error" in target for target in targets] == [True, False, False]
    assert targets[1]["modules"][0]["load"]["verdict"] == "loads"
    assert len(err.splitlines()) == 1
    assert "gone.dll" in err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lib.so", b"\x7fELF" + bytes(100)),
        ("text.dll", b"version https://git-lfs.github.com/spec/v1\n"),
        ("empty.dll", b""),
        ("not.whl", b"PK\x03\x04" + bytes(50)),
        ("pkg-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", b""),
    ],
)
def test_what_is_no_windows_code_is_one_line_and_exit_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    if name.startswith("pkg"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("pkg/a.so", b"\x7fELF")
    code, _, err = run(capsys, path)
    assert code == 3
    assert len(err.splitlines()) == 1
    assert name in err


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("dist/a.whl", "name the wheels"),
        ("empty/a.txt", "name the folder"),
        ("elf/a.so", "Windows"),
    ],
)
def test_a_folder_without_any_windows_code_is_not_called_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, remedy: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir()
    path.write_bytes(b"\x7fELF")
    code, out, err = run(capsys, path.parent)
    assert code == 3
    assert remedy in err
    assert "GOOD" not in out


def test_a_pure_python_wheel_has_nothing_to_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel(tmp_path, {"demo/__init__.py": b""}, tag="py3-none-any")
    code, out, _ = run(capsys, wheel)
    assert code == 0
    assert "no images" in out


def test_a_library_of_another_system_under_a_windows_name_is_called_by_its_format(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lib.dll").write_bytes(b"\x7fELF" + bytes(100))
    (tmp_path / "good.dll").write_bytes((images / "good.dll").read_bytes())
    code, out, _ = run(capsys, tmp_path, "--json")
    assert code == 1
    (finding,) = document(out)["targets"][0]["findings"]
    assert finding["rule"] == "not-a-pe"
    assert "ELF" in finding["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["good.dll", "--ignore", "no-such-rule"],
        ["good.dll", "--msvcp140", "new"],
        ["good.dll", "--format", "xml"],
        ["good.dll", "--unknown"],
    ],
)
def test_wrong_use_exits_2(
    images: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    try:
        code = run(capsys, *(str(images / a) if a == "good.dll" else a for a in arguments))[0]
    except SystemExit as stop:  # argparse's own way
        code = int(stop.code or 0)
    assert code == 2


def test_a_missing_companion_or_folder_is_an_unreadable_input(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for option in ("--with", "--add-dir", "--python-dir", "--system-dir"):
        code, _, err = run(capsys, images / "good.dll", option, images / "nowhere")
        assert code == 3, option
        assert "nowhere" in err


def test_a_companion_brings_the_missing_dll(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, images / "pkg", "--with", images / "pkg/libs", "--json")
    assert code == 0
    needs = document(out)["targets"][0]["modules"]
    assert "companion" in {need["from"] for module in needs for need in module["needs"]}


@pytest.fixture
def two_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return a wheel that needs leaf.dll of another one, and the index's folder with that one."""
    index = tmp_path / "index"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    leaf = build_dll(tmp_path / "leaf.dll", exports=["f", "g"])
    user = build_dll(tmp_path / "user.dll", imports={"leaf.dll": ["f", "h"]})
    make_wheel(index, {"leaf/leaf.dll": leaf.read_bytes()}, name="leaf", version="1.0")
    newer = build_dll(tmp_path / "new" / "leaf.dll", exports=["f", "h"])
    make_wheel(index, {"leaf/leaf.dll": newer.read_bytes()}, name="leaf", version="2.0")
    wheel = make_wheel(
        tmp_path, {"user/user.dll": user.read_bytes()}, name="user", requires=["leaf>=1"]
    )
    return wheel, index


def test_an_export_that_the_companion_lacks_is_127_before_anything_is_installed(
    two_wheels: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    wheel, index = two_wheels
    old = index / "leaf-1.0-py3-none-win_amd64.whl"
    code, out, _ = run(capsys, wheel, "--with", old, "--json")
    assert code == 1
    (target,) = document(out)["targets"]
    assert target["modules"][0]["load"]["winerror"] == 127
    assert target["findings"][0]["rule"] == "missing-export"
    assert target["findings"][0]["evidence"]["symbol"] == "h"
    assert run(capsys, wheel, "--with", index / "leaf-2.0-py3-none-win_amd64.whl")[0] == 0


def test_with_deps_brings_the_requirements_from_the_index(two_wheels: tuple[Path, Path]) -> None:
    wheel, _ = two_wheels
    assert child(wheel).returncode == 1
    done = child(wheel, "--with-deps", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    (need,) = json.loads(done.stdout)["targets"][0]["modules"][0]["needs"]
    assert (need["name"], need["from"]) == ("leaf.dll", "companion")


def test_companions_of_an_arm64_wheel_are_never_x64s(
    two_wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    _, index = two_wheels
    user = {"user/user.dll": make_pe(machine="arm64")}
    tag = "py3-none-win_arm64"
    wheel = make_wheel(tmp_path, user, name="user", requires=["leaf>=1"], tag=tag)
    done = child(wheel, "--with-deps")
    assert (done.returncode, b"no wheel for" in done.stderr) == (3, True)
    assert b"win_arm64" in done.stderr
    leaf = {"leaf/leaf.dll": make_pe(machine="arm64")}
    make_wheel(index, leaf, name="leaf", version="1.0", tag=tag)
    done = child(wheel, "--with-deps")
    assert (done.returncode in {0, 1}, done.stderr) == (True, b"")  # fetched, and judged


def test_a_requirement_that_the_index_lacks_makes_the_target_unreadable(
    two_wheels: tuple[Path, Path],
) -> None:
    wheel, index = two_wheels
    for path in index.iterdir():
        path.unlink()
    done = child(wheel, "--with-deps")
    assert done.returncode == 3
    assert b"leaf" in done.stderr


def test_output_writes_the_file_and_still_prints_the_text(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")
    code, out, _ = run(capsys, images / "pkg", "--json", "--output", path)
    assert code == 1
    assert out.startswith("FAILS")
    assert document(path.read_text(encoding="utf-8"))["summary"]["errors"] == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_a_file_that_cannot_be_written_is_one_line(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, images / "good.dll", "--output", tmp_path / "no/such/report.txt")
    assert code == 3
    assert "cannot write" in err


def test_pyproject_of_the_current_folder_gives_defaults(
    images: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.mlcbuild.check]\nstrict = true\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    assert run(capsys, images / "gpu")[0] == 1


def test_list_rules_names_every_rule_and_needs_no_target(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "--list-rules")
    assert code == 0
    assert "mutex-abi" in out
    code, out, _ = run(capsys, "--list-rules", "--json")
    assert [rule["id"] for rule in document(out)["rules"]] == list(RULE_IDS)


def child(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    variables = {**os.environ, "PYTHONPATH": str(PYTHON_FOLDER), **environment}
    return subprocess.run(
        [sys.executable, "-m", "mlcbuild", "check", *(str(a) for a in arguments)],
        capture_output=True,
        check=False,
        env=variables,
    )


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
def test_a_console_that_is_not_utf8_shows_any_name(
    images: Path, tmp_path: Path, encoding: str
) -> None:
    name = tmp_path / "日本 ß.dll"
    name.write_bytes((images / "good.dll").read_bytes())
    done = child(name, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"GOOD")


@pytest.mark.parametrize("form", ["json", "sarif", "html"])
def test_forms_for_machines_survive_any_console(images: Path, tmp_path: Path, form: str) -> None:
    name = tmp_path / "日本 😀 ß.dll"
    name.write_bytes((images / "good.dll").read_bytes())
    done = child(name, "--format", form, PYTHONIOENCODING="cp1252")
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode("ascii")
    if form == "json":
        assert json.loads(text)["targets"][0]["modules"][0]["path"] == name.name
    elif form == "sarif":
        assert json.loads(text)["version"] == "2.1.0"
    else:
        assert "&#128512;" in text


def test_piped_output_has_no_escape_codes(images: Path) -> None:
    done = child(images / "pkg", FORCE_COLOR="", TERM="xterm-256color")
    assert done.returncode == 1
    assert b"\x1b[" not in done.stdout


def test_a_reader_that_goes_away_is_no_error(images: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "mlcbuild", "check", str(images / "pkg"), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PYTHON_FOLDER)},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) != 0  # the package has errors: unread is not good


@pytest.mark.skipif(os.name == "nt", reason="a shell's >&- has no twin there")
@pytest.mark.parametrize(("target", "expected"), [("pkg", 1), ("good.dll", 0)])
def test_without_any_stdout_the_exit_code_still_answers(
    images: Path, target: str, expected: int
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m mlcbuild check {target} >&-', sys.executable],
        cwd=images,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PYTHON_FOLDER)},
        check=False,
    )
    assert done.stderr == b""
    assert done.returncode == expected


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /dev/full")
def test_a_full_disk_under_stdout_is_one_line(images: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mlcbuild", "check", str(images / "good.dll")],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PYTHON_FOLDER)},
            check=False,
        )
    assert done.returncode == 3
    assert done.stderr.startswith(b"mlcbuild check: error: ")
    assert done.stderr.count(b"\n") == 1
