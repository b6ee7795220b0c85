"""Pin the Rust crates: turn ``3rdparty/crates.toml`` into the ``Cargo.lock`` that Cargo reads.

tokenizers-cpp ships no lock, so its dependencies would be whatever is newest on the day of the
build. Ours is kept without the registry's address, which Cargo itself is asked for: a mirror or
a source replacement of the user's Cargo configuration keeps working.

    python -m mlcbuild.sources.crates --manifest DIR --crates FILE [--update]
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlcbuild import staging
from mlcbuild.commandline import Parser
from mlcbuild.errors import FailedError, InputError, MlcbuildError
from mlcbuild.programs import run
from mlcbuild.sources.lock import read_toml
from mlcbuild.streams import inert

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Crate", "CrateLock", "load_crates", "main", "resolve", "write_cargo_lock"]

#: Every Cargo that can build these crates reads this format; newer ones keep it.
_CARGO_LOCK_VERSION: Final = 3
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Crate:
    """One package of the graph; the manifest's own has no ``checksum``.

    ``needs`` are its dependencies as Cargo.lock writes them: the name, with the version where the
    graph has several.
    """

    name: str
    version: str
    checksum: str = ""
    licence: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CrateLock:
    """The resolved graph; ``rust`` is the oldest Rust it was resolved for."""

    rust: str
    crates: tuple[Crate, ...]

    @property
    def root(self) -> Crate:
        """The manifest's own package."""
        return next(crate for crate in self.crates if not crate.checksum)


def _crate(path: Path, entry: object) -> Crate:
    if isinstance(entry, dict) and set(entry) <= set(Crate.__dataclass_fields__):
        needs = entry.get("needs", [])
        texts = {key: value for key, value in entry.items() if key != "needs"}
        plain = isinstance(needs, list) and all(
            isinstance(text, str) and text and '"' not in text for text in (*needs, *texts.values())
        )
        if (
            plain
            and _SHA256.fullmatch(texts.get("checksum", "0" * 64))
            and {"name", "version"} <= set(texts)
        ):
            return Crate(**texts, needs=tuple(needs))
    raise InputError(f"{path} has a malformed crate: {entry}", remedy="run with --update")


def load_crates(path: Path) -> CrateLock:
    """Read ``crates.toml``. Raises ``InputError`` that names the file and the crate."""
    content = read_toml(path)
    entries = content.get("crates")
    if set(content) != {"rust", "crates"} or not isinstance(entries, list):
        raise InputError(f"{path} needs exactly 'rust' and 'crates'", remedy="run with --update")
    crates = [_crate(path, entry) for entry in entries]
    lock = CrateLock(rust=str(content["rust"]), crates=tuple(crates))
    if sum(not crate.checksum for crate in crates) != 1:
        raise InputError(f"{path} needs one crate without a checksum, the manifest's own")
    return lock


def _cargo(cargo: str, *arguments: str, cwd: Path, **environment: str) -> str:
    command = cargo or os.environ.get("CARGO") or "cargo"
    try:
        done = run(
            [command, *arguments],
            cwd=cwd,
            env=os.environ | environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
    except (FileNotFoundError, PermissionError) as error:
        raise InputError(
            f"Cargo is needed for the tokenizers and {command} was not found",
            remedy="install Rust (rustup), or name Cargo with the variable CARGO",
        ) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("error")]
        reason = lines[0].removeprefix("error: ") if lines else done.stderr.strip()[-200:]
        raise InputError(
            f"cargo {arguments[0]} failed in {cwd} ({reason})",
            remedy="check the network and Cargo's settings, or update Rust",
        )
    return str(done.stdout)


def _manifest_facts(manifest: Path, cargo: str) -> tuple[str, str, frozenset[str], str]:
    """Return the package's name, version and dependencies, and its registry's source string."""
    output = _cargo(cargo, "metadata", "--no-deps", "--format-version=1", cwd=manifest)
    (package, *_) = json.loads(output)["packages"]
    needs = {d["name"] for d in package["dependencies"] if d["kind"] != "dev"}
    sources = {d["source"] for d in package["dependencies"]}
    if len(sources) != 1 or None in sources:
        raise FailedError(f"{manifest}: dependencies from several places cannot be pinned")
    return package["name"], package["version"], frozenset(needs), sources.pop()


def _render(lock: CrateLock, source: str) -> str:
    lines = [
        "# Written by mlcbuild from crates.toml: do not edit.",
        f"version = {_CARGO_LOCK_VERSION}",
    ]
    for crate in lock.crates:
        lines += ["", "[[package]]", f'name = "{crate.name}"', f'version = "{crate.version}"']
        if crate.checksum:
            lines += [f'source = "{source}"', f'checksum = "{crate.checksum}"']
        if crate.needs:
            lines += ["dependencies = [", *(f' "{need}",' for need in crate.needs), "]"]
    return "\n".join(lines) + "\n"


