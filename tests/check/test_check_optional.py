"""Which images importing a package needs, and which only a feature of it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from check_facts import wheel
from memory_package import MemoryPackage
from mlcbuild.check import check_package
from mlcbuild.check.settings import Settings
from mlcbuild.report import as_json, as_text
from mlcbuild.report.groups import verdict_line
from mlcbuild.report.result import Report
from pefactory import make_pe

if TYPE_CHECKING:
    from mlcbuild.report.result import Target

GOOD = make_pe(exports=["f"])
SICK = make_pe(exports=["f"], imports={"gone.dll": ["f"]})
LOADS = {"pkg/_core.pyd": GOOD}


def checked(files: dict[str, bytes]) -> Target:
    rows: Any = dict.fromkeys(files, ("", None))
    facts = wheel("cp311-cp311-win_amd64", record=rows)
    return check_package(MemoryPackage(files, kind="wheel", wheel=facts), (), Settings())


def optional(files: dict[str, bytes]) -> list[str]:
    target = checked(files)
    found = [module.path for module in target.modules if module.optional]
    errors = {finding.module for finding in target.findings if finding.severity == "error"}
    assert not errors & set(found)
    return found


GUARDED = b"try:\n    from pkg import _fast\nexcept ImportError:\n    _fast = None\n"


@pytest.mark.parametrize(
    "source",
    [
        GUARDED,
        b"try:\n    from ._fast import f\nexcept (ValueError, ImportError):\n    pass\n",
        b"def f():\n  try:\n    import pkg._fast as lib\n  except Exception:\n    return 0\n",
    ],
)
def test_an_extension_whose_imports_are_all_ready_for_its_failure_is_optional(
    source: bytes,
) -> None:
    files = LOADS | {"pkg/_fast.cp311-win_amd64.pyd": SICK, "pkg/__init__.py": source}
    assert optional(files) == ["pkg/_fast.cp311-win_amd64.pyd"]
    assert checked(files).outcome == "warnings"


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"from pkg import _fast\n",
        b"def f():\n    from pkg import _fast\n",
        b"try:\n    from pkg import _fast\nfinally:\n    pass\n",
        b"try:\n    from pkg import _fast\nexcept ModuleNotFoundError:\n    pass\n",
        b"try:\n    from pkg import _fast\nexcept ImportError as e:\n    raise OSError from e\n",
        b"try:\n    pass\nexcept ImportError:\n    from pkg import _fast\n",
        GUARDED + b"from pkg._fast import f\n",
        GUARDED + b"import importlib\nimportlib.import_module('pkg._fast')\n",
        GUARDED + b"def (\n",
    ],
)
def test_an_extension_that_some_import_relies_on_is_needed(source: bytes) -> None:
    files = LOADS | {"pkg/_fast.pyd": SICK, "pkg/__init__.py": source}
    assert optional(files) == []
    assert checked(files).outcome == "fails"


LOADER = b"import ctypes\nlib = ctypes.CDLL(root + 'runtime.dll')\n"


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        ("pkg/solver_snopt.dll", LOADER, True),  # nothing names or imports it
        ("pkg/runtime.dll", LOADER, False),
        ("pkg/libruntime.dll", LOADER, False),
        ("pkg/runtime64.dll", LOADER, False),  # a name made of parts
        ("pkg/solver_snopt.dll", b"for p in here.glob('*.dll'): ctypes.CDLL(p)\n", False),
        ("pkg/solver_snopt.dll", None, False),  # no source at all proves nothing
    ],
)
def test_a_dll_that_nothing_imports_and_no_loader_can_mean_is_optional(
    path: str, source: bytes | None, found: Any
) -> None:
    files = LOADS | {path: SICK}
    if source is not None:
        files["pkg/__init__.py"] = source
    assert optional(files) == ([path] if found else [])


def test_sources_that_are_too_many_to_read_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    files = LOADS | {"pkg/_fast.pyd": SICK, "pkg/solver.dll": SICK, "pkg/__init__.py": GUARDED}
    files["pkg/load.py"] = LOADER
    assert optional(files) == ["pkg/_fast.pyd", "pkg/solver.dll"]
    monkeypatch.setattr("mlcbuild.check.optional._ALL", len(GUARDED))
    assert optional(files) == []


def test_a_dll_that_an_image_imports_is_needed() -> None:
    files = LOADS | {"pkg/__init__.py": LOADER, "pkg/middle.dll": SICK}
    files["pkg/_user.pyd"] = make_pe(imports={"middle.dll": ["f"]})
    assert optional(files) == []


def test_a_dll_that_optional_images_alone_import_is_optional() -> None:
    files = LOADS | {"pkg/__init__.py": LOADER, "pkg/blosc.dll": SICK}
    files["pkg/plugin.dll"] = make_pe(imports={"blosc.dll": ["f"]})
    assert optional(files) == ["pkg/blosc.dll", "pkg/plugin.dll"]


def test_qts_plugins_are_optional_but_for_its_window_system() -> None:
    files = {
        "PyQt6/Qt6/bin/Qt6Core.dll": GOOD,
        "PyQt6/Qt6/bin/Qt6Gui.dll": make_pe(imports={"Qt6Core.dll": ["f"]}),
        "PyQt6/Qt6/plugins/sqldrivers/qsqloci.dll": SICK,
        "PyQt6/Qt6/qml/QtQuick/Scene3D/scene3d.dll": SICK,
        "PyQt6/Qt6/plugins/platforms/qwindows.dll": SICK,
    }
    assert optional(files) == [
        "PyQt6/Qt6/plugins/sqldrivers/qsqloci.dll",
        "PyQt6/Qt6/qml/QtQuick/Scene3D/scene3d.dll",
    ]
    assert checked(files).outcome == "fails"


def test_a_wheel_of_more_of_qt_has_its_plugins_too() -> None:
    files = {
        "PySide6/QtPdf.pyd": GOOD,
        "PySide6/Qt6Pdf.dll": GOOD,
        "PySide6/plugins/webview/web.dll": SICK,
    }
    assert optional(files) == ["PySide6/plugins/webview/web.dll"]


def test_where_nothing_that_is_needed_loads_nothing_is_optional() -> None:
    files = {"pkg/_fast.pyd": SICK, "pkg/__init__.py": GUARDED, "pkg/extra.dll": GOOD}
    assert optional(files) == []


def test_in_a_wheel_of_dlls_alone_what_another_names_and_does_not_import_is_optional() -> None:
    files = {
        "x-1.data/data/Library/bin/tbb12.dll": make_pe(exports=["f"], extra=b"\0tbbbind_2_5.DLL\0"),
        "x-1.data/data/Library/bin/tbbbind_2_5.dll": make_pe(
            imports={"hwloc.dll": ["f"]}, extra="wrap.dll".encode("utf-16-le")
        ),
        "x-1.data/data/Library/bin/wrap.dll": SICK,
        "x-1.data/data/Library/bin/main.dll": SICK,
    }
    named = [f"x-1.data/data/Library/bin/{name}.dll" for name in ("tbbbind_2_5", "wrap")]
    assert optional(files) == named
    assert checked(files).outcome == "fails"  # nothing names main.dll
    del files["x-1.data/data/Library/bin/main.dll"]
    assert checked(files).outcome == "warnings"
    del files["x-1.data/data/Library/bin/tbb12.dll"]
    assert optional(files) == []


def test_copies_for_other_processors_are_optional() -> None:
    files = {
        "data/lib64bit.dll": GOOD,
        "data/lib32bit.dll": make_pe(machine="x86"),
        "data/libarm64.dll": make_pe(machine="arm64"),
    }
    assert optional(files) == ["data/lib32bit.dll", "data/libarm64.dll"]
    assert optional({"data/lib32bit.dll": files["data/lib32bit.dll"]}) == []


def test_the_headline_the_exit_code_and_every_form_say_the_difference() -> None:
    files = LOADS | {"pkg/_fast.pyd": SICK, "pkg/__init__.py": GUARDED}
    report = Report(targets=(checked(files),))
    assert verdict_line(report.targets[0]) == (
        "GOOD, with warnings",
        "2 images: 1 will load, 1 optional may not",
    )
    assert report.exit_code == 0
    assert "pkg/_fast.pyd  optional, WinError 126" in as_text.render(report)
    modules = as_json.table(report)["targets"][0]["modules"]
    assert {m["path"]: m["optional"] for m in modules} == {
        "pkg/_core.pyd": False,
        "pkg/_fast.pyd": True,
    }


def test_a_missing_dll_that_a_needed_image_lacks_too_is_an_error() -> None:
    files = LOADS | {"pkg/_fast.pyd": SICK, "pkg/_more.pyd": SICK, "pkg/__init__.py": GUARDED}
    target = checked(files)
    severities = {f.module: f.severity for f in target.findings if f.rule == "missing-dll"}
    assert severities == {"pkg/_fast.pyd": "warning", "pkg/_more.pyd": "error"}
    assert target.outcome == "fails"
