"""``mlcbuild wheel``: ``pip wheel .`` with the options of the build spelled out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.builder.options import TARGETS, BuildOptions, parse
from mlcbuild.builder.plugins import plugin_folders, plugin_settings, require_plugins
from mlcbuild.devices import DEVICES
from mlcbuild.errors import Exit, FailedError, UsageError
from mlcbuild.sources.lock import LOCK, find_project

if TYPE_CHECKING:
    import argparse

    from mlcbuild.toolchain.decision import ClangCl
    from mlcbuild.wheelhouse.folder import Made

_EPILOG: Final = """\
examples:
  mlcbuild wheel --jobs 4 --offline        for this machine, from the cache
  mlcbuild wheel --device vulkan           with tvm-vulkan, which compiles
  mlcbuild wheel --target win_amd64 --accept-license
                                           Windows' wheel by clang-cl, elsewhere
  mlcbuild wheel --target win_amd64 --sdk free
                                           the same for CI and tests
  mlcbuild wheel --chat-only               all that chats, without the compiler

More, and what `pip wheel . -C NAME=VALUE` sets: docs/superbuild.md
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="default: dist; --chat-only: wheelhouse",
    )
    add("--target", default="host", choices=list(TARGETS), help="default: host, this machine")
    add("--sdk", metavar="DIR", help="--target: the Windows SDK, or: free")
    add(
        "--accept-license",
        action="store_true",
        help="--target: Microsoft's; xwin downloads its SDK",
    )
    add(
        "--python",
        dest="pythons",
        action="append",
        metavar="X.Y",
        help="--chat-only: Python to serve (repeatable)",
    )
    add(
        "-c",
        "--constraint",
        dest="constraints",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="--chat-only: as for pip (repeatable)",
    )
    add(
        "--chat-only",
        action="store_true",
        help="a folder with all that chatting needs",
    )
    add(
        "--wheel",
        dest="wheels",
        type=Path,
        action="append",
        default=[],
        metavar="WHEEL",
        help="--chat-only: instead of building (repeatable)",
    )
    add("--device", metavar="LIST", help=", ".join(DEVICES))
    add("-j", "--jobs", metavar="N", help="compile jobs (default: one a core)")
    add("--mirror", metavar="DIR", help="Git repositories, DIR/owner/name[.git]")
    add("--offline", action="store_true", help="use only the cache")
    add("--cache", metavar="DIR", help="folder for downloaded sources")
    add("--launcher", metavar="NAME", help="compile through a cache: sccache")
    add("--symbols", metavar="DIR", help="store PDBs in DIR (MSVC, clang-cl)")
    add("--project", type=Path, metavar="DIR", help="default: found from here up")


def run(args: argparse.Namespace) -> int:
    """Build through pip and return the exit code."""
    if (args.pythons or args.constraints or args.wheels) and not args.chat_only:
        raise UsageError("--python, --constraint and --wheel are for --chat-only")
    if args.chat_only and args.target == "host" and sys.platform != "linux":
        raise UsageError(
            "--chat-only is for Linux and Windows", remedy="add --target win_amd64 for Windows"
        )
    if (args.sdk or args.accept_license) and args.target == "host":
        raise UsageError(
            "--sdk and --accept-license need a cross build",
            remedy="add --target win_amd64",
        )
    settings = _settings(args)
    options = parse(settings)  # report invalid settings before pip creates its environment
    project = args.project or _find_project()
    if options.target != "host" and not args.wheels:
        # A chat-only set takes CUDA's runtime from PyPI's wheel.
        built = [d for d in options.devices[1:] if not (d == "cuda" and args.chat_only)]
        require_plugins(project, built, options.target)
        _find_cross(options, project, crates=args.chat_only or _is_for_cpu(args))
    if args.chat_only:
        return _chat_only(args, settings, options, project)
    _build(args, settings, options, project, args.output or Path("dist"))
    return Exit.GOOD


def _is_for_cpu(args: argparse.Namespace) -> bool:
    """Return whether to build mlc-llm's wheel; in a cross build a device is a separate wheel."""
    words = (args.device or "cpu").lower().replace(";", ",").replace(" ", "").split(",")
    return args.target == "host" or args.chat_only or "cpu" in words


def _build(
    args: argparse.Namespace,
    settings: dict[str, str | list[str]],
    options: BuildOptions,
    project: Path,
    output: Path,
) -> None:
    """Build mlc-llm's wheel if requested, and those of the devices."""
    further: dict[str, str | list[str]] = {}
    if options.target != "host":
        cross = _find_cross(options, project, crates=_is_for_cpu(args))
        further = plugin_settings(cross, options.target, (project / LOCK).parent.absolute())
        settings = {name: value for name, value in settings.items() if name != "device"}
    if _is_for_cpu(args):
        _pip_wheel(args, project, output, settings)
    _tell_plugins(options)
    for folder in plugin_folders(project, options.devices):
        _pip_wheel(args, folder, output, further)


