"""Damage images and wheels in thousands of ways, and show that reading them stays safe.

    python scripts/fuzz.py --pe 20000 --wheels 2000 --metadata 500 --releases 300 --graphs 60

For every damaged file: no exception but the errors a user sees, under 2 CPU seconds, and a process
below three times the file plus 100 MB. Real images of the Python that runs this (pip and setuptools
bring some) join the written ones. ``metadata`` damages METADATA, WHEEL, RECORD and stamps inside
whole wheels; ``releases`` publishes damaged wheels; ``graphs`` are chains, meshes and circles.
Then each kind of input is made small and eight times as large: CPU seconds and memory may
grow by three times as much as the input. Prints the figures, the slowest and largest per byte of
input; exits 1 when one file or kind breaks a bound.
"""

from __future__ import annotations

import base64
import collections
import hashlib
import io
import random
import sys
import tempfile
import time
import traceback
import tracemalloc
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "helpers")]

from hostilewheels import chain, cycle, mesh, record_of_nothing  # noqa: E402
from mlcbuild.check import check  # noqa: E402
from mlcbuild.check.settings import Settings  # noqa: E402
from mlcbuild.commandline import Parser  # noqa: E402
from mlcbuild.errors import MlcbuildError  # noqa: E402
from mlcbuild.pe.reader import PeFile  # noqa: E402
from mlcbuild.release import release  # noqa: E402
from mlcbuild.report import render  # noqa: E402
from mutate import image_seeds, mutations  # noqa: E402  found through the line above
from wheelfactory import make_wheel, make_zip  # noqa: E402

SECONDS = 2.0
MEGABYTE = 1 << 20
#: Below this, start-up counts for more than the input.
LARGE = 16 << 10
#: How often larger the large input of a kind is, and how much faster cost may grow than that.
LARGER = 8
FASTER = 3.0
#: Bigger images say nothing new and make a run of 20,000 long.
SEED_LIMIT = 512 << 10


class Tally:
    """What became of the files, and those that broke a bound."""

    def __init__(self, keep: Path | None) -> None:
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.slowest = 0.0
        #: The most seconds for a megabyte of input, of inputs of 16 KB and more.
        self.slowest_per_mb = 0.0
        self.broken = 0
        self._keep = keep
        #: Held by this script itself: its seeds, above all.
        self._before = peak_memory()
        self._largest = 0

    def run(self, data: bytes, name: str, read: Callable[[bytes], str]) -> None:
        """Read one file and judge it."""
        start = time.process_time()  # others use the machine too
        try:
            self.outcomes[read(data)] += 1
        except MlcbuildError as error:
            self.outcomes["refused"] += 1
            if "\n" in str(error):
                self.fail(data, name, f"an error of more than one line: {error!r}")
        except Exception:  # noqa: BLE001  any other is what this looks for
            self.fail(data, name, traceback.format_exc())
        seconds = time.process_time() - start
        self.slowest = max(self.slowest, seconds)
        if len(data) >= LARGE:
            self.slowest_per_mb = max(self.slowest_per_mb, seconds / len(data) * MEGABYTE)
        if seconds > SECONDS:
            self.fail(data, name, f"took {seconds:.1f} s")
        self._largest = max(self._largest, len(data))
        if peak_memory() - self._before > 3 * self._largest + 100 * MEGABYTE:
            self.fail(data, name, f"the process grew to {peak_memory() >> 20} MB")

    def fail(self, data: bytes, name: str, why: str) -> None:
        """Count and print a broken bound; keep the file that did it."""
        self.broken += 1
        print(f"{name}: {why}", file=sys.stderr)
        if self._keep:
            self._keep.mkdir(parents=True, exist_ok=True)
            (self._keep / name).write_bytes(data)


