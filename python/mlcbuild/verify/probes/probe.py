"""Look from inside at an installed wheel. Run by ``mlcbuild verify`` in its environment.

    python probe.py import NAME...     import them; which native libraries are loaded, from where
    python probe.py tensor             a tensor through tvm, or a call through tvm_ffi
    python probe.py tokenizer MODEL    text that is not ASCII, there and back
    python probe.py chat DIR LIBRARY DEVICE   two greedy answers of the model in DIR
    python probe.py jit DIR DEVICE     the same; the engine compiles the library itself

The answer is the last line: a JSON table.
"""

import ctypes
import json
import os
import sys
import time
from pathlib import Path

PROMPT = "hello"
TOKENS = 12


def loaded_images() -> list[str]:
    """Return the paths of all native images in this process."""
    if sys.platform == "win32":
        return _loaded_on_windows()
    if sys.platform == "darwin":
        system = ctypes.CDLL(None)
        system._dyld_get_image_name.restype = ctypes.c_char_p
        count = system._dyld_image_count()
        return [system._dyld_get_image_name(index).decode() for index in range(count)]
    with Path("/proc/self/maps").open(encoding="utf-8", errors="replace") as maps:
        return sorted({line.split(None, 5)[5].strip() for line in maps if "/" in line})


def _loaded_on_windows() -> list[str]:
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    list_modules = kernel.K32EnumProcessModules
    list_modules.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p]
    file_name = kernel.GetModuleFileNameW
    file_name.argtypes = [ctypes.c_void_p, ctypes.c_wchar_p, ctypes.c_uint32]
    handles, size = (ctypes.c_void_p * 4096)(), ctypes.c_uint32()
    list_modules(kernel.GetCurrentProcess(), handles, ctypes.sizeof(handles), ctypes.byref(size))
    paths = []
    for handle in handles[: size.value // ctypes.sizeof(ctypes.c_void_p)]:
        buffer = ctypes.create_unicode_buffer(32768)
        file_name(handle, buffer, len(buffer))
        paths.append(buffer.value)
    return paths


def probe_import(names: list[str]) -> dict:
    """Import the names one after the other."""
    times = {}
    for name in names:
        began = time.perf_counter()
        __import__(name)
        times[name] = time.perf_counter() - began
    return {"seconds": times, "images": loaded_images()}


def probe_tensor() -> dict:
    """Pass numbers to TVM and back, or call Python through the FFI if there is no TVM."""
    try:
        import numpy as np
        import tvm
    except ModuleNotFoundError:
        return _probe_ffi()
    wanted = np.arange(12, dtype="float32").reshape(3, 4)
    got = tvm.runtime.tensor(wanted).numpy()
    doubled = tvm.get_global_func("testing.echo", allow_missing=True)
    if not (got == wanted).all() or got.dtype != wanted.dtype or got.shape != wanted.shape:
        raise SystemExit("a tensor came back changed")
    if doubled is not None and not (doubled(tvm.runtime.tensor(wanted)).numpy() == wanted).all():
        raise SystemExit("a tensor came back changed through the FFI")
    return {"through": f"tvm {tvm.__version__}"}


def _probe_ffi() -> dict:
    try:
        import tvm_ffi
    except ModuleNotFoundError:
        return {"through": None}
    if tvm_ffi.convert(lambda value: value + 1)(41) != 42:
        raise SystemExit("a number came back changed through tvm_ffi")
    if list(tvm_ffi.convert([1, 2, 3])) != [1, 2, 3]:
        raise SystemExit("a list came back changed through tvm_ffi")
    return {"through": f"tvm_ffi {tvm_ffi.__version__}"}


def probe_device(name: str) -> dict:
    """Report whether TVM has the device, and the runtime for it."""
    if name == "cuda":
        import mlc_llm  # noqa: F401 - its locator finds NVIDIA's runtime library
    import tvm

    runtime = tvm.get_global_func(f"device_api.{name}", allow_missing=True)
    device = tvm.device(name, 0)
    found = {"runtime": runtime is not None, "exists": bool(device.exist)}
    if name == "cuda":
        found["refused"] = _refused()
        there = found["exists"]
        found["name"] = device.device_name if there else None
        found["compute"] = device.compute_version if there else None
    return found


def _refused() -> dict:
    import mlc_llm

    return getattr(mlc_llm.libinfo, "refused_backends", {})


def probe_tokenizer(model: str) -> dict:
    """Encode and decode text with letters of several bytes; it must come back as it was."""
    from mlc_llm.tokenizers import Tokenizer

    text = "caf\u00e9 \u6f22\u5b57 \U0001f600"
    tokenizer = Tokenizer(model)
    tokens = list(tokenizer.encode(text))
    back = tokenizer.decode(tokens)
    if back != text:
        raise SystemExit(f"{text!a} came back as {back!a}")
    return {"text": text, "tokens": len(tokens)}


def probe_jit(model: str, device: str) -> dict:
    """Chat without a library: MLC compiles one, again, below the model's folder."""
    os.environ.update(MLC_JIT_POLICY="REDO", MLC_LLM_HOME=str(Path(model) / "jit"))
    return probe_chat(model, None, device)


def probe_chat(model: str, library: "str | None", device: str) -> dict:
    """Answer the same prompt twice with temperature 0; the second goes on from a kept prefix."""
    from mlc_llm import MLCEngine
    from mlc_llm.serve.config import EngineConfig

    engine = MLCEngine(
        model,
        device=device,
        model_lib=library,
        mode="interactive",
        # With less room the engine prefills the whole sequence for each token and never decodes.
        engine_config=EngineConfig(max_total_sequence_length=256),
    )
    answers = [
        engine.chat.completions.create(
            messages=[{"role": "user", "content": PROMPT}], temperature=0, max_tokens=TOKENS
        )
        for _ in range(2)
    ]
    engine.terminate()
    texts = [answer.choices[0].message.content for answer in answers]
    usage = answers[0].usage
    extra = usage.extra or {}
    return {
        "texts": texts,
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "total_tokens": usage.total_tokens,
            "decode_tokens": extra.get("decode_tokens"),
            "time_to_first_token_s": extra.get("ttft_s"),
            "time_a_token_s": extra.get("inter_token_latency_s"),
        },
    }


def main() -> None:
    """Probe and print one line of JSON; an exception is part of the answer."""
    del sys.path[0]  # this script's folder must not stand before the packages under test
    what, *arguments = sys.argv[1:]
    try:
        if what == "import":
            answer = probe_import(arguments)
        elif what == "tensor":
            answer = probe_tensor()
        elif what == "device":
            answer = probe_device(*arguments)
        elif what == "tokenizer":
            answer = probe_tokenizer(*arguments)
        elif what == "jit":
            answer = probe_jit(*arguments)
        else:
            answer = probe_chat(*arguments)
    except Exception as error:
        import traceback

        traceback.print_exc()
        answer = {"error": type(error).__name__, "message": str(error)}
        answer["missing"] = getattr(error, "name", None) if isinstance(error, ImportError) else None
    print("\n" + json.dumps(answer), flush=True)
    sys.exit(1 if "error" in answer else 0)


if __name__ == "__main__":
    main()
