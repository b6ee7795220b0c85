"""``mlcbuild release``: SBOM, hashes and an index that pip installs from."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import subprocess
import sys
import threading
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from mlcbuild.builder.finished import relabel, relabel_metadata, with_devices
from mlcbuild.builder.rewheel import rewrite
from mlcbuild.cli import main
from mlcbuild.errors import InputError
from mlcbuild.release import release
from mlcbuild.stamp import Compiler, Source, Stamp, Target, digest, write_stamp
from wheelfactory import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIBRARY = b"MZ not looked into"
SOURCES = (
    Source(
        name="tvm",
        origin="git",
        commit="c" * 40,
        url="https://github.com/apache/tvm.git",
        licence="Apache-2.0 AND MIT",
    ),
    Source(name="tvm-ffi", origin="pypi", version="0.1.13", sha256="a" * 64, licence="Apache-2.0"),
)
CRATES = [
    {"name": "ahash", "version": "0.8.12", "licence": "MIT OR Apache-2.0"},
    {"name": "syn", "version": "1.0.9", "licence": "MIT/Apache-2.0"},
    {"name": "syn", "version": "2.0.1", "licence": "no such licence"},
]


def wheel_in(folder: Path, *, version: str = "1.0", body: bytes = b"") -> Path:
    stamp = Stamp(
        configuration="Release",
        generator="Ninja Multi-Config",
        compiler=Compiler(id="MSVC", version="19.44", toolset="14.44"),
        crt="dynamic",
        target=Target(system="Windows", machine="x86_64"),
        devices=("cpu",),
        sources=SOURCES,
        files=(digest("demo/demo.dll", LIBRARY),),
    )
    files = {
        "demo/__init__.py": body,
        "demo/demo.dll": LIBRARY,
        "demo.libs/zlib1-0123456789abcdef.dll": LIBRARY + b"z",
        f"demo-{version}.dist-info/licenses/crates.json": json.dumps(CRATES).encode(),
        "demo/_build.json": write_stamp(stamp),
    }
    requires = ("tvm-ffi==0.1.13", "numpy>=1.24", 'torch>=2; extra == "convert"')
    return make_wheel(folder, files, version=version, tag="py3-none-any", requires=requires)


def bill(text: bytes | str) -> dict[str, Any]:
    text = text.decode() if isinstance(text, bytes) else text
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    table: dict[str, Any] = json.loads(text)
    return table


def test_the_bill_of_materials_is_valid_and_names_cpp_rust_and_python_parts(
    tmp_path: Path,
) -> None:
    release([wheel_in(tmp_path)], tmp_path / "out", env={})
    (wheel,) = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = bill(archive.read("demo-1.0.dist-info/sboms/mlcbuild.cdx.json"))
    beside = bill((tmp_path / "out" / f"{wheel.name}.cdx.json").read_text())
    own = {"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}
    assert beside["metadata"]["component"]["hashes"] == [own]
    assert "hashes" not in inside["metadata"]["component"]
    found = {(c["name"], c.get("version")): c for c in inside["components"]}
    kinds = {key: c["properties"][0]["value"] for key, c in found.items()}
    assert kinds == {
        ("tvm", "c" * 40): "cxx",
        ("tvm-ffi", "0.1.13"): "cxx",
        ("ahash", "0.8.12"): "crate",
        ("syn", "1.0.9"): "crate",
        ("syn", "2.0.1"): "crate",
        ("numpy", None): "python",
        ("torch", None): "python",
        ("demo/demo.dll", None): "library",
        ("demo.libs/zlib1-0123456789abcdef.dll", None): "bundled",
    }
    assert found["tvm", "c" * 40]["purl"] == f"pkg:github/apache/tvm@{'c' * 40}"
    assert found["tvm", "c" * 40]["licenses"] == [{"expression": "Apache-2.0 AND MIT"}]
    assert found["syn", "1.0.9"]["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert found["syn", "2.0.1"]["licenses"] == [{"license": {"name": "no such licence"}}]
    (root,) = (d for d in inside["dependencies"] if d["ref"] == "wheel")
    assert len(root["dependsOn"]) == len(found)


def test_record_stays_true_and_a_second_release_gives_the_same_bytes(tmp_path: Path) -> None:
    wheel = wheel_in(tmp_path)
    before = wheel.read_bytes()
    release([wheel], tmp_path / "a", env={})
    release([wheel], tmp_path / "b", env={})
    release([tmp_path / "a" / wheel.name], tmp_path / "b", env={})  # a released one again
    assert wheel.read_bytes() == before
    one, two = (
        {p.relative_to(d): p.read_bytes() for p in d.rglob("*") if p.is_file()}
        for d in (tmp_path / "a", tmp_path / "b")
    )
    assert one == two
    # pip checks nothing of RECORD, check does
    from mlcbuild.package.targets import open_package  # noqa: PLC0415

    with open_package(str(tmp_path / "a" / wheel.name)) as package:
        assert package.wheel is not None
        for member in package.members():
            if member.path.endswith("/RECORD"):
                continue
            size = package.wheel.record[member.path][1]
            assert size == member.size, member.path


def test_the_hashes_are_of_what_lies_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    release([wheel_in(tmp_path)], out, env={})
    release([wheel_in(tmp_path, version="2.0")], out, env={})
    run = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=out, check=False)
    assert run.returncode == 0
    assert (out / "SHA256SUMS").read_text().count("\n") == 2


def test_a_published_name_keeps_its_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["release", str(wheel_in(tmp_path / "a")), "-o", str(out)]) == 0
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    other = wheel_in(tmp_path / "b", body=b"x = 1\n")
    assert main(["release", str(other), "-o", str(out)]) == 3
    assert "already exists with other contents" in capsys.readouterr().err
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06" + bytes(18), b"text"])
def test_what_is_no_wheel_is_one_line(
    tmp_path: Path, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "x-1-py3-none-any.whl"
    bad.write_bytes(data)
    assert main(["release", str(bad), "-o", str(tmp_path / "out")]) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert list((tmp_path / "out").iterdir()) == []


class Served(http.server.SimpleHTTPRequestHandler):
    """A static host that writes down what is asked."""

    asked: list[str]

    def log_message(self, *words: object) -> None:
        self.asked.append(str(words[1]))

    def __init__(self, *words: Any, asked: list[str], **names: Any) -> None:
        self.asked = asked
        super().__init__(*words, **names)


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = partial(Served, asked=asked, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple/", asked
    finally:
        server.shutdown()
        server.server_close()


def test_pip_installs_from_the_static_index_and_uses_its_metadata(tmp_path: Path) -> None:
    files = {"demo/__init__.py": b"answer = 42\n"}
    for version in ("1.0", "1.1+cpu", "1.1+cpu.vulkan"):
        make_wheel(tmp_path / "dist", files, version=version, tag="py3-none-any")
    make_wheel(tmp_path / "dist", files, name="Other_Thing", tag="py3-none-any", requires=("demo",))
    out = tmp_path / "out"
    release(sorted((tmp_path / "dist").glob("*.whl")), out, env={})
    with serving(out) as (url, asked):
        command = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--index-url", url]
        command += ["--disable-pip-version-check", "--target", str(tmp_path / "env")]
        run = subprocess.run(
            [*command, "other-thing", "demo==1.1+cpu.vulkan"], capture_output=True, check=False
        )
    assert run.returncode == 0, run.stderr.decode()
    program = "import demo, importlib.metadata as m; print(demo.answer, m.version('demo'))"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / "env", capture_output=True, check=True
    )
    assert said.stdout.split() == [b"42", b"1.1+cpu.vulkan"]
    lines = " ".join(asked)
    assert "/simple/other-thing/" in lines
    assert ".whl.metadata" in lines, "pip must have resolved by PEP 658"
    assert "demo-1.0-py3-none-any.whl " not in lines


def test_a_damaged_file_is_refused_by_pip(tmp_path: Path) -> None:
    make_wheel(tmp_path / "dist", {"demo/__init__.py": b""}, tag="py3-none-any")
    out = tmp_path / "out"
    release(sorted((tmp_path / "dist").glob("*.whl")), out, env={})
    (wheel,) = out.glob("*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    with serving(out) as (url, _):
        command = [sys.executable, "-m", "pip", "download", "--no-cache-dir", "--index-url", url]
        run = subprocess.run(
            [*command, "-d", str(tmp_path / "got"), "demo"], capture_output=True, check=False
        )
    assert run.returncode != 0
    assert b"DO NOT MATCH THE HASHES" in run.stderr


def test_the_json_of_the_index_is_that_of_pep_691(tmp_path: Path) -> None:
    wheel = wheel_in(tmp_path)
    release([wheel], tmp_path / "out", env={})
    table = json.loads((tmp_path / "out" / "simple" / "demo" / "index.json").read_text())
    assert table["meta"] == {"api-version": "1.1"}
    assert table["versions"] == ["1.0"]
    (file,) = table["files"]
    assert file["filename"] == wheel.name
    data = (tmp_path / "out" / wheel.name).read_bytes()
    assert file["hashes"] == {"sha256": hashlib.sha256(data).hexdigest()}
    assert file["size"] == len(data)
    metadata = (tmp_path / "out" / f"{wheel.name}.metadata").read_bytes()
    assert file["core-metadata"] == {"sha256": hashlib.sha256(metadata).hexdigest()}


# --- the version of a device ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "devices", "expected"),
    [
        ("1.0", ("cpu",), "1.0"),
        ("1.0", ("cpu", "vulkan"), "1.0+vulkan"),
        ("1.0+tvm0.26", ("cpu", "vulkan", "cuda"), "1.0+tvm0.26.cuda.vulkan"),
    ],
)
def test_a_device_is_part_of_the_local_version(
    version: str, devices: tuple[str, ...], expected: str
) -> None:
    assert with_devices(version, devices) == expected


def test_a_wheel_and_its_prepared_metadata_get_the_same_name(tmp_path: Path) -> None:
    wheel = wheel_in(tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "prepared")
    info = relabel_metadata(tmp_path / "prepared", "demo-1.0.dist-info", ("cpu", "vulkan"))
    made = relabel(wheel, ("cpu", "vulkan"))
    assert made.name == "demo-1.0+vulkan-py3-none-any.whl"
    assert not wheel.exists()
    with zipfile.ZipFile(made) as archive:
        metadata = archive.read(f"{info}/METADATA")
        record = archive.read(f"{info}/RECORD").decode()
        assert not [n for n in archive.namelist() if n.startswith("demo-1.0.dist-info")]
    assert metadata == (tmp_path / "prepared" / info / "METADATA").read_bytes()
    assert b"\nVersion: 1.0+vulkan\n" in metadata
    assert f"{info}/METADATA,sha256=" in record
    assert "demo-1.0.dist-info" not in record


def test_a_wheel_without_record_is_not_rewritten(tmp_path: Path) -> None:
    bad = tmp_path / "bad.whl"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("a.txt", "")
    with pytest.raises(InputError, match="0 RECORD files"):
        rewrite(bad, bad, {"b": b""})
    assert [path.name for path in tmp_path.iterdir()] == ["bad.whl"]
