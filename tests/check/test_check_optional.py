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
    monkeypatch.setattr("mlcbuild.check.sources._ALL", len(GUARDED))
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


def test_in_a_wheel_of_dlls_alone_what_no_other_imports_is_optional() -> None:
    files = {
        "x-1.data/data/Library/bin/runtime.dll": GOOD,
        "x-1.data/data/Library/bin/offload.dll": SICK,
    }
    assert optional(files) == ["x-1.data/data/Library/bin/offload.dll"]
    assert checked(files).outcome == "warnings"
    files["x-1.data/data/Library/bin/user.dll"] = make_pe(imports={"offload.dll": ["f"]})
    assert optional(files) == [path for path in files if "runtime" not in path]


@pytest.mark.parametrize(
    "more",
    [
        {
            "x-1.data/data/Library/bin/pkg12.dll": SICK,
            "x-1.data/data/Library/bin/helper.dll": GOOD,
        },  # called as the wheel
        {  # what loads serves nobody else
            "x-1.data/data/Library/bin/main.dll": make_pe(
                imports={"leaf.dll": ["f"], "gone.dll": ["f"]}
            ),
            "x-1.data/data/Library/bin/leaf.dll": GOOD,
        },
        {"x-1.data/data/Library/bin/main.dll": SICK, "pkg.pyd": GOOD},  # a module may load it
        {"pkg/main.dll": SICK, "pkg/other.dll": GOOD},  # where a program may load it from
        {  # what it lacks is in the wheel, where nothing finds it
            "x-1.data/data/Library/bin/main.dll": SICK,
            "x-1.data/data/Library/lib/gone.dll": GOOD,
            "x-1.data/data/Library/bin/other.dll": GOOD,
        },
    ],
)
def test_in_a_wheel_of_dlls_alone_the_one_that_it_is_for_is_needed(more: dict[str, bytes]) -> None:
    assert optional(more) == []
    assert checked(more).outcome == "fails"


def test_another_variant_of_a_dll_is_optional_where_one_loads() -> None:
    sweeping = b"lib = ctypes.CDLL(next(here.glob(f'libx_{backend}*.dll')))\n"
    files = {
        "pkg/__init__.py": sweeping,
        "pkg/libx_cpu.dll": GOOD,
        "pkg/libx_cuda118.dll": SICK,
        "pkg/libx_cuda126.dll": SICK,
        "pkg/libx_rocm7.dll": SICK,  # alone of its kind: a number says nothing
    }
    assert optional(files) == ["pkg/libx_cuda118.dll", "pkg/libx_cuda126.dll"]
    files["pkg/__init__.py"] = sweeping + b"ctypes.CDLL('libx_cuda118.dll')\n"
    assert optional(files) == ["pkg/libx_cuda126.dll"]
    del files["pkg/libx_cpu.dll"]
    assert optional(files) == []


@pytest.mark.parametrize(
    ("sick", "loads", "found"),
    [
        ("pkg/core_py39.pyd", "pkg/core_py311.pyd", True),
        ("pkg/core_py39.pyd", "pkg/other_py311.pyd", False),  # another module
        ("pkg/core.pyd", "pkg/core_py311.pyd", False),  # nothing says for which it is
        ("pkg/core_py311.pyd", "pkg/core_py39.pyd", False),  # the one for the Python of the tag
    ],
)
def test_a_copy_for_another_python_is_optional(sick: str, loads: str, found: Any) -> None:
    gone = {"gone.dll": ["f"]} if "311" in sick else {}
    files = {
        sick: make_pe(imports={f"python3{11 if '311' in sick else 9}.dll": ["Py_IncRef"], **gone}),
        loads: make_pe(imports={"python311.dll": ["Py_IncRef"]}),
    }
    assert optional(files) == ([sick] if found else [])


