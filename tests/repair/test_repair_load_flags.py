"""DependentLoadFlags of a DLL that a repair vendors: they would leave its new folder out."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

from loadercases import LOAD_CONFIG
from mlcbuild.cli import main
from mlcbuild.pe.reader import read_image
from tinydll import build_dll
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_repair_clears_the_flags_of_what_it_vendors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    build_dll(tools / "leaf.dll", exports=["f"], toolchain="lld")
    flagged = build_dll(
        tools / "tbb12.dll",
        exports=["t"],
        imports={"leaf.dll": ["f"]},
        source=LOAD_CONFIG.replace("0x800", "0x2000"),
        toolchain="lld",
    )
    assert read_image(flagged.read_bytes(), path="tbb12.dll").dependent_load_flags == 0x2000
    user = build_dll(tmp_path / "user.dll", exports=["run"], imports={"tbb12.dll": ["t"]})
    files = {"pkg/__init__.py": b"", "pkg/user.dll": user.read_bytes()}
    wheel = make_wheel(tmp_path / "dist", files, name="pkg")
    out = tmp_path / "out"

    assert main(["repair", str(wheel), "-o", str(out), "--add-path", str(tools), "--json"]) == 0
    (done,) = json.loads(capsys.readouterr().out)["wheels"]

    assert done["left"] == []
    with zipfile.ZipFile(out / wheel.name) as archive:
        vendored = {
            name: read_image(archive.read(name), path=name)
            for name in archive.namelist()
            if name.startswith("pkg.libs/") and name.endswith(".dll")
        }
    assert {
        name.partition("-")[0]: image.dependent_load_flags for name, image in vendored.items()
    } == {
        "pkg.libs/leaf": 0,
        "pkg.libs/tbb12": 0,
    }
    assert main(["check", str(out / wheel.name)]) == 0
    assert "load-flags" not in capsys.readouterr().out
