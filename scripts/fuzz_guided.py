"""Coverage-guided fuzzing of the image reader and the zip reader, for minutes or hours.

    pip install atheris && python scripts/fuzz_guided.py pe corpus/ -max_total_time=600

The first word is what to fuzz (``pe`` or ``zip``), the second the folder that keeps the corpus; the
rest goes to libFuzzer. Ends with an error, and writes the input beside the corpus, for an exception
that is not one a user sees, for an input of 64 KB that takes over 10 s, and above 1 GB of memory.
Linux; ``scripts/fuzz.py`` needs nothing and runs everywhere.
"""

from __future__ import annotations

import contextlib
import random
import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "helpers")]

with atheris.instrument_imports(include=["mlcbuild.pe", "mlcbuild.package"]):
    from mlcbuild.errors import InputError
    from mlcbuild.package.wheel import WheelPackage
    from mlcbuild.package.zipdir import FileSource
    from mlcbuild.pe.reader import PeFile

from mutate import image_seeds  # noqa: E402  found through the line above
from wheelfactory import make_wheel  # noqa: E402

#: Bytes of one input: more says nothing new and takes longer.
LARGEST = 1 << 16
NAME = "demo-1.0-py3-none-win_amd64.whl"


def read_image(data: bytes) -> None:
    """Read every fact and every export."""
    try:
        pe = PeFile(data, path="x.dll")
        pe.image()
    except InputError:
        return
    exports = pe.exports()
    exports.find("alpha")
    exports.find("")
    exports.find(1)
    for _ in exports.symbols():
        pass


class ZipReader:
    """Reads a wheel and every member of it through one file."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name, NAME)

    def __call__(self, data: bytes) -> None:
        """Read the wheel that these bytes make."""
        self._path.write_bytes(data)
        try:
            package = WheelPackage(FileSource(self._path, name=NAME), filename=NAME)
        except InputError:
            return
        for member in package.members():
            with contextlib.suppress(InputError):
                package.peek(member)
                package.read(member)
        package.close()


def seeds(kind: str) -> list[bytes]:
    """Return whole inputs to begin with."""
    if kind == "pe":
        return image_seeds()
    with tempfile.TemporaryDirectory() as name:
        members = {"p/a.dll": image_seeds()[0], "p/b.txt": random.Random(1).randbytes(500)}  # noqa: S311
        return [
            make_wheel(Path(name), members, compression=method).read_bytes() for method in (0, 8)
        ]


def main() -> None:
    """Hand the rest of the command line to libFuzzer."""
    kind, corpus = sys.argv[1], Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    for at, data in enumerate(seeds(kind)):
        (corpus / f"seed-{at}").write_bytes(data)
    read = read_image if kind == "pe" else ZipReader()
    arguments = [
        sys.argv[0],
        str(corpus),
        f"-max_len={LARGEST}",
        "-timeout=10",
        "-rss_limit_mb=1024",
    ]
    atheris.Setup([*arguments, f"-artifact_prefix={corpus}-", *sys.argv[3:]], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
