"""Make one model library: tools, compile, judge; each stage with its time."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import FailedError, InputError, UsageError
from mlcbuild.model import cuda_tools, linkers
from mlcbuild.model.device_code import DeviceCode, read_device_code
from mlcbuild.model.hosts import HOSTS
from mlcbuild.model.request import Request, flags, missing_code, target_json
from mlcbuild.run.process import run_child

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Made", "Options", "Stage", "make"]

_PROBE: Final = Path(__file__).parents[1] / "run" / "probes" / "model_environment.py"
_CONFIG: Final = "mlc-chat-config.json"
#: Seconds: to look at the environment, and to compile a large model.
_QUICK_S: Final = 180.0
_COMPILE_S: Final = 7200.0
#: What brings a code generator that TVM's own wheel lacks.
_PLUGINS: Final = {"vulkan": "tvm-vulkan (pip wheel ./plugins/vulkan)"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """``model`` is a folder in MLC's format or its configuration file; ``python`` compiles."""

    model: Path
    output: Path
    request: Request
    python: str = sys.executable
    overrides: str = ""
    log: Path | None = None
    #: For the children; what there is to find and link models with is added to it.
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One stage that ended."""

    name: str
    seconds: float
    detail: str


@dataclass(kw_only=True, slots=True)
class Made:
    """What was made."""

    output: Path
    size: int = 0
    stages: list[Stage] = field(default_factory=list)
    code: DeviceCode = field(default_factory=DeviceCode)
    needs: tuple[str, ...] = ()


def make(
    options: Options, report: Callable[[Stage], None], notice: Callable[[str], None] = print
) -> Made:
    """Make the library; ``report`` gets each stage as it ends, ``notice`` what takes long.

    Nothing lies at ``output`` unless it was judged good. Raises ``UsageError`` and ``InputError``
    before anything is made, ``FailedError`` with the last words of what failed.
    """
    config = _config(options.model)
    if options.output.suffix != options.request.host.suffix:
        suffix = options.request.host.suffix
        raise UsageError(
            f"a library for {options.request.host.name} ends in {suffix}",
            remedy=f"-o {options.output.with_suffix(suffix)}",
        )
    made = Made(output=options.output)
    began = time.monotonic()

    def stage(name: str, detail: str) -> None:
        nonlocal began
        ended = Stage(name=name, seconds=time.monotonic() - began, detail=detail)
        made.stages.append(ended)
        report(ended)
        began = time.monotonic()

    options.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mlcbuild-model-") as name:
        scratch = Path(name)
        log = options.log or scratch / "log.txt"
        facts = _environment(options, scratch, log)
        stage("environment", f"mlc_llm {facts['mlc_llm']}, tvm {facts['tvm']}")
        variables, said = _tools(options, facts, scratch, notice)
        stage("tools", said)
        library = scratch / f"library{options.request.host.suffix}"
        _compile(options, config, library, variables, log)
        stage("compile", f"{library.stat().st_size} bytes")
        made.needs, made.code = _judge(options.request, library)
        stage("check", _words(options.request, made))
        # Beside the output first: a rename within one folder cannot stop half-way.
        aside = options.output.with_name(f".{options.output.name}.new")
        shutil.copyfile(library, aside)
        aside.replace(options.output)
    made.size = options.output.stat().st_size
    return made


def _config(model: Path) -> Path:
    config = model / _CONFIG if model.is_dir() else model
    if config.is_file():
        return config
    if (model / "config.json").is_file():
        raise UsageError(
            f"{model} holds a model as it is published, not MLC's configuration",
            remedy=f"mlc_llm gen_config {model} --quantization q4f16_1 --conv-template NAME -o DIR "
            f"and mlc_llm convert_weight {model} --quantization q4f16_1 -o DIR, then give DIR",
        )
    raise InputError(f"{config} does not exist", remedy=f"give a folder that holds {_CONFIG}")


def _environment(options: Options, scratch: Path, log: Path) -> dict[str, Any]:
    try:
        done = run_child(
            [options.python, str(_PROBE)],
            environment=options.environment,
            folder=scratch,
            log=log,
            limit_s=_QUICK_S,
        )
        facts: dict[str, Any] = json.loads(done.output.strip().splitlines()[-1])
    except (OSError, ValueError, IndexError) as error:
        raise InputError(
            f"{options.python} cannot say what it has: {error}", remedy="--python EXE"
        ) from error
    device = "llvm" if options.request.device == "cpu" else options.request.device
    if facts["error"] or not facts["mlc_llm"]:
        raise FailedError(
            f"mlc_llm is not usable in {options.python}: {facts['error'] or 'not installed'}",
            remedy="pip install the mlc_llm wheel there, or name another with --python EXE",
        )
    if device not in facts["generators"]:
        plugin = _PLUGINS.get(device)
        raise FailedError(
            f"tvm {facts['tvm']} in {options.python} generates no code for {device}",
            remedy=f"install {plugin} there"
            if plugin
            else 'its compiler is absent: pip install "apache-tvm==0.26.0"',
        )
    return facts


def _tools(
    options: Options, facts: dict[str, Any], scratch: Path, notice: Callable[[str], None]
) -> tuple[dict[str, str], str]:
    """Return the environment to compile in, and what it was made of."""
    request, variables = options.request, dict(options.environment)
    tools = linkers.choose(request.host)
    extra: list[Path] = []
    if request.host.suffix == ".dll":
        extra.append(linkers.import_library(tools, _functions(facts), scratch))
    variables["CXX"] = str(linkers.write_program(tools, extra, scratch))
    if request.device != "cuda":
        return variables, f"linker {tools.name}"
    folder = cuda_tools.bring(notice)
    driver = cuda_tools.stand_in(linkers.choose(HOSTS["linux"]), scratch)
    variables |= cuda_tools.environment(folder, driver, variables.get("PYTHONPATH", ""))
    variables["MLC_MULTI_ARCH"] = ",".join(str(number) for number in request.architectures)
    return variables, f"linker {tools.name}, CUDA {cuda_tools.RELEASE} from the package index"


def _functions(facts: dict[str, Any]) -> list[str]:
    """Return tvm_ffi's C functions: its ABI, the same on every system."""
    from mlcbuild.build.elf import read_elf  # noqa: PLC0415 - for Windows libraries alone

    path = facts["tvm_ffi_library"]
    if not path:
        raise FailedError(
            "tvm_ffi has no library", remedy="pip install --force-reinstall apache-tvm-ffi"
        )
    exports = read_elf(path, Path(path).read_bytes()).exports
    return [name for name in exports if name.startswith("TVMFFI")]


