"""What a target may be: an image, a folder, an installed distribution, a project of the index."""

from __future__ import annotations

import contextlib
import shutil
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from mlcbuild.errors import InputError
from mlcbuild.package.natives import is_native_name
from mlcbuild.package.targets import open_package
from mlcbuild.pe.fields import NotPeError
from mlcbuild.pe.reader import PeFile
from pefactory import make_pe
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.package.member import Package


def images(package: Package) -> list[str]:
    """Return the members that are readable images."""
    found = []
    for member in package.members():
        if is_native_name(member.path):
            with contextlib.suppress(NotPeError):
                PeFile(package.read(member), path=member.path)
                found.append(member.path)
    return found


def refusal(target: str) -> InputError:
    with pytest.raises(InputError) as raised, open_package(target):
        pass
    assert raised.value.exit_code == 3
    assert "\n" not in str(raised.value)
    return raised.value


def test_one_image_is_a_package_of_one_member(tmp_path: Path) -> None:
    path = tmp_path / "sp ace ü.dll"
    path.write_bytes(make_pe(extra=bytes(1 << 18)))
    with open_package(str(path)) as package:
        assert package.kind == "image"
        (member,) = package.members()
        assert (member.path, member.size) == ("sp ace ü.dll", path.stat().st_size)
        assert bytes(package.read(member)) == path.read_bytes()
        assert images(package) == ["sp ace ü.dll"]


def test_a_folder_holds_every_file_below_it(tmp_path: Path) -> None:
    (tmp_path / "pkg/sub").mkdir(parents=True)
    (tmp_path / "pkg/a.PYD").write_bytes(make_pe())
    (tmp_path / "pkg/sub/b.dll").write_bytes(b"")
    (tmp_path / "readme.txt").write_bytes(b"x")
    if sys.platform != "win32":
        (tmp_path / "pkg/loop").symlink_to(tmp_path, target_is_directory=True)
    with open_package(str(tmp_path)) as package:
        assert [member.path for member in package.members()] == [
            "pkg/a.PYD",
            "pkg/sub/b.dll",
            "readme.txt",
        ]
        assert images(package) == ["pkg/a.PYD"]


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"\x7fELF\2\1\1", "ELF"),
        (b"\xcf\xfa\xed\xfe", "Mach-O"),
        (b"!<arch>\n", "import library"),
        (b"PK\3\4", "zip"),
        (b"hello", "not a Windows image"),
        (b"", "not a Windows image"),
    ],
)
def test_files_of_other_systems_are_refused_by_name(tmp_path: Path, head: bytes, word: str) -> None:
    path = tmp_path / "lib.so"
    path.write_bytes(head)
    assert word in refusal(str(path)).message


@pytest.mark.parametrize("name", ["user", "user.dll.bak"])
def test_an_image_by_another_name_is_refused_rather_than_passed_over(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"MZ" + bytes(100))
    assert ".dll" in refusal(str(path)).remedy


def test_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(str(tmp_path / "no.dll")).message
    assert "not installed" in refusal("installed:no-such-thing-here").message
    assert "not a valid requirement" in refusal("pypi:a b c").message
    refusal("nul\0byte.dll")


def installed(site: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)


def test_an_installed_distribution_comes_with_what_it_requires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    wheels = tmp_path / "wheels"
    image = make_pe()
    installed(
        site,
        make_wheel(
            wheels,
            {"demo_a/a.dll": image},
            name="demo_a",
            requires=["demo-b>=1", "absent; extra == 'x'", "gone; sys_platform == 'never'"],
        ),
    )
    installed(site, make_wheel(wheels, {"demo_b/b.dll": image}, name="demo_b", requires=["demo_a"]))
    monkeypatch.syspath_prepend(str(site))
    with open_package("installed:demo-a") as package:
        assert package.kind == "installed"
        assert images(package) == ["demo_a/a.dll"]
        assert package.wheel is not None
        assert package.wheel.tags == ("py3-none-win_amd64",)
        assert [each.name for each in package.companions] == ["installed:demo_b"]
        assert images(package.companions[0]) == ["demo_b/b.dll"]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give pip's configuration a folder of wheels and nothing else."""
    folder = tmp_path / "index"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    for version in ("1.0", "1.2", "2.0rc1"):
        make_wheel(folder, {"a.dll": make_pe()}, version=version, requires=["dep>=1"])
    make_wheel(folder, {"a.so": b""}, version="3.0", tag="py3-none-manylinux_2_28_x86_64")
    make_wheel(folder, {"a.dll": b""}, version="1.1", tag="cp39-cp39-win_amd64")
    make_wheel(folder, {"dep.dll": make_pe()}, name="dep", requires=["demo"])
    return folder


@pytest.mark.parametrize(
    ("target", "version"),
    [("demo", "1.2"), ("demo==1.0", "1.0"), ("Demo<1.2", "1.0"), ("demo==2.0rc1", "2.0rc1")],
)
def test_the_index_gives_the_wheel_that_pip_would_take(
    index: Path, target: str, version: str
) -> None:
    assert index.is_dir()
    with open_package(f"pypi:{target}", python=(3, 11)) as package:
        assert package.kind == "pypi"
        assert package.wheel is not None
        assert package.wheel.version == version
        assert images(package) == ["a.dll"]
        assert not package.companions


def test_requirements_come_along_when_asked_for(index: Path) -> None:
    assert index.is_dir()
    with open_package("pypi:demo==1.2", with_deps=True, python=(3, 11)) as package:
        assert [each.name for each in package.companions] == ["pypi:dep"]
        assert images(package.companions[0]) == ["dep.dll"]


def test_an_index_without_a_fitting_wheel_is_told(index: Path) -> None:
    with pytest.raises(InputError, match="no wheel for Python 3"), open_package("pypi:demo==3.0"):
        pass
    with pytest.raises(InputError, match="no such project"), open_package("pypi:nothing"):
        pass
    shutil.rmtree(index)
