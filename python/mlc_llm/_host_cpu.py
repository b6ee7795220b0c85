"""The processor that a model is compiled for here, without what this machine does not let it do.

LLVM knows the processor by its model, and TVM takes all that the model has. A virtual machine may
hide some of that (AVX-512 most often): what was compiled then dies of an illegal instruction.
"""

from __future__ import annotations

import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tvm.target import Target  # type: ignore[import-not-found]

__all__ = ["hidden", "usable_host"]

#: LLVM's names of instruction sets that compiled kernels use.
_USED = re.compile(r"avx|amx|fma$|fma4$|f16c$|bmi2?$|sse4|vaes$|vpclmul|gfni$")
#: Windows' numbers of instruction sets (IsProcessorFeaturePresent); each stands for those after it.
_WINDOWS = {39: ("avx", "fma", "f16c", "vaes", "vpclmul"), 40: ("avx2",), 41: ("avx512",)}


def hidden(features: Iterable[str], flags: Iterable[str]) -> list[str]:
    """Return the instruction sets that LLVM expects and ``/proc/cpuinfo`` does not list."""
    there = {_plain(flag) for flag in flags}
    return sorted(f for f in features if _USED.match(f) and _plain(f) not in there)


def usable_host(target: Target) -> Target:
    """Return the target of this machine's processor without what is hidden from us."""
    from tvm.target import Target, codegen  # noqa: PLC0415 - only to compile

    features = [str(name) for name in codegen.llvm_get_cpu_features(target)]
    lost = _hidden_here(features)
    if not lost:
        return target
    described = dict(target.export())
    return Target({**described, "mattr": [*described.get("mattr", ()), *(f"-{f}" for f in lost)]})


def _hidden_here(features: list[str]) -> list[str]:
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415

        present = ctypes.windll.kernel32.IsProcessorFeaturePresent
        gone = tuple(
            name for number, names in _WINDOWS.items() if not present(number) for name in names
        )
        return sorted(f for f in features if gone and f.startswith(gone))
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            found = re.search(r"^flags\s*:(.*)$", file.read(), re.MULTILINE)
    except OSError:
        return []  # macOS, where nothing is hidden
    return hidden(features, found[1].split()) if found else []


def _plain(name: str) -> str:
    """Return a name as LLVM and Linux would both spell it."""
    plain = re.sub(r"[-_.]", "", name)
    return "bmi1" if plain == "bmi" else plain
