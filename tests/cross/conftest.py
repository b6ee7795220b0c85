from __future__ import annotations

import functools

import build.env
import pytest
from wheelvenv import uv_settings


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have uv make the build environment. Its files are copies: headers in it are replaced."""
    made_by_uv = functools.partial(build.env.DefaultIsolatedEnv, installer="uv")
    monkeypatch.setattr(build.env, "DefaultIsolatedEnv", made_by_uv)
    for name, value in (uv_settings() | {"UV_LINK_MODE": "copy"}).items():
        monkeypatch.setenv(name, value)
