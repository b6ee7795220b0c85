"""A published model: which weights it has, and what is required to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlcbuild.errors import FailedError, InputError
from mlcbuild.jsontext import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["CONFIG", "Published", "is_published", "missing_module", "read_published"]

#: What a folder in MLC's format has.
CONFIG: Final = "mlc-chat-config.json"
#: Bytes of the largest pointer that Git LFS leaves in place of a file (its specification).
_POINTER: Final = 1024
#: Format, as ``mlc_llm convert_weight`` calls it -> index, one file. The first that is there
#: counts: safetensors needs no torch, and cannot hold code.
_FORMATS: Final = {
    "huggingface-safetensor": ("model.safetensors.index.json", "model.safetensors"),
    "huggingface-torch": ("pytorch_model.bin.index.json", "pytorch_model.bin"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """One folder. ``files`` are the weights by name, with their sizes in bytes."""

    folder: Path
    config: Mapping[str, Any]
    weights: str
    files: Mapping[str, int]

    @property
    def bytes(self) -> int:
        """Size of all weights."""
        return sum(self.files.values())

    @property
    def tokenizer(self) -> str:
        """Name of the tokenizer's file; empty where there is none."""
        names = ("tokenizer.json", "tokenizer.model")
        return next((name for name in names if (self.folder / name).is_file()), "")


def is_published(model: Path) -> bool:
    """Whether ``model`` is a folder as a hub has it, not one that MLC has converted."""
    return (model / "config.json").is_file() and not (model / CONFIG).is_file()


def read_published(folder: Path) -> Published:
    """Inspect the folder. Raises ``InputError`` if weights are missing or cannot be read."""
    config = _table(folder / "config.json")
    for weights, (index, single) in _FORMATS.items():
        if (folder / index).is_file():
            names = set(_table(folder / index).get("weight_map", {}).values())
        elif (folder / single).is_file():
            names = {single}
        else:
            continue
        if absent := sorted(name for name in names if not (folder / name).is_file()):
            raise InputError(
                f"{folder} lacks {absent[0]}, which {index} names ({len(absent)} files missing)",
                remedy="download the model again",
            )
        files = {name: (folder / name).stat().st_size for name in sorted(names)}
        _refuse_pointers(folder, files)
        return Published(folder=folder, config=config, weights=weights, files=files)
    raise InputError(
        f"{folder} holds no weights", remedy="model.safetensors or pytorch_model.bin belongs there"
    )


def _refuse_pointers(folder: Path, files: Mapping[str, int]) -> None:
    """Raise ``InputError`` where a clone without Git LFS left pointers in place of weights."""
    for name, size in files.items():
        if size < _POINTER and (folder / name).read_bytes().startswith(b"version https://git-lfs"):
            raise InputError(
                f"{folder / name} is a pointer of Git LFS, not the weights",
                remedy="run git lfs pull in that folder",
            )


def missing_module(model: Published, facts: Mapping[str, Any]) -> FailedError | None:
    """Return the error if the converting Python lacks a module that these files need."""
    modules = facts["modules"]
    torch = model.weights == "huggingface-torch" or not facts["reads_safetensors"]
    if torch and "torch" not in modules:
        what = next(iter(model.files))
        return FailedError(
            f"{what} is read by torch, which is not installed there",
            remedy="pip install torch (the CPU build is enough), or take the model's safetensors",
        )
    if model.tokenizer == "tokenizer.model" and "transformers" not in modules:
        return FailedError(
            "tokenizer.model becomes tokenizer.json by transformers, which is not installed there",
            remedy="pip install transformers sentencepiece, or add the model's tokenizer.json",
        )
    return None


def _table(path: Path) -> dict[str, Any]:
    try:
        table = parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if not isinstance(table, dict):
        raise InputError(f"{path} holds no table")
    return table
