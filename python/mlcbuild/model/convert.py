"""Convert a published model to MLC's format: configuration, tokenizer, quantized weights.

``mlc_llm gen_config`` and ``convert_weight`` write into a staging folder, which is renamed when
both are done. It records what it was made from: a second library for the same model reuses it.
"""

from __future__ import annotations

import json
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError, UsageError
from mlcbuild.model.published import CONFIG
from mlcbuild.model.templates import PLAIN, find_template
from mlcbuild.progress import ticking
from mlcbuild.supervised import run_child

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlcbuild.model.published import Published
    from mlcbuild.supervised import Finished

__all__ = ["Conversion", "convert", "default_folder", "said_last"]

#: What the folder was made from.
_ORIGIN: Final = "mlcbuild-origin.json"
_CACHE: Final = "tensor-cache.json"
#: Seconds: for a configuration, and to convert the weights of a large model.
_QUICK_S: Final = 300.0
_CONVERT_S: Final = 6 * 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversion:
    """How to convert. ``template`` empty: found; ``options`` are passed on to gen_config."""

    quantization: str
    template: str = ""
    options: str = ""


def default_folder(model: Published, conversion: Conversion, output: Path) -> Path:
    """Return the folder beside the library, named as MLC's own converted models are."""
    return output.parent / f"{model.folder.resolve().name}-{conversion.quantization}-MLC"


def convert(
    model: Published,
    conversion: Conversion,
    into: Path,
    *,
    python: str,
    environment: Mapping[str, str],
    log: Path,
    done: Callable[[str, str], None],
) -> None:
    """Create ``into``, or reuse it if it was made from the same; ``done`` gets (stage, detail).

    Raises ``UsageError`` if it contains something else or the template is unknown,
    ``FailedError`` with the last lines of what failed; ``into`` is then unchanged.
    """
    template = conversion.template or find_template(model.folder, model.config)
    if template is None:
        raise UsageError(
            f"which conversation template {model.folder} speaks is not known",
            remedy=f"--conv-template NAME (mlc_llm gen_config --help lists them; {PLAIN}: none)",
        )
    origin = {
        "quantization": conversion.quantization,
        "template": template,
        "options": conversion.options,
        "weights": dict(model.files),
        "config": dict(model.config),
    }
    if into.exists():
        done("weights", _take(into, origin))
        return

    def fill(staged: Path) -> None:
        common = [str(model.folder.resolve()), "--quantization", conversion.quantization]
        config = ["gen_config", *common, "--conv-template", template]
        config += [*shlex.split(conversion.options), "-o", str(staged)]
        _run(config, staged / CONFIG, _QUICK_S)
        done("config", f"conversation template {template}")
        weights = ["convert_weight", *common, "--device", "cpu"]
        _run([*weights, "--source-format", model.weights, "-o", str(staged)], staged / _CACHE)
        (staged / _ORIGIN).write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")
        size = sum(file.stat().st_size for file in staged.glob("params_shard_*.bin"))
        done("weights", f"{model.bytes / 1e6:.1f} MB became {size / 1e6:.1f} MB in {into}")

    def _run(command: list[str], made: Path, limit_s: float = _CONVERT_S) -> None:
        with ticking(f"mlc_llm {command[0]}"):
            child = run_child(
                [python, "-m", "mlc_llm", *command],
                environment=environment,
                folder=made.parent,
                log=log,
                limit_s=limit_s,
            )
        if child.code != 0 or child.timed_out or not made.is_file():
            raise FailedError(
                f"mlc_llm {command[0]} {child.outcome}: {said_last(child)}",
                remedy="--log FILE keeps its whole output",
            )

    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{into.name}-", dir=into.parent) as name:
        staged = Path(name, into.name)
        staged.mkdir()
        fill(staged)
        staged.rename(into)


def said_last(child: Finished) -> str:
    """Return the last line of a child's output that is not empty."""
    lines = [line.strip() for line in child.output.splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def _take(into: Path, origin: Mapping[str, object]) -> str:
    """Return the detail for a folder that was made from the same; else raise ``UsageError``."""
    try:
        found = json.loads((into / _ORIGIN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if found == origin:
        return f"{into} exists already, made from the same"
    other = found and [key for key in origin if found.get(key) != origin[key]]
    raise UsageError(
        f"{into} "
        + (f"was made from another {' and '.join(other)}" if other else "holds something else"),
        remedy="name another folder with --weights DIR, or remove it",
    )
