"""What is reachable: the places of a world, and the process that searches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from check_facts import image
from loadercases import Lab
from mlcbuild.errors import InputError
from mlcbuild.loader import Load, Options, World, predict, world_from_package
from mlcbuild.loader.images import File, Record, Tree
from mlcbuild.package.folder import FilesPackage
from mlcbuild.package.member import WheelFacts
from mlcbuild.pe.facts import ExportedSymbol, Image
from namelist import NameList

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CP311 = ("cp311-cp311-win_amd64",)


def wheel(root: Path, *, tags: Sequence[str] = CP311, name: str = "x") -> FilesPackage:
    facts = WheelFacts(distribution=name, version="1", tags=tuple(tags))
    return FilesPackage(root, name=f"{name}.whl", kind="wheel", wheel=facts)


def load(root: Path, path: str, **options: Any) -> Load:
    tags = options.pop("tags", CP311)
    companions = options.pop("companions", ())
    world = world_from_package(
        wheel(root, tags=tags), companions=companions, options=Options(**options)
    )
    return predict(world, path)


def origins(answer: Load) -> dict[str, str]:
    return {need.name: need.origin for need in answer.needs}


def test_a_single_image_finds_its_siblings_and_only_it_is_examined(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.dll("leaf.dll")
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})
    package = FilesPackage(lab.pkg, name="user.dll", kind="image", paths=["user.dll"])
    world = world_from_package(package)
    answer = predict(world, "user.dll")
    assert answer.verdict == "loads"
    assert answer.needs[0].path == "leaf.dll"
    assert [file.key for file in world.package.files.values()] == ["user.dll"]


@pytest.fixture
def vendored(tmp_path: Path) -> Path:
    """A wheel with its module in ``pkg`` and the DLL it needs in ``pkg.libs``."""
    lab = Lab(tmp_path)
    lab.dll("leaf.dll", at="pkg.libs")
    lab.dll("user.pyd", at="pkg", imports={"leaf.dll": ["f"]})
    return tmp_path


def test_a_folder_that_no_code_adds_is_named_in_the_reason(vendored: Path) -> None:
    answer = load(vendored, "pkg/user.pyd")
    assert (answer.verdict, answer.winerror) == ("fails", 126)
    assert answer.reason == "leaf.dll is in pkg.libs, a folder that nothing adds to the search"


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.add_dll_directory(os.path.join(here, os.pardir, 'pkg.libs'))\n",
        "import ctypes\nctypes.CDLL(os.path.join(root, 'pkg.libs', 'leaf.dll'))\nx = 'pkg.libs'\n",
        "os.add_dll_directory(__file__ + '\\\\..\\\\..\\\\pkg.libs')\n",
    ],
)
def test_a_folder_that_the_packages_code_adds_is_searched(vendored: Path, source: str) -> None:
    (vendored / "pkg" / "__init__.py").write_text(source, encoding="utf-8")
    world = world_from_package(wheel(vendored))
    answer = predict(world, "pkg/user.pyd")
    assert answer.verdict == "loads"
    assert answer.needs[0].path == "pkg.libs/leaf.dll"


def test_code_that_names_the_folder_and_adds_nothing_changes_nothing(vendored: Path) -> None:
    (vendored / "pkg" / "__init__.py").write_text("x = 'pkg.libs'\n", encoding="utf-8")
    assert load(vendored, "pkg/user.pyd").verdict == "fails"


def test_a_dll_that_another_module_has_loaded_by_then_may_be_found(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.dll("common.dll", at="pkg")
    lab.dll("_core.pyd", at="pkg", imports={"common.dll": ["f"]})
    lab.dll("_more.pyd", at="pkg/deep", imports={"common.dll": ["f"], "_core.pyd": ["g"]})
    assert load(tmp_path, "pkg/_core.pyd").verdict == "loads"
    answer = load(tmp_path, "pkg/deep/_more.pyd")
    assert (answer.verdict, answer.winerror) == ("may-fail", 126)
    assert answer.reason == (
        "common.dll is in pkg, a folder that nothing adds to the search: "
        "found only if pkg/_core.pyd was imported before"
    )


def test_add_dir_may_name_a_folder_of_the_package(vendored: Path) -> None:
    assert load(vendored, "pkg/user.pyd", add_dirs=("pkg.libs",)).verdict == "loads"


def test_an_added_folder_that_does_not_exist_is_refused(vendored: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        load(vendored, "pkg/user.pyd", add_dirs=("nowhere",))


def test_a_companions_dll_is_found_and_its_exports_count(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.dll("runtime.dll", at="beside/runtime/lib", exports=["f"])
    lab.dll("good.dll", at="x/pkg", imports={"runtime.dll": ["f"]})
    lab.dll("bad.dll", at="x/pkg", imports={"runtime.dll": ["newer"]})
    companion = wheel(tmp_path / "beside", name="runtime")
    good = load(tmp_path / "x", "pkg/good.dll", companions=[companion])
    assert (good.verdict, origins(good)) == ("loads", {"runtime.dll": "companion"})
    assert good.needs[0].path is None
    assert good.needs[0].key == "runtime.whl!runtime/lib/runtime.dll"
    bad = load(tmp_path / "x", "pkg/bad.dll", companions=[companion])
    assert (bad.verdict, bad.winerror, bad.problems[0].symbol) == ("fails", 127, "newer")
    assert load(tmp_path / "x", "pkg/good.dll").winerror == 126


def test_every_legal_winner_of_an_ambiguous_name_is_listed(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    for name in ("a", "b"):
        lab.dll("msvcp140.dll", at=f"{name}/{name}.libs", exports=["_Mtx_lock"])
    lab.dll("user.dll", at="x/pkg", imports={"msvcp140.dll": ["_Mtx_lock"]})
    companions = [wheel(tmp_path / name, name=name) for name in ("a", "b")]
    (need,) = load(tmp_path / "x", "pkg/user.dll", companions=companions).needs
    assert {need.key, *need.alternatives} == {
        "a.whl!a.libs/msvcp140.dll",
        "b.whl!b.libs/msvcp140.dll",
    }


def test_pythons_own_runtime_wins_over_a_bundled_copy(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.dll("vcruntime140.dll", exports=["memcpy"])
    lab.dll("msvcp140.dll", exports=["_Mtx_lock"])
    lab.dll("user.pyd", imports={"vcruntime140.dll": ["memcpy"], "msvcp140.dll": ["_Mtx_lock"]})
    answer = load(tmp_path, "pkg/user.pyd")
    assert origins(answer) == {"vcruntime140.dll": "python-dir", "msvcp140.dll": "dll-dir"}


def test_without_the_redistributable_its_dlls_are_missing(tmp_path: Path) -> None:
    Lab(tmp_path).dll("user.pyd", imports={"MSVCP140.dll": ["_Mtx_lock"]})
    present = load(tmp_path, "pkg/user.pyd")
    assert (present.verdict, present.needs[0].origin) == ("loads", "system")
    assert "redistributable" in present.needs[0].provider
    absent = load(tmp_path, "pkg/user.pyd", msvcp140="none")
    assert (absent.verdict, absent.winerror, absent.cause) == ("fails", 126, "redist")


def test_a_symbol_that_the_cpp_library_never_had_is_missed(tmp_path: Path) -> None:
    Lab(tmp_path).dll("user.pyd", imports={"MSVCP140.dll": ["?none@std@@YAXXZ"]})
    assert load(tmp_path, "pkg/user.pyd").winerror == 127


@pytest.mark.parametrize(
    ("tags", "imports", "verdict", "winerror"),
    [
        (CP311, {"python311.dll": ["PyList_New"]}, "loads", None),
        (CP311, {"python310.dll": ["PyList_New"]}, "fails", 126),
        (CP311, {"python311.dll": ["PyNoSuchThing"]}, "fails", 127),
        (CP311, {"python311_d.dll": ["PyList_New"]}, "fails", 126),
        (("cp313-cp313t-win_amd64",), {"python313t.dll": ["PyList_New"]}, "loads", None),
        (("py3-none-win_amd64",), {"python310.dll": ["PyList_New"]}, "loads", None),
        (("cp39-abi3-win_amd64",), {"python3.dll": ["PyList_New"]}, "loads", None),
        (("cp39-abi3-win_amd64",), {"python3.dll": ["Py_Version"]}, "may-fail", 127),
        (("cp311-abi3-win_amd64",), {"python3.dll": ["Py_Version"]}, "loads", None),
        (("cp39-abi3-win_amd64",), {"python312.dll": ["PyList_New"]}, "may-fail", 126),
    ],
)
def test_which_python_a_module_asks_for(
    tmp_path: Path,
    tags: Sequence[str],
    imports: dict[str, list[str | int]],
    verdict: str,
    winerror: int | None,
) -> None:
    Lab(tmp_path).dll("user.pyd", imports=imports)
    answer = load(tmp_path, "pkg/user.pyd", tags=tags)
    assert (answer.verdict, answer.winerror) == (verdict, winerror), answer.reason


def test_a_modules_file_name_is_more_exact_than_the_wheels_tags(tmp_path: Path) -> None:
    name = "user.cp310-win_amd64.pyd"
    Lab(tmp_path).dll(name, imports={"python310.dll": ["PyList_New"]})
    assert load(tmp_path, f"pkg/{name}", tags=("py3-none-win_amd64",)).verdict == "loads"


def test_the_wheels_tag_decides_on_the_machine(tmp_path: Path) -> None:
    Lab(tmp_path).dll("user.dll", machine="x86", toolchain="mingw")
    assert load(tmp_path, "pkg/user.dll").winerror == 193
    assert load(tmp_path, "pkg/user.dll", tags=("py3-none-win32",)).verdict == "loads"
    assert load(tmp_path, "pkg/user.dll", tags=("py3-none-any",)).verdict == "loads"


def test_a_real_python_folder_replaces_the_built_in_one(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.dll("python311.dll", at="python", exports=["PyList_New"])
    lab.dll("user.pyd", imports={"python311.dll": ["PyList_New"]})
    lab.dll("more.pyd", imports={"python311.dll": ["PyDict_New"]})
    python = str(tmp_path / "python")
    good = load(tmp_path, "pkg/user.pyd", python_dir=python)
    assert (good.verdict, good.needs[0].key) == ("loads", str(tmp_path / "python/python311.dll"))
    assert load(tmp_path, "pkg/more.pyd", python_dir=python).winerror == 127


def test_the_real_python_decides_on_machine_and_version(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.dll("python.exe", at="python", exe=True)
    lab.dll("python312.dll", at="python", exports=["PyList_New"])
    lab.dll("narrow.dll", machine="x86", toolchain="mingw")
    lab.dll("old.pyd", imports={"python311.dll": ["PyList_New"]})
    lab.dll("new.pyd", imports={"python312.dll": ["PyList_New"]})
    package = FilesPackage(tmp_path / "pkg", name="pkg", kind="folder")
    options = Options(python_dir=str(tmp_path / "python"))
    world = world_from_package(package, options=options)
    assert predict(world, "narrow.dll").winerror == 193
    assert predict(world, "old.pyd").winerror == 126
    assert predict(world, "new.pyd").verdict == "loads"


def test_condas_folders_come_after_the_added_ones_and_only_with_conda(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.dll("leaf.dll", at="env/Library/bin")
    lab.dll("user.pyd", imports={"leaf.dll": ["f"]})
    env = str(tmp_path / "env")
    assert load(tmp_path / "pkg", "user.pyd", python_dir=env).winerror == 126
    answer = load(tmp_path / "pkg", "user.pyd", python_dir=env, conda=True)
    assert (answer.verdict, answer.needs[0].origin) == ("loads", "python-dir")
    lab.dll("leaf.dll", at="added")
    added = (str(tmp_path / "added"),)
    answer = load(tmp_path / "pkg", "user.pyd", python_dir=env, conda=True, add_dirs=added)
    assert answer.needs[0].origin == "added-dir"


def test_condas_root_beats_an_added_copy_of_the_runtime(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    for folder in ("env", "added"):
        lab.dll("msvcp140.dll", at=folder, exports=["_Mtx_lock"])
    lab.dll("user.pyd", imports={"msvcp140.dll": ["_Mtx_lock"]})
    answer = load(
        tmp_path / "pkg",
        "user.pyd",
        python_dir=str(tmp_path / "env"),
        conda=True,
        add_dirs=(str(tmp_path / "added"),),
    )
    assert answer.needs[0].origin == "python-dir"


def test_a_real_system_folder_replaces_the_built_in_data(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.dll("kernel32.dll", at="sys", exports=["Sleep"])
    lab.dll("good.dll", imports={"kernel32.dll": ["Sleep"]})
    lab.dll("bad.dll", imports={"kernel32.dll": ["CreateFileW"]})
    lab.dll("gone.dll", imports={"user32.dll": ["MessageBoxW"]})
    system = str(tmp_path / "sys")
    assert load(tmp_path / "pkg", "good.dll", system_dir=system).verdict == "loads"
    assert load(tmp_path / "pkg", "bad.dll", system_dir=system).winerror == 127
    assert load(tmp_path / "pkg", "gone.dll", system_dir=system).winerror == 126


def test_a_real_system_folder_is_taken_to_be_whole(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.dll("kernel32.dll", at="sys", exports=["Sleep"], imports={"inner.dll": ["f"]})
    lab.dll("good.dll", imports={"kernel32.dll": ["Sleep"]})
    assert load(tmp_path / "pkg", "good.dll", system_dir=str(tmp_path / "sys")).verdict == "loads"


def test_a_system_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    Lab(tmp_path).dll("user.dll")
    with pytest.raises(InputError, match="--system-dir"):
        load(tmp_path, "pkg/user.dll", system_dir=str(tmp_path / "none"))


def test_a_folder_that_is_no_system32_is_refused(tmp_path: Path) -> None:
    Lab(tmp_path).dll("user.dll")
    with pytest.raises(InputError, match=r"--system-dir: .* kernel32"):
        load(tmp_path / "pkg", "user.dll", system_dir=str(tmp_path / "pkg"))


def test_a_python_folder_that_does_not_exist_is_refused_by_the_options_name(tmp_path: Path) -> None:
    Lab(tmp_path).dll("user.dll")
    with pytest.raises(InputError, match="--python-dir"):
        load(tmp_path / "pkg", "user.dll", python_dir=str(tmp_path / "none"))


def test_a_site_packages_shows_each_image_its_own_distributions_folders_first(
    tmp_path: Path,
) -> None:
    lab = Lab(tmp_path)
    for name, exports in (("one", ["f"]), ("two", ["f", "newer"])):
        lab.dll("qt.dll", at=f"{name}/lib", exports=exports)
        lab.dll("user.pyd", at=name, imports={"qt.dll": [exports[-1]]})
        source = "os.add_dll_directory(os.path.join(here, 'lib'))\n"
        (tmp_path / name / "__init__.py").write_text(source, encoding="utf-8")
        (tmp_path / f"{name}-1.dist-info").mkdir()
        (tmp_path / f"{name}-1.dist-info" / "METADATA").touch()
    lab.dll("user.pyd", at="three", imports={"qt.dll": ["f"]})
    world = world_from_package(FilesPackage(tmp_path, name="site", kind="folder"))
    for name, other in (("one", "two"), ("two", "one")):
        answer = predict(world, f"{name}/user.pyd")
        assert (answer.verdict, origins(answer)) == ("loads", {"qt.dll": "added-dir"})
        assert answer.needs[0].path == f"{name}/lib/qt.dll"
        assert answer.needs[0].alternatives == (f"{other}/lib/qt.dll",)
    assert predict(world, "three/user.pyd").verdict == "loads"


def test_a_wheels_data_scheme_lies_beside_python(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.dll("runtime.dll", at="x-1.data/data")
    lab.dll("deep.dll", at="x-1.data/data/Library/bin")
    lab.dll("user.dll", at="x-1.data/platlib/pkg", imports={"runtime.dll": ["f"]})
    answer = load(tmp_path, "pkg/user.dll")
    assert (answer.verdict, answer.needs[0].origin) == ("loads", "python-dir")
    assert load(tmp_path, "x-1.data/data/Library/bin/deep.dll").verdict == "loads"


class Anything:
    def find(self, symbol: str | int) -> ExportedSymbol:
        return ExportedSymbol(name=str(symbol), ordinal=1)


def world_of(*images: Image, machine: str | None = None) -> World:
    files = [
        File(
            key=each.path,
            path=each.path,
            origin="dll-dir",
            place="test",
            read=lambda each=each: Record(image=each, exports=Anything()),
        )
        for each in images
    ]
    return World(
        package=Tree("", "dll-dir", files),
        system=NameList(("kernel32.dll",)),
        machine=machine,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("process", "dependency", "verdict", "winerror"),
    [
        ("x86_64", "arm64ec", "may-fail", 193),
        ("x86_64", "arm64x", "may-fail", 193),
        ("x86_64", "arm64", "fails", 193),
        ("arm64", "arm64x", "loads", None),
        ("arm64", "arm64ec", "fails", 193),
        ("arm64", "x86_64", "fails", 193),
        ("arm64ec", "x86_64", "loads", None),
    ],
)
def test_arm_images_in_the_processes_of_windows_on_arm(
    process: str, dependency: str, verdict: str, winerror: int | None
) -> None:
    world = world_of(
        image("user.dll", machine=process, imports={"leaf.dll": ["f"]}),
        image("leaf.dll", machine=dependency),
        machine=process,
    )
    answer = predict(world, "user.dll")
    assert (answer.verdict, answer.winerror) == (verdict, winerror), answer.reason


def test_an_arm64ec_image_alone_needs_windows_on_arm() -> None:
    answer = predict(world_of(image("user.dll", machine="arm64ec"), machine="x86_64"), "user.dll")
    assert (answer.verdict, answer.winerror, answer.cause) == ("may-fail", 193, "wrong-machine")


def test_a_deep_chain_and_a_wide_one_end() -> None:
    chain = [image(f"n{i}.dll", imports={f"n{i + 1}.dll": ["f"]}) for i in range(3000)]
    wide = image("wide.dll", imports={f"n{i}.dll": ["f"] for i in range(3000)})
    world = world_of(*chain, image("n3000.dll", imports={"gone.dll": ["f"]}), wide)
    deep = predict(world, "n0.dll")
    assert (deep.winerror, len(deep.chain)) == (126, 3002)
    assert predict(world, "wide.dll").chain == ("wide.dll", "n2999.dll", "n3000.dll", "gone.dll")


def test_a_path_that_the_world_does_not_have_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        predict(world_of(image("user.dll")), "other.dll")


def test_many_folders_with_the_same_name_do_not_multiply_without_end(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    leaf = lab.dll("leaf.dll", at="d0")
    for i in range(1, 12):
        (tmp_path / f"d{i}").mkdir()
        (tmp_path / f"d{i}" / "leaf.dll").write_bytes(leaf.read_bytes())
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})
    folders = tuple(str(tmp_path / f"d{i}") for i in range(12))
    answer = load(tmp_path / "pkg", "user.dll", add_dirs=folders)
    assert answer.verdict == "loads"
    assert len(answer.needs[0].alternatives) == 11


def test_what_a_module_brings_by_way_of_its_own_dlls_may_be_there(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.dll("core.dll")
    lab.dll("front.dll", imports={"core.dll": ["f"]})
    lab.dll("_x.pyd", imports={"front.dll": ["f"]})
    lab.dll("plugin.dll", at="pkg/plugins", imports={"core.dll": ["f"]})
    answer = load(lab.pkg, "plugins/plugin.dll")
    assert (answer.verdict, answer.winerror) == ("may-fail", 126)
    assert "_x.pyd was imported before" in answer.reason
    (lab.pkg / "front.dll").unlink()
    assert load(lab.pkg, "plugins/plugin.dll").verdict == "fails"
