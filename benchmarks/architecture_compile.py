"""Compile tiny models in one process each: ``python architecture_compile.py FOLDER``.

Run by architectures.py, in the Python and environment that compile. Reads one cell a line as JSON,
{"type", "device", "quantization", "target", "opt", "head", "limit", "chat"}; prints what became of
it as one line. mlc_llm is imported once and forked for each: that costs as much as a small model.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import architecture_chat
import mlc_llm.cli.compile
from architecture_models import PARTS, write_model

if TYPE_CHECKING:
    from collections.abc import Callable

#: A child that waits without computing is ended after so many times its limit of CPU time.
_PATIENCE = 4
_CHAT_S = 180


def fork(
    work: Callable[[], None], log: Path, *, wall_s: int, cpu_s: int | None = None
) -> tuple[int, float]:
    """Do the work in a child, whose words go to ``log``; return its exit status and CPU seconds."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        file = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
        os.dup2(file, 1)
        os.dup2(file, 2)
        if cpu_s is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
        signal.alarm(wall_s)
        code = 1
        try:
            work()
            code = 0
        except SystemExit as error:
            print(error.code if isinstance(error.code, str) else "", flush=True)
            code = 0 if error.code in (None, 0) else 1
        except BaseException:  # noqa: BLE001 - whatever ends it is the finding
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    status, usage = os.wait4(child, 0)[1:]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # compilers that it left behind
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def cause(log: Path, code: int) -> str:
    """Return in one line why a child failed: its exception's last line, or the signal."""
    if code < 0:
        limit = " (the limit of CPU time)" if -code == signal.SIGXCPU else ""
        return signal.Signals(-code).name + limit
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines()]
    told = [line for line in lines if "Error" in line.partition(":")[0] or "error:" in line]
    return (told or [line for line in lines if line] or ["no output"])[-1][:300]


def compile_cell(cell: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write the model, where it is not there yet, and compile it."""
    name = f"{cell['type']}-{cell['quantization']}-{cell['head']}"
    model = folder / name
    device = cell["device"].replace(":", "_")
    library, log = model / f"{device}.so", model / f"{device}.log"
    model.mkdir(parents=True, exist_ok=True)
    limits = {"cpu_s": cell["limit"], "wall_s": _PATIENCE * cell["limit"]}
    with (model / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may want it for its device
        if not (model / "tensor-cache.json").is_file():
            write = lambda: write_model(cell["type"], cell["quantization"], model, cell["head"])  # noqa: E731
            code, spent = fork(write, model / "write.log", **limits)
            if code:
                why = cause(model / "write.log", code)
                return {"ok": False, "stage": "model", "cause": why, "cpu_s": spent}
    words = [str(model / "mlc-chat-config.json"), "--device", cell["target"]]
    words += ["--opt", cell["opt"], "-o", str(library)]
    code, spent = fork(lambda: mlc_llm.cli.compile.main(words), log, **limits)
    ok = code == 0 and library.is_file()
    size = library.stat().st_size if ok else 0
    why = "" if ok else cause(log, code)
    made = {"ok": ok, "stage": "compile", "cause": why, "bytes": size, "cpu_s": spent}
    asked = ok and cell["chat"] and cell["type"] not in PARTS
    return {**made, **chat(cell, model, library)} if asked else made


def chat(cell: dict[str, Any], model: Path, library: Path) -> dict[str, Any]:
    """Return what the model answers on its device, else why not."""
    kind = cell["device"].partition(":")[0]
    words = [cell["type"], str(model), str(library), kind]
    log = library.with_suffix(".chat.log")

    def ask() -> None:
        if kind == "cpu":
            architecture_chat.tell(*words)
        # mlc_llm asked CUDA for its devices when it was imported, and there were none.
        del os.environ["CUDA_VISIBLE_DEVICES"]
        program = [sys.executable, architecture_chat.__file__, *words]
        os.execv(sys.executable, program)  # noqa: S606 - no shell is wanted

    code, _ = fork(ask, log, wall_s=_CHAT_S)
    for line in log.read_text("utf-8", "replace").splitlines():
        if line.startswith("ANSWER "):
            return {"answer": json.loads(line.removeprefix("ANSWER "))}
    late = code == -signal.SIGALRM
    return {"answer": None, "silent": f"no answer in {_CHAT_S} s" if late else cause(log, code)}


def main() -> None:
    """Read cells until there are no more."""
    folder = Path(sys.argv[1]).resolve()
    for line in sys.stdin:
        cell = json.loads(line)
        began = time.monotonic()
        made = compile_cell(cell, folder)
        facts = {key: cell[key] for key in ("type", "device", "quantization")}
        print(json.dumps({**facts, **made, "seconds": time.monotonic() - began}), flush=True)


if __name__ == "__main__":
    main()
