"""A Windows program in the lab behaves as a command of this machine does."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mlcbuild.errors import UsageError
from mlcbuild.lab.wine_process import Completed, EarlyEndError, run_program

if TYPE_CHECKING:
    from mlcbuild.lab import Lab

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the lab is Linux's way to run Windows programs"
)
_ECHO = "import json, sys; print(json.dumps(sys.argv[1:]))"


def test_it_is_windows_and_a_real_cpython(windows: Lab) -> None:
    done = windows.python("-c", "import sys; print(sys.platform, sys.version)")
    assert (done.code, done.stderr) == (0, b"")
    assert done.text.startswith("win32 3.11.9")
    assert "[MSC v." in done.text


@pytest.mark.parametrize(
    "word",
    [
        "plain",
        "two words",
        "",
        'a "quoted" word',
        "tail\\",
        'slash\\"quote',
        "ü 漢字 🙂",
        "*",
        "%PATH%",
    ],
)
def test_arguments_arrive_as_they_are(windows: Lab, word: str) -> None:
    done = windows.run(["python", "-c", _ECHO, word, "last"], timeout=60)
    assert json.loads(done.stdout) == [word, "last"]


@pytest.mark.parametrize("code", [0, 1, 3, 255, 256, 0xC0000005, 0xC0000409, 0xFFFFFFFF])
def test_exit_codes_are_whole(windows: Lab, code: int) -> None:
    end = f"import ctypes; ctypes.windll.kernel32.ExitProcess({code})"
    assert windows.python("-c", end).code == code


def test_a_fault_is_its_exit_code_and_not_a_debugger(windows: Lab) -> None:
    began = time.monotonic()
    fault = "import faulthandler; faulthandler._read_null()"
    assert windows.python("-c", fault).code == 0xC0000005
    assert time.monotonic() - began < 10


def test_output_streams_are_apart_and_binary(windows: Lab) -> None:
    write = (
        "import sys; sys.stdout.buffer.write(bytes(range(256)) * 4096);"
        "sys.stderr.buffer.write(b'\\x00\\xff\\r\\n')"
    )
    done = windows.python("-c", write)
    assert done.stdout == bytes(range(256)) * 4096
    assert done.stderr == b"\x00\xff\r\n"


def test_input_arrives_and_ends(windows: Lab) -> None:
    read = "import sys; data = sys.stdin.buffer.read(); print(len(data), data[-4:])"
    data = bytes(range(256)) * 1000
    done = windows.run(["python", "-c", read], stdin=data, timeout=60)
    assert done.text == "256000 b'\\xfc\\xfd\\xfe\\xff'\n"
    assert windows.python("-c", read).text == "0 b''\n"


def test_variables_arrive_and_those_of_other_pythons_do_not(
    windows: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("OF_THE_CALLER", "kept")
    show = "import os, json; print(json.dumps(dict(os.environ)))"
    done = windows.run(["python", "-c", show], env={"GIVEN": "ü=漢 b"}, timeout=60)
    seen: dict[str, Any] = json.loads(done.stdout)
    assert seen["GIVEN"] == "ü=漢 b"
    assert seen["OF_THE_CALLER"] == "kept"
    assert "PYTHONPATH" not in seen
    assert "PYTHONHOME" not in seen


def test_windows_pip_trusts_what_this_machine_trusts(
    windows: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    bundle = tmp_path / "company.pem"
    bundle.write_bytes(b"")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    code = "import os; print(os.path.samefile(os.environ['PIP_CERT'], 'company.pem'))"
    assert windows.run(["python", "-c", code], cwd=tmp_path).text == "True\n"
    monkeypatch.setenv("PIP_CERT", "named")
    assert windows.python("-c", "import os; print(os.environ['PIP_CERT'])").text == "named\n"


def test_it_runs_in_the_folder_given(windows: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "ü b"
    folder.mkdir()
    (folder / "file.txt").write_text("here")
    done = windows.run(
        ["python", "-c", "import os; print(open('file.txt').read(), ascii(os.getcwd()))"],
        cwd=folder,
        timeout=60,
    )
    assert done.text == f"here {windows.path(folder)!a}\n"


def test_a_time_limit_ends_the_whole_tree(windows: Lab, tmp_path: Path) -> None:
    beat = tmp_path / "beat"
    child = f"import time\nwhile 1: open({windows.path(beat)!r}, 'a').write('x'); time.sleep(0.05)"
    parent = (
        "import subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(600)"
    )
    for limit in (4, 60):  # a busy machine starts the child later
        done = windows.python("-c", parent, timeout=limit)
        assert done.timed_out
        assert done.seconds < limit + 16
        if beat.exists():
            break
    before = beat.stat().st_size
    assert before > 0
    time.sleep(0.5)
    assert beat.stat().st_size == before


def test_a_program_that_is_told_to_stop_ends_with_what_it_started(windows: Lab) -> None:
    code = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'input()'])"
    done = windows.run(["python", "-c", f"{code}; time.sleep(300)"], stop=lambda: True)
    assert done.timed_out
    assert done.seconds < 200


def test_a_child_that_keeps_the_output_open_neither_hangs_nor_stays(windows: Lab) -> None:
    left = (
        "import subprocess, sys; print('said', flush=True);"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    )
    done = windows.python("-c", left, timeout=120)
    assert done.text == "said\n"
    assert done.code == 0
    assert done.seconds < 30


def test_a_program_that_there_is_not_is_named(windows: Lab) -> None:
    with pytest.raises(UsageError, match=r"finds no program nowhere\.exe"):
        windows.run(["nowhere.exe"])


@pytest.mark.needs_lab
def test_a_program_that_wine_starts_in_vain_is_started_again(
    windows: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [EarlyEndError("in vain"), EarlyEndError("in vain")]

    def run(*given: Any, **options: Any) -> Completed:
        if answers:
            raise answers.pop()
        return run_program(*given, **options)

    monkeypatch.setattr("mlcbuild.lab.lab.run_program", run)
    echo = "import sys; print(sys.stdin.read())"
    assert windows.run(["python", "-c", echo], stdin=b"asked").text == "asked\n"
    answers[:] = [EarlyEndError("in vain")] * 3
    with pytest.raises(EarlyEndError):
        windows.python("-c", echo)


@pytest.mark.needs_lab
def test_the_command_hands_everything_through() -> None:
    command = [sys.executable, "-m", "mlcbuild", "lab", "run", "--"]
    code = "import sys; print(sys.stdin.read(), end=''); print('e', file=sys.stderr); sys.exit(7)"
    done = subprocess.run(
        [*command, "python", "-c", code],
        input=b"given",
        capture_output=True,
        check=False,
        timeout=300,
        cwd=Path(__file__).parents[2] / "python",
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, b"given", b"e\r\n")


_SYMBOLS = """
import ctypes, time
dbghelp = ctypes.WinDLL("dbghelp", use_last_error=True)
began = time.monotonic()
said = [dbghelp.SymInitialize(-1, None, 1), dbghelp.StackWalk64(), dbghelp.SymFromNameW()]
print(said, ctypes.get_last_error(), dbghelp.SymCleanup(-1), time.monotonic() - began < 0.5)
"""


def test_a_search_for_symbols_finds_nothing_at_once(windows: Lab) -> None:
    assert windows.python("-c", _SYMBOLS).text == "[0, 0, 0] 120 1 True\n"
