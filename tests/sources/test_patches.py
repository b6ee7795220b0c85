"""Declared edits: what they do, and that a stale one stops the fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.errors import InputError
from mlcbuild.sources.lock import load
from mlcbuild.sources.patches import load_patches

if TYPE_CHECKING:
    from sources_helpers import Project

HEAD = 'reason = "r"\nuntil = "upstream moves"\n'


def fetch(project: Project) -> int:
    return main(
        [
            *("fetch", "--lock", str(project.lock), "--cache", str(project.cache)),
            *("--mirror", str(project.mirror)),
        ]
    )


def edit(file: str, **keys: object) -> str:
    lines = [f"{key} = {value!r}".replace("True", "true") for key, value in keys.items()]
    return "\n".join(["[[edit]]", f"file = {file!r}", *lines, ""])


def test_edits_apply_in_the_order_of_names_then_of_the_file(project: Project) -> None:
    project.write_patch(
        HEAD + edit("src/main.cc", anchor="return 1", replacement="return 2"), "demo-b.toml"
    )
    project.write_patch(
        HEAD + edit("src/main.cc", anchor="return 0", replacement="return 1"), "demo-a.toml"
    )
    assert fetch(project) == 0
    assert "return 2" in (project.folder / "src/main.cc").read_text("utf-8")


def test_files_can_be_added_and_deleted(project: Project) -> None:
    project.write_patch(HEAD + edit("src/new.h", add="new") + edit("src/main.cc", delete=True))
    assert fetch(project) == 0
    assert (project.folder / "src/new.h").read_text("utf-8") == "new"
    assert not (project.folder / "src/main.cc").exists()
    (project.lock.parent / "patches" / "demo-edit.toml").unlink()
    assert fetch(project) == 0
    assert not (project.folder / "src/new.h").exists()
    assert (project.folder / "src/main.cc").exists()


def test_line_ends_of_the_file_are_kept(project: Project) -> None:
    project.write_patch(
        HEAD + '[[edit]]\nfile = "src/deep/util.h"\nanchor = "once\\nint"\n'
        'replacement = "once\\n\\nlong"\n'
    )
    assert fetch(project) == 0
    assert (project.folder / "src/deep/util.h").read_bytes() == (
        b"#pragma once\r\n\r\nlong util();\r\n"
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (edit("src/main.cc", anchor="gone", replacement=""), "'gone' 0 times instead of 1"),
        (edit("src/main.cc", anchor="n", replacement=""), "times instead of 1"),
        (edit("src/main.cc", anchor="int", replacement="", count=2), "1 times instead of 2"),
        (edit("src/gone.cc", anchor="int", replacement=""), "src/gone.cc does not exist"),
        (edit("src/gone.cc", delete=True), "src/gone.cc does not exist"),
        (edit("src/main.cc", add="x"), "src/main.cc exists already"),
    ],
)
def test_a_stale_patch_stops_the_fetch_with_its_name(
    project: Project, capsys: pytest.CaptureFixture[str], text: str, named: str
) -> None:
    project.write_patch(HEAD + text)
    assert fetch(project) == 1
    error = capsys.readouterr().err
    assert "demo-edit.toml" in error
    assert named in error
    assert "until: upstream moves" in error
    assert error.count("\n") == 1
    assert not project.folder.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        'until = "u"\n' + edit("a", delete=True),
        'reason = ""\nuntil = "u"\n' + edit("a", delete=True),
        HEAD + "[[edit]]\ndelete = true\n",
        HEAD + edit("a"),
        HEAD + edit("a", anchor="x"),
        HEAD + edit("a", anchor="", replacement="x"),
        HEAD + edit("a", anchor="x", replacement="y", delete=True),
        HEAD + edit("a", anchor="x", replacement="y", count=0),
        HEAD + edit("a", anchor="x", replacement="y", extra=1),
        HEAD + edit("a", anchor=1, replacement="y"),
        HEAD + "extra = 1\n" + edit("a", delete=True),
        "not toml",
    ],
)
def test_a_malformed_patch_is_an_input_error_with_its_name(project: Project, text: str) -> None:
    project.write_patch(text)
    with pytest.raises(InputError, match=r"demo-edit\.toml"):
        load_patches(load(project.lock))


def test_a_patch_for_no_component_is_refused(project: Project) -> None:
    project.write_patch(HEAD + edit("a", delete=True), "other-edit.toml")
    with pytest.raises(InputError, match="does not belong to a component"):
        load_patches(load(project.lock))
