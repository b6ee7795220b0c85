"""Where the library can be, in order, and the first place where it is good.

PATH, LD_LIBRARY_PATH and conda's folders are never searched: what lies there was put there by
somebody else, for something else.
"""

from __future__ import annotations

import os

from mlc_llm._locator import PACKAGE
from mlc_llm._locator.judge import Candidate, judge
from mlc_llm._locator.records import read_stamp, stamped_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlc_llm._locator import Host

__all__ = ["candidates", "choose"]

#: Upstream's two names are one library here: it builds both from the same objects.
_SAME_LIBRARY = {"mlc_llm_module": "mlc_llm"}
#: Verdicts that ``MLC_ALLOW_DEBUG=1`` lifts.
_DEBUG = ("debug-crt", "debug-build")


def choose(
    name: str, host: Host, environment: Mapping[str, str], *, package: str = PACKAGE
) -> Candidate:
    """Return the first good candidate for library ``name``.

    A Debug build is taken only where ``MLC_ALLOW_DEBUG=1`` and nothing better exists, with a
    warning. Raises ``LibraryLoadError`` where the file that ``MLC_LIBRARY_PATH`` names is bad,
    ``LibraryNotFoundError`` where there is no good one.
    """
    allow_debug = environment.get("MLC_ALLOW_DEBUG") == "1"
    refused: list[Candidate] = []
    debug: Candidate | None = None
    for candidate in candidates(name, host, environment, package=package):
        verdict = candidate.verdict
        if verdict.good:
            _say(candidate.path, candidate.note)
            return candidate
        if verdict.cause in _DEBUG and allow_debug:
            debug = debug or candidate
            if candidate.explicit:
                break
        elif candidate.explicit:
            from mlc_llm._locator import none_good  # noqa: PLC0415 - only after a failure

            raise none_good.named(candidate)
        refused.append(candidate)
    if debug is not None:
        _say(debug.path, debug.verdict.reason)
        return debug
    from mlc_llm._locator import none_good  # noqa: PLC0415 - only after a failure

    raise none_good.nothing(name, refused)


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
        verdict = judge(path, host, size=stamped_size(read_stamp(package), file))
        if verdict.cause == "stamp-mismatch":
            from mlc_llm._locator.faults import also_lacks  # noqa: PLC0415 - after a failure

            verdict = also_lacks(path, verdict, host)
        yield Candidate(path, "the installed package", verdict)
    if not installed or environment.get("MLC_LLM_SOURCE_DIR"):
        from mlc_llm._locator import builds  # noqa: PLC0415 - no wheel: a source tree

        yield from builds.built(name, host, environment, package)
    if not installed:
        path = os.path.join(folder, host.file_name(name))
        yield Candidate(path, "the installed package", judge(path, host))


def _say(path: str, note: str) -> None:
    if note:
        import warnings  # noqa: PLC0415 - a healthy install has nothing to say

        warnings.warn(f"{path}: {note}", RuntimeWarning, stacklevel=3)
