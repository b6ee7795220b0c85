"""TVM's registry tells which devices are not there: needs a built wheel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from wheelvenv import Wheel

pytestmark = [pytest.mark.slow, pytest.mark.needs_wheel, pytest.mark.needs_index]

FOUND = """\
import json, subprocess
started, run = [], subprocess.run
def recorded(command, **options):
    started.append(command[-1])
    return run(command, **options)
subprocess.run = recorded
import tvm_ffi
from mlc_llm.support.auto_device import detect_device, device2str
found = [device2str(detect_device(name)) for name in ("cpu", "auto")]
kinds = ("cuda", "rocm", "metal", "vulkan", "opencl")
api = [k for k in kinds if tvm_ffi.get_global_func("device_api." + k, allow_missing=True)]
print(json.dumps([found, started, api]))
"""


def test_a_process_is_started_for_no_device_that_has_no_runtime_and_for_no_processor(
    wheel: Wheel,
) -> None:
    done = wheel.run(FOUND)
    assert done.returncode == 0, done.stderr
    found, started, runtimes = json.loads(done.stdout.splitlines()[-1])
    assert found[0] == "cpu:0"
    assert started == runtimes
    assert "metal" not in started
