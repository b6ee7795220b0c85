"""Windows programs with a display: for Vulkan, which Wine opens through X11."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.errors import InputError
from mlcbuild.lab.display import display

if TYPE_CHECKING:
    from mlcbuild.lab import Lab

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the lab is Linux's way to run Windows programs"
)
#: The name of the desktop that a program runs on.
DESKTOP = """
import ctypes
user = ctypes.windll.user32
user.GetThreadDesktop.restype = ctypes.c_void_p
name = ctypes.create_unicode_buffer(99)
desktop = ctypes.c_void_p(user.GetThreadDesktop(ctypes.windll.kernel32.GetCurrentThreadId()))
user.GetUserObjectInformationW(desktop, 2, name, ctypes.sizeof(name), None)
print(name.value)
"""


@pytest.mark.needs_display
def test_a_display_is_started_where_there_is_none_and_ends_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with display() as name:
        door = Path(f"/tmp/.X11-unix/X{name.removeprefix(':')}")  # noqa: S108 - X11's own place
        assert door.is_socket()
    assert not door.exists()


def test_the_callers_display_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", "machine:3")
    with display() as name:
        assert name == "machine:3"


def test_a_machine_without_a_display_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="install --no-install-recommends xvfb"), display():
        pass


def test_a_program_with_a_display_has_a_desktop_that_nobody_else_has(windows: Lab) -> None:
    shared = windows.run(["python", "-c", DESKTOP]).text.strip()
    display_name = os.environ.get("DISPLAY", ":0")
    own = [windows.run(["python", "-c", DESKTOP], env={"DISPLAY": display_name}) for _ in range(2)]
    names = {shared, *(done.text.strip() for done in own)}
    assert shared == "Default"
    assert len(names) == 3


#: A child opens the display, and its parent reads all that it says.
OPENED_BY_A_CHILD = """
import subprocess, sys
child = "import ctypes; ctypes.windll.user32.GetDesktopWindow(); print('opened', flush=True)"
print(subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout)
"""


@pytest.mark.needs_display
def test_a_child_that_opens_the_display_first_does_not_keep_its_parent_waiting(
    windows: Lab,
) -> None:
    with display() as name:
        words = ["python", "-c", OPENED_BY_A_CHILD]
        done = windows.run(words, env={"DISPLAY": name}, timeout=60)
    assert (done.timed_out, done.text.split()) == (False, ["opened"])
