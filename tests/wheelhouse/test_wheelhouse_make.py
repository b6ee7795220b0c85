from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.build.options import parse
from mlcbuild.cli import main
from mlcbuild.errors import FailedError, InputError, UsageError
from mlcbuild.sources.pipconfig import IndexSettings
from mlcbuild.wheelhouse.closure import resolve_command
from mlcbuild.wheelhouse.make import MANIFEST, Options, make, require_place
from mlcbuild.wheelhouse.runtime_licences import runtime_licences

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(list(arguments))
    return code, capsys.readouterr().err


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(UsageError, match="something else than a wheelhouse"):
        require_place(tmp_path)


def test_a_new_an_empty_and_an_older_wheelhouse_are_taken(tmp_path: Path) -> None:
    require_place(tmp_path / "new")
    require_place(tmp_path)
    (tmp_path / MANIFEST).write_text("{}")
    require_place(tmp_path)


def test_a_build_that_fails_leaves_the_older_wheelhouse_as_it_was(tmp_path: Path) -> None:
    output = tmp_path / "wheelhouse"
    output.mkdir()
    (output / MANIFEST).write_text(json.dumps({"old": True}))

    def fails(_folder: Path) -> Path:
        raise FailedError("there is no wheel")

    with pytest.raises(FailedError):
        make(
            Options(output=output, project=tmp_path),
            build=fails,
            build_plugin=lambda _device, folder: fails(folder),
            say=lambda _text: None,
        )
    assert json.loads((output / MANIFEST).read_text()) == {"old": True}
    assert [path.name for path in tmp_path.iterdir()] == ["wheelhouse"]


def test_a_missing_uv_is_said_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    def build(_folder: Path) -> Path:
        raise AssertionError("ten minutes")

    with pytest.raises(InputError, match="uv is not installed") as caught:
        make(
            Options(output=tmp_path / "w", project=tmp_path),
            build=build,
            build_plugin=lambda _device, folder: build(folder),
            say=print,
        )
    assert "mlcbuild[wheelhouse]" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_windows_and_its_python_are_what_is_resolved_for() -> None:
    index = IndexSettings(indexes=("https://a.example/simple", "https://b.example/simple"))
    command = resolve_command(python="3.12", links=Path("links"), index=index, offline=True)
    text = " ".join(command)
    assert "--python-platform x86_64-pc-windows-msvc" in text
    assert "--python-version 3.12" in text
    assert "--default-index https://a.example/simple --index https://b.example/simple" in text
    assert "--no-build" in command
    assert "--offline" in command


def test_a_device_is_a_wheel_beside_the_one_that_is_cross_built() -> None:
    with pytest.raises(UsageError, match="mlcbuild wheel --target win_amd64 --device vulkan"):
        parse({"target": "win_amd64", "device": "vulkan"})
    with pytest.raises(UsageError, match="target=win32 is not built: use host or win_amd64"):
        parse({"target": "win32"})


def test_a_device_that_mingw_cannot_build_is_refused_before_anything_is_built(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--target", "win_amd64", "--device", "cuda", "--project", str(tmp_path)]
    code, said = run(["wheel", *options], capsys)
    assert code == 2
    assert "cuda is not cross-built for Windows: use cpu, vulkan" in said


def test_options_of_the_wheelhouse_alone_are_refused_for_this_machine(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, said = run(["wheel", "--python", "3.12"], capsys)
    assert code == 2
    assert "--target win_amd64" in said


def test_chat_in_the_lab_asks_for_the_wheel_that_compiles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-win_amd64.whl"
    wheel.write_bytes(b"")
    code, said = run(["verify", str(wheel), "--chat", "--wine"], capsys)
    assert code == 2
    assert "--linux-wheel" in said
    assert said.count("\n") == 1


@pytest.mark.needs_mingw
def test_a_machine_without_the_runtimes_licences_ships_no_runtime(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="may not be shipped without it"):
        runtime_licences(tmp_path)
    assert b"RUNTIME LIBRARY EXCEPTION" in runtime_licences()["gcc/copyright"]
