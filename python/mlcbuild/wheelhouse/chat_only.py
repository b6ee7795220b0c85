"""A folder of wheels that can chat but not compile: our wheel, and TVM without its compiler.

PyPI's apache-tvm is a quarter of a gigabyte on disk, nearly all of it the compiler
(``runtime_only`` removes it). ``pip install "mlc-llm[compile]"`` installs the official wheel
instead.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlcbuild.wheelhouse.closure import fetch, resolve
from mlcbuild.wheelhouse.folder import Made, describe, pinned, staged, tally
from mlcbuild.wheelhouse.runtime_only import runtime_only
from mlcbuild.wheelhouse.systems import LINUX, System
from mlcbuild.wheelhouse.upstream import fetch_upstream

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatOnly:
    """What to make and where. ``cuda``: include NVIDIA's runtime library for TVM's."""

    output: Path
    pythons: tuple[str, ...]
    system: System = LINUX
    constraints: tuple[Path, ...] = ()
    cuda: bool = False
    cache: Path | None = None
    offline: bool = False


def make_chat_only(
    options: ChatOnly, *, build: Callable[[Path], list[Path]], say: Callable[[str], None]
) -> Made:
    """Make the folder. ``build`` builds our wheel and its plug-ins into one; ours first.

    Raises ``MlcbuildError``; the output folder is then unchanged.
    """
    with staged(options.output) as (folder, built):
        ours = [Path(shutil.copy(path, folder)) for path in build(built)]
        version = pinned(ours[0])["apache-tvm"]
        say("taking the compiler out of apache-tvm")
        upstream = fetch_upstream(
            "apache-tvm",
            version,
            python=options.pythons[0],
            system=options.system,
            cache=options.cache,
            offline=options.offline,
        )
        runtime = runtime_only(upstream, folder)
        name, *plugins = (path.name.partition("-")[0].replace("_", "-") for path in ours)
        ours.append(runtime)
        # Without the extra the index's apache-tvm would match too.
        wanted = [f"{name}{'[cuda]' if options.cuda else ''}", *plugins]
        wanted.append(f"apache-tvm=={runtime.name.split('-')[1]}")
        for python in options.pythons:
            say(f"resolving what else {options.system.title} needs, for Python {python}")
            pins = resolve(
                wanted,
                python=python,
                links=folder,
                system=options.system,
                constraints=options.constraints,
                offline=options.offline,
            )
            fetch(pins, folder, python=python, links=folder, system=options.system)
        describe(
            folder,
            ours,
            target=options.system.name,
            pythons=options.pythons,
            devices=(
                "cpu",
                *(name.removeprefix("tvm-") for name in plugins),
                *(["cuda"] if options.cuda else []),
            ),
            note='it can chat; pip install "mlc-llm[compile]" adds TVM\'s compiler',
        )
    return tally(options.output, [path.name for path in ours])