def _compile(
    options: Options, config: Path, library: Path, variables: dict[str, str], log: Path
) -> None:
    request = options.request
    command = [options.python, "-m", "mlc_llm", "compile", str(config.resolve())]
    command += ["--device", target_json(request), "--host", request.host.triple]
    command += ["--opt", flags(request), "-o", str(library)]
    command += ["--overrides", options.overrides] if options.overrides else []
    done = run_child(
        command, environment=variables, folder=library.parent, log=log, limit_s=_COMPILE_S
    )
    if done.timed_out or not library.is_file():
        lines = [line.strip() for line in done.output.splitlines() if line.strip()]
        raise FailedError(
            f"mlc_llm compile {done.outcome}: {lines[-1] if lines else 'no output'}",
            remedy="--log FILE keeps all that it said",
        )


def _judge(request: Request, library: Path) -> tuple[tuple[str, ...], DeviceCode]:
    """Read the library back. Raises ``FailedError`` for one that its user cannot run."""
    data = library.read_bytes()
    if request.host.suffix == ".dll":
        from mlcbuild.pe.reader import read_image  # noqa: PLC0415 - one of the two is needed

        image = read_image(data, path=library.name)
        machine: str = image.machine
        needs = tuple(dll.name for dll in image.imports)
    else:
        from mlcbuild.build.elf import read_elf  # noqa: PLC0415

        elf = read_elf(library.name, data)
        machine, needs = elf.machine, elf.needed
    if machine != "x86_64":
        raise FailedError(f"the library is for {machine}, not x86_64")
    code = read_device_code(data)
    if problem := missing_code(request, code):
        raise FailedError(f"the library is not what was asked for: {problem}")
    return needs, code


def _words(request: Request, made: Made) -> str:
    code = {
        "cuda": "machine code for " + ", ".join(f"sm_{number}" for number in made.code.sass),
        "vulkan": f"{made.code.spirv} SPIR-V shaders",
        "opencl": "OpenCL source, which the user's driver compiles",
    }.get(request.device, f"code for {request.cpu}")
    return f"{code}; needs {', '.join(made.needs) or 'nothing'}"
