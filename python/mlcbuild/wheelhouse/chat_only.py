"""A folder of wheels that can chat but not compile: our wheel, and TVM without its compiler.

PyPI's apache-tvm is a quarter of a gigabyte on disk, nearly all of it the compiler
(``runtime_only`` removes it). ``pip install "mlc-llm[compile]"`` installs the official wheel
instead.

Its version gets a local label (``0.26.0+mlcbuild.runtime``): it still satisfies ``==0.26.0``, pip
prefers it to the same version without a label, and the extra ``compile`` excludes it.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlcbuild.builder.rewheel import with_version
from mlcbuild.errors import FailedError, InputError
from mlcbuild.programs import run
from mlcbuild.sources.cache import default_cache
from mlcbuild.wheelhouse.closure import LINUX, System, fetch, resolve
from mlcbuild.wheelhouse.folder import Made, describe, pinned, staged, tally


def fetch_upstream(
    project: str,
    version: str,
    *,
    python: str,
    system: System,
    cache: Path | None = None,
    offline: bool = False,
) -> Path:
    """Return the wheel of a project for a system and CPython ``python`` (``3.11``).

    Raises ``InputError`` where the index has none or cannot be reached.
    """
    folder = (cache or default_cache()) / "wheels" / f"{project}-{version}-py{python}-{system.name}"
    found = sorted(folder.glob("*.whl"))
    if found:
        return found[0]
    if offline:
        raise InputError(
            f"{project} {version} for {system.title} is not in the cache",
            remedy="run once without --offline",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", *system.pip, "--implementation", "cp"]
    command += ["--python-version", python, f"{project}=={version}", "--dest"]
    with tempfile.TemporaryDirectory(dir=folder.parent) as staged:
        done = run([*command, staged], capture_output=True)
        fetched = sorted(Path(staged).glob("*.whl"))
        if done.returncode != 0 or len(fetched) != 1:
            said = (done.stderr.decode(errors="replace").strip().splitlines() or ["no wheel"])[-1]
            which = f"{project} {version} for {system.title}, Python {python}"
            raise InputError(
                f"could not download {which}: {said}",
                remedy="check the network, PIP_INDEX_URL, and the Python versions it supports",
            )
        folder.mkdir(exist_ok=True)
        fetched[0].replace(folder / fetched[0].name)
    return folder / fetched[0].name


_LABEL: Final = "mlcbuild.runtime"
_PROJECT: Final = "apache_tvm"
#: Files only used to build and compile; ``tvm.relax`` is the compiler's Python side.
_OF_THE_COMPILER: Final = re.compile(
    r"tvm/lib/(lib)?tvm_compiler.*|tvm/lib/.*\.lib"
    r"|tvm/(3rdparty|cmake|include|lib64|relax|src|web)/.*|tvm/(CMakeLists\.txt|README\.md)"
    # Of the dist-info what says how another wheel was built and repaired.
    r"|[^/]+\.dist-info/(?!METADATA|WHEEL|RECORD|entry_points\.txt|top_level\.txt|licenses/).*"
)


def runtime_only(wheel: Path, folder: Path) -> Path:
    """Write the wheel without the compiler into ``folder``; its libraries stay as they are.

    Returns its path. Raises ``FailedError`` where it is not apache-tvm.
    """
    name, version, _ = f"{wheel.name}--".split("-", 2)
    if name != _PROJECT:
        raise FailedError(
            f"{wheel.name} is not apache-tvm", remedy="download that project from the package index"
        )
    version += f"{'.' if '+' in version else '+'}{_LABEL}"
    return with_version(
        wheel,
        folder,
        version,
        headers={"Summary": "Apache TVM: only the runtime of the official wheel, for mlc-llm"},
        changed={"tvm/relax/__init__.py": _refusal(version)},
        drop=lambda path: _OF_THE_COMPILER.fullmatch(path) is not None,
    )


def _refusal(version: str) -> bytes:
    """Return a ``tvm.relax`` that explains why it is missing."""
    why = (
        f"TVM's compiler is not in this chat-only set (apache-tvm {version}): "
        'pip install "mlc-llm[compile]" installs it'
    )
    title = '"""TVM\'s compiler, which is not in this set."""'
    return f"{title}\n\nraise ImportError({why!r})\n".encode()


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
