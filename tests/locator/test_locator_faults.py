"""Faulty installs beside PyPI's unmodified TVM under Windows CPython (``faultlist``).

What is judged from the files and what the import says must agree on culprit, cause and fix; and
the fix, carried out, must mend: in the same process, or else the kernel must be said to restart.
The wheel is the one that MLCBUILD_TEST_WINDOWS_WHEEL names, else a stand-in (``standinwheel``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from faultlist import Parts, faults
from needs import require
from realsite import Site, lay_out, run_jobs, unpack
from standinwheel import build_stand_in_wheel

if TYPE_CHECKING:
    from faultlist import Fault
    from mlcbuild.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.needs_lab, pytest.mark.needs_index]

FAULTS = faults()
#: Processes at once.
_LANES = 2
#: PyPI's, as the wheel pins them.
TVM = ("apache-tvm==0.26.0", "apache-tvm-ffi==0.1.13.post2")


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory, windows: Lab) -> dict[str, dict[str, Any]]:
    """Run all faults: those of the packages in one process, each load in one of its own."""
    require("index", "mingw", "llvm")
    work = tmp_path_factory.mktemp("faults")
    tvm = download(work / "wheels")
    named = os.environ.get("MLCBUILD_TEST_WINDOWS_WHEEL")
    ours = Path(named) if named else build_stand_in_wheel(work, tvm[0], TVM)
    return try_all(FAULTS, unpack([ours, *tvm], work / "sound"), work, windows)


def download(folder: Path) -> list[Path]:
    """Fetch TVM's wheels for Windows, that of apache-tvm first."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
         "--platform", "win_amd64", "--python-version", "3.11", "-d", str(folder), *TVM],
        check=True,
    )  # fmt: skip
    return sorted(folder.glob("*.whl"))


def try_all(wanted: list[Fault], sound: Path, work: Path, lab: Lab) -> dict[str, dict[str, Any]]:
    """Make every site, run its job, return what came of it by the fault's name."""
    alone = [[fault] for fault in wanted if fault.loads]
    quick = [fault for fault in wanted if not fault.loads]
    groups = [*alone, quick[::2], quick[1::2]]

    def run(lane: int) -> dict[str, dict[str, Any]]:
        """Run every other group, on links to a sound install of its own.

        While one process deletes a link, Wine refuses others to open that file by another.
        """
        place = work / f"lane{lane}"
        own, parts = shutil.copytree(sound, place / "sound"), Parts(place / "parts")
        found = {}
        for number, group in enumerate(groups[lane::_LANES]):
            here = place / f"{number}"
            jobs = [job(fault, own, here / f"{n}", parts, lab) for n, fault in enumerate(group)]
            answers = run_jobs(lab, jobs, here / "run")
            found |= {fault.name: one for fault, one in zip(group, answers, strict=True)}
        return found

    with ThreadPoolExecutor(_LANES) as pool:
        return {name: one for each in pool.map(run, range(_LANES)) for name, one in each.items()}


def job(fault: Fault, sound: Path, place: Path, parts: Parts, lab: Lab) -> dict[str, Any]:
    """Make the site of a fault; return what the probe needs to know."""
    site: Site = lay_out(sound, place / "site")
    made = fault.make(site, parts)
    words = {
        "{made}": lab.path(place / "made"), "{site}": lab.path(site.folder),
        "{old}": lab.path(place / "old"),
    }  # fmt: skip

    def there(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: there(each) for name, each in value.items()}
        if isinstance(value, list):
            return [there(each) for each in value]
        for word, path in words.items():
            value = value.replace(word, path)
        return lab.path(Path(value)) if value.startswith("/") else value

    options = {name: there(value) for name, value in made.items()}
    for path in site.folder.glob("*.pth"):
        path.write_text(there(path.read_text().strip()) + "\n")
    return {
        "site": lab.path(site.folder), "sound": lab.path(sound), "loads": fault.loads,
        "only_judged": fault.only_judged or not (fault.cause or fault.loads), **options,
    }  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_fault_is_told_by_import_and_libinfo_alike_and_its_fix_mends_it(
    results: dict[str, dict[str, Any]], fault: Fault
) -> None:
    found = results[fault.name]

    assert not wrong(fault, found), (wrong(fault, found), found)


def wrong(fault: Fault, found: dict[str, Any]) -> str:
    """Say what is not as it must be; "" where all is."""
    if "ended" in found:
        return f"the process ended: {found['ended']}"
    judged, said = found["judged"], found["imported"]
    if not fault.cause:
        return "it is healthy" if judged or said else ""
    said = judged if fault.only_judged else said
    judged = said if fault.only_imported else judged
    if not judged or not said:
        return "import and libinfo disagree"
    checks = {
        "import and libinfo say different things": all(
            judged[name] == said[name] for name in ("cause", "culprit", "fix")
        ),
        "another cause": said["cause"] == fault.cause,
        "another culprit": said["culprit"].replace("\\", "/").endswith(fault.culprit),
        "another fix": said["fix"].startswith(fault.fix),
    }
    return next((what for what, good in checks.items() if not good), "") or _unmended(found)


def _unmended(found: dict[str, Any]) -> str:
    if not found.get("mended"):
        first = (found["imported"] or found["judged"])["fix"]
        by_hand = ("build with", "import mlc_llm before", "winget")
        return "" if first.startswith(by_hand) else "the fix cannot be carried out"
    if found["judged_again"]:
        return "the fix does not mend it"
    again = found["again"]
    return "" if again is None or again["cause"] == "restart-needed" else "it is not mended"
