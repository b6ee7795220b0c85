"""Who brings a missing DLL: what the wheel requires comes before bundling it."""

from __future__ import annotations

from typing import Any

import pytest
from check_facts import broken_load, image, run_rule, subject, wheel
from mlcbuild.loader.policy import wheel_of


def fixes(*dlls: str, module: str = "pkg/user.pyd", **more: Any) -> list[str]:
    """Return the fix for each DLL that a module of its own lacks."""
    paths = {f"pkg/{index}{module.rpartition('/')[2]}": dll for index, dll in enumerate(dlls)}
    judged = subject(
        *map(image, paths),
        loads_of={p: broken_load("missing-dll", 126, [p, dll]) for p, dll in paths.items()},
        **more,
    )
    return [finding.fix for finding in run_rule("missing-dll", judged)]


REQUIRES = ("PyQt6-Qt6>=6.11", "PyQt6-sip", 'colorama; sys_platform == "linux"')


def test_a_requirement_of_the_same_words_is_named() -> None:
    (fix,) = fixes("Qt6Core.dll", wheel=wheel(requires=REQUIRES))
    assert fix == "it requires PyQt6-Qt6, which may provide it: check --with-deps"


def test_other_requirements_are_named_before_bundling() -> None:
    (fix,) = fixes("zlib.dll", wheel=wheel(requires=("traci>=1", "eclipse-sumo")))
    assert fix == (
        "see whether what it requires provides it (traci, eclipse-sumo): check --with-deps; else "
        "bundle zlib.dll (mlcbuild repair), or name the wheel that provides it (--with)"
    )


@pytest.mark.parametrize(
    "more",
    [
        {"wheel": wheel()},
        {"wheel": wheel(requires=('numpy; extra == "dev"', 'x; sys_platform == "linux"'))},
        {"wheel": wheel(requires=REQUIRES), "beside": frozenset({"pyqt6qt6", "pyqt6sip"})},
        {},
    ],
)
def test_without_any_that_was_not_looked_at_the_dll_is_to_be_bundled(more: Any) -> None:
    (fix,) = fixes("Qt6Core.dll", **more)
    assert fix == (
        "bundle Qt6Core.dll (mlcbuild repair), or name the wheel that provides it (--with)"
    )


def test_a_known_provider_that_is_required_already_is_not_to_be_required() -> None:
    (required,) = fixes("c10.dll", wheel=wheel(requires=("torch>=2",)))
    assert required == "torch, which it requires, provides it: check --with-deps"
    (other,) = fixes("c10.dll", wheel=wheel(requires=("numpy",)))
    assert other == "torch provides it: require that, and check --with its wheel"


@pytest.mark.parametrize(
    ("dll", "distribution"),
    [
        ("cudart64_110.dll", "nvidia-cuda-runtime-cu11"),
        ("cudart64_12.dll", "nvidia-cuda-runtime-cu12"),
        ("cudart64_13.dll", "nvidia-cuda-runtime"),
        ("cudart64_101.dll", None),  # CUDA 10 has no wheels
        ("cublasLt64_12.dll", "nvidia-cublas-cu12"),
        ("nvrtc64_112_0.dll", "nvidia-cuda-nvrtc-cu11"),
        ("nvrtc-builtins64_126.dll", "nvidia-cuda-nvrtc-cu12"),
        ("nvrtc64_130_0.dll", "nvidia-cuda-nvrtc"),
        ("cufft64_11.dll", "nvidia-cufft-cu12"),
        ("cusolver64_12.dll", "nvidia-cusolver"),
        ("cusparse64_11.dll", "nvidia-cusparse-cu11"),
    ],
)
def test_cuda_libraries_come_with_the_distribution_of_their_version(
    dll: str, distribution: Any
) -> None:
    assert wheel_of(dll) == distribution


def test_an_image_for_each_ffmpeg_needs_one_of_them() -> None:
    names = ["avutil-56.dll", "avutil-57.dll", "avcodec-58.dll", "avcodec-59.dll", "gone.dll"]
    paths = [f"pkg/core{index}.dll" for index in range(len(names))]
    judged = subject(
        *map(image, paths),
        loads_of={
            path: broken_load("missing-dll", 126, [path, name])
            for path, name in zip(paths, names, strict=True)
        },
    )
    found = run_rule("missing-dll", judged)
    assert [f.severity for f in found] == ["warning"] * 4 + ["error"]
    assert found[0].message == "one of avutil-56.dll, avutil-57.dll is needed: FFmpeg's"


def test_one_ffmpeg_alone_is_missing_like_any_other() -> None:
    path = "pkg/_core.pyd"
    load = broken_load("missing-dll", 126, [path, "avutil-57.dll"])
    (found,) = run_rule("missing-dll", subject(image(path), loads_of={path: load}))
    assert found.severity == "error"


def test_a_program_is_not_told_to_add_a_folder() -> None:
    path = "pkg/tool.exe"
    load = broken_load("missing-dll", 126, [path, "leaf.dll"])
    judged = subject(image(path), image("libs/leaf.dll"), loads_of={path: load})
    (found,) = run_rule("missing-dll", judged)
    assert found.fix == "put libs/leaf.dll beside the program: no folder can be added for it"
