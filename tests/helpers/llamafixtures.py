"""Fixtures of the areas that use a model: a conftest imports them. One Llama is made a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from commands import run_mlcbuild
from mlcbuild.sources.cache import stage_folder
from needs import require
from publishedllama import Llama, llama_weights, write_published
from wheelvenv import wheel_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wheelvenv import Wheel

__all__ = ["compiled", "llama", "wheel"]

#: Upstream's tests of the server name token 338, and take answers of 256 tokens.
VOCABULARY, CONTEXT = 512, 4096
#: With these weights greedy answers end, or do not, as those tests want it.
SEED, ENDS = 1104, 1.5


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    """Return an environment with the wheel that MLCBUILD_TEST_WHEEL names."""
    require("wheel", "index")
    return wheel_environment(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def compiled(wheel: Wheel) -> Callable[..., Llama]:
    """Return what makes a model for the processor of a published one, with its library."""

    def make(source: Path, into: Path, quantization: str = "q0f32", *words: str) -> Llama:
        made = Llama(source=source, model=into)
        library = into.with_name(f"{into.name}.so")
        told = ["--quantization", quantization, "--weights", into, "-o", library, *words]
        done = run_mlcbuild("model", source, *told, "--interpreter", wheel.python)
        assert done.returncode == 0, done.stdout + done.stderr
        library.rename(made.library)
        return made

    return make


@pytest.fixture(scope="session")
def llama(compiled: Callable[..., Llama], shared: Path) -> Llama:
    """Return a model that answers greedily unless it is told not to; all processes share it."""
    folder = shared / "llama"

    def make(staged: Path) -> None:
        weights = llama_weights(VOCABULARY, seed=SEED, ends=ENDS)
        compiled(
            write_published(staged / "source", weights, context=CONTEXT, greedy=True),
            staged / "model",
        )

    stage_folder(folder, make)
    return Llama(source=folder / "source", model=folder / "model")
