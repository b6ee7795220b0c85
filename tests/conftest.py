"""Fixtures for every area."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import tinydll
from needs import require

if TYPE_CHECKING:
    from mlcbuild.lab import Lab

pytest_plugins = ("leftout",)


# A busy machine is no fault: what a test may cost, it says itself.
hypothesis.settings.register_profile(
    "shared", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("shared")


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let Ctrl-C reach what tests start: a background job ignores it, and so do its children."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return a folder that all processes of this run have: what is dear is made there once."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session", autouse=True)
def built_once(shared: Path) -> None:
    """Let all processes of this run share the tiny DLLs that one of them built."""
    tinydll.keep_in(shared / "tinydll")


@pytest.fixture(autouse=True)
def fresh_index_settings() -> None:
    """Forget what pip was asked: its answer is kept for a process, and a test is its own."""
    pipconfig = sys.modules.get("mlcbuild.sources.pipconfig")
    if pipconfig is not None:
        pipconfig.load_settings.cache_clear()


@pytest.fixture(scope="session")
def windows() -> Lab:
    """Return the lab: ``windows.run(["python", ...])`` runs under real Windows CPython.

    ``windows.use(tmp_path / "env")`` is a lab with an empty environment. It lies in mlcbuild's
    cache and stays up: never end it. Others use it at the same time.
    """
    require("lab")
    from mlcbuild.lab import up  # noqa: PLC0415 - few tests ask for it

    return up(notice=print)


@pytest.fixture(scope="session")
def offered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel of this mlcbuild, for ``PIP_FIND_LINKS``."""
    folder = tmp_path_factory.mktemp("offered")
    wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder]
    toolkit = Path(__file__).parents[1] / "python"
    subprocess.run([*wheel, toolkit], check=True, timeout=300)
    return folder
