"""Which folder is a Windows SDK: xwin's layout is recognised, anything else is said in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.errors import InputError
from mlcbuild.sdk.windows_sdk import FREE_MARKER, read_sdk

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    "crt/include/vcruntime.h",
    "crt/include/crtversion.h",
    "crt/lib/{arch}/msvcrt.lib",
    "sdk/include/shared/sal.h",
    "sdk/include/ucrt/stdio.h",
    "sdk/include/um/windows.h",
    "sdk/lib/ucrt/{arch}/ucrt.lib",
    "sdk/lib/um/{arch}/kernel32.lib",
)


def splat(folder: Path, arch: str = "x86_64", *, minor: int = 44) -> Path:
    for name in FILES:
        path = folder / name.format(arch=arch)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#define _VC_CRT_MINOR_VERSION {minor}\n")
    return folder


def test_what_xwin_leaves_is_microsofts_sdk(tmp_path: Path) -> None:
    sdk = read_sdk(splat(tmp_path / "sp äce", minor=51), "x86_64")
    assert (sdk.kind, sdk.toolset, sdk.label) == ("microsoft", (14, 51), "Microsoft")
    assert [path.name for path in sdk.includes] == ["include", "ucrt", "shared", "um"]
    assert all(path.is_dir() for path in (*sdk.includes, *sdk.libraries))


@pytest.mark.parametrize(
    ("machine", "arch"), [("x86_64", "x64"), ("arm64", "aarch64"), ("arm64", "arm64")]
)
def test_both_ways_to_name_an_architecture_are_read(
    tmp_path: Path, machine: str, arch: str
) -> None:
    assert read_sdk(splat(tmp_path, arch), machine).architecture == arch  # type: ignore[arg-type]


def test_a_free_sdk_says_so(tmp_path: Path) -> None:
    (splat(tmp_path) / FREE_MARKER).write_text("{}")
    assert read_sdk(tmp_path, "x86_64").kind == "free"


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no Windows SDK") as caught:
        read_sdk(tmp_path / "nowhere", "x86_64")
    assert "xwin --accept-license splat" in caught.value.remedy


def test_the_folder_above_the_sdk_is_told_which_one_is_meant(tmp_path: Path) -> None:
    splat(tmp_path / "xwin")
    with pytest.raises(InputError) as caught:
        read_sdk(tmp_path, "x86_64")
    assert str(tmp_path / "xwin") in caught.value.remedy


@pytest.mark.parametrize("name", [name for name in FILES if "sal.h" not in name])
def test_a_half_made_sdk_names_what_is_missing(tmp_path: Path, name: str) -> None:
    path = splat(tmp_path) / name.format(arch="x86_64")
    path.unlink()
    with pytest.raises(InputError, match="is missing") as caught:
        read_sdk(tmp_path, "x86_64")
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_layout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "VC" / "Tools").mkdir(parents=True)
    (tmp_path / "Windows Kits").mkdir()
    with pytest.raises(InputError, match="not a complete Windows SDK in xwin's layout"):
        read_sdk(tmp_path, "x86_64")


def test_an_sdk_without_the_machine_asked_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"crt/lib/aarch64 is missing"):
        read_sdk(splat(tmp_path), "arm64")


def test_libraries_spelled_as_microsoft_does_are_found(tmp_path: Path) -> None:
    path = splat(tmp_path) / "sdk/lib/um/x86_64/kernel32.lib"
    path.rename(path.with_name("kernel32.Lib"))
    assert read_sdk(tmp_path, "x86_64").machine == "x86_64"
