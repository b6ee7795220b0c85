"""Damage for the robustness tests: seeded mutations of images and wheels."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pefactory import make_pe

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

__all__ = ["image_seeds", "mutations"]

#: What a size, count or address becomes where a reader is careless.
EDGES = (0, 1, 2, 7, 0x7F, 0xFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE)
#: Most fields that lead a reader on lie in the headers.
HEAD = 0x400


def image_seeds() -> list[bytes]:
    """Return images that have every directory the reader looks into."""
    imports = {"KERNEL32.dll": ["Sleep", "GetCPInfo", 17], "MSVCP140.dll": ["_Mtx_lock"]}
    every = {
        "imports": imports,
        "delay": {"late.dll": ["f", 3]},
        "exports": ["alpha", None, "beta", "gamma"],
        "forwarders": {"beta": "other.f"},
        "rich": [(0x105, 35229), (0x101, 30000)],
        "dependent_load_flags": 0x800,
        "version": (1, 2, 3, 4),
        "strings": {"FileVersion": "1.2", "CompanyName": "x"},
        "manifest": "<assembly/>",
        "pdb": "C:\\x.pdb",
        "managed_flags": 3,
    }
    return [make_pe(machine=machine, **every) for machine in ("x86", "x86_64", "arm64")] + [  # type: ignore[arg-type]
        make_pe(imports={f"d{at}.dll": [f"s{at}_{n}" for n in range(40)] for at in range(30)}),
        make_pe(exports=[f"name{at}" for at in range(2000)], extra=bytes(4096)),
    ]


def mutations(random: random.Random, seeds: list[bytes], count: int) -> Iterator[bytes]:
    """Give damaged copies of the seeds, ``count`` in all."""
    for _ in range(count):
        data = bytearray(random.choice(seeds))
        for _ in range(random.choice((1, 1, 2, 4, 16))):
            if data:
                _damage(random, data, seeds)
        yield bytes(data)


def _damage(random: random.Random, data: bytearray, seeds: list[bytes]) -> None:
    where = random.choice((min(HEAD, len(data)), len(data)))
    at = random.randrange(where)
    match random.randrange(9):
        case 0:
            data[at] ^= 1 << random.randrange(8)
        case 1:
            data[at] = random.randrange(256)
        case 2 | 3:
            at &= ~3
            if at + 4 <= len(data):
                edge = random.choice((*EDGES, len(data), len(data) - 1, random.randrange(1 << 32)))
                struct.pack_into("<I", data, at, edge)
        case 4:
            at &= ~1
            if at + 2 <= len(data):
                struct.pack_into("<H", data, at, random.choice(EDGES) & 0xFFFF)
        case 5:  # an address that points at something else of the file
            at &= ~3
            if at + 4 <= len(data):
                struct.pack_into("<I", data, at, 0x1000 + random.randrange(len(data)))
        case 6:
            del data[random.randrange(len(data)) :]
        case 7:
            length = random.randrange(1, 64)
            data[at : at + length] = random.randbytes(length)
        case _:
            other = random.choice(seeds)
            start = random.randrange(len(other))
            piece = other[start : start + random.randrange(1, 512)]
            data[at : at + len(piece)] = piece
