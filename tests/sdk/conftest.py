from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlcbuild.llvm import Llvm, find_llvm
from mlcbuild.sdk.free import COMPONENT, make_free_sdk
from mlcbuild.sources.cache import default_cache
from mlcbuild.sources.fetch import fetch
from mlcbuild.sources.lock import load
from needs import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlcbuild.platforms import Machine
    from mlcbuild.sdk.windows_sdk import WindowsSdk

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def llvm() -> Llvm:
    require("clang_cl")
    return find_llvm(os.environ)


@pytest.fixture(scope="session")
def make_sdk(
    llvm: Llvm, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Machine], WindowsSdk]:
    """Return what gives a machine's free SDK, from the cache where a build has made it already."""
    require("sources")

    def make(machine: Machine) -> WindowsSdk:
        into = tmp_path_factory.mktemp("sources")
        fetch(load(ROOT / "3rdparty" / "sources.toml"), into=into, only=[COMPONENT])
        sdk = make_free_sdk(default_cache(), into / COMPONENT, llvm, machine, print)
        shutil.rmtree(into)
        return sdk

    return make


@pytest.fixture(scope="session")
def free_sdk(make_sdk: Callable[[Machine], WindowsSdk]) -> WindowsSdk:
    return make_sdk("x86_64")


@pytest.fixture(scope="session")
def arm64_sdk(make_sdk: Callable[[Machine], WindowsSdk]) -> WindowsSdk:
    return make_sdk("arm64")
