"""PyPI's apache-tvm without its compiler: a wheel in, a wheel out.

The version gets a local label (``0.26.0+mlcbuild.runtime``): it still satisfies ``==0.26.0``, pip
prefers it to the same version without a label, and the extra ``compile`` excludes it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlcbuild.builder.rewheel import with_version
from mlcbuild.errors import FailedError

if TYPE_CHECKING:
    from pathlib import Path

_LABEL: Final = "mlcbuild.runtime"
_PROJECT: Final = "apache_tvm"
#: Files only used to build and compile; ``tvm.relax`` is the compiler's Python side.
_OF_THE_COMPILER: Final = re.compile(
    r"tvm/lib/(lib)?tvm_compiler.*|tvm/lib/.*\.lib"
    r"|tvm/(3rdparty|cmake|include|lib64|relax|src|web)/.*|tvm/(CMakeLists\.txt|README\.md)"
    # Of the dist-info what says how another wheel was built and repaired.
    r"|[^/]+\.dist-info/(?!METADATA|WHEEL|RECORD|entry_points\.txt|top_level\.txt|licenses/).*"
)


def runtime_only(wheel: Path, folder: Path) -> Path:
    """Write the wheel without the compiler into ``folder``; its libraries stay as they are.

    Returns its path. Raises ``FailedError`` where it is not apache-tvm.
    """
    name, version, _ = f"{wheel.name}--".split("-", 2)
    if name != _PROJECT:
        raise FailedError(
            f"{wheel.name} is not apache-tvm", remedy="download that project from the package index"
        )
    version += f"{'.' if '+' in version else '+'}{_LABEL}"
    return with_version(
        wheel,
        folder,
        version,
        headers={"Summary": "Apache TVM: only the runtime of the official wheel, for mlc-llm"},
        changed={"tvm/relax/__init__.py": _refusal(version)},
        drop=lambda path: _OF_THE_COMPILER.fullmatch(path) is not None,
    )


def _refusal(version: str) -> bytes:
    """Return a ``tvm.relax`` that explains why it is missing."""
    why = (
        f"TVM's compiler is not in this chat-only set (apache-tvm {version}): "
        'pip install "mlc-llm[compile]" installs it'
    )
    title = '"""TVM\'s compiler, which is not in this set."""'
    return f"{title}\n\nraise ImportError({why!r})\n".encode()