def test_a_dll_for_a_package_that_is_not_required_is_optional() -> None:
    files = LOADS | {
        "pkg/torch_ops.dll": make_pe(exports=["f"], imports={"torch_cpu.dll": ["t"]}),
        "pkg/ml/__init__.py": b"import torch as _torch\n_torch.ops.load_library('torch_ops.dll')\n",
    }
    assert optional(files) == ["pkg/torch_ops.dll"]
    other = files | {"pkg/__init__.py": b"import ctypes\nctypes.CDLL('torch_ops.dll')\n"}
    assert optional(other) == []
    files["pkg/torch_ops.dll"] = make_pe(imports={"torch_cpu.dll": ["t"], "gone.dll": ["f"]})
    assert optional(files) == []


def test_a_name_in_a_source_that_loads_nothing_is_no_evidence() -> None:
    source = b"import os\nos.add_dll_directory(libs)\nos.path.exists('__nczhdf5filters.dll')\n"
    files = LOADS | {"pkg/plugins/__nczhdf5filters.dll": SICK, "pkg/__init__.py": source}
    assert optional(files) == ["pkg/plugins/__nczhdf5filters.dll"]
    files["pkg/__init__.py"] = source + b"lib = ffi.dlopen('__nczhdf5filters.dll')\n"
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


ON_DEMAND = (
    b"def load_heic():\n    lib.load_library(path('libx_heic'))\ndef get():\n    load_heic()\n"
)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (b"", True),
        (b"from pkg.load import get\n", True),  # to have a function is not to call it
        (b"get()\n", False),
        (b"class A:\n    heic = load_heic()\n", False),
        (b"@get\ndef f(): pass\n", False),
        (b"lib.load_library('libx_heic.dll')\n", False),
        (b"getattr(load, 'load_heic')()\n", False),
        (b"class A:\n    def __init__(self):\n        load_heic()\n", False),
        (b"@functools.cache\ndef more():\n    load_heic()\n", True),
        (b"@register\ndef more():\n    load_heic()\n", False),
        (b"for p in here.glob('*.dll'): ctypes.CDLL(p)\n", False),
    ],
)
def test_a_dll_that_is_loaded_on_demand_is_optional(more: bytes, found: Any) -> None:
    files = LOADS | {"pkg/libx_heic.dll": SICK, "pkg/load.py": ON_DEMAND, "pkg/__init__.py": more}
    assert optional(files) == (["pkg/libx_heic.dll"] if found else [])


def test_prose_tests_and_freezers_hooks_load_nothing() -> None:
    prose = b'"""Windows answers 126 to LoadLibrary(solver.dll)."""\n# CDLL("solver.dll")\n'
    files = LOADS | {"pkg/solver.dll": SICK, "pkg/__init__.py": prose}
    files |= {f"pkg/{name}.py": LOADER + b"os.listdir(here)\n" for name in ("tests/t", "hook-pkg")}
    assert optional(files) == ["pkg/solver.dll"]
    files["pkg/more.py"] = LOADER + b"os.listdir(here)\n"
    assert optional(files) == []


def test_a_copy_that_code_loads_first_serves_whoever_imports_its_name() -> None:
    load = (
        b"import ctypes, os\nos.add_dll_directory(root + 'pkg.libs')\nctypes.CDLL('blosc2.dll')\n"
    )
    files = {
        "pkg/__init__.py": load,
        "pkg/_user.pyd": make_pe(imports={"libblosc2.dll": ["f"]}),
        "pkg/libblosc2.dll": SICK,  # a leftover of the build, not repaired
        "pkg.libs/libblosc2.dll": GOOD,
    }
    assert optional(files) == ["pkg/libblosc2.dll"]
    assert checked(files).outcome == "warnings"
    files["pkg/__init__.py"] = load.replace(b"blosc2.dll", b"another.dll")
    assert checked(files).outcome == "fails"
    files["pkg/__init__.py"] = load.replace(b"ctypes.CDLL('blosc2.dll')", b"'blosc2.dll'")
    assert checked(files).outcome == "fails"


