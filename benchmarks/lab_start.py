"""Time the lab: from nothing (downloads apart) and warm, to the first output of Windows Python.

    python benchmarks/lab_start.py [RUNS]

The peer is the same lab with its server stopped, in the same run.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from mlcbuild import programs
from mlcbuild.lab import down, up

WARM_LIMIT_S, COLD_LIMIT_S = 0.5, 20.0
HELLO = ("python", "-c", "print('hello')")


def timed(command: list[str], **env: str) -> float:
    """Return the seconds until the command's output is there."""
    began = time.perf_counter()
    done = programs.run(command, env={**os.environ, **env}, capture_output=True, check=True)
    assert done.stdout == b"hello\r\n", done  # noqa: S101
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    lab = up()
    command = [sys.executable, "-m", "mlcbuild", "lab", "run", "--", *HELLO]
    warm = sorted(timed(command) for _ in range(runs))
    inner = sorted(lab.run(HELLO).seconds for _ in range(runs))
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        (cache / "lab").mkdir()
        (cache / "lab" / "downloads").symlink_to(lab.root / "downloads")
        try:
            cold = timed(command, MLCBUILD_CACHE=folder)
            down(root=cache / "lab")
            restarted = timed(command, MLCBUILD_CACHE=folder)
        finally:
            down(root=cache / "lab")
    print(f"first time, downloads apart   {cold:6.2f} s   (limit {COLD_LIMIT_S:.0f} s)")
    print(f"its server stopped            {restarted:6.2f} s")
    print(f"warm, the command             {warm[0]:6.2f} s   median {warm[runs // 2]:.2f} s")
    print(f"warm, Lab.run                 {inner[0]:6.2f} s   median {inner[runs // 2]:.2f} s")
    print(f"load average                  {os.getloadavg()[0]:6.1f}     on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