def write_cargo_lock(manifest: Path, crates: Path, *, cargo: str = "") -> Path:
    """Write ``Cargo.lock`` next to the Cargo.toml in the folder ``manifest``; return its path.

    The file is not touched when it is already correct. Raises ``FailedError`` when the manifest is
    not the one that ``crates`` was resolved for, ``InputError`` without Cargo.
    """
    lock = load_crates(crates)
    name, version, needs, source = _manifest_facts(manifest, cargo)
    root = lock.root
    if (name, version, needs) != (
        root.name,
        root.version,
        frozenset(need.split()[0] for need in root.needs),
    ):
        raise FailedError(
            f"{crates} was resolved for another {name} than the one in {manifest}",
            remedy=f"python -m mlcbuild.sources.crates --manifest {manifest} --crates {crates} "
            "--update",
        )
    target = manifest / "Cargo.lock"
    _write_if_changed(target, _render(lock, source))
    return target


def _write_if_changed(target: Path, text: str) -> None:
    try:
        if target.is_file() and target.read_text("utf-8") == text:
            return
        staging.replace(target, text.encode())
    except OSError as error:
        raise InputError(f"cannot write {target}: {error.strerror}") from error


def resolve(manifest: Path, *, rust: str, cargo: str = "") -> CrateLock:
    """Resolve the dependencies of ``manifest`` anew, as versions that Rust ``rust`` can build.

    Works in a scratch folder and needs a registry. Where a crate has no such version, Cargo takes
    the newest.
    """
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        shutil.copytree(manifest / "src", scratch / "src")
        text = (manifest / "Cargo.toml").read_text("utf-8")
        if "rust-version" not in text:
            text = text.replace("[package]\n", f'[package]\nrust-version = "{rust}"\n', 1)
        (scratch / "Cargo.toml").write_text(text, encoding="utf-8")
        _cargo(
            cargo,
            "generate-lockfile",
            cwd=scratch,
            CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS="fallback",
        )
        metadata = json.loads(
            _cargo(cargo, "metadata", "--locked", "--format-version=1", cwd=scratch)
        )
        packages: list[dict[str, Any]] = read_toml(scratch / "Cargo.lock")["package"]
    licences = {(p["name"], p["version"]): p.get("license") or "" for p in metadata["packages"]}
    return CrateLock(
        rust=rust,
        crates=tuple(
            Crate(
                name=package["name"],
                version=package["version"],
                checksum=package.get("checksum", ""),
                licence=licences[package["name"], package["version"]],
                needs=tuple(package.get("dependencies", ())),
            )
            for package in packages
        ),
    )


def _dump(lock: CrateLock) -> str:
    lines = [
        "# Every crate that is compiled into the tokenizers, pinned. Written by",
        "# python -m mlcbuild.sources.crates --update; explained in docs/sources.md.",
        f'rust = "{lock.rust}"',
        "crates = [",
    ]
    for crate in lock.crates:
        fields = {
            "name": crate.name,
            "version": crate.version,
            "checksum": crate.checksum,
            "licence": crate.licence,
        }
        parts = [f'{key} = "{value}"' for key, value in fields.items() if value]
        if crate.needs:
            parts.append("needs = [" + ", ".join(f'"{need}"' for need in crate.needs) + "]")
        lines.append("  { " + ", ".join(parts) + " },")
    return "\n".join([*lines, "]"]) + "\n"


@inert()
def main(argv: Sequence[str] | None = None) -> int:
    """Write Cargo.lock; with ``--update``, crates.toml before it."""
    parser = Parser(
        prog="python -m mlcbuild.sources.crates", description="Write Cargo.lock from crates.toml."
    )
    parser.add_argument("--manifest", type=Path, required=True, metavar="DIR")
    parser.add_argument("--crates", type=Path, required=True, metavar="FILE")
    parser.add_argument("--cargo", default="", metavar="PROGRAM", help="default: CARGO, then PATH")
    parser.add_argument("--update", action="store_true", help="resolve anew and rewrite FILE")
    parser.add_argument(
        "--rust", metavar="VERSION", help="with --update: the oldest Rust to support"
    )
    args = parser.parse_args(argv)
    try:
        if args.update:
            rust = args.rust or (load_crates(args.crates).rust if args.crates.is_file() else "1.78")
            resolved = resolve(args.manifest, rust=rust, cargo=args.cargo)
            _write_if_changed(args.crates, _dump(resolved))
        write_cargo_lock(args.manifest, args.crates, cargo=args.cargo)
    except MlcbuildError as error:
        sys.stderr.write(f"mlcbuild crates: error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
