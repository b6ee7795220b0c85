"""What `mlcbuild cross` refuses, each in one line that says why."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from mlcbuild.cli import main
from mlcbuild.cross.target import read_targets
from mlcbuild.errors import UsageError
from needs import require

SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
LED = (
    '[build-system]\nrequires = ["scikit-build-core"]\nbuild-backend = "scikit_build_core.build"\n'
    '[project]\nname = "led"\nversion = "1"\nrequires-python = ">=3.12"\n'
)


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    code = main(["cross", *map(str, words)])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return code, lines[0]


def project(folder: Path, text: str) -> Path:
    folder.mkdir()
    folder.joinpath("pyproject.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SETUPTOOLS, "setuptools takes the compiler"),
        ("", "setuptools takes the compiler"),
        (SETUPTOOLS.replace("setuptools.build_meta", "mesonpy"), "takes a cross file of Meson's"),
        (
            SETUPTOOLS.replace("setuptools.build_meta", "maturin"),
            "maturin cross-compiles by itself",
        ),
        (SETUPTOOLS.replace("setuptools.build_meta", "own"), "own has no cross-build support"),
    ],
)
def test_another_backend_gets_one_line_that_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    code, line = said(capsys, project(tmp_path / "ä b", text))
    assert code == 2
    assert line.startswith("mlcbuild cross: error: ä b is not a scikit-build-core project: ")
    assert why in line


def test_an_sdist_is_read_as_a_folder_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sdist = tmp_path / "old-1.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        entry = tarfile.TarInfo("old-1/setup.py")
        archive.addfile(entry, io.BytesIO())
    code, line = said(capsys, sdist)
    assert code == 2
    assert "old-1.tar.gz is not a scikit-build-core project: setuptools" in line


@pytest.mark.parametrize(
    "name", ["../out", "/out", "old-1/../../out", "old-1/a:b", "old-1/link", "old-1/fifo"]
)
def test_an_sdist_writes_nothing_outside_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    sdist = tmp_path / "old-1.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        entry = tarfile.TarInfo(name)
        if name.endswith("link"):
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        if name.endswith("fifo"):
            entry.type = tarfile.FIFOTYPE
        archive.addfile(entry, io.BytesIO())
    assert said(capsys, sdist)[0] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["old-1.tar.gz"]


def linked(sdist: Path, links: dict[str, str]) -> Path:
    """Write an sdist with one file of its own, and links."""
    with tarfile.open(sdist, "w:gz") as archive:
        for name, target in links.items():
            entry = tarfile.TarInfo(f"old-1/{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
        entry = tarfile.TarInfo("old-1/there/pyproject.toml")
        entry.size = len(LED)
        archive.addfile(entry, io.BytesIO(LED.encode()))
    return sdist


def test_a_link_within_an_sdist_is_the_file_that_it_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sdist = linked(tmp_path / "old-1.tar.gz", {"pyproject.toml": "there/pyproject.toml"})
    code, line = said(capsys, sdist, "--python", "3.11")
    assert code == 2
    assert "requires Python >=3.12" in line


@pytest.mark.parametrize(
    ("links", "why"),
    [
        ({"pyproject.toml": "pyproject.toml"}, "links to no file in it"),
        ({"a": "b", "b": "a"}, "links to no file in it"),
        ({"a": "../../there/pyproject.toml"}, "links to no file in it"),
        (dict.fromkeys("abc", "there/pyproject.toml"), "its links hold more than its files"),
    ],
)
def test_links_that_lead_nowhere_or_multiply_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], links: dict[str, str], why: str
) -> None:
    code, line = said(capsys, linked(tmp_path / "old-1.tar.gz", links))
    assert code == 3
    assert why in line


def test_what_is_no_project_is_an_input_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, tmp_path)[0] == 3
    noise = tmp_path / "noise.tar.gz"
    noise.write_bytes(b"no archive")
    assert said(capsys, noise)[0] == 3
    code, line = said(capsys, project(tmp_path / "broken", "[build-system\n"))
    assert code == 3
    assert "cannot be read" in line


def test_an_editable_install_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, line = said(capsys, "-e", project(tmp_path / "led", LED))
    assert code == 2
    assert "an editable install for Windows is not possible on this system" in line


def test_a_python_that_the_project_does_not_take_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, line = said(capsys, project(tmp_path / "led", LED), "--python", "3.12,3.11")
    assert code == 2
    assert line.endswith("led requires Python >=3.12: leave 3.11 out of --python")


def test_no_sdk_is_taken_before_somebody_names_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    require("clang_cl")
    for name in ("MLCBUILD_WINDOWS_SDK", "XWIN_ACCEPT_LICENSE"):
        monkeypatch.delenv(name, raising=False)
    code, line = said(capsys, project(tmp_path / "led", LED), "--python", "3.12")
    assert code == 2
    assert "which Windows SDK?" in line


def test_this_projects_own_wheel_has_another_command(capsys: pytest.CaptureFixture[str]) -> None:
    code, line = said(capsys, Path(__file__).parents[2])
    assert code == 2
    assert line.endswith("has its own command: mlcbuild wheel --target win_amd64")


def test_jobs_are_a_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("0", "x", "-1"):
        assert said(capsys, project(tmp_path / f"led{word}", LED), f"--jobs={word}")[0] == 2


@pytest.mark.parametrize("word", ["2.7", "3.7", "3.99", "311", "", "3.11,", "pypy3.10", "3.12t"])
def test_what_is_no_pinned_cpython_is_wrong_use(word: str) -> None:
    with pytest.raises(UsageError):
        read_targets([word], "win_amd64")


def test_pythons_are_read_once_each_in_their_order() -> None:
    targets = read_targets(["3.13, 3.11", "3.13,3.13t"], "win_amd64")
    assert [target.abi for target in targets] == ["cp313", "cp311", "cp313t"]
    assert targets[0].soabi == "cp313-win_amd64"


def test_a_requirement_that_no_index_has_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    require("clang_cl")
    require("sources")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    text = LED.replace('["scikit-build-core"]', '["scikit-build-core", "no-such-thing"]')
    code, line = said(capsys, project(tmp_path / "led", text), "--python", "3.12", "--sdk", "free")
    assert code == 3
    assert "cannot be installed: ERROR: " in line
