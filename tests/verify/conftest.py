"""Small wheels, written by code."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from pathlib import Path


class MakeWheel(Protocol):
    def __call__(
        self, files: dict[str, str | bytes], *, requires: tuple[str, ...] = (), name: str = "demo"
    ) -> Path: ...


@pytest.fixture
def make_wheel(tmp_path: Path) -> MakeWheel:
    """Return a function that writes a wheel of the given files below a folder with a space."""

    def make(
        files: dict[str, str | bytes], *, requires: tuple[str, ...] = (), name: str = "demo"
    ) -> Path:
        info = f"{name}-1.0.dist-info"
        needs = "".join(f"Requires-Dist: {line}\n" for line in requires)
        members: dict[str, bytes] = {
            path: text.encode() if isinstance(text, str) else text for path, text in files.items()
        }
        members[f"{info}/METADATA"] = (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}".encode()
        )
        members[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        lines = []
        for path, data in members.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{path},sha256={digest},{len(data)}\n")
        members[f"{info}/RECORD"] = ("".join(lines) + f"{info}/RECORD,,\n").encode()
        wheel = tmp_path / "a folder" / f"{name}-1.0-py3-none-any.whl"
        wheel.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, data in members.items():
                archive.writestr(path, data)
        return wheel

    return make
