"""Every model type of mlc_llm, tiny, compiled for each device: what works, else why not.

    python benchmarks/architectures.py --interpreter EXE --work DIR    all cells that are missing
    ... --device cpu --quantization q0f32 --type llama,mixtral      some of them
    ... --again                                                     those that failed, once more
    ... --markdown                                                  the table of what is there

EXE has our wheel and tvm-vulkan. Results are appended to DIR/results.jsonl as they come, so a run
can be interrupted and go on. Compiled for CUDA by ``mlcbuild model``'s tools: no GPU is needed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from architecture_models import TYPES
from mlcbuild import programs
from mlcbuild.commandline import Parser
from mlcbuild.model.environment import equip, look
from mlcbuild.model.request import flags, make_request, target_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

DEVICES = ("cpu", "vulkan", "cuda:sm_90")
#: Unquantized, four bits, AWQ's layout and float8.
QUANTIZATIONS = ("q0f32", "q4f16_1", "q4f16_autoawq", "e4m3_e4m3_f16")
_GPU_HEAD, _CPU_HEAD = 64, 32
_LIMIT_S = 420

Cell = tuple[str, str, str]


def results(folder: Path) -> dict[Cell, dict[str, Any]]:
    """Return the last result of each cell."""
    found = {}
    file = folder / "results.jsonl"
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        told = json.loads(line)
        found[told["type"], told["device"], told["quantization"]] = told
    return found


def compile_all(cells: list[Cell], device: str, options: argparse.Namespace) -> None:
    """Compile the cells of one device in one child, and keep what it says."""
    request = make_request(target="linux", device=device)
    with tempfile.TemporaryDirectory() as name:
        scratch, log = Path(name), options.work / "tools.log"
        facts = look(options.interpreter, os.environ, request, scratch=scratch, log=log)
        tools, _ = equip(request, os.environ, facts, scratch=scratch, notice=print)
        probes = Path(__file__).parent
        tools["PYTHONPATH"] = os.pathsep.join(
            filter(None, (str(probes), tools.get("PYTHONPATH", "")))
        )
        worker = [options.interpreter, str(probes / "architecture_compile.py"), str(options.work)]
        with (
            programs.start(
                worker, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=tools, text=True
            ) as child,
            (options.work / "results.jsonl").open("a", encoding="utf-8") as out,
        ):
            if child.stdin is None or child.stdout is None:
                raise SystemExit("no pipes")
            for model, _, quantization in cells:
                cell = {
                    "type": model,
                    "device": device,
                    "quantization": quantization,
                    "target": target_json(request),
                    "opt": flags(request),
                    "head": _CPU_HEAD if device == "cpu" else _GPU_HEAD,
                    "limit": _LIMIT_S,
                }
                child.stdin.write(json.dumps(cell) + "\n")
                child.stdin.flush()
                line = child.stdout.readline()
                if not line:
                    raise SystemExit(f"the child ended at {model}: see above")
                out.write(line)
                out.flush()
                told = json.loads(line)
                word = "ok" if told["ok"] else told["cause"]
                print(f"{model} {device} {quantization}: {word}", file=sys.stderr, flush=True)


def markdown(found: dict[Cell, dict[str, Any]]) -> Iterable[str]:
    """Return the table: a type a row, a device and quantization a column; then the causes."""
    wanted = [(device, how) for device in DEVICES for how in QUANTIZATIONS]
    columns = [column for column in wanted if any(cell[1:] == column for cell in found)]
    causes: dict[str, int] = {}
    yield "| type | " + " | ".join(f"{device} {how}" for device, how in columns) + " |"
    yield "|---|" + "---|" * len(columns)
    for name in TYPES:
        words = []
        for column in columns:
            told = found.get((name, *column))
            if told is None:
                words.append("-")
            elif told["ok"]:
                words.append(f"{told['bytes'] / 1e6:.2f} MB, {told['cpu_s']:.0f} s")
            else:
                words.append(f"({causes.setdefault(told['cause'], len(causes) + 1)})")
        yield f"| `{name}` | " + " | ".join(words) + " |"
    count = Counter(cell[1:] for cell, told in found.items() if told["ok"])
    tried = Counter(cell[1:] for cell in found)
    totals = (f"{count[column]} of {tried[column]}" for column in columns)
    yield "| compiled | " + " | ".join(totals) + " |"
    yield ""
    for cause, number in causes.items():
        yield f"{number}. `{cause}`"


def main() -> int:
    """Compile what is asked for, or print the table."""
    parser = Parser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--interpreter", default=sys.executable)
    parser.add_argument("--device", default=",".join(DEVICES))
    parser.add_argument("--quantization", default="q0f32,q4f16_1")
    parser.add_argument("--type", dest="types", default=",".join(TYPES))
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.markdown:
        print("\n".join(markdown(results(options.work))))
        return 0
    done = {cell for cell, told in results(options.work).items() if told["ok"] or not options.again}
    for device in options.device.split(","):
        cells = [
            (name, device, quantization)
            for quantization in options.quantization.split(",")
            for name in options.types.split(",")
        ]
        if left := [cell for cell in cells if cell not in done]:
            compile_all(left, device, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
