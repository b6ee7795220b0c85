from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlcbuild.errors import FailedError, InputError, UsageError
from mlcbuild.extras import install_extra
from mlcbuild.sources.pipconfig import IndexSettings
from mlcbuild.wheelhouse.chat_only import ChatOnly, make_chat_only
from mlcbuild.wheelhouse.closure import WINDOWS, resolve_command
from mlcbuild.wheelhouse.folder import MANIFEST, require_place


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(UsageError, match="is not a wheelhouse"):
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

    def fails(_folder: Path) -> list[Path]:
        raise FailedError("there is no wheel")

    with pytest.raises(FailedError):
        make_chat_only(ChatOnly(output=output, pythons=("3.11",)), build=fails, say=print)
    assert json.loads((output / MANIFEST).read_text()) == {"old": True}
    assert [path.name for path in tmp_path.iterdir()] == ["wheelhouse"]


def test_a_missing_uv_is_said_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    def build(_folder: Path) -> list[Path]:
        raise AssertionError("ten minutes")

    with pytest.raises(InputError, match="uv is not installed") as caught:
        make_chat_only(ChatOnly(output=tmp_path / "w", pythons=("3.11",)), build=build, say=print)
    assert install_extra("wheelhouse") in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_windows_and_its_python_are_what_is_resolved_for() -> None:
    index = IndexSettings(indexes=("https://a.example/simple", "https://b.example/simple"))
    command = resolve_command(
        python="3.12", links=Path("links"), index=index, system=WINDOWS, offline=True
    )
    text = " ".join(command)
    assert "--python-platform x86_64-pc-windows-msvc" in text
    assert "--python-version 3.12" in text
    assert "--default-index https://a.example/simple --index https://b.example/simple" in text
    assert "--no-build" in command
    assert "--offline" in command
