"""Compile one tiny Llama by upstream's ``mlc_llm compile`` and by ``mlcbuild model``, in turns.

    python benchmarks/bench_model.py --interpreter EXE [--runs 3] [--sizes 32 1 2]

EXE is a Python with the mlc_llm wheel. Both compile for the processor, from the same configuration,
in processes of their own. Prints seconds (median, fastest), CPU seconds with all children, and the
size of the library, as a Markdown table. ``mlc_llm compile`` runs as a user types it, and once more
with the options that ``mlcbuild model`` gives it: the difference to that is what the checks cost.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python")]

from mlcbuild import programs  # noqa: E402 - after the path is set
from mlcbuild.commandline import Parser  # noqa: E402
from mlcbuild.model.request import flags, make_request, target_json  # noqa: E402

PROBES = ROOT / "python" / "mlcbuild" / "verify" / "probes"


@dataclass(kw_only=True)
class Way:
    """One way to compile: a command without its output, and what its runs took."""

    command: list[str]
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    bytes: int = 0

    def run(self, library: Path) -> None:
        """Compile once."""
        before, began = os.times(), time.monotonic()
        words = [*self.command, "-o", str(library)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
        done = programs.run(words, env=environment, capture_output=True, text=True, check=False)
        after = os.times()
        if not library.is_file():
            raise SystemExit(done.stderr[-1000:])
        self.seconds.append(time.monotonic() - began)
        # of children that have ended
        used = [times.children_user + times.children_system for times in (before, after)]
        self.cpu.append(used[1] - used[0])
        self.bytes = library.stat().st_size


def write_model(python: str, folder: Path, sizes: list[str]) -> Path:
    """Write a random Llama and its chat configuration; return the folder in MLC's format."""
    model = folder / "tiny" / "model"
    programs.run([python, PROBES / "tiny_llama.py", folder / "tiny", "0", *sizes], check=True)
    words = ["gen_config", model.with_name("source"), "--quantization", "q0f32", "-o", model]
    words += ["--conv-template", "LM"]
    programs.run([python, "-m", "mlc_llm", *words], check=True, capture_output=True)
    return model


def main() -> int:
    """Measure and print."""
    parser = Parser(description=__doc__.partition("\n")[0])
    parser.add_argument("--interpreter", required=True, metavar="EXE")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sizes", nargs=3, default=["32", "1", "2"], metavar="N")
    options = parser.parse_args()
    python = str(Path(options.interpreter).absolute())
    request = make_request(target="linux", device="cpu")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = write_model(python, folder, options.sizes)
        config = str(model / "mlc-chat-config.json")
        plain = [python, "-m", "mlc_llm", "compile", config]
        same = ["--device", target_json(request), "--host", request.host.triple]
        ours = [sys.executable, "-m", "mlcbuild", "model", str(model), "--interpreter", python]
        ways = {
            "`mlc_llm compile --device cpu`": Way(command=[*plain, "--device", "cpu"]),
            "the same, with our options": Way(command=[*plain, *same, "--opt", flags(request)]),
            "`mlcbuild model --device cpu`": Way(command=[*ours, "--device", "cpu"]),
        }
        for turn in range(options.runs):
            for index, way in enumerate(ways.values()):
                way.run(folder / f"{turn}-{index}.so")
    print("| | median | fastest | CPU seconds | library |\n|---|---|---|---|---|")
    for name, way in ways.items():
        figures = [statistics.median(way.seconds), min(way.seconds), statistics.median(way.cpu)]
        shown = " | ".join(f"{figure:.1f} s" for figure in figures)
        print(f"| {name} | {shown} | {way.bytes / 1e6:.2f} MB |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
