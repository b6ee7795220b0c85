"""Rules about the package as a whole: names, tags, RECORD, paths, stamp."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from check_facts import image, loads, need, run_rule, subject, wheel
from mlcbuild.package.member import Member
from mlcbuild.package.record import parse_record
from mlcbuild.rules.finding import Neighbour
from mlcbuild.rules.paths import LONGEST_PATH, PER_USER, STORE


@pytest.mark.parametrize(("path", "severity"), [("a.dll", "error"), ("a.exe", "warning")])
def test_a_native_name_without_a_native_image_is_found(path: Any, severity: Any) -> None:
    judged = subject(broken={path: "the file is empty"})
    (finding,) = run_rule("not-a-pe", judged)
    assert (finding.severity, finding.module) == (severity, path)


def test_a_table_that_cannot_be_read_is_a_warning() -> None:
    judged = subject(image("a.dll", defects=("the import directory has no end", "another")))
    (finding,) = run_rule("not-a-pe", judged)
    assert finding.severity == "warning"
    assert finding.message == "damaged inside: the import directory has no end (and 1 more)"


def two_of_a_name(**second: Any) -> Any:
    return subject(
        image("pkg/user.dll", imports={"dep.dll": ["f"]}),
        image("one/dep.dll"),
        image("two/dep.dll", **second),
        loads_of={"pkg/user.dll": loads(need("dep.dll", "added-dir", "one/dep.dll"))},
    )


def test_two_different_files_of_one_needed_name_are_a_warning() -> None:
    (finding,) = run_rule("ambiguous-dll", two_of_a_name(size=2000))
    assert finding.severity == "warning"
    assert finding.evidence["copies"] == ["one/dep.dll", "two/dep.dll"]
    assert finding.evidence["needed_by"] == ["pkg/user.dll"]


def test_equal_copies_are_fine() -> None:
    assert run_rule("ambiguous-dll", two_of_a_name()) == []


def test_a_copy_for_another_processor_is_no_rival() -> None:
    assert run_rule("ambiguous-dll", two_of_a_name(size=2000, machine="x86")) == []


def test_digests_tell_copies_of_one_size_apart() -> None:
    judged = two_of_a_name()
    changed = subject(
        *judged.images.values(),
        loads_of=judged.loads,
        digests={"one/dep.dll": "aa", "two/dep.dll": "bb"},
    )
    assert len(run_rule("ambiguous-dll", changed)) == 1


def test_extensions_of_one_name_in_different_folders_are_loaded_by_path() -> None:
    judged = subject(image("a/_core.pyd"), image("b/_core.pyd", size=2))
    assert run_rule("ambiguous-dll", judged) == []


@pytest.mark.parametrize("origin", ["system", "python-dir"])
def test_copies_that_windows_or_python_bring_are_no_rivals(origin: Any) -> None:
    judged = subject(
        image("pkg/user.dll", imports={"dep.dll": ["f"]}),
        image("pkg/dep.dll"),
        loads_of={"pkg/user.dll": loads(need("dep.dll", "dll-dir", "pkg/dep.dll"))},
        neighbours=(Neighbour(path="C:/dep.dll", origin=origin, image=image("dep.dll", size=9)),),
    )
    assert run_rule("ambiguous-dll", judged) == []


def test_a_companions_different_copy_is_a_rival() -> None:
    judged = subject(
        image("pkg/user.dll", imports={"dep.dll": ["f"]}),
        image("pkg/dep.dll"),
        loads_of={"pkg/user.dll": loads(need("dep.dll", "dll-dir", "pkg/dep.dll"))},
        neighbours=(
            Neighbour(
                path="other.whl: o/dep.dll", origin="companion", image=image("o/dep.dll", size=9)
            ),
        ),
    )
    (finding,) = run_rule("ambiguous-dll", judged)
    assert finding.module == "pkg/dep.dll"


@pytest.mark.parametrize(
    ("tag", "path", "machine", "severities"),
    [
        ("py3-none-win_amd64", "a.dll", "x86_64", []),
        ("py3-none-win_amd64", "a.dll", "x86", ["error"]),
        ("cp311-cp311-win_amd64", "a.cp311-win_amd64.pyd", "arm64", ["error"]),
        ("py3-none-win32", "a.dll", "x86", []),
        ("py3-none-win_arm64", "a.dll", "arm64x", []),
        ("py3-none-win_arm64", "a.dll", "x86_64", ["error"]),
        ("py3-none-any", "a.pyd", "x86_64", ["warning"]),
        ("py3-none-any", "launcher.exe", "x86", []),
    ],
)
def test_the_tags_platform_is_compared_with_the_images(
    tag: Any, path: Any, machine: Any, severities: Any
) -> None:
    judged = subject(image(path, machine=machine), wheel=wheel(tag))
    assert [f.severity for f in run_rule("wheel-tag-mismatch", judged)] == severities


@pytest.mark.parametrize(
    ("path", "severity"),
    [("attach_x86.dll", "warning"), ("cli-32.exe", "note"), ("b.pyd", "error")],
)
def test_helpers_of_another_machine_beside_fitting_images_weigh_less(
    path: Any, severity: Any
) -> None:
    judged = subject(image("a.pyd"), image(path, machine="x86"), wheel=wheel())
    assert [f.severity for f in run_rule("wheel-tag-mismatch", judged)] == [severity]


@pytest.mark.parametrize(
    ("tag", "dll", "found"),
    [
        ("cp311-cp311-win_amd64", "python311.dll", 0),
        ("cp312-cp312-win_amd64", "python311.dll", 1),
        ("cp313-cp313t-win_amd64", "python313t.dll", 0),
        ("cp39-abi3-win_amd64", "python3.dll", 0),
        ("cp39-abi3-win_amd64", "python311.dll", 1),
        ("py3-none-win_amd64", "python311.dll", 0),
    ],
)
def test_the_python_that_is_linked_must_be_the_tagged_one(tag: Any, dll: Any, found: Any) -> None:
    judged = subject(image("a.pyd", imports={dll: ["Py_Initialize"]}), wheel=wheel(tag))
    assert len(run_rule("wheel-tag-mismatch", judged)) == found


def test_a_wheel_for_several_pythons_takes_the_library_of_each() -> None:
    facts = replace(wheel(), tags=("cp311-cp311-win_amd64", "cp312-cp312-win_amd64"))
    for dll, found in (("python311.dll", 0), ("python312.dll", 0), ("python313.dll", 1)):
        judged = subject(image("a.pyd", imports={dll: ["f"]}), wheel=facts)
        assert len(run_rule("wheel-tag-mismatch", judged)) == found


def test_a_stable_abi_wheel_may_have_a_module_for_each_python() -> None:
    modules = [
        image(f"pkg/_x.cp3{minor}-win_amd64.pyd", imports={f"python3{minor}.dll": ["f"]})
        for minor in (10, 11)
    ]
    facts = wheel("cp39-abi3-win_amd64")
    assert not run_rule("wheel-tag-mismatch", subject(*modules, wheel=facts))
    assert run_rule("wheel-tag-mismatch", subject(modules[0], wheel=facts))
    other = image("pkg/_x.cp311-win_amd64.pyd", imports={"python312.dll": ["f"]})
    found = run_rule("wheel-tag-mismatch", subject(modules[0], other, wheel=facts))
    assert {each.module for each in found} == {modules[0].path, other.path}


def test_an_extension_named_for_another_python_is_never_imported() -> None:
    judged = subject(image("a.cp310-win_amd64.pyd"), wheel=wheel("cp311-cp311-win_amd64"))
    (finding,) = run_rule("wheel-tag-mismatch", judged)
    assert "cp310" in finding.message


def record_of(data: Any) -> Any:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest}", len(data)


def recorded(record: Any, members: Any, digests: Any) -> Any:
    return subject(
        members=tuple(Member(path=path, size=size) for path, size in members.items()),
        wheel=wheel(record=record),
        digests=digests,
    )


CLEAN = {"pkg/a.py": record_of(b"code"), "pkg-1.0.dist-info/RECORD": ("", None)}
SIZES = {"pkg/a.py": 4, "pkg-1.0.dist-info/RECORD": 90}
DIGESTS = {"pkg/a.py": hashlib.sha256(b"code").hexdigest()}


def test_a_true_record_is_fine() -> None:
    assert run_rule("record-mismatch", recorded(CLEAN, SIZES, DIGESTS)) == []


def test_an_installed_record_is_not_judged() -> None:
    changed = recorded({**CLEAN, "pkg/gone.py": ("", 1)}, SIZES, DIGESTS)
    assert run_rule("record-mismatch", changed) != []
    assert run_rule("record-mismatch", replace(changed, kind="installed")) == []


def test_a_back_slash_in_record_is_the_same_path() -> None:
    rows = "".join(f"{p},{d},\n".replace("/", "\\") for p, (d, _) in CLEAN.items())
    record = parse_record(rows.encode()).rows
    assert run_rule("record-mismatch", recorded(record, SIZES, DIGESTS)) == []
    (changed,) = run_rule("record-mismatch", recorded(record, SIZES, {"pkg/a.py": "00"}))
    assert changed.evidence["kind"] == "hash"


@pytest.mark.parametrize(
    ("record", "sizes", "digests", "kind"),
    [
        ({}, SIZES, DIGESTS, "no-record"),
        ({**CLEAN, "pkg/gone.py": ("", 1)}, SIZES, DIGESTS, "absent"),
        (CLEAN, {**SIZES, "pkg/new.py": 1}, DIGESTS, "unlisted"),
        (CLEAN, {**SIZES, "pkg/a.py": 5}, DIGESTS, "size"),
        (CLEAN, SIZES, {"pkg/a.py": hashlib.sha256(b"CODE").hexdigest()}, "hash"),
        ({**CLEAN, "pkg/a.py": ("sha256=%%%", 4)}, SIZES, DIGESTS, "hash"),
    ],
)
def test_each_way_to_disagree_with_record_is_found(
    record: Any, sizes: Any, digests: Any, kind: Any
) -> None:
    (finding,) = run_rule("record-mismatch", recorded(record, sizes, digests))
    assert finding.severity == "error"
    assert finding.evidence["kind"] == kind


def of_length(length: Any) -> Any:
    return subject(members=(Member(path="p" * length, size=1),))


def test_a_path_is_judged_by_the_room_that_a_per_user_python_leaves() -> None:
    room = LONGEST_PATH - PER_USER
    (finding,) = run_rule("path-too-long", of_length(room + 1))
    assert (finding.severity, finding.evidence["count"]) == ("warning", 1)
    assert [f.severity for f in run_rule("path-too-long", of_length(room))] == ["note"]
    assert run_rule("path-too-long", of_length(LONGEST_PATH - STORE)) == []


def test_the_data_folder_of_a_wheel_is_gone_after_installation() -> None:
    path = f"pkg-1.0.data/purelib/{'p' * (LONGEST_PATH - STORE)}"
    assert run_rule("path-too-long", subject(members=(Member(path=path, size=1),))) == []


def stamp(**changes: Any) -> Any:
    table = {
        "schema_version": 1,
        "configuration": "Release",
        "generator": "Ninja Multi-Config",
        "compiler": {"id": "MSVC", "version": "19.44", "toolset": "14.44"},
        "crt": "dynamic",
        "target": {"system": "Windows", "machine": "x86_64"},
        "devices": [],
        "sources": [],
        "files": [{"path": "pkg/a.dll", "sha256": "aa", "size": 1000}],
    }
    return json.dumps({**table, **changes}).encode()


def stamped(data: Any, digest: Any = "aa", **facts: Any) -> Any:
    return subject(
        image("pkg/a.dll", **facts),
        stamps={"pkg/_build.json": data},
        digests={"pkg/a.dll": digest},
    )


def test_a_true_stamp_is_fine() -> None:
    assert run_rule("stamp-mismatch", stamped(stamp())) == []


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        (stamped(stamp(), digest="bb"), "changed"),
        (stamped(stamp(files=[])), "not in the stamp"),
        (stamped(stamp(configuration="Debug")), "Debug"),
        (stamped(stamp(), machine="x86"), "is for x86"),
        (stamped(b"{not json"), "cannot be read"),
    ],
)
def test_each_way_to_disagree_with_the_stamp_is_an_error(judged: Any, words: Any) -> None:
    (finding,) = run_rule("stamp-mismatch", judged)
    assert finding.severity == "error"
    assert words in finding.message


def test_a_package_without_a_stamp_is_not_judged_by_it() -> None:
    assert run_rule("stamp-mismatch", subject(image("pkg/a.dll"))) == []


@pytest.mark.parametrize("data", [b"{}", b"[1]", b'{"files": [], "version": 3}'])
def test_another_projects_file_of_that_name_is_left_alone(data: bytes) -> None:
    assert run_rule("stamp-mismatch", stamped(data)) == []


def test_a_stamp_in_a_site_packages_speaks_of_its_own_package_alone() -> None:
    table = stamp(files=[{"path": "pkg/a.dll", "sha256": "aa", "size": 1000}])
    judged = subject(
        image("Lib/site-packages/pkg/a.dll"),
        image("Lib/site-packages/other/b.dll"),
        stamps={"Lib/site-packages/pkg/_build.json": table},
        digests={"Lib/site-packages/pkg/a.dll": "aa", "Lib/site-packages/other/b.dll": "bb"},
    )
    assert run_rule("stamp-mismatch", judged) == []


def test_an_unstamped_file_in_the_stamped_package_is_found_wherever_it_is_installed() -> None:
    judged = subject(
        image("site/pkg/a.dll"),
        image("site/pkg/stale.dll"),
        stamps={"site/pkg/_build.json": stamp()},
        digests={"site/pkg/a.dll": "aa", "site/pkg/stale.dll": "bb"},
    )
    (finding,) = run_rule("stamp-mismatch", judged)
    assert finding.module == "site/pkg/stale.dll"


def test_in_a_wheel_every_native_file_must_be_stamped() -> None:
    judged = subject(
        image("pkg/a.dll"),
        image("pkg.libs/extra.dll"),
        stamps={"pkg/_build.json": stamp()},
        digests={"pkg/a.dll": "aa", "pkg.libs/extra.dll": "bb"},
        wheel=wheel(),
    )
    (finding,) = run_rule("stamp-mismatch", judged)
    assert finding.module == "pkg.libs/extra.dll"


def test_a_name_that_disagrees_with_the_wheel_file_is_a_warning() -> None:
    facts = wheel("cp311-cp311-win_amd64", declared_tags=("cp310-cp310-win_amd64",))
    (finding,) = run_rule("wheel-tag-mismatch", subject(image("a.dll"), wheel=facts))
    assert (finding.severity, finding.module) == ("warning", None)
