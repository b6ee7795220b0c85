"""Where the library can be, in order, each place with the reason why it is looked at.

PATH, LD_LIBRARY_PATH and conda's folders are never searched: what lies there was put there by
somebody else, for something else.
"""

from __future__ import annotations

import os

from mlc_llm._locator.candidate import Candidate
from mlc_llm._locator.installed import PACKAGE
from mlc_llm._locator.judge import judge
from mlc_llm._locator.stamp import read_stamp, stamped_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlc_llm._locator.host import Host

__all__ = ["candidates"]

#: Upstream's two names are one library here: it builds both from the same objects.
_SAME_LIBRARY = {"mlc_llm_module": "mlc_llm"}


def candidates(
    name: str, host: Host, environment: Mapping[str, str], *, package: str = PACKAGE
) -> Iterator[Candidate]:
    """Yield the places to look for library ``name``, most wanted first, judged one by one.

    A file is read when its turn comes, so that a healthy install pays for one file.
    """
    package = os.fspath(package)
    name = _SAME_LIBRARY.get(name, name)
    if variable := environment.get("MLC_LIBRARY_PATH"):
        from mlc_llm._locator import named  # noqa: PLC0415 - only where the variable is set

        yield from named.candidates(variable, name, host, package)
    folder = os.path.join(package, "lib")
    installed = os.path.isdir(folder)
    if installed:
        file = host.file_name(name)
        path = os.path.join(folder, file)
        size = stamped_size(read_stamp(package), file)
        yield Candidate(path, "the installed package", judge(path, host, size=size))
    if not installed or environment.get("MLC_LLM_SOURCE_DIR"):
        from mlc_llm._locator import builds  # noqa: PLC0415 - no wheel: a source tree

        yield from builds.built(name, host, environment, package)
    if not installed:
        path = os.path.join(folder, host.file_name(name))
        yield Candidate(path, "the installed package", judge(path, host))