@pytest.mark.parametrize(
    "word", [b"os.environ['CUDA_PATH']", b"from cuda.pathfinder import x", b""]
)
def test_what_the_cuda_toolkit_brings_is_in_doubt_where_the_package_looks_for_it(
    word: bytes,
) -> None:
    files = LOADS | {
        "pkg/cufft.pyd": make_pe(imports={"cufft64_11.dll": ["f"]}),
        "pkg/__init__.py": b"from pkg import cufft\n" + word,
    }
    target = checked(files)
    assert target.outcome == ("may-fail" if word else "fails")
    assert "cufft64_11.dll is not" in target.findings[0].message
    files["pkg/cufft.pyd"] = make_pe(imports={"cufft64_11.dll": ["f"], "gone.dll": ["f"]})
    assert checked(files).outcome == "fails"


DEBUG = make_pe(exports=["f"], imports={"ucrtbased.dll": ["f"]})


@pytest.mark.parametrize(
    ("debug", "release", "found"),
    [
        ("pkg/sycl9d.dll", "pkg/sycl9.dll", True),
        ("pkg/tbb12_debug.dll", "pkg/tbb12.dll", True),
        ("pkg/_x_d.cp311-win_amd64.pyd", "pkg/_x.cp311-win_amd64.pyd", True),
        ("pkg/_x.pyd", "pkg/_y.pyd", False),
        ("pkg/sycl9d.dll", "lib/sycl9.dll", False),
    ],
)
def test_a_debug_build_beside_the_release_build_is_optional(
    debug: str, release: str, found: Any
) -> None:
    files = LOADS | {"pkg/__init__.py": LOADER + b"os.listdir(here)\n", debug: DEBUG, release: GOOD}
    assert optional(files) == ([debug] if found else [])
    assert checked(files).outcome == ("warnings" if found else "fails")
    if debug.endswith(".dll"):
        files["pkg/_user.pyd"] = make_pe(imports={debug.rpartition("/")[2]: ["f"]})
        assert checked(files).outcome == "fails"


def test_the_begin_of_a_longer_name_is_no_evidence() -> None:
    source = b"import ctypes\nctypes.CDLL('Vendor.Speech.core.dll')\n"
    files = LOADS | {
        "pkg/__init__.py": source,
        "pkg/Vendor.Speech.core.dll": GOOD,
        "pkg/Vendor.Speech.extension.codec.dll": SICK,
    }
    assert optional(files) == ["pkg/Vendor.Speech.extension.codec.dll"]
    files["pkg/__init__.py"] = source.replace(b"core", b"extension")
    assert optional(files) == []


def test_a_library_of_more_of_qt_than_the_wheel_brings_is_optional() -> None:
    files = {
        "PyQt6/Qt6/bin/Qt6Core.dll": GOOD,
        "PyQt6/Qt6/bin/Qt6Gui.dll": make_pe(exports=["f"], imports={"Qt6Core.dll": ["f"]}),
        "PyQt6/Qt6/bin/Qt63DQuickExtras.dll": make_pe(imports={"Qt63DQuick.dll": ["f"]}),
    }
    assert optional(files) == ["PyQt6/Qt6/bin/Qt63DQuickExtras.dll"]
    files["PyQt6/Qt6/bin/Qt63DQuickExtras.dll"] = make_pe(imports={"icuuc.dll": ["f"]})
    assert optional(files) == []
    files["PyQt6/Qt6/bin/Qt63DQuickExtras.dll"] = make_pe(imports={"Qt6Core.dll": ["nosuch"]})
    assert optional(files) == []


def test_javas_dll_is_in_doubt_where_the_package_looks_for_java() -> None:
    files = {
        "pkg/bridge.pyd": make_pe(imports={"jvm.dll": ["f"]}),
        "pkg/__init__.py": b"os.add_dll_directory(os.environ['JAVA_HOME'] + '/bin/server')\n",
    }
    assert checked(files).outcome == "may-fail"
    del files["pkg/__init__.py"]
    assert checked(files).outcome == "fails"
