from __future__ import annotations

import base64
import csv
import hashlib
import io
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from mlcbuild.builder.restamp import main
from mlcbuild.stamp import (
    Compiler,
    Stamp,
    Target,
    digest,
    mismatches,
    read_stamp,
    write_stamp,
)
from tinydll import build_dll

if TYPE_CHECKING:
    from pathlib import Path

STAMP = Stamp(
    configuration="Release",
    generator="Visual Studio 17 2022",
    compiler=Compiler(id="MSVC", version="19.44", toolset="14.44"),
    crt="dynamic",
    target=Target(system="Windows", machine="x86_64"),
    files=(digest("pkg/a.dll", b"as it was before the repair"),),
)


@pytest.fixture
def repaired(tmp_path: Path) -> Path:
    """Return a wheel whose library was changed, and another added, after it was stamped."""
    return make_wheel(tmp_path, build_dll(tmp_path / "a.dll", exports=["f"]).read_bytes())


def make_wheel(folder: Path, library: bytes, stamps: int = 1) -> Path:
    members = {
        "pkg/__init__.py": b"",
        "pkg/a.dll": library,
        "pkg.libs/b-0123456789abcdef.dll": library,
        **{f"pkg{'/x' * n}/_build.json": write_stamp(STAMP) for n in range(stamps)},
    }
    rows = [f"{name},{hashed(data)},{len(data)}" for name, data in members.items()]
    record = "pkg-1.0.dist-info/RECORD"
    members[record] = "\n".join([*rows, f"{record},,", ""]).encode()
    path = folder / "pkg-1.0-py3-none-win_amd64.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, (2024, 2, 29, 12, 0, 0))
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    return path


def hashed(data: bytes) -> str:
    raw = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={raw.rstrip(b'=').decode()}"


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


def test_a_repaired_wheel_is_stamped_again_and_its_record_is_right(repaired: Path) -> None:
    before = contents(repaired)
    assert main([str(repaired)]) == 0
    after = contents(repaired)
    stamp = read_stamp(after["pkg/_build.json"])
    at_hand = {name: digest(name, data) for name, data in after.items() if name.endswith(".dll")}
    assert len(at_hand) == 2
    assert mismatches(stamp, at_hand) == ()
    assert (stamp.compiler, stamp.generator) == (STAMP.compiler, STAMP.generator)
    rows = {
        r[0]: r[1:] for r in csv.reader(io.StringIO(after["pkg-1.0.dist-info/RECORD"].decode()))
    }
    assert set(rows) == set(after)
    for name, data in after.items():
        assert name.endswith("RECORD") or rows[name] == [hashed(data), str(len(data))]
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"pkg/_build.json", "pkg-1.0.dist-info/RECORD"}
    with zipfile.ZipFile(repaired) as archive:
        assert {info.date_time[:3] for info in archive.infolist()} == {(2024, 2, 29)}


def test_what_delvewheel_makes_of_a_wheel_can_be_stamped_again(tmp_path: Path) -> None:
    leaf = build_dll(tmp_path / "libs" / "leaf.dll", exports=["g"])
    user = build_dll(tmp_path / "a.dll", exports=["f"], imports={"leaf.dll": ["g"]})
    wheel = make_wheel(tmp_path, user.read_bytes())
    out = tmp_path / "repaired"
    repair = [sys.executable, "-m", "delvewheel", "repair", "--analyze-existing"]
    done = subprocess.run(
        [*repair, "--add-path", leaf.parent, "-w", out, wheel],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = out.glob("*.whl")
    native = {n: digest(n, d) for n, d in contents(made).items() if n.endswith(".dll")}
    assert any("leaf-" in name for name in native), "delvewheel has brought the leaf"
    stamp = read_stamp(contents(made)["pkg/_build.json"])
    assert {m.kind for m in mismatches(stamp, native)} >= {"changed", "unstamped"}
    assert main([str(out)]) == 0
    assert mismatches(read_stamp(contents(made)["pkg/_build.json"]), native) == ()


def test_stamping_twice_changes_nothing_more(repaired: Path) -> None:
    main([str(repaired)])
    once = repaired.read_bytes()
    main([str(repaired)])
    assert repaired.read_bytes() == once


def test_what_must_not_be_shipped_is_not_stamped_and_the_wheel_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    debug = build_dll(
        tmp_path / "d.dll", exports=["f"], imports={"ucrtbased.dll": ["malloc"]}
    ).read_bytes()
    foreign = build_dll(tmp_path / "x.dll", exports=["f"], machine="x86").read_bytes()
    for library, rule in (
        (debug, "debug-crt"),
        (foreign, "wrong-machine"),
        (b"", "not a PE"),
    ):
        wheel = make_wheel(tmp_path, library)
        before = wheel.read_bytes()
        assert main([str(wheel)]) == 1
        assert rule in capsys.readouterr().err
        assert wheel.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


def test_what_is_no_wheel_with_one_stamp_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.whl"
    text.write_text("no zip")
    (tmp_path / "empty").mkdir()
    for path in (
        text,
        tmp_path / "empty",
        tmp_path / "absent.whl",
        make_wheel(tmp_path, b"", stamps=2),
    ):
        assert main([str(path)]) == 3
        err = capsys.readouterr().err
        assert err.startswith("mlcbuild restamp: error: ")
        assert err.count("\n") == 1
