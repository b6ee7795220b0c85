"""Linux's MinGW is a Windows compiler for programs in the lab."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
from mlcbuild.lab.hosttools import COMPILERS, TOOLS, compiler_variables, host_tools
from mlcbuild.lab.wine import windows_path

if TYPE_CHECKING:
    from pathlib import Path

    from mlcbuild.lab import Completed, Lab

PROGRAM = "#include <stdio.h>\nint main(void) { puts(NAME); return 7; }\n"
ECHO = """\
#!/usr/bin/env python3
import json, os, sys
said = [open(word[1:]).read() if word[0] == "@" else word for word in sys.argv[1:]]
print(json.dumps([os.getcwd(), *said]))
"""
PART = """\
#include "../ä src/part.h"
namespace { struct Hidden { virtual int more() { return 3; } } hidden; }
void *made() { return &hidden; }
const char *where() { return __FILE__; }
"""
HEADER = (
    "inline const char *header() { return __FILE__; }\nvoid *named() { return (void *)header; }\n"
)
VARIABLES = """\
#!/usr/bin/env python3
import json, os
print(json.dumps(dict(os.environ)))
"""


@pytest.fixture
def echo(windows: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a Windows program whose Linux half prints its folder and arguments as JSON.

    Arguments that name a response file are replaced by its text.
    """
    return tool(windows, tmp_path, monkeypatch, ECHO)


def tool(
    windows: Lab,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    name: str = "winside-echo",
) -> Path:
    half = tmp_path / "bin" / name
    half.parent.mkdir()
    half.write_text(text, encoding="utf-8")
    half.chmod(half.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(half.parent), prepend=":")
    return host_tools(windows, [half.name]) / f"{half.name}.exe"


def run(windows: Lab, *words: str | Path, folder: Path) -> Completed:
    return windows.run(list(words), cwd=folder, env=compiler_variables(windows), timeout=120)


def test_a_program_compiled_in_a_folder_of_any_name_runs(windows: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "ä folder"
    folder.mkdir()
    (folder / "söurce.c").write_text(PROGRAM, encoding="utf-8")
    target = windows_path(folder / "prögram.exe")
    gcc = "x86_64-w64-mingw32-gcc"
    done = run(windows, gcc, '-DNAME="C:/x y"', "-o", target, "söurce.c", folder=folder)
    assert (done.code, done.errors) == (0, "")
    made = windows.run([folder / "prögram.exe"], timeout=60)
    assert (made.code, made.text) == (7, "C:/x y\n"), "a definition is not translated"


def test_the_compilers_words_and_exit_code_come_back(windows: Lab, tmp_path: Path) -> None:
    done = run(windows, "x86_64-w64-mingw32-gcc", "-c", "absent.c", folder=tmp_path)
    assert done.code == 1
    assert "absent.c: No such file" in done.errors
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (r"Z:\usr\include", "/usr/include"),
        ("-IZ:/usr/include", "-I/usr/include"),
        (r"-Wl,--out-implib,Z:\tmp\x.a", "-Wl,--out-implib,/tmp/x.a"),
        (r"/out:Z:\tmp\ü b.dll", "/out:/tmp/ü b.dll"),
        ("-ffile-prefix-map=Z:/usr=.", "-ffile-prefix-map=/usr=."),
        (r"build\x.obj", "build/x.obj"),
        ("-DROOT=Z:/usr", "-DROOT=Z:/usr"),
        ("https://a.invalid/b", "https://a.invalid/b"),
        ("🙂", "🙂"),
        ('say "hi"', 'say "hi"'),
    ],
)
def test_paths_in_arguments_are_linux_paths(
    windows: Lab, echo: Path, tmp_path: Path, given: str, taken: str
) -> None:
    done = windows.run([echo, given], cwd=tmp_path, timeout=60)
    assert json.loads(done.stdout) == [str(tmp_path), taken], done.errors


