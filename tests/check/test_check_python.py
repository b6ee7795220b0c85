"""For which Python a wheel and what it requires are judged."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import mlcbuild.check
import pytest
from check_facts import wheel
from memory_package import MemoryPackage
from mlcbuild.check import check_package
from mlcbuild.check.settings import Settings
from mlcbuild.errors import UsageError
from mlcbuild.pythonversions import NEWEST
from pefactory import make_pe

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize(
    ("tag", "asked", "resolved"),
    [
        ("cp37-abi3-win_amd64", None, NEWEST),
        ("cp37-abi3-win_amd64", "3.10", (3, 10)),
        ("cp311-cp311-win_amd64", None, (3, 11)),
        ("py3-none-win_amd64", "3.12", (3, 12)),
    ],
)
def test_requirements_are_resolved_for_a_python_that_has_wheels(
    tag: str, asked: str | None, resolved: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    @contextmanager
    def opened(target: str, **options: Any) -> Iterator[MemoryPackage]:
        seen.append((target, options["python"]))
        yield MemoryPackage({})

    monkeypatch.setattr(mlcbuild.check, "open_package", opened)
    facts = wheel(tag, requires=("beside",))
    package = MemoryPackage({"pkg/a.dll": make_pe()}, kind="wheel", wheel=facts)
    check_package(package, (), Settings(with_deps=True, python=asked))
    assert seen == [("pypi:beside", resolved)]


def test_the_python_asked_for_loads_the_images() -> None:
    module = make_pe(imports={"python3.dll": ["PyObject_Vectorcall"]})  # new in 3.12
    facts = wheel("cp37-abi3-win_amd64")
    for asked, verdict in ((None, "may-fail"), ("3.12", "loads")):
        package = MemoryPackage({"pkg/a.pyd": module}, kind="wheel", wheel=facts)
        (found,) = check_package(package, (), Settings(python=asked)).modules
        assert found.load.verdict == verdict


@pytest.mark.parametrize("given", ["3", "3.12.1", "2.7", "new", ""])
def test_what_is_no_version_of_python_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="is not a version"):
        Settings(python=given)
