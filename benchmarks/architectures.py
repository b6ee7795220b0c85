"""Every model type of mlc_llm, tiny, compiled for each device: what works, else why not.

    python benchmarks/architectures.py --interpreter EXE --work DIR    all cells that are missing
    ... --device cpu --quantization q0f32 --type llama,mixtral      some of them
    ... --again                                                     those that failed, once more
    ... --jobs 16 --minutes 9                     so many at a time, and none begun after that
    ... --head 16 --opt-level 0    small heads and plain code for the processor: LLVM takes seconds
    ... --chat cpu,cuda:sm_90          answers too, of devices that this machine has
    ... --own-tools                               the compilers on PATH, none from the index
    ... --markdown                                                  the table of what is there

EXE has our wheel and tvm-vulkan. Results are appended to DIR/results.jsonl as they come, so a run
can be interrupted and go on. Compiled for CUDA by ``mlcbuild model``'s tools: no GPU is needed.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from architecture_models import TYPES
from architecture_table import DEVICES, markdown, results
from mlcbuild import programs
from mlcbuild.commandline import Parser
from mlcbuild.model.environment import equip, look
from mlcbuild.model.request import flags, make_request, target_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from architecture_table import Cell

#: The kernels of GPUs want heads of 64; LLVM takes minutes for them.
_CPU_HEAD, _GPU_HEAD, _LIMIT_S = 32, 64, 420


class Cells:
    """The cells still to be done, handed out one by one, and the results, kept as they come."""

    def __init__(self, cells: list[Cell], options: argparse.Namespace) -> None:
        self.lock = threading.Lock()
        self.left = iter(cells)
        self.file = options.work / "results.jsonl"
        self.until = time.monotonic() + 60 * options.minutes

    def __iter__(self) -> Iterator[Cell]:
        while time.monotonic() < self.until:
            with self.lock:
                cell = next(self.left, None)
            if cell is None:
                return
            yield cell

    def keep(self, line: str) -> None:
        """Append one result, and say it."""
        told = json.loads(line)
        with self.lock, self.file.open("a", encoding="utf-8") as out:
            out.write(line)
        word = "ok" if told["ok"] else told["cause"]
        word += f"; {told['silent']}" if told.get("silent") else ""
        name = f"{told['type']} {told['device']} {told['quantization']}"
        print(f"{name}: {word}", file=sys.stderr, flush=True)


def work(
    cells: Cells, environments: dict[str, dict[str, str]], options: argparse.Namespace
) -> None:
    """Compile cells in one child until none is left; a child serves one device."""
    program = Path(__file__).with_name("architecture_compile.py")
    words = [options.interpreter, str(program), str(options.work)]
    child, serves = None, ""
    with contextlib.ExitStack() as children:
        for name, device, quantization in cells:
            if child is None or serves != device:
                child, serves = (
                    programs.start(
                        words,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        env=environments[device],
                        text=True,
                    ),
                    device,
                )
                children.enter_context(child)
            if child.stdin is None or child.stdout is None:
                raise SystemExit("no pipes")
            request = make_request(target="linux", device=device)
            cell = {
                "type": name,
                "device": device,
                "quantization": quantization,
                "target": target_json(request, opt_level=options.opt_level),
                "opt": flags(request),
                "head": options.head if device == "cpu" else _GPU_HEAD,
                "limit": options.limit,
                "chat": device in options.chat.split(","),
            }
            child.stdin.write(json.dumps(cell) + "\n")
            child.stdin.flush()
            line = child.stdout.readline()
            if not line:
                raise SystemExit(f"the child ended at {name}: see above")
            cells.keep(line)


def environment(device: str, scratch: Path, options: argparse.Namespace) -> dict[str, str]:
    """Return the environment to compile for a device in."""
    variables = dict(os.environ)
    request = make_request(target="linux", device=device)
    if options.own_tools:
        variables["MLC_MULTI_ARCH"] = ",".join(map(str, request.architectures))
    else:
        scratch.mkdir()
        facts = look(
            options.interpreter, variables, request, scratch=scratch, log=options.work / "tools.log"
        )
        variables, _ = equip(request, variables, facts, scratch=scratch, notice=print)
    here = str(Path(__file__).parent)
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, (here, variables.get("PYTHONPATH"))))
    return variables


def main() -> int:
    """Compile what is asked for, or print the table."""
    parser = Parser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--interpreter", default=sys.executable)
    parser.add_argument("--device", default=",".join(DEVICES))
    parser.add_argument("--quantization", default="q0f32,q4f16_1")
    parser.add_argument("--type", dest="types", default=",".join(TYPES))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=600)
    parser.add_argument("--limit", type=int, default=_LIMIT_S, help="seconds of CPU time a cell")
    parser.add_argument("--head", type=int, default=_CPU_HEAD, help="size of the CPU's heads")
    parser.add_argument("--opt-level", type=int, default=3, help="LLVM's, for the processor")
    parser.add_argument("--chat", default="", metavar="DEVICES")
    for word in ("again", "own-tools", "markdown"):
        parser.add_argument(f"--{word}", action="store_true")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    found = results(options.work / "results.jsonl")
    if options.markdown:
        print("\n".join(markdown(found)))
        return 0
    done = {cell for cell, told in found.items() if told["ok"] or not options.again}
    devices = options.device.split(",")
    cells = [
        (name, device, quantization)
        for quantization in options.quantization.split(",")
        for device in devices
        for name in options.types.split(",")
    ]
    queue = Cells([cell for cell in cells if cell not in done], options)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(options.jobs) as pool:
        environments = {
            device: environment(device, Path(scratch) / device.partition(":")[0], options)
            for device in devices
        }
        workers = [pool.submit(work, queue, environments, options) for _ in range(options.jobs)]
        for worker in workers:
            worker.result()
    return 0


if __name__ == "__main__":
    sys.exit(main())
