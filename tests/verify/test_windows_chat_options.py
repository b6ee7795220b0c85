"""``verify --chat --lab --device``: what goes to Windows, and what to the side that compiles."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlcbuild.cli import main
from mlcbuild.verify.result import Options
from mlcbuild.verify.windows_chat import beside

LINUX = "dist/tvm_vulkan-0.26.0-py3-none-manylinux_2_34_x86_64.whl"
WINDOWS = "house/tvm_vulkan-0.26.0+mlcbuild.mingw-py3-none-win_amd64.whl"


def options(*also: str, device: str = "vulkan") -> Options:
    return Options(wheel=Path("x.whl"), chat=True, wine=True, device=device, also=also)


def test_the_sets_own_plugin_goes_to_windows_and_the_linux_wheel_compiles() -> None:
    assert beside(options(LINUX)) == (("tvm-vulkan",), (LINUX,))


@pytest.mark.parametrize("named", [WINDOWS, "tvm-vulkan==0.26.0"])
def test_a_plugin_that_is_named_for_windows_is_taken(named: str) -> None:
    assert beside(options(LINUX, named)) == ((named,), (LINUX,))


def test_the_cpu_needs_no_plugin_on_either_side() -> None:
    assert beside(options("numpy", device="cpu")) == (("numpy",), ())


def test_the_command_refuses_in_one_line_before_it_makes_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-win_amd64.whl"
    wheel.write_bytes(b"PK\5\6" + bytes(18))
    words = ["--chat", "--lab", "--device", "vulkan", "--linux-wheel", str(wheel)]
    assert main(["verify", str(wheel), *words]) in (2, 3)
    assert capsys.readouterr().err.count("\n") == 1
