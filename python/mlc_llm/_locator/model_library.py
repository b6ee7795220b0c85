"""No model library was named: say what would be compiled, with what, and by which command.

Upstream compiles one then, on this machine, without asking; where that cannot work it ends deep
inside TVM. Here it is said before: what, for which device, with which tools, and how to make it
elsewhere; and where something is missing, what.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["NoDeviceError", "NoModelLibraryError", "before_compiling", "failed"]
__all__ += ["need_compiler", "no_device", "why_not"]

#: What installs the code generator of a device.
_PLUGINS = {"vulkan": "vulkan", "opencl": "opencl"}
_LINKERS = ("g++", "gcc", "clang++", "clang", "c++", "cc")


class NoModelLibraryError(RuntimeError):
    """A model without a library, and it cannot be compiled here. The text says all of it."""


class NoDeviceError(ValueError):
    """A device that was asked for and is not there; the text says why where that is known."""


def no_device(name: str) -> NoDeviceError:
    """Return the error for a device that TVM does not have, with the reason if there is one."""
    from mlc_llm.libinfo import refused_backends  # noqa: PLC0415 - not on import

    kind = name.partition(":")[0]
    why = refused_backends.get(f"tvm_runtime_{kind}", "")
    if not why and kind in _PLUGINS:
        why = f'it needs a driver, and its plug-in: pip install "mlc-llm[{kind}]"'
    return NoDeviceError(
        f"Device is not found on your local environment: {name}" + (f" ({why})" if why else "")
    )


def need_compiler(model: object, device: object) -> None:
    """Raise ``NoModelLibraryError`` where TVM has no compiler.

    Called before anything is imported that needs one.
    """
    if reason := _compiler():
        raise NoModelLibraryError(_text(str(model), _kind(device), reason))


def before_compiling(model: object, device: object, destination: object) -> None:
    """Say on stderr what is about to be compiled, or raise ``NoModelLibraryError`` if it cannot."""
    kind = _kind(device)
    if reason := why_not(kind, _compiler, _generates, os.environ):
        raise NoModelLibraryError(_text(str(model), kind, reason))
    text = (
        f"mlc_llm: no model library was given; compiling {model} for {kind} into {destination} "
        f"(once; {_with(kind)}). To make it yourself, for any machine: {_command(str(model), kind)}"
    )
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - who waits for minutes should know why


def failed(model: object, device: object) -> NoModelLibraryError:
    """Return the error for a compilation that ended without a library; it has said why itself."""
    reason = "mlc_llm compile, whose words are above, wrote no library"
    return NoModelLibraryError(_text(str(model), _kind(device), reason))


def why_not(
    kind: str,
    compiler: Callable[[], str],
    generates: Callable[[str], bool],
    environment: Mapping[str, str],
) -> str:
    """Return what compiling for ``kind`` lacks on this machine; "" where nothing is known to."""
    policy = environment.get("MLC_JIT_POLICY", "ON")
    if policy in ("OFF", "READONLY"):
        return f"MLC_JIT_POLICY={policy} forbids it"
    if reason := compiler():
        return reason
    generator = "llvm" if kind == "cpu" else kind
    if not generates(generator):
        extra = _PLUGINS.get(kind)
        fix = f': pip install "mlc-llm[{extra}]"' if extra else ""
        return f"TVM generates no code for {kind} here{fix}"
    if reason := _linker(environment)[1]:
        return reason
    if kind == "cuda" and not _cuda(environment):
        return "neither nvcc nor NVIDIA's Python package cuda-bindings is found"
    return ""


def _compiler() -> str:
    from mlc_llm._locator.errors import LibraryLoadError  # noqa: PLC0415 - not on import
    from mlc_llm.libinfo import require_compiler  # noqa: PLC0415

    try:
        require_compiler()
    except LibraryLoadError as error:
        return f"{error.reason} ({error.fix})"
    return ""


def _generates(generator: str) -> bool:
    import tvm_ffi  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415

    return tvm_ffi.get_global_func(f"target.build.{generator}", allow_missing=True) is not None


def _linker(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the program that links the library, or why there is none."""
    if sys.platform == "win32":
        from mlc_llm._linker.windows import NoLinkerError, choose  # noqa: PLC0415 - to compile

        try:
            return choose(environment).command[0], ""
        except NoLinkerError as error:
            return "", str(error)
    named = environment.get("CXX") or environment.get("CC")
    names = (named.split()[0],) if named and named.split() else _LINKERS
    found = next((found for name in names if (found := shutil.which(name))), "")
    return found, "" if found else "a C++ compiler (g++), which links the library, is not found"


def _cuda(environment: Mapping[str, str]) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415

    homes = [environment.get(name, "") for name in ("CUDA_HOME", "CUDA_PATH")]
    return (
        any(home and os.path.isdir(os.path.join(home, "bin")) for home in homes)
        or shutil.which("nvcc") is not None
        or os.path.isdir("/usr/local/cuda/bin")
        or (find_spec("cuda") is not None and find_spec("cuda.bindings") is not None)
    )


def _with(kind: str) -> str:
    tools = ["TVM's compiler", _linker(os.environ)[0]]
    return " and ".join([*tools, "CUDA's compiler"] if kind == "cuda" else tools)


def _kind(device: object) -> str:
    """Return the device's name without its index: ``cuda:0`` is what TVM's device says."""
    return str(device).partition(":")[0]


def _command(model: str, kind: str) -> str:
    suffix = ".dll" if sys.platform == "win32" else ".so"
    words = ["mlcbuild", "model", model, "--device", kind]
    return _joined([*words, "-o", f"model-{kind}{suffix}"])


def _joined(words: list[str]) -> str:
    """Return the words as one types them at this system's prompt."""
    if sys.platform == "win32":
        from subprocess import list2cmdline  # noqa: PLC0415 - not on import

        return list2cmdline(words)
    return shlex.join(words)


def _text(model: str, kind: str, reason: str) -> str:
    suffix = ".dll" if sys.platform == "win32" else ".so"
    return (
        f"no model library was given for {model}, and one for {kind} cannot be compiled here:\n"
        f"  {reason}\n"
        "make it where a full TVM is, any Linux will do, and pass it on:\n"
        f"  {_command(model, kind)}{' --target win_amd64' if suffix == '.dll' else ''}\n"
        f"  mlc_llm chat {_joined([model])} --model-lib model-{kind}{suffix} --device {kind}"
    )
