"""Where a model is compiled: what the Python there has, and the tools that it is given."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.devices import DEVICES, GENERATORS
from mlcbuild.errors import FailedError, InputError
from mlcbuild.model import cuda_tools, cuda_windows, linkers
from mlcbuild.supervised import run_child

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlcbuild.model.request import Request

__all__ = ["PROBE", "equip", "look"]

#: Says what an environment has, as one line of JSON.
PROBE: Final = Path(__file__).parent / "probes" / "model_environment.py"
#: Seconds to look at the environment.
_QUICK_S: Final = 180.0


def look(
    python: str, environment: Mapping[str, str], request: Request, *, scratch: Path, log: Path
) -> dict[str, Any]:
    """Return what ``python`` has, as it says.

    Raises ``InputError`` where it cannot be asked, ``FailedError`` where it cannot compile for the
    device, with what to install.
    """
    try:
        done = run_child(
            [python, str(PROBE), *GENERATORS],
            environment=environment,
            folder=scratch,
            log=log,
            limit_s=_QUICK_S,
        )
        facts: dict[str, Any] = json.loads(done.output.strip().splitlines()[-1])
    except (OSError, ValueError, IndexError) as error:
        raise InputError(
            f"{python} cannot say what it has: {error}", remedy="--interpreter EXE"
        ) from error
    device = DEVICES[request.device]
    if facts["error"] or not facts["mlc_llm"]:
        raise FailedError(
            f"mlc_llm is not usable in {python}: {facts['error'] or 'not installed'}",
            remedy="pip install the mlc_llm wheel there, or name another with --interpreter EXE",
        )
    if device.generator not in facts["generators"]:
        release = facts["tvm"].partition("+")[0]
        raise FailedError(
            f"tvm {facts['tvm']} in {python} generates no code for {device.generator}",
            remedy=f"install {device.plugin} (pip wheel ./plugins/{device.name}) there"
            if device.plugin
            else f'its compiler is absent: pip install "apache-tvm=={release}"',
        )
    if request.host.suffix == ".dll":
        _need_windows_linker(facts["windows_linker"])
    return facts


def _need_windows_linker(found: dict[str, str] | None) -> None:
    """Raise ``FailedError`` where mlc_llm there cannot link for Windows."""
    if found is None:
        raise FailedError(
            "the mlc_llm there has no link step for Windows",
            remedy="pip install a wheel of this project's, or name another with --interpreter EXE",
        )
    if error := found.get("error"):
        raise FailedError(error)


def equip(
    request: Request,
    environment: Mapping[str, str],
    facts: dict[str, Any],
    *,
    scratch: Path,
    notice: Callable[[str], None],
) -> tuple[dict[str, str], str]:
    """Return the environment to compile in, and a description of its parts."""
    variables = dict(environment)
    if request.host.suffix == ".dll":
        linker = facts["windows_linker"]["program"]
    else:
        tools = linkers.choose()
        variables["CXX"] = str(linkers.write_program(tools, scratch))
        linker = tools.name
    if request.device != "cuda":
        return variables, f"linker {linker}"
    if sys.platform == "win32":
        folder = cuda_windows.fetch(facts["python"], notice)
        variables |= cuda_windows.environment(folder, variables.get("PYTHONPATH", ""))
        variables["MLC_MULTI_ARCH"] = ",".join(map(str, request.architectures))
        return variables, f"linker {linker}, NVRTC {cuda_tools.RELEASE} from the package index"
    folder = cuda_tools.fetch(notice)
    native = linkers.choose()
    driver = cuda_tools.stand_in(native, scratch)
    variables |= cuda_tools.host_compiler(native, scratch)
    variables |= cuda_tools.environment(folder, driver, variables.get("PYTHONPATH", ""))
    variables["MLC_MULTI_ARCH"] = ",".join(str(number) for number in request.architectures)
    return variables, f"linker {linker}, CUDA {cuda_tools.RELEASE} from the package index"
