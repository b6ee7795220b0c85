"""Call one hook of a project's build backend as if it ran under a Windows CPython.

    python hook.py REQUEST

Run by ``cross/backend.py`` in the build's own environment, so it only uses the standard library and
scikit-build-core's dependency packaging. REQUEST is a JSON file; the hook's result goes to the file
it names. scikit-build-core queries Python about the target in few places: only there do the queried
modules answer for Windows. The programs that CMake starts use CPython's mechanism for cross builds:
its build variables by ``_PYTHON_SYSCONFIGDATA_NAME``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

sys.path.pop(0)  # drop this folder: the build must not import from it

import importlib
import json
import os
import platform
import sysconfig
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

#: Module of scikit-build-core -> the modules replaced in it.
_ASKING = {
    "builder.builder": ("sys", "sysconfig"),
    "builder.sysconfig": ("sys", "sysconfig"),
    "builder.wheel_tag": ("sys",),
    "settings.skbuild_overrides": ("sys", "platform"),
}
_Version = namedtuple("_Version", ("major", "minor", "micro", "releaselevel", "serial"))  # noqa: PYI024
_VARIABLES_MODULE = "_sysconfigdata_mlcbuild_windows"
#: For the Pythons that CMake starts: code (-c) that queries the version gets the target's;
#: modules (-m) get the real one, which their code needs.
_SITE = """\
import sys
_words = sys.orig_argv
_code = "".join(_words[_words.index("-c") + 1 :][:1]) if "-c" in _words else ""
if "version_info" in _code:
    from collections import namedtuple
    _Version = namedtuple("version_info", "major minor micro releaselevel serial")
    sys.version_info = _Version(3, {minor}, {micro}, "final", 0)
"""


class _View:
    """A module that answers for another Python where given values, else for this one."""

    def __init__(self, module: ModuleType, **answers: object) -> None:
        self.__dict__.update(answers)
        self._module = module

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        return getattr(self._module, name)


def _views(target: dict[str, Any]) -> dict[str, _View]:
    version = _Version(3, target["minor"], target["micro"], "final", 0)
    variables, include = target["variables"], target["include"]

    def variable(name: str) -> Any:  # noqa: ANN401 - as sysconfig's own
        return variables[name] if name in variables else sysconfig.get_config_var(name)

    def path(name: str, *arguments: Any, **options: Any) -> str:  # noqa: ANN401
        return include if name == "include" else sysconfig.get_path(name, *arguments, **options)

    implementation = SimpleNamespace(
        name="cpython", version=version, cache_tag=f"cpython-3{target['minor']}"
    )
    return {
        "sys": _View(
            sys,
            platform="win32",
            version_info=version,
            implementation=implementation,
            base_exec_prefix=target["folder"],
        ),
        "sysconfig": _View(
            sysconfig,
            get_config_var=variable,
            get_path=path,
            get_platform=lambda: target["host_platform"],
        ),
        "platform": _View(platform, machine=lambda: target["processor"]),
    }


def _answer_for(target: dict[str, Any]) -> None:
    """Make scikit-build-core, and ``packaging.tags`` in this process, answer for the target."""
    views = _views(target)
    for name, asked in _ASKING.items():
        module = importlib.import_module(f"scikit_build_core.{name}")
        for each in asked:
            getattr(module, each)  # a scikit-build-core that queries elsewhere is not supported
            setattr(module, each, views[each])
    gil = importlib.import_module("scikit_build_core.builder.sysconfig")
    if not hasattr(gil, "is_free_threaded") and target["variables"]["Py_GIL_DISABLED"]:
        raise AttributeError("is_free_threaded")
    tags = importlib.import_module("packaging.tags")

    def sys_tags(**_: object) -> Any:  # noqa: ANN401 - an iterator of tags
        version = (3, target["minor"])
        yield from tags.cpython_tags(version, [target["abi"]], [target["platform"]])
        yield from tags.compatible_tags(version, f"cp3{target['minor']}", [target["platform"]])

    tags.sys_tags = sys_tags  # type: ignore[attr-defined]


def _tell_children(target: dict[str, Any], folder: Path) -> None:
    """Write the target's build variables for the Pythons that CMake starts."""
    variables = {**sysconfig.get_config_vars(), **target["variables"]}
    plain = {k: v for k, v in variables.items() if v is None or isinstance(v, (str, int))}
    text = f"build_time_vars = {plain!r}\n"
    folder.joinpath(f"{_VARIABLES_MODULE}.py").write_text(text, encoding="utf-8")
    site = _SITE.format(minor=target["minor"], micro=target["micro"])
    folder.joinpath("sitecustomize.py").write_text(site, encoding="utf-8")
    found = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), found)))
    os.environ["_PYTHON_SYSCONFIGDATA_NAME"] = _VARIABLES_MODULE


def _backend(request: dict[str, Any]) -> Callable[..., Any]:
    """Import the backend as PEP 517 defines: backend-path first; a colon names an object in it."""
    sys.path[:0] = [str(Path(folder).resolve()) for folder in request["backend_path"]]
    name, _, inner = request["backend"].partition(":")
    found: Any = importlib.import_module(name)
    for part in filter(None, inner.split(".")):
        found = getattr(found, part)
    return getattr(found, request["hook"], None) or (lambda *_: [])


def main(path: str) -> None:
    """Call the hook that the request names."""
    request = json.loads(Path(path).read_text(encoding="utf-8"))
    try:
        _answer_for(request["target"])
    except (ImportError, AttributeError) as error:
        sys.exit(f"mlcbuild: error: this version of scikit-build-core is not supported: {error}")
    hook = _backend(request)
    _tell_children(request["target"], Path(request["folder"]))
    answer = hook(*request["arguments"], request["settings"])
    Path(request["answer"]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
