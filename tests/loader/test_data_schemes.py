"""Where a wheel's ``NAME.data/`` goes on Windows, and what is reachable there."""

from __future__ import annotations

from typing import Any

import pytest
from check_facts import broken_load, image, run_rule, subject, wheel
from memory_package import MemoryPackage
from mlcbuild.loader import predict, world_from_package
from mlcbuild.package.names import installed_path
from pefactory import make_pe

LEAF = make_pe(exports=["f"])
USER = make_pe(imports={"leaf.dll": ["f"]})


@pytest.mark.parametrize(
    ("member", "installed", "to_prefix"),
    [
        ("x-1.data/data/Lib/site-packages/pkg/leaf.dll", "pkg/leaf.dll", False),
        ("x-1.data/data/lib/Site-Packages/leaf.dll", "leaf.dll", False),
        ("x-1.data/data/Library/bin/leaf.dll", "Library/bin/leaf.dll", True),
        ("x-1.data/data/leaf.dll", "leaf.dll", True),
        ("x-1.data/scripts/tool.exe", "Scripts/tool.exe", True),
        ("x-1.data/purelib/pkg/leaf.dll", "pkg/leaf.dll", False),
        ("x-1.data/platlib/leaf.dll", "leaf.dll", False),
        ("x-1.data/headers/leaf.dll", "x-1.data/headers/leaf.dll", False),
        ("pkg/x.data/data/leaf.dll", "pkg/x.data/data/leaf.dll", False),
    ],
)
def test_where_a_scheme_puts_a_member(member: str, installed: str, to_prefix: Any) -> None:
    assert installed_path(member) == (installed, to_prefix)


@pytest.mark.parametrize(
    ("folder", "verdict"),
    [
        ("x-1.data/data/Lib/site-packages/pkg", "loads"),
        ("x-1.data/data/lib/site-packages/pkg", "loads"),
        ("x-1.data/platlib/pkg", "loads"),
        ("x-1.data/purelib/pkg", "loads"),
        ("x-1.data/data", "loads"),  # beside python.exe
        ("x-1.data/data/Library/bin", "fails"),  # nothing adds it outside conda
        ("x-1.data/data/Lib/site-packages/other", "fails"),
        ("x-1.data/scripts", "fails"),
    ],
)
def test_a_dll_of_a_scheme_is_found_where_an_installer_puts_it(folder: str, verdict: str) -> None:
    files = {"pkg/user.pyd": USER, f"{folder}/leaf.dll": LEAF}
    package = MemoryPackage(files, kind="wheel", wheel=wheel("cp311-cp311-win_amd64"))
    assert predict(world_from_package(package), "pkg/user.pyd").verdict == verdict


def test_code_that_a_scheme_puts_into_the_package_adds_folders_too() -> None:
    site = "x-1.data/data/Lib/site-packages"
    files = {
        "pkg/user.pyd": USER,
        f"{site}/pkg/libs/leaf.dll": LEAF,
        f"{site}/pkg/__init__.py": b"import os\nos.add_dll_directory(here + '/libs')\n",
    }
    package = MemoryPackage(files, kind="wheel", wheel=wheel("cp311-cp311-win_amd64"))
    assert predict(world_from_package(package), "pkg/user.pyd").verdict == "loads"


def test_a_native_file_that_a_user_install_puts_elsewhere_is_a_note() -> None:
    member = "x-1.data/data/Lib/site-packages/pkg/leaf.dll"
    (found,) = run_rule("user-install", subject(image(member), wheel=wheel()))
    assert (found.severity, found.module) == ("note", member)
    assert "not after pip install --user" in found.message
    other = subject(image("x-1.data/platlib/pkg/leaf.dll"), wheel=wheel())
    assert run_rule("user-install", other) == []


def test_the_folder_to_add_is_named_as_it_is_installed() -> None:
    member = "x-1.data/data/Lib/site-packages/libs/leaf.dll"
    chain = ["pkg/user.pyd", "leaf.dll"]
    judged = subject(
        image("pkg/user.pyd"),
        image(member),
        loads_of={"pkg/user.pyd": broken_load("missing-dll", 126, chain)},
        wheel=wheel(),
    )
    (found,) = run_rule("missing-dll", judged)
    assert "--add-dir libs)" in found.fix
    assert ".data" not in found.fix.partition(")")[0]
