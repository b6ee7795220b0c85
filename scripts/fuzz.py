"""Damage images and wheels in thousands of ways, and show that reading them stays safe.

    python scripts/fuzz.py --pe 20000 --wheels 2000

For every damaged file: no exception but the errors a user sees, under 2 s, and the process below
three times the file plus 100 MB. Prints the figures; exits 1 when one file breaks a bound. Real
images of the Python that runs this (pip and setuptools bring some) join the written ones.
"""

from __future__ import annotations

import collections
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "helpers")]

from mlcbuild.check import check  # noqa: E402
from mlcbuild.check.settings import Settings  # noqa: E402
from mlcbuild.commandline import Parser  # noqa: E402
from mlcbuild.errors import MlcbuildError  # noqa: E402
from mlcbuild.pe.reader import PeFile  # noqa: E402
from mlcbuild.report import render  # noqa: E402
from mutate import image_seeds, mutations  # noqa: E402  found through the line above
from wheelfactory import make_wheel  # noqa: E402

SECONDS = 2.0
MEGABYTE = 1 << 20
#: Bigger images say nothing new and make a run of 20,000 long.
SEED_LIMIT = 512 << 10


class Tally:
    """What became of the files, and those that broke a bound."""

    def __init__(self, keep: Path | None) -> None:
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.slowest = 0.0
        self.broken = 0
        self._keep = keep
        #: Held by this script itself: its seeds, above all.
        self._before = peak_memory()
        self._largest = 0

    def run(self, data: bytes, name: str, read: Callable[[bytes], str]) -> None:
        """Read one file and judge it."""
        start = time.perf_counter()
        try:
            self.outcomes[read(data)] += 1
        except MlcbuildError as error:
            self.outcomes["refused"] += 1
            if "\n" in str(error):
                self.fail(data, name, f"an error of more than one line: {error!r}")
        except Exception:  # noqa: BLE001  any other is what this looks for
            self.fail(data, name, traceback.format_exc())
        seconds = time.perf_counter() - start
        self.slowest = max(self.slowest, seconds)
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


def main() -> int:
    """Run both parts and print the figures."""
    parser = Parser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pe", type=int, default=20_000, help="damaged images to read")
    parser.add_argument("--wheels", type=int, default=2_000, help="damaged wheels to read")
    parser.add_argument("--seed", type=int, default=4, help="of the random numbers")
    parser.add_argument("--keep", type=Path, help="folder for the files that break a bound")
    parser.add_argument("--images", type=Path, nargs="*", default=[], help="damage these instead")
    options = parser.parse_args()
    images = [path.read_bytes() for path in options.images] or image_seeds() + real_images()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        members = {f"pkg/{at}.dll": image for at, image in enumerate(images[:8])}
        whole = make_wheel(folder, {**members, "pkg/__init__.py": b"x = 1\n"}).read_bytes()
        flat = make_wheel(folder, members, compression=0).read_bytes()
        parts = [
            ("pe", options.pe, images, checker(folder / "x.dll", read_everything)),
            (
                "wheel",
                options.wheels,
                [whole, flat],
                checker(folder / "demo-1.0-py3-none-win_amd64.whl"),
            ),
        ]
        broken = 0
        for kind, count, seeds, read in parts:
            tally = Tally(options.keep)
            start = time.perf_counter()
            source = random.Random(options.seed)  # noqa: S311  repeatable on purpose
            for number, data in enumerate(mutations(source, seeds, count)):
                tally.run(data, f"{kind}-{options.seed}-{number}", read)
            outcomes = ", ".join(f"{value} {key}" for key, value in tally.outcomes.most_common())
            print(
                f"{kind}: {count} files from {len(seeds)} seeds (up to "
                f"{max(map(len, seeds)) >> 10} KB) in {time.perf_counter() - start:.0f} s: "
                f"{outcomes}; slowest {tally.slowest * 1000:.0f} ms; "
                f"process at most {peak_memory() >> 20} MB; {tally.broken} broke a bound"
            )
            broken += tally.broken
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
