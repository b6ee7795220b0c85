"""Damage images and wheels in thousands of ways, and show that reading them stays safe.

    python scripts/fuzz.py --pe 20000 --wheels 2000 --releases 300 --answers 3000 --wire 200

For every damaged file: no exception but the errors a user sees, under 2 CPU seconds, and a process
below three times the file plus 100 MB. Real images of the Python that runs this (pip and setuptools
bring some) join the written ones. ``metadata`` damages METADATA, WHEEL, RECORD and stamps inside
whole wheels; ``releases`` publishes damaged wheels; ``graphs`` are chains, meshes and circles.
``answers`` are what chat servers send to ``bench``, handed to the client; ``wire`` sends some over
127.0.0.1. There it is an error too to count as a success what strict readers refuse.
Then each kind of input is made small and eight times as large: CPU seconds and memory may
grow by three times as much as the input. Prints the figures, the slowest and largest per byte of
input; exits 1 when one file or kind breaks a bound.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import random
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "helpers")]

from answerjudge import Wire, judge  # noqa: E402
from fuzz_tally import Tally, peak_memory  # noqa: E402
from fuzz_wheels import graphs_of, metadata_of  # noqa: E402
from hostileanswers import answer, answers, wire_answers  # noqa: E402
from hostilewheels import chain, cycle, mesh, record_of_nothing  # noqa: E402
from mlcbuild.check import check  # noqa: E402
from mlcbuild.check.settings import Settings  # noqa: E402
from mlcbuild.commandline import Parser  # noqa: E402
from mlcbuild.errors import MlcbuildError  # noqa: E402
from mlcbuild.pe.reader import PeFile  # noqa: E402
from mlcbuild.release import release  # noqa: E402
from mlcbuild.report import render  # noqa: E402
from mutate import image_seeds, mutations  # noqa: E402  found through the line above
from wheelfactory import make_wheel  # noqa: E402

MEGABYTE = 1 << 20
#: How often larger the large input of a kind is, and how much faster cost may grow than that.
LARGER = 8
FASTER = 3.0
#: Bigger images say nothing new and make a run of 20,000 long.
SEED_LIMIT = 512 << 10


def read_everything(data: bytes) -> None:
    """Read every fact and every export of an image, also those that no check asks for."""
    file = PeFile(data, path="x.dll")
    file.image()
    exports = file.exports()
    for name in ("alpha", "name1999", "", "zz"):
        exports.has(name)
        exports.forwarder(name)
    exports.find(1)
    for _ in exports.symbols():
        pass


def checker(path: Path, first: Callable[[bytes], None] | None = None) -> Callable[[bytes], str]:
    """Return what checks a file's bytes as a user would, through the one path they are put at."""

    def run(data: bytes) -> str:
        path.write_bytes(data)
        report = check([str(path)], Settings())
        render(report, "json", verbose=True)
        (target,) = report.targets
        if target.error:
            return "refused"
        if first:
            try:
                first(data)
            except MlcbuildError:
                return "found broken"
        rules = {finding.rule for finding in target.findings}
        broken = bool(rules & {"not-a-pe", "record-mismatch"})
        return "found broken" if broken else "read with no damage to report"

    return run


def real_images() -> list[bytes]:
    """Return the Windows programs that lie in this Python's site-packages."""
    found = (path for folder in sys.path if folder for path in Path(folder).rglob("*.exe"))
    images = {path.read_bytes() for path in found if path.stat().st_size < SEED_LIMIT}
    return sorted(image for image in images if image[:2] == b"MZ")


def releaser(path: Path) -> Callable[[bytes], str]:
    """Return what publishes a wheel's bytes into an empty folder."""

    def run(data: bytes) -> str:
        path.write_bytes(data)
        with tempfile.TemporaryDirectory() as name:
            release([path], Path(name), env={})
        return "published"

    return run


