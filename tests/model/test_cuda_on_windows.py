"""CUDA's compiler on Windows: what the compiling Python is told."""

from __future__ import annotations

import os
from pathlib import Path

from mlcbuild.model import cuda_tools, cuda_windows


def test_the_libraries_are_loaded_before_the_module_that_needs_them(tmp_path: Path) -> None:
    folder = tmp_path / "nvidia" / "cu13" / "bin" / "x86_64"
    folder.mkdir(parents=True)
    for name in ("nvfatbin_130_0.dll", "nvrtc64_130_0.dll", "nvrtc-builtins64_135.dll"):
        (folder / name).touch()
    variables = cuda_windows.environment(tmp_path, "theirs")
    libraries = [Path(path).name for path in variables[cuda_tools.LIBRARIES].split(os.pathsep)]
    assert libraries == ["nvfatbin_130_0.dll", "nvrtc64_130_0.dll"]
    assert variables["PYTHONPATH"].split(os.pathsep) == [str(tmp_path), "theirs"]
    words = cuda_tools.with_libraries("mlc_llm", variables)
    assert words[1:] == ["mlc_llm"]
    assert Path(words[0]).is_file()
    assert cuda_tools.with_libraries("mlc_llm", {}) == ["-m", "mlc_llm"]
