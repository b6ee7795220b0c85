"""What a hint says of an extra can be typed as it is, although mlcbuild is on no index."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from mlcbuild import extras

if TYPE_CHECKING:
    from pathlib import Path


def told(monkeypatch: pytest.MonkeyPatch, record: str | None) -> str:
    """Return the hint where pip recorded this of mlcbuild."""
    found = SimpleNamespace(read_text=lambda _: record)
    monkeypatch.setattr(extras, "distribution", lambda _: found)
    return extras.install_extra("report")


def test_an_installed_folder_is_named_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "ä check out"
    folder.mkdir()
    record = {"url": folder.as_uri(), "dir_info": {}}
    assert told(monkeypatch, json.dumps(record)) == f'pip install "{folder}[report]"'
    record["dir_info"] = {"editable": True}
    assert told(monkeypatch, json.dumps(record)) == f'pip install -e "{folder}[report]"'


@pytest.mark.parametrize(
    "record",
    [None, "", "{", "[]", '{"dir_info": []}', '{"url": "https://host/x.whl"}',
     '{"url": "file:///no/such/folder"}'],
)  # fmt: skip
def test_what_came_from_elsewhere_is_asked_of_the_index(
    monkeypatch: pytest.MonkeyPatch, record: str | None
) -> None:
    assert told(monkeypatch, record) == 'pip install "mlcbuild[report]"'


def test_what_runs_from_a_checkout_names_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(extras, "distribution", absent)
    (folder,) = extras.install_extra("report").split('"')[1:2]
    assert folder.removesuffix("[report]").endswith("python")
