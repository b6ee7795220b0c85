"""What the environment of a build holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from mlcbuild.build.project import normalised
from mlcbuild.programs import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from build.env import DefaultIsolatedEnv

__all__ = ["installed_in"]

_LIST: Final = (
    "import json; from importlib.metadata import distributions; "
    "print(json.dumps([(d.metadata['Name'], d.version) for d in distributions()]))"
)


def installed_in(env: DefaultIsolatedEnv) -> Iterator[tuple[str, str]]:
    """Yield the normalised name and the version of each distribution."""
    done = ask([env.python_executable, "-c", _LIST])
    for name, version in json.loads(done.stdout) if done is not None and done.stdout else ():
        yield normalised(str(name)), str(version)