def _find_cross(options: BuildOptions, project: Path, *, crates: bool = True) -> ClangCl:
    """Report what a cross build lacks here, with its exit code, before pip starts."""
    from mlcbuild.builder.cross import find_cross  # noqa: PLC0415 - --help needs none of it
    from mlcbuild.sources.lock import load  # noqa: PLC0415
    from mlcbuild.sources.stores import Progress  # noqa: PLC0415

    lock = load(project / LOCK)
    return find_cross(
        options, lock, env=os.environ, progress=Progress(), notice=_say, crates=crates
    )


def _tell_plugins(options: BuildOptions) -> None:
    """Pass mirror, cache and jobs to the plug-ins' backend through the environment."""
    named = {
        "MLCBUILD_MIRROR": options.mirror,
        "MLCBUILD_CACHE": options.cache,
        "CMAKE_BUILD_PARALLEL_LEVEL": options.jobs,
    }
    os.environ.update({name: str(value) for name, value in named.items() if value})


def _settings(args: argparse.Namespace) -> dict[str, str | list[str]]:
    given = {"device": args.device, "jobs": args.jobs, "launcher": args.launcher}
    if args.target != "host":
        given["target"] = args.target
    if args.sdk:
        given["sdk"] = args.sdk if args.sdk == "free" else Path(args.sdk).absolute()
    for name in ("mirror", "cache", "symbols"):
        folder = getattr(args, name)
        given[name] = None if folder is None else Path(folder).absolute()
    settings: dict[str, str | list[str]] = {k: str(v) for k, v in given.items() if v is not None}
    for flag in ("offline", "accept-license"):
        if getattr(args, flag.replace("-", "_")):
            settings[flag] = "true"
    return settings


def _pip_wheel(
    args: argparse.Namespace, project: Path, output: Path, settings: dict[str, str | list[str]]
) -> None:
    command = [sys.executable, "-m", "pip", "wheel", str(project), "--no-deps"]
    command += ["--wheel-dir", str(output), *(["-v"] if args.verbose else [])]
    command += [
        word
        for name, value in settings.items()
        for word in ("--config-settings", f"{name}={value}")
    ]
    if _run(command, args) != 0:
        raise FailedError("the build failed", remedy="see the 'mlcbuild: error' line above")


def _chat_only(
    args: argparse.Namespace,
    settings: dict[str, str | list[str]],
    options: BuildOptions,
    project: Path,
) -> int:
    from mlcbuild.wheelhouse import chat_only  # noqa: PLC0415 - resolves
    from mlcbuild.wheelhouse.closure import SYSTEMS  # noqa: PLC0415

    def build(folder: Path) -> list[Path]:
        if args.wheels:
            return list(args.wheels)
        # The official wheel includes CUDA's runtime: nothing to compile.
        others = [device for device in options.devices if device != "cuda"]
        settings["device"] = ",".join(others) or "cpu"
        _build(args, settings, options, project, folder)
        made = sorted(folder.glob("*.whl"))
        return sorted(made, key=lambda path: not path.name.startswith("mlc_llm-"))

    made = chat_only.make_chat_only(
        chat_only.ChatOnly(
            output=args.output or Path("wheelhouse"),
            system=SYSTEMS[args.target],
            pythons=tuple(args.pythons or (f"{sys.version_info[0]}.{sys.version_info[1]}",)),
            constraints=tuple(args.constraints),
            cuda="cuda" in options.devices,
            cache=options.cache,
            offline=options.offline,
        ),
        build=build,
        say=_say,
    )
    return _told(made)


def _say(text: str) -> None:
    print(f"*** mlcbuild: {text}", flush=True)


def _told(made: Made) -> int:
    for path in made.ours:
        print(f"{path.stat().st_size / 1e6:6.1f} MB  {path.name}")
    print(
        f"{made.folder}: {made.count} wheels, {made.all_bytes / 1e6:.1f} MB, of which built here "
        f"{made.ours_bytes / 1e6:.1f} MB; it can chat but not compile models"
    )
    return Exit.GOOD


def _run(command: list[str], args: argparse.Namespace) -> int:
    """Run pip: print its output, or progress on a terminal; log everything."""
    from mlcbuild.builder.watched import telling, watch  # noqa: PLC0415 - --help needs none of it
    from mlcbuild.programs import run as run_program  # noqa: PLC0415
    from mlcbuild.progress import Line  # noqa: PLC0415

    line = Line(patience_s=0)
    if args.log is None and (args.verbose or not line.shown):
        return int(run_program(command).returncode)
    if args.verbose:
        return watch(command, line=line, say=lambda text: print(text, flush=True))[0]
    code, lines = watch([*command, "-v"], line=line)
    if code:
        print("\n".join(telling(lines)), file=sys.stderr)
    else:
        marks = ("*** mlcbuild:", "Saved ", "Successfully built")
        print("\n".join(text.strip() for text in lines if text.strip().startswith(marks)))
    return code


def _find_project() -> Path:
    project = find_project(Path.cwd())
    if project is not None:
        return project
    raise UsageError(
        "no mlcbuild project in this folder or above it",
        remedy="run it inside the checkout, or name the checkout with --project DIR",
    )
