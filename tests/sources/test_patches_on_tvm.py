"""The patches for TVM 0.26, on TVM 0.26, each with the failure it is for: needs the network."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from pins import TVM_WHEELS
from sources_helpers import fetch_pinned
from wheelvenv import environment

pytestmark = pytest.mark.slow

#: Patch left out -> what then fails, and with which words; "" leaves out none.
FAILURES = {
    "": {},
    "mlc-llm-buffers-are-parameters": dict.fromkeys(
        ("lift", "dequantize", "low_batch"), "no attribute 'buffer_map'"
    ),
    "mlc-llm-scalars-before-outputs": dict.fromkeys(
        ("sampler", "experts", "images"), "type mismatch"
    ),
    "mlc-llm-relax-var-name": {"names": "no attribute 'name_hint'"},
    "mlc-llm-image-crop": {"images": "DiagnosticError"},
    "mlc-llm-merge-state-barrier": {"merge": "no barrier"},
    "mlc-llm-experts-on-gpu": {"counts": "TVM's sum"},
    "mlc-llm-kernels-that-fit": {"fits": "41984 bytes of shared memory"},
}
#: The same for whole models, lowered and not compiled to machine code.
MODEL_FAILURES = {
    "": {},
    "mlc-llm-shape-parameters-once": {"experts": "remap_.count(source) == 0"},
    "mlc-llm-kernels-for-cpu": {"encoder": "shared memory"},
    "mlc-llm-no-names-in-blocks": {"recurrent": "DiagnosticError"},
    "mlc-llm-llama4-on-tvm-0-26": {"llama4": "type mismatch"},
    "mlc-llm-phi3v-vision-config": {"vision": "AssertionError"},
    "mlc-llm-yarn-on-gpu": {"yarn": "DiagnosticError"},
}
MODELS = ("experts", "llama4", "recurrent", "encoder", "vision", "yarn", "latent")
#: What importing mlc_llm's models takes beside TVM.
REQUIRED = (
    "fastapi",
    "ml_dtypes",
    "prompt_toolkit",
    "psutil",
    "pydantic",
    "requests",
    "shortuuid",
    "tqdm",
    "typing_extensions",
    "uvicorn",
)
CHECKS = (
    "names",
    "lift",
    "dequantize",
    "low_batch",
    "sampler",
    "experts",
    "counts",
    "shapes",
    "images",
    "merge",
    "fits",
)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the official TVM and what mlc_llm imports."""
    return environment(tmp_path_factory.mktemp("tvm"), *TVM_WHEELS, "numpy", *REQUIRED).python


@pytest.mark.parametrize("without", FAILURES, ids=lambda name: name or "all")
def test_passes_and_kernels_give_right_numbers_and_fail_without_their_patch(
    python: Path, tmp_path: Path, without: str
) -> None:
    judge(python, tmp_path, without, "patched_passes.py", wanted=FAILURES[without], every=CHECKS)


@pytest.mark.parametrize("without", MODEL_FAILURES, ids=lambda name: name or "all")
def test_models_are_lowered_and_fail_without_their_patch(
    python: Path, tmp_path: Path, without: str
) -> None:
    judge(
        python, tmp_path, without, "patched_models.py", wanted=MODEL_FAILURES[without], every=MODELS
    )


def judge(
    python: Path,
    folder: Path,
    without: str,
    script: str,
    *,
    wanted: dict[str, str],
    every: tuple[str, ...],
) -> None:
    """Run checks on sources without a patch; all of them where none is left out."""
    package = fetch_pinned("mlc-llm", folder, without=without) / "python"
    checks = tuple(wanted) or every
    done = subprocess.run(
        [python, Path(__file__).with_name(script), package, *checks],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    found = dict(re.findall(r"^(\w+) (ok|fails: .*)$", done.stdout, re.MULTILINE))
    assert tuple(found) == checks, done.stdout + done.stderr
    failed = {name: said for name, said in found.items() if said != "ok"}
    assert failed.keys() == wanted.keys(), done.stderr
    for name, words in wanted.items():
        assert words in failed[name]
