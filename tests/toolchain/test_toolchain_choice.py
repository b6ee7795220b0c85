"""What is chosen in recorded situations of Windows machines.

Among them what users reported: a Debug folder and LNK2038 (mlc-llm#999), CMAKE_C_COMPILER not set
with Ninja (scikit-build-core#934, #586, cibuildwheel#643), a generator of 2022 on images that have
2026 alone (bloaty#506, ada#1165, msquic#6104, crashpad#154), a generator that is not honoured
(scikit-build-core#578, #629, #1089, scikit-build#1177), gcc taken because it is on PATH
(cookie#710). conda's link.exe is in test_toolchain_vcvars.py, old minimums in test_policy.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mlcbuild.errors import UsageError
from mlcbuild.toolchain import NINJA, Choice, Machine, choose, read_overrides
from mlcbuild.toolchain.machine import CMake
from windowsmachines import ALL_COMPONENTS, X64_COMPONENTS, machine, visual_studio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VS2017 = "Visual Studio 15 2017"
VS2019 = "Visual Studio 16 2019"
VS2022 = "Visual Studio 17 2022"
VS2026 = "Visual Studio 18 2026"
PROMPT = {"VCINSTALLDIR": r"C:\VS\VC\ ".strip(), "VCToolsVersion": "14.44.35207"}


def decide(
    *visual_studios: Mapping[str, Any],
    env: Mapping[str, str] | None = None,
    args: Sequence[str] = (),
    define: Mapping[str, str] | None = None,
    oldest: tuple[int, int] = (15, 0),
    **about: Any,
) -> Choice:
    overrides = read_overrides(env=env or {}, args=args, define=define)
    return choose(machine(*visual_studios, env=env, **about), overrides, oldest=oldest)


# --- the default ------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_other_systems_get_ninja_with_named_configurations(platform: str) -> None:
    choice = choose(Machine(platform=platform))
    assert (choice.generator, choice.family, choice.define) == (
        NINJA,
        "system",
        {"CMAKE_GENERATOR": NINJA},
    )


@pytest.mark.parametrize(
    ("year", "cmake", "generator"),
    [
        (2017, "3.26.0", VS2017),
        (2019, "3.26.0", VS2019),
        (2022, "3.26.0", VS2022),
        (2022, "4.2.1", VS2022),
        (2026, "4.2.1", VS2026),
        (2026, "", VS2026),
    ],
)
def test_one_visual_studio_that_cmake_knows_is_driven_by_its_own_generator(
    year: int, cmake: str, generator: str
) -> None:
    choice = decide(visual_studio(year), cmake=cmake)
    assert choice.generator == generator
    assert choice.platform == "x64"
    assert choice.family == "msvc"
    assert choice.vcvars is None


def test_the_newest_that_this_cmake_knows_is_taken_of_several_side_by_side() -> None:
    both = (visual_studio(2022), visual_studio(2026), visual_studio(2019, "BuildTools"))
    assert decide(*both, cmake="4.2.0").generator == VS2026
    older = decide(*both, cmake="4.1.3")
    assert older.generator == VS2022
    assert any("Visual Studio 18 2026 needs CMake 4.2, found 4.1.3" in r for r in older.reasons)


def test_only_visual_studio_2026_and_cmake_below_4_2_is_ninja_in_its_environment() -> None:
    choice = decide(visual_studio(2026, "Enterprise"), cmake="3.31.6")
    assert choice.generator == NINJA
    assert choice.vcvars is not None
    assert choice.vcvars.script == (
        r"C:\Program Files\Microsoft Visual Studio\18\Enterprise\VC\Auxiliary\Build\vcvarsall.bat"
    )
    assert choice.vcvars.arguments == ("amd64",)
    assert any("needs CMake 4.2, found 3.31.6" in reason for reason in choice.reasons)


def test_a_visual_studio_of_the_future_is_driven_through_its_environment() -> None:
    choice = decide(visual_studio(2026, version="19.0.1.0"))
    assert choice.generator == NINJA
    assert choice.vcvars is not None
    assert any("has no generator known here" in reason for reason in choice.reasons)


def test_build_tools_alone_are_enough() -> None:
    choice = decide(visual_studio(2022, "BuildTools"))
    assert choice.generator == VS2022
    assert choice.instance == (
        "C:/Program Files/Microsoft Visual Studio/2022/BuildTools,version=17.14.36301.6"
    )


def test_a_preview_is_taken_only_where_there_is_nothing_stable() -> None:
    preview = visual_studio(2026, "Community", preview=True)
    assert decide(preview, visual_studio(2022)).generator == VS2022
    alone = decide(preview)
    assert alone.generator == VS2026
    assert "/Preview," in alone.instance


def test_of_two_of_one_major_version_the_newer_is_named_to_cmake() -> None:
    old = visual_studio(2022, "Community", version="17.4.33103.184")
    new = visual_studio(2022, "BuildTools", version="17.14.36301.6")
    for order in ((old, new), (new, old)):
        assert "/BuildTools," in decide(*order).instance


def test_an_editor_without_the_compilers_is_passed_over_and_said() -> None:
    editor = visual_studio(2026, components=(f"{X64_COMPONENTS[1]}",))
    choice = decide(editor, visual_studio(2022))
    assert choice.generator == VS2022
    assert any("has no C++ compilers for x64" in reason for reason in choice.reasons)
    with pytest.raises(UsageError, match=r"has no C\+\+ compilers for x64.*install the Bui"):
        decide(editor)


def test_an_installation_that_was_broken_off_is_passed_over() -> None:
    with pytest.raises(UsageError, match="not completely installed: finish or repair"):
        decide(visual_studio(2022, complete=False))
    assert decide(visual_studio(2026, complete=False), visual_studio(2019)).generator == VS2019


def test_a_missing_windows_sdk_is_said_before_msbuild_says_it() -> None:
    choice = decide(visual_studio(2022, components=X64_COMPONENTS[:1]))
    assert any("no Windows SDK" in reason for reason in choice.reasons)


def test_an_old_vswhere_that_lists_no_components_is_trusted() -> None:
    assert decide(visual_studio(2017, components=None)).generator == VS2017


def test_sources_that_need_a_newer_compiler_say_so() -> None:
    with pytest.raises(UsageError, match=r"Visual Studio 15\.9 Community is older than 16\.11"):
        decide(visual_studio(2017), oldest=(16, 11))
    assert decide(visual_studio(2017), visual_studio(2019), oldest=(16, 11)).generator == VS2019


def test_no_visual_studio_at_all_says_what_to_install() -> None:
    with pytest.raises(UsageError, match="install the Build Tools"):
        decide()
    with pytest.raises(UsageError, match="vswhere is not installed"):
        decide(has_vswhere=False)


# --- ARM64 ------------------------------------------------------------------------------------


ARM = {"PROCESSOR_ARCHITECTURE": "ARM64"}


def test_python_for_arm64_gets_the_arm64_compilers() -> None:
    choice = decide(visual_studio(2022, components=ALL_COMPONENTS), env=ARM, tag="win-arm64")
    assert (choice.generator, choice.platform) == (VS2022, "ARM64")


def test_python_for_arm64_passes_over_a_visual_studio_with_x64_compilers_alone() -> None:
    with pytest.raises(UsageError, match=r"has no C\+\+ compilers for ARM64"):
        decide(visual_studio(2022), env=ARM, tag="win-arm64")


@pytest.mark.parametrize(
    ("version", "tag", "env", "expected"),
    [
        ("17.14.36301.6", "win-arm64", ARM, "arm64"),
        ("17.14.36301.6", "win-amd64", ARM, "arm64_amd64"),
        ("17.1.0.0", "win-arm64", ARM, "amd64_arm64"),
        ("17.1.0.0", "win-amd64", {**ARM, "PROCESSOR_ARCHITECTURE": "AMD64"}, "amd64"),
        (
            "17.14.36301.6",
            "win-amd64",
            {"PROCESSOR_ARCHITECTURE": "AMD64", "PROCESSOR_ARCHITEW6432": "ARM64"},
            "arm64_amd64",
        ),
        ("17.14.36301.6", "win32", {}, "amd64_x86"),
    ],
)
def test_the_compilers_fit_the_processor_and_the_python(
    version: str, tag: str, env: dict[str, str], expected: str
) -> None:
    entry = visual_studio(2022, version=version, components=ALL_COMPONENTS)
    choice = decide(entry, env={**env, "CMAKE_GENERATOR": "Ninja"}, tag=tag)
    assert choice.vcvars is not None
    assert choice.vcvars.arguments == (expected,)


def test_a_cross_build_of_cibuildwheel_targets_what_it_names() -> None:
    env = {"VSCMD_ARG_TGT_ARCH": "arm64"}
    choice = decide(visual_studio(2022, components=ALL_COMPONENTS), env=env)
    assert choice.platform == "ARM64"


# --- what the user sets -----------------------------------------------------------------------


def test_ninja_by_name_gets_its_twin_and_msvcs_environment() -> None:
    for wanted in ("Ninja", NINJA):
        choice = decide(visual_studio(2022), env={"CMAKE_GENERATOR": wanted})
        assert choice.generator == NINJA
        assert choice.vcvars is not None


def test_a_generator_of_the_environment_that_is_installed_is_taken() -> None:
    both = (visual_studio(2022), visual_studio(2026))
    assert decide(*both, env={"CMAKE_GENERATOR": VS2022}).generator == VS2022


def test_a_hard_coded_year_that_is_not_installed_is_one_line() -> None:
    with pytest.raises(UsageError, match=r"CMAKE_GENERATOR=Visual Studio 17 2022 is not .*18\.0"):
        decide(visual_studio(2026), env={"CMAKE_GENERATOR": VS2022})
    with pytest.raises(UsageError, match=r"-G Visual Studio 17 2022 in cmake\.args is not inst"):
        decide(visual_studio(2026), args=["-G", VS2022])


def test_a_generator_that_this_cmake_does_not_know_says_which_does() -> None:
    with pytest.raises(UsageError, match=r'not supported by CMake 3\.31\.0.*"cmake>=4\.2"'):
        decide(visual_studio(2026), env={"CMAKE_GENERATOR": VS2026}, cmake="3.31.0")


def test_the_generator_is_read_from_every_place_and_the_last_wins() -> None:
    both = (visual_studio(2022), visual_studio(2026), visual_studio(2019))
    env = {"CMAKE_GENERATOR": VS2019, "CMAKE_ARGS": f'"-G{VS2022}"'}
    assert decide(*both, env=env, define={"CMAKE_GENERATOR": VS2026}).generator == VS2022
    assert (
        decide(*both, env={"CMAKE_GENERATOR": VS2019}, define={"CMAKE_GENERATOR": VS2026}).generator
        == VS2026
    )


@pytest.mark.parametrize("generator", ["NMake Makefiles", "MinGW Makefiles", "Unix Makefiles"])
def test_a_generator_with_one_unnamed_configuration_is_refused(generator: str) -> None:
    for about in ({"env": {"CMAKE_GENERATOR": generator}}, {"args": [f"-G{generator}"]}):
        with pytest.raises(UsageError, match="single-config generator"):
            decide(visual_studio(2022), **about)  # type: ignore[arg-type]


def test_ninja_on_cmakes_command_line_cannot_be_replaced_and_is_refused() -> None:
    with pytest.raises(UsageError, match='use "Ninja Multi-Config"'):
        decide(visual_studio(2022), args=["-GNinja"])


def test_a_toolset_reaches_the_visual_studio_generator_as_it_is() -> None:
    for args in (["-T", "v142"], ["-Tv142"], ["--toolset=v142"], ["--toolset", "v142"]):
        choice = decide(visual_studio(2022), args=args)
        assert choice.define["CMAKE_GENERATOR_TOOLSET"] == "v142"
    choice = decide(visual_studio(2022), env={"CMAKE_GENERATOR_TOOLSET": "v143,version=14.38"})
    assert choice.toolset == "v143,version=14.38"


@pytest.mark.parametrize(
    ("toolset", "arguments"),
    [
        ("v143,version=14.38", ("amd64", "-vcvars_ver=14.38")),
        ("v142", ("amd64", "-vcvars_ver=14.29")),
        ("v143", ("amd64",)),
        ("v143,host=x64", ("amd64",)),
    ],
)
def test_a_toolset_becomes_an_argument_of_vcvarsall_for_ninja(
    toolset: str, arguments: tuple[str, ...]
) -> None:
    env = {"CMAKE_GENERATOR": NINJA, "CMAKE_GENERATOR_TOOLSET": toolset}
    choice = decide(visual_studio(2022), env=env)
    assert choice.vcvars is not None
    assert choice.vcvars.arguments == arguments
    # Ninja refuses a toolset that is left in the cache.
    assert choice.toolset == ""


def test_the_instance_that_the_user_names_is_taken_however_it_is_spelled() -> None:
    env = {"CMAKE_GENERATOR_INSTANCE": "c:/program files/Microsoft Visual Studio/2022/BuildTools/"}
    choice = decide(
        visual_studio(2026), visual_studio(2022, "BuildTools"), visual_studio(2022), env=env
    )
    assert "/BuildTools," in choice.instance


def test_an_unpaired_quote_in_cmake_args_is_one_line() -> None:
    with pytest.raises(
        UsageError, match=r"CMAKE_ARGS=-DA='x cannot be split.*close its quotation marks"
    ):
        decide(visual_studio(2022), env={"CMAKE_ARGS": "-DA='x"})


def test_a_platform_on_the_command_line_decides_the_target() -> None:
    choice = decide(visual_studio(2022, components=ALL_COMPONENTS), args=["-A", "ARM64"])
    assert choice.platform == "ARM64"


def test_a_toolset_of_2026_is_named_to_a_later_visual_studio_by_its_last_compiler() -> None:
    later = visual_studio(2026, version="19.0.1.2", components=ALL_COMPONENTS)
    choice = decide(later, args=["-T", "v145"])
    assert choice.vcvars is not None
    assert choice.vcvars.arguments == ("amd64", "-vcvars_ver=14.51")


# --- compilers --------------------------------------------------------------------------------


def test_clang_cl_in_cc_is_driven_by_ninja_in_msvcs_environment() -> None:
    choice = decide(visual_studio(2022), env={"CC": "clang-cl", "CXX": "clang-cl"})
    assert (choice.generator, choice.family) == (NINJA, "clang-cl")
    assert choice.vcvars is not None
    assert any("ignore CXX" in reason for reason in choice.reasons)


def test_clang_cl_under_a_visual_studio_generator_is_its_toolset() -> None:
    env = {"CXX": r"C:\Program Files\LLVM\bin\clang-cl.exe", "CMAKE_GENERATOR": VS2022}
    choice = decide(visual_studio(2022, components=ALL_COMPONENTS), env=env)
    assert (choice.toolset, choice.family) == ("ClangCL", "clang-cl")
    with pytest.raises(UsageError, match="has no clang-cl toolset"):
        decide(visual_studio(2022), env=env)


def test_the_clang_toolset_is_taken_as_clang_cl() -> None:
    choice = decide(visual_studio(2022, components=ALL_COMPONENTS), args=["-TClangCL"])
    assert choice.family == "clang-cl"


@pytest.mark.parametrize(
    ("cxx", "family"),
    [
        ("g++", "mingw"),
        (r"C:\msys64\ucrt64\bin\g++.exe", "mingw"),
        ("x86_64-w64-mingw32-g++-posix", "mingw"),
        ("zig c++", "zig"),
        ("python -m ziglang c++", "zig"),
        ("ccache g++", "mingw"),
    ],
)
def test_mingw_and_zig_are_taken_by_name_without_msvcs_environment(cxx: str, family: str) -> None:
    choice = decide(visual_studio(2022), env={"CXX": cxx})
    assert (choice.generator, choice.family, choice.vcvars) == (NINJA, family, None)
    assert any("not compile them" in reason for reason in choice.reasons)
    # and on a machine without any Visual Studio
    assert decide(env={"CXX": cxx}).family == family


def test_a_mingw_that_lies_on_path_is_never_taken_by_itself() -> None:
    path = r"C:\msys64\mingw64\bin;C:\Windows"
    assert decide(visual_studio(2022), env={"PATH": path}).family == "msvc"
    with pytest.raises(UsageError, match="install the Build Tools"):
        decide(env={"PATH": path})


def test_ninja_is_told_the_compiler_because_it_takes_the_first_on_path() -> None:
    ninja = {"CMAKE_GENERATOR": NINJA}
    prompt = {**PROMPT, "VSCMD_ARG_TGT_ARCH": "x64"}
    for env in (ninja, prompt):
        define = decide(visual_studio(2022), env=env).define
        assert (define["CMAKE_C_COMPILER"], define["CMAKE_CXX_COMPILER"]) == ("cl", "cl")
    for env in ({**ninja, "CXX": "clang-cl"}, {"CXX": "g++"}, {}):
        assert "CMAKE_CXX_COMPILER" not in decide(visual_studio(2022), env=env).define


def test_a_visual_studio_generator_with_gcc_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot drive this compiler"):
        decide(visual_studio(2022), env={"CXX": "g++", "CMAKE_GENERATOR": VS2022})


def test_msvc_by_name_changes_nothing() -> None:
    assert decide(visual_studio(2022), env={"CC": "cl", "CXX": "cl.exe"}).generator == VS2022


def test_a_toolchain_file_decides_the_compiler_everywhere() -> None:
    choice = decide(visual_studio(2022), env={"CMAKE_TOOLCHAIN_FILE": r"C:\x.cmake"})
    assert (choice.generator, choice.family, choice.vcvars) == (NINJA, "file", None)
    linux = choose(
        Machine(platform="linux"),
        read_overrides(env={}, define={"CMAKE_TOOLCHAIN_FILE": "m.cmake"}),
    )
    assert linux.family == "file"


def test_a_python_of_msys2_gets_its_own_compiler() -> None:
    choice = decide(visual_studio(2022), tag="mingw_x86_64_ucrt_gnu")
    assert (choice.generator, choice.family) == (NINJA, "mingw")


# --- developer prompts ------------------------------------------------------------------------


def test_a_developer_prompt_is_kept_with_its_toolset() -> None:
    env = {**PROMPT, "VSCMD_ARG_TGT_ARCH": "x64"}
    choice = decide(visual_studio(2026), visual_studio(2022), env=env)
    assert (choice.generator, choice.in_prompt, choice.vcvars) == (NINJA, True, None)
    assert any("14.44.35207" in reason for reason in choice.reasons)


def test_the_ordinary_developer_prompt_is_for_x86_and_a_python_for_x64_is_told() -> None:
    env = {**PROMPT, "VSCMD_ARG_TGT_ARCH": "x86"}
    with pytest.raises(UsageError, match="prompt is for Win32, this Python is for x64"):
        decide(visual_studio(2022), env=env)


def test_a_prompt_helps_where_vswhere_is_not_there() -> None:
    env = {**PROMPT, "VSCMD_ARG_TGT_ARCH": "x64"}
    assert decide(env=env, has_vswhere=False).in_prompt


def test_a_visual_studio_generator_that_is_asked_for_in_a_prompt_is_taken() -> None:
    env = {**PROMPT, "VSCMD_ARG_TGT_ARCH": "x64", "CMAKE_GENERATOR": VS2022}
    assert decide(visual_studio(2022), env=env).generator == VS2022


# --- what is said -----------------------------------------------------------------------------


def test_no_reason_holds_a_path_because_reasons_are_stamped() -> None:
    for about in (
        {"env": {"CMAKE_TOOLCHAIN_FILE": r"C:\Users\me\x.cmake"}},
        {"env": {"CXX": r"C:\Users\me\g++.exe"}},
        {"env": {"CXX": r"C:\Users\me\clang-cl.exe"}},
        {"args": ["--toolchain", r"C:\Users\me\x.cmake"]},
        {"define": {"CMAKE_GENERATOR_INSTANCE": r"C:\Users\me"}, "env": {**PROMPT, "CXX": "cl"}},
        {"cmake": "3.31.0"},
    ):
        visual_studios = (
            visual_studio(2026),
            visual_studio(2022, version="17.0.1", folder=r"..\..\..\Users\me"),
        )
        try:
            choice = decide(*visual_studios, **about)  # type: ignore[arg-type]
        except UsageError:
            continue
        assert "Users" not in choice.record
        assert choice.reasons


def test_a_cmake_without_capabilities_is_judged_by_its_version() -> None:
    assert CMake(version=(4, 2)).knows(VS2026)
    assert not CMake(version=(4, 1)).knows(VS2026)
    assert CMake(version=(3, 20)).knows(NINJA)