def test_the_word_after_a_lone_d_is_a_name(windows: Lab, echo: Path, tmp_path: Path) -> None:
    done = windows.run([echo, "-D", r"sub\leaf.dll", r"sub\x"], cwd=tmp_path, timeout=60)
    assert json.loads(done.stdout)[1:] == ["-D", r"sub\leaf.dll", "sub/x"]


def test_a_drive_letter_other_than_z_leads_into_the_prefix(
    windows: Lab, echo: Path, tmp_path: Path
) -> None:
    done = windows.run([echo, r"C:\windows\System32\KERNEL32.dll"], cwd=tmp_path, timeout=60)
    assert json.loads(done.stdout)[1] == str(windows.prefix.system32 / "kernel32.dll")


def test_a_response_file_is_translated_word_by_word(
    windows: Lab, echo: Path, tmp_path: Path
) -> None:
    text = '"-DNAME=\\"Z:/x\\"" -o Z:/tmp/a.exe\n"Z:\\tmp\\b c.o" -LZ:/usr/lib'
    (tmp_path / "a.rsp").write_text(text, encoding="utf-8")
    done = windows.run([echo, "@a.rsp"], cwd=tmp_path, timeout=60)
    words = json.loads(done.stdout)[1].split("\n")
    assert words == [
        '"-DNAME=\\"Z:/x\\""',
        '"-o"',
        '"/tmp/a.exe"',
        '"/tmp/b c.o"',
        '"-L/usr/lib"',
        "",
    ]


