"""Real projects of the package index, from their sdists, called by Windows CPython."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlcbuild.cli import main
from mlcbuild.sources.index import Index
from needs import require

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
#: The sdist -> code that calls what it compiled. docs/cross.md says what else was tried.
CALLS = {
    "levenshtein-0.27.5.tar.gz": """\
import Levenshtein as m
assert m.distance("lewenstein", "levenshtein") == 2
assert m.editops("spam", "park") == [("delete", 0, 0), ("insert", 3, 2), ("replace", 3, 3)]
assert m.setmedian(["ehee", "cceaes", "chees", "chreesc"]) == "chees"
""",
    "h3-4.5.0a3.tar.gz": """\
import h3
assert h3.latlng_to_cell(37.3615593, -122.0553238, 5) == "85283473fffffff"
""",
}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("sdist", CALLS)
def test_a_project_of_the_index_is_built_from_its_sdist_and_called(
    sdist: str, tmp_path: Path
) -> None:
    for need in ("clang_cl", "sources", "index", "lab"):
        require(need)
    project = sdist.rpartition("-")[0].replace("_", "-")
    index = Index.configured()
    (file,) = (each for each in index.find_files(project) if each.filename == sdist)
    index.download(file, tmp_path / sdist)
    out = tmp_path / "out"
    assert main(["cross", str(tmp_path / sdist), "--sdk", "free", "-o", str(out)]) == 0
    (wheel,) = out.glob("*-cp311-cp311-win_amd64.whl")
    assert main(["verify", str(wheel), "--lab", "--run", CALLS[sdist]]) == 0