def written(make: Callable[[int], bytes], folder: Path, size: int) -> Path:
    """Write a server's answer of a size."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "answer"
    path.write_bytes(make(size))
    return path


def checked(path: Path) -> None:
    """Check one wheel."""
    check([str(path)], Settings())


def asked(path: Path) -> None:
    """Hand an answer to the bench client, in pieces of 1 KB."""
    judge(path.read_bytes(), 1 << 10)


EVENT = b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n'
MODEL = b'{"id": "model"},'
#: What grows -> what makes a server's answer of a size, and that size.
ANSWERS: dict[str, tuple[Callable[[int], bytes], int]] = {
    "answer, events": (lambda size: answer(EVENT * size), 2_000),
    "answer, one line": (lambda size: answer(b"x" * size), 100_000),
    "answer, nested": (lambda size: answer(b"data: " + b"[" * size), 100_000),
    "answer, digits": (lambda size: answer(b'{"choices": ' + b"9" * size + b"}"), 100_000),
    "answer, choices": (lambda size: answer(b'{"choices": [{}' + b",{}" * size + b"]}"), 10_000),
    "answer, models": (
        lambda size: answer(b'{"data": [' + MODEL * size + MODEL[:-1] + b"]}"),
        5_000,
    ),
    "answer, gzip members": (lambda size: answer(gzip.compress(b"") * size, "", "gzip"), 500),
}
#: Kind -> what makes an input of a size, that size, and what reads it.
KINDS: dict[str, tuple[Callable[[Path, int], Path], int, Callable[[Path], None]]] = {
    "record": (record_of_nothing, 20_000, checked),
    "mesh": (lambda folder, size: mesh(folder, size, 10), 50, checked),
    "mesh, each misses one": (
        lambda folder, size: mesh(folder, size, 10, missing=True),
        50,
        checked,
    ),
    "chain, each misses one": (chain, 50, checked),
    "chain, the last misses one": (
        lambda folder, size: chain(folder, size, every=size),
        50,
        checked,
    ),
    "circle": (cycle, 50, checked),
}
KINDS |= {
    kind: (functools.partial(written, make), size, asked) for kind, (make, size) in ANSWERS.items()
}


def growth(folder: Path) -> int:
    """Read each kind small and large; return how many grow faster than they may."""
    failed = 0
    for kind, (make, size, read) in KINDS.items():
        figures = []
        for count in (size, size * LARGER):
            path = make(folder / str(count), count)
            tracemalloc.start()
            read(path)
            memory = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            start = time.process_time()
            read(path)
            figures.append((time.process_time() - start, memory, path.stat().st_size))
        (few, little, small), (much, high, large) = figures
        slower, bigger = much / max(few, 0.05), high / max(little, MEGABYTE)
        grew = slower > LARGER * FASTER or bigger > LARGER * FASTER
        failed += grew
        print(
            f"{kind}: {size} to {size * LARGER} ({small >> 10} to {large >> 10} KB): "
            f"{few:.2f} to {much:.2f} s, {little >> 20} to {high >> 20} MB; "
            f"{much / large * MEGABYTE:.1f} s and {high / large:.0f} bytes for each of input"
            + ("; GROWS FASTER THAN ITS INPUT" if grew else "")
        )
    return failed


def main() -> int:
    """Run every part and print the figures."""
    parser = Parser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pe", type=int, default=20_000, help="damaged images to read")
    parser.add_argument("--wheels", type=int, default=2_000, help="damaged wheels to read")
    parser.add_argument("--metadata", type=int, default=500, help="wheels with odd metadata")
    parser.add_argument("--releases", type=int, default=300, help="damaged wheels to publish")
    parser.add_argument("--graphs", type=int, default=60, help="wheels of linked DLLs")
    parser.add_argument("--answers", type=int, default=3_000, help="answers to the bench client")
    parser.add_argument("--wire", type=int, default=200, help="answers over a real connection")
    parser.add_argument("--no-growth", action="store_true", help="leave the large inputs out")
    parser.add_argument("--seed", type=int, default=4, help="of the random numbers")
    parser.add_argument("--keep", type=Path, help="folder for the files that break a bound")
    parser.add_argument("--images", type=Path, nargs="*", default=[], help="damage these instead")
    options = parser.parse_args()
    images = [path.read_bytes() for path in options.images] or image_seeds() + real_images()
    source = random.Random(options.seed)  # noqa: S311  repeatable on purpose
    with tempfile.TemporaryDirectory() as name, contextlib.closing(Wire()) as wire:
        folder = Path(name)
        members = {f"pkg/{at}.dll": image for at, image in enumerate(images[:8])}
        members |= {"pkg/__init__.py": b"x = 1\n"}
        whole = make_wheel(folder, members).read_bytes()
        flat = make_wheel(folder, members, compression=0).read_bytes()
        stamped = make_wheel(folder, {**members, "pkg/_build.json": b"{}"}).read_bytes()
        path, image = folder / "demo-1.0-py3-none-win_amd64.whl", folder / "x.dll"
        wheels = [whole, flat]
        parts = [
            (
                "pe",
                mutations(source, images, options.pe),
                checker(image, read_everything),
            ),
            ("wheel", mutations(source, wheels, options.wheels), checker(path)),
            ("metadata", metadata_of(source, stamped, options.metadata), checker(path)),
            ("graph", graphs_of(source, folder / "graphs", options.graphs), checker(path)),
            ("release", metadata_of(source, whole, options.releases // 2), releaser(path)),
            ("release", mutations(source, wheels, options.releases // 2), releaser(path)),
            ("answer", answers(source, options.answers), judge),
            ("wire", wire_answers(source, options.wire), wire.judge),
        ]
        broken = sum(run_part(kind, inputs, read, options) for kind, inputs, read in parts)
        if not options.no_growth:
            broken += growth(folder / "growth")
    return 1 if broken else 0


def run_part(
    kind: str,
    inputs: Iterator[bytes],
    read: Callable[[bytes], str],
    options: argparse.Namespace,
) -> int:
    """Read every input of one part and print its figures; return how many broke a bound."""
    tally = Tally(options.keep)
    start = time.perf_counter()
    count = 0
    for count, data in enumerate(inputs, 1):
        tally.run(data, f"{kind}-{options.seed}-{count}", read)
    outcomes = ", ".join(f"{value} {key}" for key, value in tally.outcomes.most_common())
    print(
        f"{kind}: {count} files in {time.perf_counter() - start:.0f} s: {outcomes}; "
        f"slowest {tally.slowest * 1000:.0f} ms, {tally.slowest_per_mb:.1f} s for a megabyte; "
        f"process at most {peak_memory() >> 20} MB; {tally.broken} broke a bound",
        flush=True,
    )
    return tally.broken


if __name__ == "__main__":
    sys.exit(main())