def peak_memory() -> int:
    """Return the most memory the process ever held, in bytes; 0 where that is not told."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


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


def metadata_of(source: random.Random, whole: bytes, count: int) -> Iterator[bytes]:
    """Give wheels whose METADATA, WHEEL, RECORD or stamp is damaged; the zip itself is whole."""
    files = {}
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    texts = [name for name in files if not name.endswith((".dll", ".py"))]
    for _ in range(count):
        name = source.choice(texts)
        text = source.choice(
            (
                b"[" * source.randrange(1, 200_000),
                b'{"a":' * source.randrange(1, 50_000),
                b'"' + b"x" * source.randrange(1, 300_000),
                b"Name: " + b"\0" * 99 + b"\nRequires-Dist: ((" + b"(" * source.randrange(9_999),
                b"Version: " + b"9" * source.randrange(1, 9_999),
                source.randbytes(source.randrange(1, 999)),
                b"p/a.dll,sha256=" + b"A" * source.randrange(99) + b"," + b"9" * 5_000 + b"\n",
                next(mutations(source, [files[name]], 1)) if files[name] else b"",
            )
        )
        joined = text if source.randrange(2) else files[name] + text
        made = {**files, name: joined}
        record = next(each for each in files if each.endswith("/RECORD"))
        if name != record:  # else nothing beyond RECORD is ever looked at
            made[record] = true_record(made, record)
        yield make_zip(made)


def true_record(files: dict[str, bytes], record: str) -> bytes:
    """Return the RECORD of these files."""
    rows = []
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{path},,\n" if path == record else f"{path},sha256={digest},{len(data)}\n")
    return "".join(rows).encode()


def graphs_of(source: random.Random, folder: Path, count: int) -> Iterator[bytes]:
    """Give wheels of random chains, meshes and circles."""
    for _ in range(count):
        size = source.randrange(2, 80)
        shape = source.randrange(3)
        if shape == 0:
            path = chain(folder, size, every=source.choice((1, 2, 7, size)))
        elif shape == 1:
            path = mesh(folder, size, source.randrange(1, 12), missing=bool(source.randrange(2)))
        else:
            path = cycle(folder, size)
        yield path.read_bytes()


def releaser(path: Path) -> Callable[[bytes], str]:
    """Return what publishes a wheel's bytes into an empty folder."""

    def run(data: bytes) -> str:
        path.write_bytes(data)
        with tempfile.TemporaryDirectory() as name:
            release([path], Path(name), env={})
        return "published"

    return run


#: Kind -> what makes an input of a size, and that size.
KINDS: dict[str, tuple[Callable[[Path, int], Path], int]] = {
    "record": (record_of_nothing, 20_000),
    "mesh": (lambda folder, size: mesh(folder, size, 10), 50),
    "mesh, each misses one": (lambda folder, size: mesh(folder, size, 10, missing=True), 50),
    "chain, each misses one": (chain, 50),
    "chain, the last misses one": (lambda folder, size: chain(folder, size, every=size), 50),
    "circle": (cycle, 50),
}


def growth(folder: Path) -> int:
    """Check each kind small and large; return how many grow faster than they may."""
    failed = 0
    for kind, (make, size) in KINDS.items():
        figures = []
        for count in (size, size * LARGER):
            path = make(folder / str(count), count)
            tracemalloc.start()
            check([str(path)], Settings())
            memory = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            start = time.process_time()
            check([str(path)], Settings())
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
    parser.add_argument("--no-growth", action="store_true", help="leave the large inputs out")
    parser.add_argument("--seed", type=int, default=4, help="of the random numbers")
    parser.add_argument("--keep", type=Path, help="folder for the files that break a bound")
    parser.add_argument("--images", type=Path, nargs="*", default=[], help="damage these instead")
    options = parser.parse_args()
    images = [path.read_bytes() for path in options.images] or image_seeds() + real_images()
    source = random.Random(options.seed)  # noqa: S311  repeatable on purpose
    with tempfile.TemporaryDirectory() as name:
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
