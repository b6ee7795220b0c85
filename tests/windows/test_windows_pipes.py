"""A pipe whose reader is gone: Windows' C runtime says EINVAL, not EPIPE."""

from __future__ import annotations

import subprocess
import sys

from mlcbuild.sources.git_process import _heard


def test_a_git_that_ends_without_reading_its_input_is_heard_to_its_end() -> None:
    end = "import sys; sys.stdin.close(); sys.stderr.write('fatal: no\\n'); sys.exit(128)"
    process = subprocess.Popen(
        [sys.executable, "-c", end],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    process.wait(60)
    out, err = _heard(process, "x" * 10_000_000, lambda _: False)

    assert (out, err.strip(), process.returncode) == ("", "fatal: no", 128)
    for stream in (process.stdin, process.stderr, process.stdout):
        assert stream is not None
        try:
            stream.close()
        except OSError:  # what was not read is still in its buffer
            continue
