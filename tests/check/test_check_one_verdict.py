"""One verdict an image, and a headline that follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from check_facts import wheel
from memory_package import MemoryPackage
from mlcbuild.check import check_package
from mlcbuild.check.settings import Settings
from mlcbuild.loader.words import readable
from pefactory import make_pe

if TYPE_CHECKING:
    from mlcbuild.report.result import Target

CTOR = "??0WriterProperties@parquet@@AEAA@PEAVMemoryPool@arrow@@_J111@Z"
USER = make_pe(imports={"parquet.dll": [CTOR]})


def installed(name: str, path: str, *exports: str) -> MemoryPackage:
    return MemoryPackage(
        {path: make_pe(exports=exports)}, name=f"{name}.whl", kind="wheel", wheel=wheel()
    )


def checked(*companions: MemoryPackage) -> Target:
    rows = {"libsumo/_libsumo.pyd": ("", len(USER))}
    files = {"libsumo/_libsumo.pyd": USER}
    facts = wheel("cp311-cp311-win_amd64", record=rows)
    return check_package(MemoryPackage(files, kind="wheel", wheel=facts), companions, Settings())


OLD = ("pyarrow", "pyarrow/parquet.dll", "other")
NEW = ("eclipse_sumo", "sumo/bin/parquet.dll", CTOR)


@pytest.mark.parametrize("order", [(OLD, NEW), (NEW, OLD)])
def test_a_symbol_that_one_of_two_copies_lacks_may_fail_and_is_no_error(
    order: tuple[tuple[str, str, str], ...],
) -> None:
    target = checked(*(installed(*each) for each in order))
    (module,) = target.modules
    assert (module.load.verdict, module.load.winerror) == ("may-fail", 127)
    (found,) = [f for f in target.findings if f.rule == "missing-export"]
    assert found.severity == "warning"
    assert found.message == (
        "pyarrow.whl!pyarrow/parquet.dll does not export "
        "parquet::WriterProperties::WriterProperties; eclipse_sumo.whl!sumo/bin/parquet.dll fits "
        "(depends on which added folder Windows searches first)"
    )
    assert found.evidence["symbol"] == CTOR
    assert target.outcome == "may-fail"


def test_a_symbol_that_every_copy_lacks_fails() -> None:
    target = checked(installed(*OLD), installed("eclipse_sumo", "sumo/bin/parquet.dll", "more"))
    (module,) = target.modules
    assert module.load.verdict == "fails"
    severities = {f.severity for f in target.findings if f.rule == "missing-export"}
    assert (severities, target.outcome) == ({"error"}, "fails")


def test_a_copy_that_fits_alone_loads() -> None:
    target = checked(installed(*NEW))
    assert ([m.load.verdict for m in target.modules], target.outcome) == (["loads"], "good")


@pytest.mark.parametrize(
    ("symbol", "shown"),
    [
        ("?str@StringStreamWrapper@detail@util@arrow@@QEAA?AV1@XZ",
         "arrow::util::detail::StringStreamWrapper::str"),
        ("??1Table@arrow@@UEAA@XZ", "arrow::Table::~Table"),
        ("?value@@3HA", "value"),
        ("PyList_New", "PyList_New"),
        ("??$make@H@arrow@@YAHXZ", "??$make@H@arrow@@YAHXZ"),  # a template
        ("_ZN5arrow5Table3strEv", "_ZN5arrow5Table3strEv"),
        ("?" + "x" * 200, "?" + "x" * 76 + "..."),
    ],
)  # fmt: skip
def test_a_symbol_is_shown_as_its_source_names_it_and_never_endless(
    symbol: str, shown: str
) -> None:
    assert readable(symbol) == shown
