"""What MSBuild and Ninja would be given on Windows: the superbuild, the example and a plug-in.

Windows' CMake generates in the lab; every project file is parsed and judged. What no test here can
show is in docs/windows-build.md: nothing is compiled by cl.exe, nothing is run by MSBuild.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Final

import pytest
from mlcbuild.builder.watched import compiled_files
from mlcbuild.sources.fetch import fetch
from mlcbuild.sources.lock import load
from projectfiles import Project, read_projects, words
from trackedcopy import copy_tracked
from visualstudio import NINJA, Target, generate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlcbuild.lab import Completed, Lab

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs_index,
    pytest.mark.needs_lab,
    pytest.mark.needs_sources,
]

ROOT: Final = Path(__file__).parents[2]
#: Where people on Windows have their checkouts; the longest path that its programs take.
USUAL: Final = r"C:\Users\firstname.lastname\source\repos\mlcbuild"
LONGEST: Final = 259
#: Project -> the DLLs that go into its wheel.
LIBRARIES: Final = {
    ".": {"mlc_llm", "tvm_runtime", "tvm_runtime_extra"},
    "examples/ffi-hello": {"ffi_hello"},
    "plugins/opencl": {"tvm_runtime_opencl"},
}
#: Stands in for Cargo's work: writes down what it was given.
TELL: Final = """
import json, os, sys
flags = os.environ["CARGO_ENCODED_RUSTFLAGS"].split(chr(31))
panic = os.environ["CARGO_PROFILE_RELEASE_PANIC"]
with open("told.json", "w", encoding="utf-8") as file:
    json.dump({"words": sys.argv, "flags": flags, "panic": panic}, file)
"""
STUDIOS: Final = [
    Target(generator=generator, architecture=architecture)
    for generator in ("Visual Studio 17 2022", "Visual Studio 18 2026")
    for architecture in ("x64", "ARM64")
]


@dataclass(frozen=True, kw_only=True)
class Generated:
    """A build folder as CMake left it."""

    lab: Lab
    checkout: Path
    project: str
    target: Target
    build: Path
    done: Completed

    @property
    def source(self) -> Path:
        return self.checkout / self.project

    @property
    def libraries(self) -> set[str]:
        return LIBRARIES[self.project]

    @property
    def roots(self) -> list[Path]:
        """The folders whose names must not reach an image."""
        above = [self.checkout] if self.project.startswith("plugins") else []
        return [self.source, self.build, *above]

    @property
    def has_symbols(self) -> bool:
        return self.project == "."

    def windows(self, path: Path) -> str:
        return self.lab.path(path)

    def here(self, path: str) -> Path:
        """Return a path of drive Z as this machine's."""
        assert path[:2] == "Z:"
        return Path(path[2:].replace("\\", "/"))

    def too_long(self, files: Iterable[str]) -> list[str]:
        """Return the files that Windows' programs could not open in the usual checkout."""
        checkout, build = self.windows(self.checkout), PureWindowsPath(self.windows(self.build))
        absolute = {str(build / name) for name in files}
        moved = {USUAL + name[len(checkout) :] for name in absolute if name.startswith(checkout)}
        assert moved
        return sorted(name for name in moved if len(name) > LONGEST)


