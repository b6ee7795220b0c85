"""Compare mlcbuild with its peers on the same sick wheels, and write docs/peers.md anew.

    python benchmarks/peers.py             run all, write the page's two tables
    python benchmarks/peers.py --dry-run   run all, print the first table

Needs the environment of scripts/test.py: the peers are in it, and the compilers that make the sick
DLLs. The first table is measured: every tool runs on a healthy wheel and on wheels that have one
thing wrong each, with the options that suit it best. Facts that no run can show stand in
benchmarks/peers.toml, each with its source and date, and make the second table.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import re
import statistics
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "helpers")]

from mlcbuild import programs  # noqa: E402 - after the path is set
from mlcbuild.commandline import Parser  # noqa: E402 - after the path is set
from pefactory import make_pe  # noqa: E402
from sickdlls import make  # noqa: E402
from wheelfactory import make_wheel, make_zip  # noqa: E402

PAGE = ROOT / "docs" / "peers.md"
FACTS = ROOT / "benchmarks" / "peers.toml"
TAG = "cp311-cp311-win_amd64"
TOP = "_user.cp311-win_amd64.pyd"
#: Words by which a tool that ends with 0 says that something is wrong.
_WORDS = re.compile(r"warn|error|not found|mismatch|incompatib|violation|W\d{3}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A tool. ``command`` makes its words of a wheel and of the folder where its DLLs lie."""

    name: str
    package: str
    command: Callable[[Path, Path, Path], list[str | Path]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One wheel: what is wrong with it, what Windows does, and how its files are made."""

    name: str
    wrong: str
    files: Callable[[Path], Mapping[str, bytes]]


PEERS = (
    Peer(
        name="mlcbuild check",
        package="mlcbuild",
        command=lambda wheel, _dlls, _out: [sys.executable, "-m", "mlcbuild", "check", wheel],
    ),
    Peer(
        name="delvewheel show",
        package="delvewheel",
        command=lambda wheel, _dlls, _out: [
            *(sys.executable, "-m", "delvewheel", "show", "--ignore-existing"),
            *("--analyze-existing", wheel),
        ],
    ),
    Peer(
        name="delvewheel repair",
        package="delvewheel",
        command=lambda wheel, _dlls, out: [
            *(sys.executable, "-m", "delvewheel", "repair", "--ignore-existing"),
            *("--analyze-existing", "-w", out, wheel),
        ],
    ),
    Peer(
        name="repairwheel",
        package="repairwheel",
        command=lambda wheel, dlls, out: ["repairwheel", "-l", dlls, "-o", out, wheel],
    ),
    Peer(
        name="abi3audit",
        package="abi3audit",
        command=lambda wheel, _dlls, _out: ["abi3audit", wheel],
    ),
    Peer(
        name="check-wheel-contents",
        package="check-wheel-contents",
        command=lambda wheel, _dlls, _out: ["check-wheel-contents", wheel],
    ),
)


def _sick(name: str) -> Callable[[Path], Mapping[str, bytes]]:
    """Return what makes a chain of three real DLLs, one of them sick (tests/helpers)."""

    def files(folder: Path) -> Mapping[str, bytes]:
        make(name, folder, top=TOP)
        return {
            path.name: path.read_bytes()
            for path in folder.iterdir()
            if path.suffix in {".dll", ".pyd"}
        }

    return files


def _made(top: bytes, **images: bytes) -> Callable[[Path], Mapping[str, bytes]]:
    """Return what makes an extension and DLLs of these names, less their ``.dll``."""
    return lambda _folder: {TOP: top, **{f"{name}.dll": raw for name, raw in images.items()}}


def _importing(*modules: str) -> bytes:
    return make_pe(imports={module: ["f"] for module in modules})


CASES = (
    Case(name="healthy", wrong="nothing", files=_sick("healthy")),
    Case(name="missing-dll", wrong="a DLL at the end of the chain is missing: 126",
         files=_sick("missing-dll")),
    Case(name="missing-export", wrong="a DLL does not export an imported function: 127",
         files=_sick("missing-export")),
    Case(name="delay-load", wrong="a delay-loaded DLL is missing: the first call fails",
         files=_made(make_pe(delay={"gone.dll": ["f"]}))),
    Case(name="x86-image", wrong="the extension is 32-bit: 193", files=_sick("x86-image")),
    Case(name="x86-dependency", wrong="a DLL that it imports is 32-bit: 193",
         files=_sick("x86-dependency")),
    Case(name="truncated", wrong="the extension is truncated: 193", files=_sick("truncated")),
    Case(name="text-dependency", wrong="a DLL that it imports is a text file: 193",
         files=_sick("text-dependency")),
    Case(name="debug-crt", wrong="a Debug build: 126 on machines without Visual Studio",
         files=_sick("debug-crt")),
    Case(name="old-msvcp140", wrong="built with toolset 14.44, with msvcp140 14.29 beside it: 1114",
         files=_sick("old-msvcp140")),
    Case(name="other-python", wrong="linked to python310.dll, in a wheel for 3.11",
         files=_made(_importing("python310.dll"))),
    Case(name="driver", wrong="the graphics driver's vulkan-1.dll is bundled",
         files=_made(_importing("vulkan-1.dll"), **{"vulkan-1": make_pe(exports=["f"])})),
    Case(name="two-openmp", wrong="two OpenMP runtimes: the process aborts",
         files=_made(_importing("libiomp5md.dll", "libomp140.x86_64.dll"),
                     **{"libiomp5md": make_pe(exports=["f"], version=(5, 0, 0, 0)),
                        "libomp140.x86_64": make_pe(exports=["f"], version=(14, 0, 0, 0))})),
    Case(name="stale-record", wrong="a hash in RECORD does not match the file",
         files=_made(_importing("python311.dll"))),
    Case(name="initialiser", wrong="an initialiser crashes: 1114; only a real load shows it",
         files=_sick("initialiser-crashes")),
)  # fmt: skip


def built(case: Case, folder: Path) -> Path:
    """Make the wheel of a case below a folder; its DLLs lie in ``folder/dlls`` too."""
    dlls = folder / "dlls"
    dlls.mkdir(parents=True)
    files = case.files(dlls)
    for name, raw in files.items():
        (dlls / name).write_bytes(raw)
    inside = {f"pkg/{name}": raw for name, raw in files.items()}
    inside["pkg/__init__.py"] = b"from pkg import _user\n"
    wheel = make_wheel(folder, inside, name="pkg", tag=TAG)
    if case.name == "stale-record":
        with zipfile.ZipFile(wheel) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        record = "pkg-1.0.dist-info/RECORD"
        init = re.compile(rb"(pkg/__init__\.py,sha256=)....")
        members[record] = init.sub(rb"\1AAAA", members[record])
        wheel.write_bytes(make_zip(members))
    return wheel


def asked(peer: Peer, wheel: Path) -> tuple[int, str, float]:
    """Run a tool on a wheel; return its exit code, what it said, and its seconds of CPU time."""
    with tempfile.TemporaryDirectory(prefix="mlcbuild-peers-") as out:
        words = peer.command(wheel, wheel.parent / "dlls", Path(out))
        env = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "NO_COLOR": "1", "PYTHONUTF8": "1"}
        began = os.times()
        done = programs.run(
            words, env=env, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
        ended = os.times()
        seconds = ended.children_user - began.children_user
        seconds += ended.children_system - began.children_system
        return done.returncode, done.stdout + done.stderr, seconds


def verdict(answer: tuple[int, str, float], healthy: tuple[int, str, float]) -> str:
    """Say in a word what a tool made of a wheel, beside what it made of the healthy one."""
    if healthy[0] != 0:
        return "refuses"
    if answer[0] != 0:
        return "**stops**"
    before = len(_WORDS.findall(healthy[1]))
    return "says" if len(_WORDS.findall(answer[1])) > before else "-"


def measured(
    report: Callable[[str], None], peers: tuple[Peer, ...] = PEERS
) -> tuple[list[list[str]], list[str]]:
    """Run every tool on every case; return the rows of the table, and the row of the times."""
    rows: list[list[str]] = []
    times: dict[str, list[float]] = {peer.name: [] for peer in peers}
    healthy: dict[str, tuple[int, str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="mlcbuild-peers-") as staged:
        for case in CASES:
            report(case.name)
            wheel = built(case, Path(staged, case.name))
            answers = {peer.name: asked(peer, wheel) for peer in peers}
            for name, answer in answers.items():
                times[name].append(answer[2])
            if case is CASES[0]:
                healthy = answers
                cells = ["refuses" if a[0] else "passes" for a in answers.values()]
            else:
                cells = [verdict(a, healthy[name]) for name, a in answers.items()]
            rows.append([case.wrong, *cells])
    clock = [f"{statistics.median(each):.2f} s" for each in times.values()]
    return rows, ["*CPU time of one run, median*", *clock]


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def facts_table() -> str:
    """Return the table of what benchmarks/peers.toml says."""
    facts = tomllib.loads(FACTS.read_text(encoding="utf-8"))["peer"]
    rows = [
        [f"**{f['name']}** {f['version']}", f["does"], f["lacks"], f"{f['source']}; {f['date']}"]
        for f in facts
    ]
    return table(["tool", "strengths", "limits", "source"], rows)


def measured_table(report: Callable[[str], None]) -> str:
    """Return the first table, with what was run above it."""
    rows, clock = measured(report)
    versions = dict.fromkeys(f"{peer.package} {version(peer.package)}" for peer in PEERS)
    today = dt.datetime.now(tz=dt.UTC).date()
    where = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    text = f"Run on {today} with {', '.join(versions)}; {where}."
    head = ["the wheel", *(f"`{peer.name}`" for peer in PEERS)]
    return f"{text}\n\n{table(head, [*rows, clock])}"


def replaced(page: str, name: str, text: str) -> str:
    """Return the page with a generated part written anew."""
    begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"{PAGE} has no place for {name}: {begin} ... {end}")
    return pattern.sub(lambda _: f"{begin}\n\n{text}\n\n{end}", page)


def main() -> int:
    """Run, and write or print."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry-run", action="store_true", help="print, write nothing")
    parser.add_argument("--facts", action="store_true", help="only what peers.toml says")
    options = parser.parse_args()
    page = replaced(PAGE.read_text(encoding="utf-8"), "peers-facts", facts_table())
    if not options.facts:
        ran = measured_table(lambda name: print(f"   {name}", file=sys.stderr, flush=True))
        page = replaced(page, "peers-measured", ran)
        print(ran)
    if not options.dry_run:
        PAGE.write_text(page, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
