"""Run in the environment that compiles: what it has, as one line of JSON."""

import importlib.util
import json
from importlib import metadata
from pathlib import Path

DEVICES = ("llvm", "vulkan", "opencl", "cuda")
#: What a conversion needs for some published models.
MODULES = ("torch", "safetensors", "transformers", "msgpack")


def version(name: str) -> "str | None":
    """Return a distribution's version, or null."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def main() -> None:
    """Print the facts."""
    facts = {"mlc_llm": version("mlc-llm"), "tvm": None, "generators": [], "error": None}
    facts["modules"] = [name for name in MODULES if importlib.util.find_spec(name) is not None]
    mlc_llm = importlib.util.find_spec("mlc_llm")
    places = mlc_llm.submodule_search_locations if mlc_llm else ()
    facts["reads_safetensors"] = any(Path(place, "_safetensors.py").is_file() for place in places)
    try:
        import tvm
        import tvm_ffi

        facts["tvm"] = tvm.__version__
        for device in DEVICES:
            if tvm_ffi.get_global_func(f"target.build.{device}", allow_missing=True) is not None:
                facts["generators"].append(device)
    except Exception as error:
        facts["error"] = f"{type(error).__name__}: {error}".splitlines()[0]
    spec = importlib.util.find_spec("tvm_ffi")
    folder = Path(spec.origin).parent / "lib" if spec else None
    found = sorted(folder.glob("*tvm_ffi.*")) if folder else []
    facts["tvm_ffi_library"] = str(found[0]) if found else None
    print("\n" + json.dumps(facts))


main()
