"""One published model for every system and device: compile each cell here, run those that can be.

    python benchmarks/model_cells.py --wheel dist/mlc_llm-*.whl --plugin dist/tvm_vulkan-*.whl
    ... --wheelhouse wheelhouse       also on Windows' Python under Wine (mlcbuild wheel --target
                                      win_amd64 --device vulkan makes it)
    ... --keep DIR                    keep models and libraries there, for a machine with a GPU

A fresh environment from package registries compiles {linux, win_amd64} x {cpu, vulkan, cuda}; no
GPU, driver or toolkit is used. Cells run natively, under Wine, and on the GPU that is there; the
greedy answers must be the CPU's. Prints a Markdown table; exit 1 where an answer differs.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

from mlcbuild import programs
from mlcbuild.commandline import Parser

ROOT = Path(__file__).parents[1]
PROBES = ROOT / "python" / "mlcbuild" / "verify" / "probes"
TARGETS = {"linux": ".so", "win_amd64": ".dll"}
DEVICES = ("cpu", "vulkan", "cuda:sm_80,sm_90")
#: Heads of 64, as CUDA's decode kernel wants them: hidden size, layers, heads.
SIZES = ("256", "2", "4")
OPTIONS = "--max-batch-size 1 --context-window-size 128 --prefill-chunk-size 64"


def read(words: list[Any], **env: str) -> dict[str, Any]:
    """Run a child; return the table in its last lines, or {"error": its last words}."""
    environment = {**os.environ, **env}
    done = programs.run(
        list(map(str, words)), capture_output=True, text=True, check=False, env=environment
    )
    return table(done.stdout, done.stderr)


def table(out: str, err: str) -> dict[str, Any]:
    """Return the JSON that a child printed: all of its output, or its last line."""
    for text in (out, (out.strip().splitlines() or [""])[-1]):
        with contextlib.suppress(ValueError):
            found: dict[str, Any] = json.loads(text)
            return found
    return {"error": (err.strip().splitlines() or ["no output"])[-1][:200]}


def environment(folder: Path, wheels: list[Path]) -> Path:
    """Make a fresh environment with the wheels and what they require; return its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    programs.run([python, "-m", "pip", "install", "-q", *wheels], check=True)
    return python


def compile_cell(python: Path, work: Path, target: str, device: str) -> dict[str, Any]:
    """Let ``mlcbuild model`` convert and compile; return what it says."""
    library = work / f"{target}-{device.partition(':')[0]}{TARGETS[target]}"
    words = [sys.executable, "-m", "mlcbuild", "model", work / "tiny" / "source", "--json"]
    words += ["--quantization", "q0f32", "--config-options", OPTIONS, "--weights", work / "weights"]
    words += ["--python", python, "--target", target, "--device", device, "-o", library]
    began = time.monotonic()
    made = read(words, PYTHONPATH=str(ROOT / "python"))
    return {**made, "library": library, "seconds": time.monotonic() - began}


def run_here(python: Path, work: Path, cell: dict[str, Any], device: str) -> dict[str, Any]:
    """Chat on this machine, where it has the device."""
    if device != "cpu" and not read([python, PROBES / "probe.py", "device", device]).get("exists"):
        return {"skipped": "no such device here"}
    return read([python, PROBES / "probe.py", "chat", work / "weights", cell["library"], device])


def run_under_wine(wheelhouse: Path, work: Path, cells: dict[str, dict[str, Any]]) -> None:
    """Chat by Windows' Python in the lab; the answers go into ``cells`` by device."""
    from mlcbuild.lab import up  # noqa: PLC0415
    from mlcbuild.lab.display import display  # noqa: PLC0415

    lab = up("3.11", environment=work / "windows")
    names = ["mlc-llm", *(["tvm-vulkan"] if list(wheelhouse.glob("tvm_vulkan-*.whl")) else [])]
    links = ["--no-index", "--find-links", lab.path(wheelhouse.resolve())]
    done = lab.run(["pip", "install", "-q", *links, *names], timeout=900)
    if done.code:
        raise SystemExit(done.text[-500:])
    for device in ("cpu", *(["vulkan"] if len(names) > 1 and "vulkan" in cells else [])):
        arguments = [lab.path(work / "weights"), lab.path(cells[device]["library"]), device]
        with display() if device != "cpu" else contextlib.nullcontext("") as name:
            done = lab.run(
                ["python", lab.path(PROBES / "probe.py"), "chat", *arguments],
                env={"DISPLAY": name} if name else {},
                timeout=600,
            )
        cells[device]["ran"] = table(done.text, done.text)


def verdict(cell: dict[str, Any], reference: list[str]) -> str:
    """Say in a few words what became of a cell."""
    if "error" in cell:
        return f"not compiled: {cell['error']}"
    ran = cell.get("ran", {"skipped": "not run here"})
    if "texts" not in ran:
        return str(ran.get("skipped") or f"failed: {ran.get('message') or ran.get('error')}")
    same = "equal" if ran["texts"] == reference else "DIFFERENT"
    usage = ran["usage"]
    return f"{same}, {usage['prompt_tokens']}+{usage['completion_tokens']} tokens"


def main() -> int:
    """Compile, run, print."""
    parser = Parser(description=__doc__.partition("\n")[0])
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--plugin", type=Path, required=True)
    parser.add_argument("--wheelhouse", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--device", dest="devices", nargs="*", default=DEVICES, metavar="DEVICE")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        work = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work.mkdir(parents=True, exist_ok=True)
        python = environment(work / "venv", [options.wheel.resolve(), options.plugin.resolve()])
        if not (work / "tiny").exists():
            read([python, PROBES / "tiny_llama.py", work / "tiny", "0", *SIZES])
        cells: dict[str, dict[str, dict[str, Any]]] = {}
        for target in TARGETS:
            cells[target] = {}
            for device in dict.fromkeys(("cpu", *options.devices)):
                kind = device.partition(":")[0]
                cells[target][kind] = compile_cell(python, work, target, device)
                if target == "linux":
                    cell = cells[target][kind]
                    cell["ran"] = run_here(python, work, cell, kind)
                size = cells[target][kind].get("bytes", 0) / 1e6
                print(f"{target} {kind}: {size:.2f} MB", file=sys.stderr, flush=True)
        if options.wheelhouse:
            run_under_wine(options.wheelhouse, work, cells["win_amd64"])
    reference = cells["linux"]["cpu"]["ran"]["texts"]
    print("| system | device | library | made in | greedy answers |\n|---|---|---|---|---|")
    said = []
    for target, row in cells.items():
        for kind, cell in row.items():
            said.append(verdict(cell, reference))
            size = f"{cell.get('bytes', 0) / 1e6:.2f} MB"
            print(f"| {target} | {kind} | {size} | {cell['seconds']:.0f} s | {said[-1]} |")
    print(f"\nthe answer: {reference[0]!a}")
    return int(any(text.startswith(("DIFFERENT", "failed", "not compiled")) for text in said))


if __name__ == "__main__":
    sys.exit(main())
