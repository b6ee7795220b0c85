"""Fresh projects, caches and indexes: nothing here reaches the network."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from mlcbuild.sources import pipconfig
from needs import require
from sources_helpers import IndexHandler, IndexHttpServer, IndexServer, Project, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_user_settings(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Take the machine's own Git and pip settings out; the slow tests need its network."""
    if request.node.get_closest_marker("slow"):
        return
    empty = tmp_path / "empty.gitconfig"
    empty.write_text("", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(empty))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in list(os.environ):
        if name.startswith(("PIP_", "MLCBUILD_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    pipconfig.load_settings.cache_clear()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in a path with a space and an umlaut."""
    require("git")
    return make_project(tmp_path / "Übung eins")


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    """A running index that pip's environment variable names."""
    server = IndexHttpServer(("127.0.0.1", 0), IndexHandler)
    server.state = IndexServer(url=f"http://127.0.0.1:{server.server_address[1]}/simple")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("PIP_INDEX_URL", server.state.url)
    yield server.state
    server.shutdown()
    thread.join()
    server.server_close()
