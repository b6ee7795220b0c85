"""What becomes of PyPI's apache-tvm and apache-tvm-ffi beside a MinGW build of ours."""

from __future__ import annotations

from typing import Final

from mlcbuild.wheelhouse.repack import LABEL, Recipe

__all__ = ["GCC_RUNTIME", "PRIVATE_DLLS", "RUNTIME", "chat_only", "tvm", "tvm_ffi", "tvm_runtime"]

#: The local version of PyPI's own apache-tvm without its compiler.
RUNTIME: Final = "mlcbuild.runtime"
#: Files of apache-tvm that only building and compiling use.
_OF_THE_COMPILER: Final = (
    r"tvm/(3rdparty|cmake|include|lib64|relax|src|web)/.*",
    r"tvm/(CMakeLists\.txt|README\.md)",
)

#: GCC's runtime under the private names that cmake/MinGW.cmake gives it, once in the set: beside
#: ``tvm_ffi.dll``, which everything else needs and which is loaded first.
GCC_RUNTIME: Final = ("mlcstdc++-6.dll", "mlcgcc_s_seh-1.dll", "mlcwinpthread-1.dll")
#: Microsoft's C++ runtime, which core.pyd asks for one function (std::_Xlength_error). PyPI's wheel
#: bundles it under the common name, where it serves whoever comes next.
PRIVATE_DLLS: Final = {"MSVCP140.dll": "mlcvp140.dll"}

_REMEDY: Final = (
    "compile where a full TVM is, for instance on Linux: "
    "mlcbuild model MODEL --target win_amd64 -o lib.dll (docs/model.md)"
)


def chat_only(version: str) -> str:
    """Return what asking to compile says, in one line."""
    return f"TVM's compiler is not in this chat-only set (apache-tvm {version}+{LABEL}): {_REMEDY}"


def tvm(version: str) -> Recipe:
    """Return the recipe of apache-tvm: its Python, our runtime, no compiler.

    ``tvm.relax`` is the compiler's face and of no use without it; asking for it says so.
    """
    return Recipe(
        project="apache-tvm",
        version=version,
        component="tvm",
        licences_of=("mingw-w64",),
        drop=(
            r"apache_tvm\.libs/.*",
            r"tvm/lib/.*",
            *_OF_THE_COMPILER,
        ),
        folder="tvm/lib",
        libraries=("tvm_runtime.dll", "tvm_runtime_extra.dll"),
        texts=_refusing(chat_only(version)),
        licence="Apache-2.0 AND MIT",
        summary="Apache TVM: the runtime alone, built by MinGW-w64 for mlc-llm; it cannot compile",
    )


def _refusing(why: str) -> dict[str, str]:
    """Return a ``tvm.relax``, the compiler's face, that says why it is not there."""
    return {
        "tvm/relax/__init__.py": (
            '"""The compiler\'s face, which this chat-only variant leaves out."""\n\n'
            f"raise ImportError(\n    {why!r}\n)\n"
        )
    }


def tvm_runtime(version: str) -> Recipe:
    """Return the recipe of PyPI's apache-tvm for Linux without its compiler.

    The C++ is PyPI's own, with the runtime of CUDA; nothing of ours is in it.
    """
    return Recipe(
        project="apache-tvm",
        version=version,
        drop=(r"tvm/lib/libtvm_compiler.*", *_OF_THE_COMPILER),
        texts=_refusing(
            f"TVM's compiler is not in this chat-only set (apache-tvm {version}+{RUNTIME}): "
            'pip install "mlc-llm[compile]" brings it'
        ),
        summary="Apache TVM: the runtime alone of the official wheel, for mlc-llm",
        label=RUNTIME,
    )


def tvm_ffi(version: str) -> Recipe:
    """Return the recipe of apache-tvm-ffi: its Python and core, our library, GCC's runtime."""
    return Recipe(
        project="apache-tvm-ffi",
        version=version,
        component="tvm-ffi",
        licences_of=("gcc", "mingw-w64"),
        drop=(
            r"tvm_ffi/(3rdparty|cmake|cython|include|share|src)/.*",
            r"tvm_ffi/lib/.*",
            r"tvm_ffi/CMakeLists\.txt",
        ),
        folder="tvm_ffi/lib",
        libraries=("tvm_ffi.dll", "tvm_ffi_testing.dll", *GCC_RUNTIME),
        rename=PRIVATE_DLLS,
        licence=(
            "Apache-2.0 AND BSD-3-Clause AND MIT AND (GPL-3.0-or-later WITH GCC-exception-3.1)"
        ),
        summary="tvm-ffi with a library built by MinGW-w64, for mlc-llm's chat-only set",
    )
