"""Run in the environment that compiles: what it has, as one line of JSON."""

import importlib.util
import json
import os
import sys
from importlib import metadata
from pathlib import Path

#: What a conversion needs for some published models.
MODULES = ("torch", "safetensors", "transformers", "msgpack")


def version(name: str) -> "str | None":
    """Return a distribution's version, or null."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def windows_linker(places: "list[str]") -> "dict[str, str] | None":
    """Return mlc_llm's linker for Windows, or why there is none; null for an mlc_llm without one.

    Its module is loaded separately: importing the package would load all of TVM.
    """
    path = next(
        (p for place in places if (p := Path(place, "_linker", "windows.py")).is_file()), None
    )
    if path is None:
        return None
    spec = importlib.util.spec_from_file_location("windows_linker", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    try:
        return {"program": module.choose(os.environ).command[0]}
    except module.NoLinkerError as error:
        return {"error": str(error)}


def main() -> None:
    """Print the facts."""
    facts = {"mlc_llm": version("mlc-llm"), "tvm": None, "generators": [], "error": None}
    facts["python"] = "{}.{}".format(*sys.version_info)
    facts["modules"] = [name for name in MODULES if importlib.util.find_spec(name) is not None]
    mlc_llm = importlib.util.find_spec("mlc_llm")
    places = mlc_llm.submodule_search_locations if mlc_llm else ()
    facts["windows_linker"] = windows_linker(places)
    facts["reads_safetensors"] = any(Path(place, "_safetensors.py").is_file() for place in places)
    try:
        import tvm
        import tvm_ffi

        facts["tvm"] = tvm.__version__
        for device in sys.argv[1:]:
            if tvm_ffi.get_global_func(f"target.build.{device}", allow_missing=True) is not None:
                facts["generators"].append(device)
    except Exception as error:
        facts["error"] = f"{type(error).__name__}: {error}".splitlines()[0]
    print("\n" + json.dumps(facts))


main()