def test_tools_like_microsofts_cut_a_response_file_as_windows_does(
    windows: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tool(windows, tmp_path, monkeypatch, ECHO, name="llvm-winside-echo")
    text = 'Z:\\tmp\\a.obj "sub dir\\b c.obj"\n/out:Z:\\tmp\\x.dll "-DNAME=\\"Z:/x\\""\n'
    (tmp_path / "a.rsp").write_text(text, encoding="utf-8")
    done = windows.run([program, "@a.rsp"], cwd=tmp_path, timeout=60)
    words = json.loads(done.stdout)[1].split("\n")
    taken = ['"/tmp/a.obj"', '"sub dir/b c.obj"', '"/out:/tmp/x.dll"', '"-DNAME=\\"Z:/x\\""', ""]
    assert words == taken


@pytest.mark.needs_clang_cl
def test_clang_cl_makes_the_object_that_it_makes_on_linux(windows: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "build"
    folder.mkdir()
    (tmp_path / "ä src").mkdir()
    (tmp_path / "ä src" / "part.cc").write_text(PART, encoding="utf-8")
    (tmp_path / "ä src" / "part.h").write_text(HEADER, encoding="utf-8")

    def words(root: str) -> list[str]:
        """Write the files as CMake does for a checkout in ``root``; return its options."""
        kind = "directory-remap"
        roots = [
            {"name": f"{root}/build", "type": kind, "external-contents": "."},
            {"name": root, "type": kind, "external-contents": ".."},
        ]
        names = {"version": 0, "use-external-names": True, "roots": roots}
        (folder / "names.yaml").write_text(json.dumps(names, ensure_ascii=False))
        (folder / "unity.cc").write_text(f'#include "{root}/ä src/part.cc"\n')
        maps = (f"/clang:-ffile-prefix-map={name}=." for name in (root, ".."))
        paths = (*maps, "/clang:-ivfsoverlaynames.yaml")
        made = "/Founity.obj", "-clang:-MD", "-clang:-MFunity.d"
        return ["/nologo", "/Brepro", *paths, *made, "-c", "--", f"{root}/build/unity.cc"]

    program = host_tools(windows, ["clang-cl-19"]) / "clang-cl-19.exe"
    drive = windows_path(tmp_path).replace("\\", "/")
    done = run(windows, program, *words(drive), folder=folder)
    assert (done.code, done.errors) == (0, "")
    there = (folder / "unity.obj").read_bytes()
    needs = (folder / "unity.d").read_text(encoding="utf-8")
    assert needs.split(maxsplit=1)[1].replace("\\\n", "").split() == [
        *("unity.cc", "../ä\\", "src/part.cc", "../ä\\", "src/part.h")
    ], "Ninja on Windows must find what a source depends on"
    subprocess.run(["clang-cl-19", *words(str(tmp_path))], check=True, cwd=folder)
    assert there == (folder / "unity.obj").read_bytes()
    assert b"Hidden@?A0x" in there, "the name that clang makes from the source's"


def test_a_tool_sees_its_own_variables_as_they_are_on_windows_now(
    windows: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "Z:/no/compiler/of/linux.exe")
    program = tool(windows, tmp_path, monkeypatch, VARIABLES)
    set_there = {
        "CARGO_HOME": r"Z:\usr\share",
        "CARGO_ENCODED_RUSTFLAGS": "--remap-path-prefix=Z:/usr=x y\x1f-Ca=b\\c",
        "SOURCE_DATE_EPOCH": "315619200",
        "OTHER": "Z:/usr",
    }
    script = f"import os, subprocess; os.environ.update({set_there!r}); del os.environ['CXX']; "
    done = windows.run(
        ["python", "-c", f"{script}subprocess.run([{windows_path(program)!r}], check=True)"],
        env={"CXX": "Z:/none.exe", "HOSTTOOL_HOME": "/usr/src", "HOSTTOOL_PATH": "/usr/games"},
        timeout=120,
    )
    seen = json.loads(done.stdout)
    assert seen["CARGO_HOME"] == "/usr/share"
    flags = seen["CARGO_ENCODED_RUSTFLAGS"].split("\x1f")
    assert flags == ["--remap-path-prefix=/usr=x y", "-Ca=b\\c"]
    assert seen["SOURCE_DATE_EPOCH"] == "315619200"
    assert seen["HOME"] == "/usr/src"
    assert seen["PATH"] == f"/usr/games:{os.environ['PATH']}:/usr/share/bin"
    assert not {"CC", "CXX", "OTHER"} & set(seen), "names of Windows' programs and paths stay there"


def test_a_source_that_names_its_drive_is_compiled(windows: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "ünity"
    (folder / "ä src").mkdir(parents=True)
    (folder / "ä src" / "part.c").write_text('#include "part.h"\n', encoding="utf-8")
    header = "#include <stdio.h>\nint main(void) { puts(__FILE__); return 0; }\n"
    (folder / "ä src" / "part.h").write_text(header, encoding="utf-8")
    drive = windows_path(folder).replace("\\", "/")
    (folder / "unity.c").write_text(f'#include "{drive}/ä src/part.c"\n', encoding="utf-8")
    gcc = "x86_64-w64-mingw32-gcc"
    rules = ["-MD", "-MF", "unity.d", f"-ffile-prefix-map={windows_path(folder)}=."]
    done = run(windows, gcc, *rules, "-o", "a.exe", windows_path(folder / "unity.c"), folder=folder)
    assert (done.code, done.errors) == (0, "")
    assert windows.run([folder / "a.exe"], timeout=60).text == "./ä src/part.h\n"
    needs = (folder / "unity.d").read_text(encoding="utf-8")
    assert f"{drive}/ä\\ src/part.h" in needs
    assert "drives" not in needs, "Ninja on Windows must find what a source depends on"


def test_a_program_that_this_machine_lacks_says_so(windows: Lab, tmp_path: Path) -> None:
    program = host_tools(windows, ["no-such-program"]) / "no-such-program.exe"
    done = windows.run([program], cwd=tmp_path, timeout=60)
    assert done.code == 127
    assert "no-such-program" in done.errors


def test_much_output_arrives_whole(windows: Lab, tmp_path: Path) -> None:
    (tmp_path / "long.c").write_text("x\n" * 50_000, encoding="utf-8")
    done = run(windows, "x86_64-w64-mingw32-gcc", "-E", "-P", "long.c", folder=tmp_path)
    assert done.text.split() == ["x"] * 50_000


def test_every_compiler_program_is_there(windows: Lab) -> None:
    made = {path.stem for path in host_tools(windows).glob("*.exe")}
    assert made == set(TOOLS) > set(COMPILERS)
