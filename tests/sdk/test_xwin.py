"""Microsoft's SDK comes when its licence is accepted, and never otherwise."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.errors import FailedError, InputError, UsageError
from mlcbuild.llvm import Llvm
from mlcbuild.sdk.choose import choose_sdk
from needs import require

if TYPE_CHECKING:
    from mlcbuild.sdk.windows_sdk import WindowsSdk

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a #! line")

LLVM = Llvm(clang_cl="", lld_link="", llvm_lib="", llvm_rc="", llvm_mt="", version=(19, 1, 7))
#: Leaves the files of a splat below --output, or below XWIN_CACHE_DIR/xwin, and what it was told.
#: A path with a space cannot stand in a #! line: the shell starts Python on the same file.
STAND_IN = """\
#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import os, pathlib, sys
if {fails}:
    sys.exit("resolving\\nError: HTTP GET failed\\n\\nCaused by:\\n    io: connection refused\\n\\n"
             "Stack backtrace:\\n   0: xwin::main")
at = sys.argv[sys.argv.index("--output") + 1] if "--output" in sys.argv else ""
root = pathlib.Path(at) if at else pathlib.Path(os.environ["XWIN_CACHE_DIR"], "xwin")
arch = os.environ.get("XWIN_ARCH") or sys.argv[sys.argv.index("--arch") + 1]
for name in ("crt/include/vcruntime.h", "crt/include/crtversion.h", f"crt/lib/{{arch}}/msvcrt.lib",
             "sdk/include/ucrt/stdio.h", "sdk/include/um/windows.h",
             f"sdk/lib/ucrt/{{arch}}/ucrt.lib", f"sdk/lib/um/{{arch}}/kernel32.lib"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#define _VC_CRT_MINOR_VERSION 44")
pathlib.Path({log!r}).write_text(" ".join(sys.argv[1:]))
"""


def stand_in(folder: Path, name: str, *, fails: bool = False) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    program = folder / name
    text = STAND_IN.format(python=sys.executable, fails=fails, log=str(folder / "log.txt"))
    program.write_text(text, encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": str(folder)}


def chosen(cache: Path, env: dict[str, str], asked: str = "", **options: bool) -> WindowsSdk:
    def fetch_stl() -> Path:
        raise AssertionError("Microsoft's SDK has its own")

    return choose_sdk(
        asked,
        accepted=options.get("accepted", False),
        env=env,
        machine="x86_64",
        cache=cache,
        llvm=LLVM,
        fetch_stl=fetch_stl,
        notice=print,
    )


def test_with_nothing_said_one_line_names_every_way(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(tmp_path, stand_in(tmp_path / "bin", "xwin"))
    said = str(caught.value)
    for way in ("--accept-license", "XWIN_ACCEPT_LICENSE=1", "--sdk DIR", "--sdk free"):
        assert way in said
    assert "\n" not in said
    assert not (tmp_path / "bin" / "log.txt").exists(), "nothing is fetched unasked"


@pytest.mark.parametrize("name", ["xwin", "cargo-xwin"])
def test_with_the_licence_accepted_it_is_brought_once(tmp_path: Path, name: str) -> None:
    env = stand_in(tmp_path / "bin", name)
    sdk = chosen(tmp_path, env, accepted=True)
    assert sdk.kind == "microsoft"
    assert sdk.folder.is_relative_to(tmp_path / "sdk")
    log = tmp_path / "bin" / "log.txt"
    assert ("--accept-license" in log.read_text()) == (name == "xwin")
    log.unlink()
    assert chosen(tmp_path, {**env, "XWIN_ACCEPT_LICENSE": "1"}) == sdk
    assert not log.exists(), "from the cache"


def test_without_xwin_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="needs xwin") as caught:
        chosen(tmp_path, {"PATH": str(tmp_path)}, accepted=True)
    assert "pip install cargo-xwin" in caught.value.remedy


def test_an_xwin_that_fails_is_quoted_and_leaves_nothing_half_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="HTTP GET failed; io: connection refused"):
        chosen(tmp_path, stand_in(tmp_path / "bin", "xwin", fails=True), accepted=True)
    assert not [path for path in (tmp_path / "sdk").iterdir() if path.is_dir()]


def test_a_half_made_sdk_of_an_interrupted_run_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "sdk" / "microsoft-x86_64.part" / "crt"
    half.mkdir(parents=True)
    sdk = chosen(tmp_path, stand_in(tmp_path / "bin", "xwin"), accepted=True)
    assert sdk.kind == "microsoft"
    assert not half.exists()


def test_a_named_folder_needs_no_licence_flag(tmp_path: Path) -> None:
    fetched = chosen(tmp_path, stand_in(tmp_path / "bin", "xwin"), accepted=True)
    assert chosen(tmp_path / "other", {"PATH": ""}, str(fetched.folder)).kind == "microsoft"
    variable = {"PATH": "", "MLCBUILD_WINDOWS_SDK": str(fetched.folder)}
    assert chosen(tmp_path / "other", variable).kind == "microsoft"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], (2, "which Windows SDK?")),
        (["--accept-license"], (1, "needs xwin")),
        (["--sdk", "nowhere"], (3, "there is no Windows SDK")),
        (["--sdk", "."], (3, "not a complete Windows SDK in xwin's layout")),
    ],
)
def test_what_lacks_is_one_line_with_its_exit_code_before_pip_begins(
    words: list[str],
    expected: tuple[int, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    require("clang_cl", "cargo", "rust_windows")
    (tmp_path / "bin").mkdir()
    for tool in ("clang-cl-19", "cargo", "rustc"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("XWIN_ACCEPT_LICENSE", raising=False)
    monkeypatch.chdir(tmp_path)
    code = main(["wheel", "--target", "win_amd64", "--project", str(ROOT), *words])
    error = capsys.readouterr().err
    assert code == expected[0]
    assert expected[1] in error
    assert error.count("\n") == 1


def test_without_clang_one_line_names_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    words = ["wheel", "--target", "win_amd64", "--sdk", "free", "--project", str(ROOT)]
    assert main(words) == 1
    error = capsys.readouterr().err
    assert "needs clang-cl" in error
    assert "clang-tools-19" in error