@pytest.fixture(scope="module")
def lab(windows: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return the lab with CMake, Ninja, tvm-ffi and what CMake looks for of apache-tvm."""
    lab = windows.use(tmp_path_factory.mktemp("windows") / "env")
    lock = load(ROOT / "3rdparty" / "sources.toml")
    (ffi,) = (each.origin.version for each in lock.components if each.name == "tvm-ffi")
    # CMake 4.2 is the first that knows Visual Studio 2026.
    fetched = ("cmake>=4.2", "ninja", f"apache-tvm-ffi=={ffi}")
    done = lab.run(["pip", "install", "--quiet", *fetched], timeout=600)
    assert done.code == 0, done.errors
    libraries = lab.environment / "Lib" / "site-packages" / "tvm" / "lib"
    libraries.mkdir(parents=True)
    (libraries.parent / "__init__.py").touch()
    for name in ("tvm_runtime", "tvm_compiler"):
        (libraries / f"{name}.lib").touch()
    return lab


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout with the pinned sources, in a folder with a space."""
    folder = tmp_path_factory.mktemp("check out") / "mlcbuild"
    copy_tracked(ROOT, folder)
    fetch(load(folder / "3rdparty" / "sources.toml"))
    return folder


def short(project: str) -> str:
    return "superbuild" if project == "." else project.rpartition("/")[2]


def generated(lab: Lab, checkout: Path, project: str, target: Target) -> Generated:
    build = checkout / project / "build" / target.name
    build.mkdir(parents=True)
    python = lab.environment / "Scripts" / "python.exe"
    options = {
        "CMAKE_PROJECT_TOP_LEVEL_INCLUDES": checkout / "python/mlcbuild/cmake/policy.cmake",
        "MLCBUILD_CARGO": python,  # see the test that runs it
        "MLCBUILD_PYTHON": python,
    }
    given = {name: lab.path(path).replace("\\", "/") for name, path in options.items()}
    given |= {"CMAKE_EXPORT_COMPILE_COMMANDS": "ON"}
    if project == ".":
        given["MLCBUILD_SYMBOLS"] = "ON"
    done = generate(lab, checkout / project, build, target, given)
    return Generated(
        lab=lab, checkout=checkout, project=project, target=target, build=build, done=done
    )


#: Each value with each project, and all of them with the superbuild.
CASES: Final = [(".", target) for target in STUDIOS] + [
    (project, target) for project in list(LIBRARIES)[1:] for target in (STUDIOS[0], STUDIOS[-1])
]


@pytest.fixture(scope="module")
def make(lab: Lab, checkout: Path) -> Callable[[str, Target], Generated]:
    """Return what generates for a project and a target, once each whatever comes of it."""
    once = functools.cache(functools.partial(generated, lab, checkout))

    def checked(project: str, target: Target) -> Generated:
        made = once(project, target)
        said = made.done.text + made.done.errors
        assert not made.done.timed_out, f"ended after {made.done.seconds:.0f} s: {said}"
        assert made.done.code == 0, said
        return made

    return checked


@pytest.fixture(params=CASES, ids=lambda case: f"{short(case[0])}-{case[1].name}")
def visual_studio(
    make: Callable[[str, Target], Generated], request: pytest.FixtureRequest
) -> Generated:
    return make(*request.param)


@pytest.fixture(params=list(LIBRARIES), ids=short)
def ninja(make: Callable[[str, Target], Generated], request: pytest.FixtureRequest) -> Generated:
    return make(request.param, Target(generator=NINJA))


def compiled(visual_studio: Generated) -> list[Project]:
    projects = [each for each in read_projects(visual_studio.build).values() if each.compiles]
    assert {each.name for each in projects} >= visual_studio.libraries
    return projects


def linked(visual_studio: Generated) -> list[Project]:
    projects = read_projects(visual_studio.build)
    return [projects[name] for name in sorted(visual_studio.libraries)]


def test_release_is_the_one_configuration(visual_studio: Generated) -> None:
    named = f"Release|{visual_studio.target.architecture}"
    for project in read_projects(visual_studio.build).values():
        assert project.included("ProjectConfiguration") == [named]
    (solution,) = visual_studio.build.glob("*.sln*")
    assert not re.search(
        "Debug|RelWithDebInfo|MinSizeRel", solution.read_text(encoding="utf-8-sig")
    )


def test_everything_is_compiled_for_the_dynamic_runtime_by_several_compilers(
    visual_studio: Generated,
) -> None:
    for project in compiled(visual_studio):
        # Wherever it stands: a setting of a single file would show here too.
        assert set(project.texts("RuntimeLibrary")) == {"MultiThreadedDLL"}, project
        assert set(project.texts("MultiProcessorCompilation")) == {"true"}, project
        defined = project.settings("ClCompile")["PreprocessorDefinitions"].split(";")
        assert "_DISABLE_CONSTEXPR_MUTEX_CONSTRUCTOR" in defined


def test_the_same_bytes_come_from_any_folder(visual_studio: Generated) -> None:
    for project in compiled(visual_studio):
        given = words(project.settings("ClCompile")["AdditionalOptions"])
        assert {"/Brepro", "/experimental:deterministic"} <= set(given)
        maps = {f"/pathmap:{visual_studio.windows(root)}=." for root in visual_studio.roots}
        assert maps == {word for word in given if word.startswith("/pathmap:")}
        assert "5048" in project.settings("ClCompile")["DisableSpecificWarnings"].split(";")
    for project in linked(visual_studio):
        assert "/Brepro" in words(project.settings("Link")["AdditionalOptions"])


def test_an_image_names_its_pdb_without_folder_and_percent_sign(visual_studio: Generated) -> None:
    for project in linked(visual_studio):
        link = project.settings("Link")
        given = [word for word in words(link["AdditionalOptions"]) if "PDBALTPATH" in word.upper()]
        assert given == ([f"/PDBALTPATH:{project.name}.pdb"] if visual_studio.has_symbols else [])
        assert link["GenerateDebugInformation"] == str(visual_studio.has_symbols).lower()


def test_libraries_are_linked_into_one_folder_by_their_own_names(visual_studio: Generated) -> None:
    out = visual_studio.windows(visual_studio.build / "out") + "\\"
    stand_ins = visual_studio.windows(visual_studio.build / "loaders" / "lib") + "\\"
    for project in compiled(visual_studio):
        is_stand_in = project.name == "mlcbuild_opencl"  # for the driver's loader: apart from ours
        assert project.texts("OutDir") == [stand_ins if is_stand_in else out]
    for project in linked(visual_studio):
        assert project.texts("ConfigurationType") == ["DynamicLibrary"]
        assert project.texts("TargetName") + project.texts("TargetExt") == [project.name, ".dll"]
        machine = f"/machine:{visual_studio.target.architecture}"
        assert machine in words(project.settings("Link")["AdditionalOptions"])


def test_no_step_holds_a_control_character_and_every_program_of_one_is_there(
    visual_studio: Generated,
) -> None:
    steps = 0
    for project in read_projects(visual_studio.build).values():
        text = project.path.read_text(encoding="utf-8-sig")
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#", text), project
        for line in project.commands:
            program, *_ = words(line)
            assert visual_studio.here(program).is_file(), line
            steps += 1
    assert steps


def test_the_install_ends_with_the_gate_after_every_library(visual_studio: Generated) -> None:
    (line,) = read_projects(visual_studio.build)["INSTALL"].commands
    assert words(line)[1:] == ["-DBUILD_TYPE=$(Configuration)", "-P", "cmake_install.cmake"]
    judge_install(visual_studio)


def test_no_path_is_too_long_for_the_usual_checkout(visual_studio: Generated) -> None:
    for project in read_projects(visual_studio.build).values():
        assert visual_studio.too_long(project.files) == [], project


@pytest.mark.parametrize(
    ("target", "triple"),
    [(STUDIOS[0], "x86_64-pc-windows-msvc"), (STUDIOS[1], "aarch64-pc-windows-msvc")],
    ids=lambda value: getattr(value, "name", value),
)
def test_cargo_gets_its_flags_whole_and_the_compilers_target(
    make: Callable[[str, Target], Generated], target: Target, triple: str
) -> None:
    """The step itself runs: Cargo's place has Python, for which ``rustc`` is a script."""
    made = make(".", target)
    (made.build / "rustc").write_text(TELL, encoding="utf-8")
    steps = read_projects(made.build)["tokenizers_rust"].commands
    (line,) = [line for line in steps if "cargo.cmake" in line]
    done = made.lab.run(words(line), cwd=made.build, timeout=120)
    assert done.code == 0, done.text + done.errors
    told = json.loads((made.build / "told.json").read_text(encoding="utf-8"))
    assert told["words"][told["words"].index("--target") + 1] == triple
    folder = made.windows(made.checkout / "3rdparty" / "tokenizers-cpp").replace("\\", "/")
    assert f"--remap-path-prefix={folder}=tokenizers-cpp" in told["words"]
    assert told["flags"][-1] == "-Ctarget-feature=-crt-static"
    assert told["panic"] == "abort"


def test_progress_counts_what_msbuild_compiles(visual_studio: Generated) -> None:
    sources = [
        element
        for project in compiled(visual_studio)
        for element in project.items("ClCompile")
        if not any(child.tag.endswith("ExcludedFromBuild") for child in element)
    ]
    assert compiled_files(visual_studio.build) == len(sources) > 0


def test_the_wheels_one_target_builds_every_library(
    make: Callable[[str, Target], Generated],
) -> None:
    projects = read_projects(make(".", STUDIOS[0]).build)
    built_before = {
        name: {PureWindowsPath(path).stem for path in project.included("ProjectReference")}
        for name, project in projects.items()
    }
    assert built_before["wheel_libraries"] >= LIBRARIES["."]
    assert "tokenizers_rust" in built_before["mlc_llm"]


def test_ninja_gets_the_same(ninja: Generated) -> None:
    commands = json.loads((ninja.build / "compile_commands.json").read_text(encoding="utf-8"))
    assert commands
    for command in commands:
        given = words(command["command"])
        if not given[0].endswith("cl.exe"):
            continue  # the resource compiler
        assert [word for word in given if re.match("[-/]M[DT]", word)] == ["-MD"]
        assert not [word for word in given if word.startswith("/MP")]
        assert {"/Brepro", "/experimental:deterministic"} <= set(given)
        for root in ninja.roots:
            assert f"/pathmap:{ninja.windows(root)}=." in given
    assert ninja.too_long(command["output"] for command in commands) == []
    (rules,) = (ninja.build / "CMakeFiles").glob("impl-*.ninja")
    assert rules.name == "impl-Release.ninja"
    text = rules.read_text(encoding="utf-8")
    assert "\x1f" not in text
    for name in ninja.libraries:
        assert f"out\\{name}.dll" in text
        assert (f"/PDBALTPATH:{name}.pdb" in text) == ninja.has_symbols
    judge_install(ninja)


def judge_install(made: Generated) -> None:
    """The gate comes last, for every component; before it each library, from out/."""
    text = (made.build / "cmake_install.cmake").read_text(encoding="utf-8")
    steps, _, after = text.partition("/mlcbuild-gate.cmake")
    assert "file(INSTALL DESTINATION" not in after
    condition = steps.rpartition("\nendif()")[2]
    assert "if(" not in condition
    out = made.windows(made.build / "out").replace("\\", "/")
    installed = re.findall(r'TYPE SHARED_LIBRARY FILES "([^"]+)"', steps)
    assert installed == [f"{out}/{PureWindowsPath(name).name}" for name in installed]
    assert {PureWindowsPath(name).stem for name in installed} == made.libraries
    gate = (made.build / "mlcbuild-gate.cmake").read_text(encoding="utf-8")
    (python, script) = re.findall(r"\[==\[(Z:[^]]+\.(?:exe|py))\]==\]", gate)
    assert made.here(python).is_file()
    assert made.here(script).is_file()
