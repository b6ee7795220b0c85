"""``mlcbuild model``: a model library for any machine, compiled on this one."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
import sys
from pathlib import Path
from typing import Final

from mlcbuild.errors import Exit, UsageError
from mlcbuild.model.convert import Conversion
from mlcbuild.model.hosts import CPU, HOSTS, this_host
from mlcbuild.model.make import Options, Stage, make
from mlcbuild.model.profiles import PROFILES
from mlcbuild.model.request import make_request

_EPILOG: Final = """\
MODEL is a folder in MLC's format, or its mlc-chat-config.json. With
--quantization it is a folder as published (config.json, model.safetensors,
tokenizer.json), which is converted first. The Python that compiles has mlc_llm
and apache-tvm; for vulkan also tvm-vulkan.

examples:
  mlcbuild model MODEL --device vulkan --target win_amd64 -o model.dll
  mlcbuild model MODEL --device cuda:sm_80,sm_90 -o model.so
  mlcbuild model MODEL --device cpu --cpu x86-64-v3 -o model.so
  mlcbuild model Llama-3.2-1B-Instruct --quantization q4f16_1 -o llama.so
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL")
    add("-o", "--output", type=Path, required=True, metavar="LIB", help="the library to make")
    add("--target", default=this_host(), choices=list(HOSTS), help="default: this system")
    add("--device", default="cpu", metavar="DEVICE", help="cpu, vulkan, cuda[:sm_XX,..], opencl")
    add("--profile", default="", choices=list(PROFILES), help="device limits, by profile name")
    add("--cpu", default=CPU, metavar="NAME", help=f"LLVM's name of the processor (default: {CPU})")
    add("--overrides", default="", metavar="TEXT", help="passed to mlc_llm compile")
    add("--quantization", metavar="NAME", help="convert a published model: q4f16_1, q4f32_1, q0f16")
    add(
        "--weights",
        type=Path,
        metavar="DIR",
        help="output of the conversion (default: next to the library)",
    )
    add(
        "--conv-template", default="", metavar="NAME", help="conversation template, where not found"
    )
    add("--config-options", default="", metavar="TEXT", help="passed to mlc_llm gen_config")
    add("--interpreter", default=sys.executable, metavar="EXE", help="the Python with mlc_llm")
    # Its older name, which is that of a version elsewhere.
    add("--python", dest="interpreter", default=sys.executable, help=argparse.SUPPRESS)
    add("--json", action="store_true", help="print the outcome as JSON")


def run(args: argparse.Namespace) -> int:
    """Make the library, saying each stage on stderr as it ends."""
    if args.quantization is None and (args.conv_template or args.config_options):
        raise UsageError(
            "--conv-template and --config-options need a conversion",
            remedy="add --quantization NAME",
        )
    options = Options(
        model=args.model,
        output=args.output,
        request=make_request(
            target=args.target, device=args.device, profile=args.profile, cpu=args.cpu
        ),
        python=_interpreter(args.interpreter),
        overrides=args.overrides,
        conversion=args.quantization
        and Conversion(
            quantization=args.quantization,
            template=args.conv_template,
            options=args.config_options,
        ),
        weights=args.weights,
    )
    made = make(options, (lambda _: None) if args.json else _print_stage, _notice)
    if args.json:
        print(
            json.dumps(
                {
                    "schema_version": 1,
                    "library": str(made.output),
                    "bytes": made.size,
                    "model": str(made.model),
                    "target": options.request.host.name,
                    "device": options.request.device,
                    "needs": list(made.needs),
                    "code": dataclasses.asdict(made.code),
                    "stages": [dataclasses.asdict(stage) for stage in made.stages],
                },
                indent=2,
            )
        )
    else:
        spent = sum(stage.seconds for stage in made.stages)
        print(f"{made.output}: {made.size / 1e6:.2f} MB, {spent:.1f} s")
        words = ["mlc_llm", "chat", str(made.model), "--model-lib", str(made.output)]
        print(shlex.join([*words, "--device", options.request.device]))
    return Exit.GOOD


def _interpreter(word: str) -> str:
    """Return the program's absolute path: children run in another folder."""
    return str(Path(word).absolute()) if Path(word).name != word else word


def _notice(text: str) -> None:
    print(f"*** {text}", file=sys.stderr, flush=True)


def _print_stage(stage: Stage) -> None:
    line = f"{stage.name:12} {stage.seconds:7.1f} s  {stage.detail}"
    print(line, file=sys.stderr, flush=True)
