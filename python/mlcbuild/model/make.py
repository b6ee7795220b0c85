"""Make one model library: inspect, convert, compile, check; each stage with its time."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import FailedError, InputError, UsageError
from mlcbuild.model import cuda_tools, linkers
from mlcbuild.model.convert import Conversion, convert, default_folder, said_last
from mlcbuild.model.device_code import DeviceCode, read_device_code
from mlcbuild.model.environment import equip, look
from mlcbuild.model.known_types import model_type, seen
from mlcbuild.model.published import CONFIG, Published, is_published, missing_module, read_published
from mlcbuild.model.request import Request, flags, missing_code, target_json
from mlcbuild.progress import ticking
from mlcbuild.staging import open_new
from mlcbuild.supervised import run_child

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Made", "Options", "Stage", "make"]

#: Seconds to compile a large model.
_COMPILE_S: Final = 7200.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """``model`` is a folder in MLC's format or its configuration file; ``python`` compiles.

    With ``conversion`` it is a published folder, which is converted to ``weights`` (None: beside
    ``output``).
    """

    model: Path
    output: Path
    request: Request
    python: str = sys.executable
    overrides: str = ""
    conversion: Conversion | None = None
    weights: Path | None = None
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
    """A finished model library."""

    output: Path
    #: The folder in MLC's format: what ``mlc_llm chat`` is given.
    model: Path
    size: int = 0
    stages: list[Stage] = field(default_factory=list)
    code: DeviceCode = field(default_factory=DeviceCode)
    needs: tuple[str, ...] = ()


def make(
    options: Options, report: Callable[[Stage], None], notice: Callable[[str], None] = print
) -> Made:
    """Make the library; ``report`` gets each stage as it ends, ``notice`` the start of long ones.

    ``output`` is written only if it passes all checks. Raises ``UsageError`` and ``InputError``
    before anything is compiled, ``FailedError`` with the last lines of what failed.
    """
    published = _published(options)
    weights = _weights(options, published)
    if options.output.suffix != options.request.host.suffix:
        suffix = options.request.host.suffix
        raise UsageError(
            f"a library for {options.request.host.name} ends in {suffix}",
            remedy=f"-o {options.output.with_suffix(suffix)}",
        )
    environment = _environment(options)
    made = Made(output=options.output, model=weights)
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
        with ticking("environment"):
            facts = look(options.python, environment, options.request, scratch=scratch, log=log)
        if published and (missing := missing_module(published, facts)):
            raise missing
        stage("environment", f"mlc_llm {facts['mlc_llm']}, tvm {facts['tvm']}")
        variables, said = equip(options.request, environment, facts, scratch=scratch, notice=notice)
        stage("tools", said)
        if published and options.conversion:
            convert(
                published,
                options.conversion,
                weights,
                python=options.python,
                environment=options.environment,
                log=log,
                done=stage,
            )
        config = weights / CONFIG if weights.is_dir() else weights
        library = scratch / f"library{options.request.host.suffix}"
        _compile(options, config, library, variables, log)
        stage("compile", f"{library.stat().st_size} bytes")
        made.needs, made.code = _judge(options.request, library)
        stage("check", _words(options.request, made))
        # Beside the output first: a rename within one folder cannot stop half-way.
        staged = options.output.with_name(f".{options.output.name}.new")
        with library.open("rb") as compiled, open_new(staged) as out:
            shutil.copyfileobj(compiled, out)
        staged.replace(options.output)
    made.size = options.output.stat().st_size
    return made


def _environment(options: Options) -> Mapping[str, str]:
    """Return the children's environment. Raises ``UsageError`` for what this system cannot make."""
    request = options.request
    system: str = sys.platform
    if system == "win32" and request.host.name == "linux":
        raise UsageError("a library for linux is compiled there", remedy="run it in WSL")
    if request.host.suffix == ".dll":
        return linkers.for_windows(options.environment)
    return options.environment


def _published(options: Options) -> Published | None:
    """Return the published model to convert; None for one in MLC's format."""
    if not is_published(options.model):
        if options.conversion and (options.model / CONFIG).is_file():
            raise UsageError(
                f"{options.model} is in MLC's format already", remedy="leave --quantization out"
            )
        return read_published(options.model) if options.conversion else None
    if options.conversion is None:
        raise UsageError(
            f"{options.model} holds a model as it is published: say how to quantize it",
            remedy="--quantization q4f16_1 (4 bits, GPU), q4f32_1 (4 bits, CPU) or q0f16 (16 bits)",
        )
    return read_published(options.model)


def _weights(options: Options, published: Published | None) -> Path:
    """Return the folder in MLC's format, which a conversion has yet to make, or its file."""
    if published and options.conversion:
        return options.weights or default_folder(published, options.conversion, options.output)
    if options.weights:
        raise UsageError(
            "--weights is for the result of a conversion", remedy="add --quantization NAME"
        )
    model = options.model
    config = model / CONFIG if model.is_dir() else model
    if not config.is_file():
        raise InputError(f"{config} does not exist", remedy=f"give a folder that holds {CONFIG}")
    return model


def _compile(
    options: Options, config: Path, library: Path, variables: dict[str, str], log: Path
) -> None:
    request = options.request
    program = cuda_tools.with_libraries("mlc_llm", variables)
    command = [options.python, *program, "compile", str(config.resolve())]
    command += ["--device", target_json(request), "--host", request.host.triple]
    command += ["--opt", flags(request), "-o", str(library)]
    command += ["--overrides", options.overrides] if options.overrides else []
    with ticking("mlc_llm compile"):
        done = run_child(
            command, environment=variables, folder=library.parent, log=log, limit_s=_COMPILE_S
        )
    if done.timed_out or not library.is_file():
        known = seen(model_type(config), request.device)
        raise FailedError(
            f"mlc_llm compile {done.outcome}: {said_last(done)} ({known})",
            remedy="--log FILE keeps its whole output",
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
        from mlcbuild.elf import read_elf  # noqa: PLC0415

        elf = read_elf(library.name, data)
        machine, needs = elf.machine, elf.needed
    if machine != "x86_64":
        raise FailedError(f"the library is for {machine}, not x86_64")
    code = read_device_code(data)
    if problem := missing_code(request, code):
        raise FailedError(f"the library is not what was requested: {problem}")
    return needs, code


def _words(request: Request, made: Made) -> str:
    code = {
        "cuda": "machine code for " + ", ".join(f"sm_{number}" for number in made.code.sass),
        "vulkan": f"{made.code.spirv} SPIR-V shaders",
        "opencl": "OpenCL source, which the user's driver compiles",
    }.get(request.device, f"code for {request.cpu}")
    return f"{code}; needs {', '.join(made.needs) or 'nothing'}"
