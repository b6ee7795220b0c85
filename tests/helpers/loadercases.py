"""Small sets of DLLs, each with what Windows answers to loading one of them.

Every case is built, judged by the model, and loaded by Wine (``test_loader_wine``). ``wine`` is
what Wine answers where it differs from Windows; each such difference says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pefile
from tinydll import build_dll

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["CASES", "Case", "Lab"]

#: Wine binds an import that the DLL does not export to a stub that complains when called.
LAX_BINDING = "Wine binds missing exports to stubs and loads the image"
#: Wine reports a dependency that it cannot map as not found.
NOT_FOUND = "Wine says 126 for a dependency that exists but cannot be mapped"
#: Wine falls back to its own copy where a system DLL's other copy cannot be loaded.
BUILTIN = "Wine tries its built-in DLL after a copy in the package failed"
#: Wine 8 does not read this field of the load config.
NO_LOAD_FLAGS = "Wine ignores DependentLoadFlags"
#: Wine maps whole pages: what is missing within the last one is not noticed.
LAST_PAGE = "Wine does not notice a section cut short within its last page"


@dataclass(frozen=True, slots=True)
class Lab:
    """The folders of one case: ``pkg`` is the DLL's own, the others are there to be added."""

    root: Path

    @property
    def pkg(self) -> Path:
        return self.root / "pkg"

    def dll(self, name: str, *, at: str = "pkg", **options: Any) -> Path:
        """Build a DLL with lld, which is quick; ``at`` is the folder."""
        options.setdefault("toolchain", "lld")
        options.setdefault("exports", ["f"])
        path = self.root / at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return build_dll(path, **options)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """``winerror`` is Windows' answer; 0 where it loads, negative where it only may fail."""

    name: str
    build: Callable[[Lab], object]
    winerror: int
    target: str = "user.dll"
    chain: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    #: What Wine answers instead, and why.
    wine: int | None = None
    why: str = ""
    #: False where a loader gives one of several legal answers, or none that ends.
    judge: bool = True
    machine: str | None = "x86_64"
    words: str = ""
    #: Which copy wins: the DLL's name (lower case) -> its folder; ``system32`` for Windows' own.
    winners: dict[str, str] = field(default_factory=dict)


CASES: list[Case] = []


def case(
    winerror: int, **fields: Any
) -> Callable[[Callable[[Lab], object]], Callable[[Lab], object]]:
    """Register a case under its function's name."""

    def register(build: Callable[[Lab], object]) -> Callable[[Lab], object]:
        CASES.append(Case(name=build.__name__, build=build, winerror=winerror, **fields))
        return build

    return register


# -- files: present, missing, where ---------------------------------------------------------------


@case(0)
def present(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=["f", "g @9"])
    lab.dll("user.dll", imports={"leaf.dll": ["f", 9]})


@case(126, chain=("user.dll", "gone.dll"))
def missing(lab: Lab) -> None:
    lab.dll("user.dll", imports={"gone.dll": ["f"]})


@case(126, chain=("user.dll", "mid.dll", "low.dll", "gone.dll"))
def transitively_missing(lab: Lab) -> None:
    lab.dll("low.dll", imports={"gone.dll": ["f"]})
    lab.dll("mid.dll", imports={"low.dll": ["f"]})
    lab.dll("user.dll", imports={"mid.dll": ["f"]})


@case(126, chain=("user.dll", "leaf.dll"))
def in_a_folder_nobody_adds(lab: Lab) -> None:
    lab.dll("leaf.dll", at="libs")
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})


@case(0, add=("libs",), winners={"leaf.dll": "libs"})
def in_an_added_folder(lab: Lab) -> None:
    lab.dll("leaf.dll", at="libs")
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})


@case(126, chain=("user.dll", "leaf.dll"))
def in_a_subfolder(lab: Lab) -> None:
    lab.dll("leaf.dll", at="pkg/sub")
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})


@case(126, add=("libs",), chain=("user.dll", "mid.dll", "low.dll"))
def beside_its_importer_but_not_beside_the_image_asked_for(lab: Lab) -> None:
    lab.dll("mid.dll", at="libs", imports={"low.dll": ["f"]})
    lab.dll("low.dll", at="libs/deep")
    lab.dll("user.dll", imports={"mid.dll": ["f"]})


@case(0, add=("libs",))
def the_image_asked_for_is_found_by_its_dependency_elsewhere(lab: Lab) -> None:
    lab.dll("user.dll", exports=["f", "back"], imports={"mid.dll": ["f"]})
    lab.dll("mid.dll", at="libs", imports={"user.dll": ["back"]})


@case(0)
def another_case_of_the_name(lab: Lab) -> None:
    lab.dll("Leaf.DLL")
    lab.dll("user.dll", imports={"LEAF.dll": ["f"]})


@case(0)
def an_import_without_extension(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("user.dll", imports={"leaf": ["f"]}, toolchain="mingw")


@case(0, target="user.pyd")
def an_extension_other_than_dll(lab: Lab) -> None:
    lab.dll("leaf.pyd")
    lab.dll("user.pyd", imports={"leaf.pyd": ["f"]})


@case(0)
def a_name_beyond_ascii_letters(lab: Lab) -> None:
    lab.dll("lib with space+plus.dll")
    lab.dll("user.dll", imports={"lib with space+plus.dll": ["f"]}, toolchain="mingw")


@case(0)
def circular(lab: Lab) -> None:
    lab.dll("user.dll", imports={"other.dll": ["f"]})
    lab.dll("other.dll", imports={"user.dll": ["f"]})


@case(126, chain=("user.dll", "other.dll", "gone.dll"))
def circular_with_a_hole(lab: Lab) -> None:
    lab.dll("user.dll", imports={"other.dll": ["f"]})
    lab.dll("other.dll", imports={"user.dll": ["f"], "gone.dll": ["g"]})


@case(0)
def importing_itself(lab: Lab) -> None:
    lab.dll("user.dll", imports={"user.dll": ["f"]})


@case(0)
def nothing_imported(lab: Lab) -> None:
    lab.dll("user.dll")


@case(0)
def nothing_exported(lab: Lab) -> None:
    lab.dll("user.dll", exports=[], imports={"kernel32.dll": ["Sleep"]})


@case(0)
def an_executable_as_dependency(lab: Lab) -> None:
    lab.dll("host.exe", exports=["f"], exe=True, imports={"kernel32.dll": ["Sleep"]})
    lab.dll("user.dll", imports={"host.exe": ["f"]})


@case(0)
def an_import_with_a_relative_folder(lab: Lab) -> None:
    lab.dll("leaf.dll", at="pkg/sub")
    lab.dll("user.dll", imports={"sub\\leaf.dll": ["f"]})


@case(126, chain=("user.dll", "C:\\nowhere\\leaf.dll"))
def an_import_with_an_absolute_path(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("user.dll", imports={"C:\\nowhere\\leaf.dll": ["f"]})


@case(0)
def a_descriptor_without_symbols(lab: Lab) -> None:
    lab.dll("leaf.dll")
    user = lab.dll("user.dll", imports={"leaf.dll": ["f"], "gone.dll": ["g"]})
    _forget_symbols(user, "gone.dll")


def _forget_symbols(path: Path, dll: str) -> None:
    """Empty one DLL's two import tables, as a linker leaves them for a DLL it needs nothing of."""
    raw = bytearray(path.read_bytes())
    image = pefile.PE(data=bytes(raw))
    for entry in image.DIRECTORY_ENTRY_IMPORT:
        if entry.dll == dll.encode():
            for rva in (entry.struct.OriginalFirstThunk, entry.struct.FirstThunk):
                offset = image.get_offset_from_rva(rva)
                raw[offset : offset + 8] = bytes(8)
    path.write_bytes(raw)


@case(0)
def many_exports(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=[f"f{i:05}" for i in range(2000)])
    lab.dll("user.dll", imports={"leaf.dll": ["f00000", "f01999"]})


@case(0, target="USER.DLL")
def a_target_in_capitals(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("USER.DLL", imports={"leaf.dll": ["f"]})


@case(0)
def a_mingw_dll_with_its_runtime(lab: Lab) -> None:
    lab.dll("user.dll", toolchain="mingw", crt=True)


@case(0)
def a_zig_dll(lab: Lab) -> None:
    lab.dll("leaf.dll", toolchain="zig")
    lab.dll("user.dll", toolchain="zig", imports={"leaf.dll": ["f"]})


@case(126, chain=("user.dll", "leaf.dll"), wine=0, why=NO_LOAD_FLAGS)
def dependent_load_flags_that_allow_system32_alone(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("user.dll", imports={"leaf.dll": ["f"]}, source=LOAD_CONFIG)


#: A load config with DependentLoadFlags = LOAD_LIBRARY_SEARCH_SYSTEM32, as /dependentloadflag:0x800
#: makes it.
LOAD_CONFIG = (
    "typedef struct { unsigned size; char head[74]; unsigned short flags; char rest[176]; } Config;"
    "__attribute__((used)) const Config _load_config_used = {sizeof(Config), {0}, 0x800, {0}};"
)


@case(0)
def an_image_without_the_dll_flag(lab: Lab) -> None:
    lab.dll("user.dll", exe=True, imports={"gone.dll": ["g"]})


# -- symbols --------------------------------------------------------------------------------------


@case(127, chain=("user.dll", "leaf.dll"), wine=0, why=LAX_BINDING, words="does not export nope")
def missing_export(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("user.dll", imports={"leaf.dll": ["f", "nope"]})


@case(127, chain=("user.dll", "leaf.dll"), wine=0, why=LAX_BINDING)
def export_of_another_case(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=["Func"])
    lab.dll("user.dll", imports={"leaf.dll": ["func"]})


@case(182, chain=("user.dll", "leaf.dll"), wine=0, why=LAX_BINDING, words="#77")
def missing_ordinal(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=["f @1"])
    lab.dll("user.dll", imports={"leaf.dll": [77]})


@case(182, chain=("user.dll", "leaf.dll"), wine=0, why=LAX_BINDING)
def ordinal_in_a_gap(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=["f @1", "g @9"])
    lab.dll("user.dll", imports={"leaf.dll": [5]})


@case(0)
def ordinal_without_name(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=["f @7 NONAME"], toolchain="mingw")
    lab.dll("user.dll", imports={"leaf.dll": [7]})


@case(127, chain=("user.dll", "leaf.dll"), wine=0, why=LAX_BINDING)
def a_nameless_export_by_name(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=["f @7 NONAME", "g @8"], toolchain="mingw")
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})


@case(193, chain=("user.dll", "leaf.dll"), wine=0, why=LAX_BINDING, words="exports nothing")
def a_dependency_that_exports_nothing(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=[])
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})


@case(127, chain=("user.dll", "mid.dll", "leaf.dll"), wine=0, why=LAX_BINDING)
def transitively_missing_export(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("mid.dll", imports={"leaf.dll": ["nope"]})
    lab.dll("user.dll", imports={"mid.dll": ["f"]})


@case(126, chain=("user.dll", "gone.dll"))
def missing_export_and_missing_dll(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("user.dll", imports={"leaf.dll": ["nope"], "gone.dll": ["f"]})


@case(0)
def exported_data(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=["table DATA"], source="int table[4] = {1, 2, 3, 4};",
            toolchain="mingw")  # fmt: skip
    lab.dll("user.dll", imports={"leaf.dll": ["table"]})


@case(127, chain=("user.dll", "KERNEL32.dll"), wine=0, why=LAX_BINDING)
def missing_export_of_a_system_dll(lab: Lab) -> None:
    lab.dll("user.dll", imports={"KERNEL32.dll": ["NoSuchFunctionAtAll"]})


# -- forwarders -----------------------------------------------------------------------------------


@case(0)
def forwarder(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=["f", "g @9"])
    lab.dll("mid.dll", exports=["a=leaf.f", "b=leaf.#9"])
    lab.dll("user.dll", imports={"mid.dll": ["a", "b"]})


@case(0)
def forwarder_to_the_system(lab: Lab) -> None:
    lab.dll("mid.dll", exports=["a=KERNEL32.Sleep"])
    lab.dll("user.dll", imports={"mid.dll": ["a"]})


@case(0)
def forwarder_nobody_uses(lab: Lab) -> None:
    lab.dll("mid.dll", exports=["a=gone.f", "b"])
    lab.dll("user.dll", imports={"mid.dll": ["b"]})


@case(126, chain=("user.dll", "mid.dll", "gone.dll"), wine=0, why=LAX_BINDING)
def forwarder_to_a_missing_dll(lab: Lab) -> None:
    lab.dll("mid.dll", exports=["a=gone.f"])
    lab.dll("user.dll", imports={"mid.dll": ["a"]})


@case(126, chain=("user.dll", "mid.dll", "leaf.dll", "gone.dll"), wine=0, why=LAX_BINDING)
def forwarder_to_a_dll_with_a_missing_dependency(lab: Lab) -> None:
    lab.dll("leaf.dll", imports={"gone.dll": ["f"]})
    lab.dll("mid.dll", exports=["a=leaf.f"])
    lab.dll("user.dll", imports={"mid.dll": ["a"]})


@case(127, chain=("user.dll", "mid.dll", "leaf.dll"), wine=0, why=LAX_BINDING,
      words="leaf.dll does not export nope, to which a is forwarded")  # fmt: skip
def forwarder_to_a_missing_export(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("mid.dll", exports=["a=leaf.nope"])
    lab.dll("user.dll", imports={"mid.dll": ["a"]})


@case(182, chain=("user.dll", "mid.dll", "leaf.dll"), wine=0, why=LAX_BINDING)
def forwarder_to_a_missing_ordinal(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=["f @1"])
    lab.dll("mid.dll", exports=["a=leaf.#44"])
    lab.dll("user.dll", imports={"mid.dll": ["a"]})


@case(0)
def chained_forwarders(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("two.dll", exports=["b=leaf.f"])
    lab.dll("one.dll", exports=["a=two.b"])
    lab.dll("user.dll", imports={"one.dll": ["a"]})


@case(127, chain=("user.dll", "one.dll", "two.dll", "leaf.dll"), wine=0, why=LAX_BINDING)
def chained_forwarders_with_a_missing_end(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("two.dll", exports=["b=leaf.nope"])
    lab.dll("one.dll", exports=["a=two.b"])
    lab.dll("user.dll", imports={"one.dll": ["a"]})


@case(193, judge=False, words="circle")
def forwarders_in_a_circle(lab: Lab) -> None:
    lab.dll("one.dll", exports=["a=two.b"])
    lab.dll("two.dll", exports=["b=one.a"])
    lab.dll("user.dll", imports={"one.dll": ["a"]})


@case(0)
def forwarder_through_an_api_set(lab: Lab) -> None:
    lab.dll("mid.dll", exports=["a=api-ms-win-core-synch-l1-2-0.Sleep"])
    lab.dll("user.dll", imports={"mid.dll": ["a"]})


@case(0)
def forwarder_back_to_the_importer(lab: Lab) -> None:
    lab.dll("mid.dll", exports=["a=user.back"])
    lab.dll("user.dll", exports=["back"], imports={"mid.dll": ["a"]})


@case(0)
def forwarder_within_one_dll(lab: Lab) -> None:
    lab.dll("mid.dll", exports=["a=mid.b", "b"])
    lab.dll("user.dll", imports={"mid.dll": ["a"]})


@case(193, chain=("user.dll", "mid.dll", "leaf.dll"), wine=0, why=LAX_BINDING)
def forwarder_to_a_dll_of_another_machine(lab: Lab) -> None:
    lab.dll("leaf.dll", machine="x86", toolchain="mingw")
    lab.dll("mid.dll", exports=["a=leaf.f"])
    lab.dll("user.dll", imports={"mid.dll": ["a"]})


@case(182, chain=("user.dll", "mid.dll", "leaf.dll"), wine=0, why=LAX_BINDING)
def forwarder_used_by_ordinal_to_a_missing_export(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("mid.dll", exports=["a=leaf.nope @4"], toolchain="mingw")
    lab.dll("user.dll", imports={"mid.dll": [4]})


@case(0, add=("libs",))
def forwarder_to_a_dll_in_an_added_folder(lab: Lab) -> None:
    lab.dll("leaf.dll", at="libs")
    lab.dll("mid.dll", exports=["a=leaf.f"])
    lab.dll("user.dll", imports={"mid.dll": ["a"]})


# -- delay-loads ----------------------------------------------------------------------------------


@case(0)
def delay_load_of_a_missing_dll(lab: Lab) -> None:
    lab.dll("user.dll", imports={"gone.dll": ["f"]}, delay=["gone.dll"])


@case(0)
def delay_load_of_a_missing_export(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("user.dll", imports={"leaf.dll": ["nope"]}, delay=["leaf.dll"])


@case(126, chain=("user.dll", "gone.dll"))
def delay_load_beside_a_missing_import(lab: Lab) -> None:
    lab.dll("user.dll", imports={"late.dll": ["f"], "gone.dll": ["g"]}, delay=["late.dll"])


# -- machines and damage --------------------------------------------------------------------------


@case(193, target="leaf.dll")
def a_32_bit_image_in_a_64_bit_process(lab: Lab) -> None:
    lab.dll("leaf.dll", machine="x86", toolchain="mingw")


@case(193, target="leaf.dll")
def an_arm64_image_in_an_x64_process(lab: Lab) -> None:
    lab.dll("leaf.dll", machine="arm64")


@case(193, chain=("user.dll", "leaf.dll"), wine=126, why=NOT_FOUND)
def a_32_bit_dependency(lab: Lab) -> None:
    lab.dll("leaf.dll", machine="x86", toolchain="mingw")
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})


@case(193, chain=("user.dll", "leaf.dll"), wine=126, why=NOT_FOUND)
def an_arm64_dependency(lab: Lab) -> None:
    lab.dll("leaf.dll", machine="arm64")
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})


@case(0, add=("libs",), winners={"leaf.dll": "libs"})
def a_32_bit_copy_in_front_of_the_right_one(lab: Lab) -> None:
    lab.dll("leaf.dll", machine="x86", toolchain="mingw")
    lab.dll("leaf.dll", at="libs")
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})


@case(193, target="leaf.dll")
def junk(lab: Lab) -> None:
    lab.pkg.mkdir(parents=True)
    (lab.pkg / "leaf.dll").write_bytes(b"this is no image\n" * 64)


@case(193, target="leaf.dll")
def an_empty_file(lab: Lab) -> None:
    lab.pkg.mkdir(parents=True)
    (lab.pkg / "leaf.dll").write_bytes(b"")


@case(193, chain=("user.dll", "leaf.dll"), wine=126, why=NOT_FOUND)
def a_junk_dependency(lab: Lab) -> None:
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})
    (lab.pkg / "leaf.dll").write_bytes(b"this is no image\n" * 64)


@case(193, chain=("user.dll", "leaf.dll"), add=("libs",), wine=126, why=NOT_FOUND)
def a_junk_copy_in_front_of_the_right_one(lab: Lab) -> None:
    lab.dll("leaf.dll", at="libs")
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})
    (lab.pkg / "leaf.dll").write_bytes(b"this is no image\n" * 64)


@case(193, target="leaf.dll")
def truncated_in_its_headers(lab: Lab) -> None:
    _cut(lab.dll("leaf.dll"), 200)


@case(193, target="leaf.dll")
def truncated_in_its_sections(lab: Lab) -> None:
    whole = lab.dll("leaf.dll", source=BIG)
    _cut(whole, whole.stat().st_size // 2)


@case(193, target="leaf.dll", wine=0, why=LAST_PAGE)
def truncated_by_a_few_bytes(lab: Lab) -> None:
    whole = lab.dll("leaf.dll")
    _cut(whole, whole.stat().st_size - 300)


@case(193, chain=("user.dll", "leaf.dll"), wine=126, why=NOT_FOUND)
def a_truncated_dependency(lab: Lab) -> None:
    whole = lab.dll("leaf.dll", source=BIG)
    _cut(whole, whole.stat().st_size // 2)
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})


#: 128 KiB of data, so that cutting the file takes whole pages away.
BIG = "__attribute__((used)) int big[32768] = {1};"


def _cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


# -- what Windows, its redistributables and drivers bring -----------------------------------------


@case(0)
def an_api_set(lab: Lab) -> None:
    lab.dll("user.dll", imports={"api-ms-win-core-synch-l1-2-0.dll": ["Sleep"]})


@case(0)
def an_api_set_of_another_revision(lab: Lab) -> None:
    lab.dll("user.dll", imports={"api-ms-win-core-file-l1-1-9.dll": ["CreateFileW"]})


@case(126, chain=("user.dll", "api-ms-win-nosuch-thing-l1-1-0.dll"), words="API set")
def an_unknown_api_set(lab: Lab) -> None:
    lab.dll("user.dll", imports={"api-ms-win-nosuch-thing-l1-1-0.dll": ["f"]})


@case(0)
def an_unknown_api_set_shipped_as_a_file(lab: Lab) -> None:
    lab.dll("api-ms-win-nosuch-thing-l1-1-0.dll")
    lab.dll("user.dll", imports={"api-ms-win-nosuch-thing-l1-1-0.dll": ["f"]})


@case(0)
def a_known_api_set_shipped_as_a_file_that_is_not_used(lab: Lab) -> None:
    lab.dll("api-ms-win-core-synch-l1-2-0.dll", exports=["other"])
    lab.dll("user.dll", imports={"api-ms-win-core-synch-l1-2-0.dll": ["Sleep"]})


@case(126, chain=("user.dll", "vcruntime140d.dll"), words="debug")
def a_debug_runtime(lab: Lab) -> None:
    lab.dll("user.dll", imports={"vcruntime140d.dll": ["memcpy"]})


@case(126, chain=("user.dll", "ucrtbased.dll"), words="debug")
def the_debug_universal_crt(lab: Lab) -> None:
    lab.dll("user.dll", imports={"ucrtbased.dll": ["malloc"]})


@case(-126, chain=("user.dll", "nvcuda.dll"), wine=126, why="Wine has no NVIDIA driver",
      words="NVIDIA")  # fmt: skip
def a_driver_dll(lab: Lab) -> None:
    lab.dll("user.dll", imports={"nvcuda.dll": ["cuInit"]})


@case(-126, chain=("user.dll", "vulkan-1.dll"), wine=0, why="Wine ships a vulkan-1.dll")
def vulkan(lab: Lab) -> None:
    lab.dll("user.dll", imports={"vulkan-1.dll": ["vkCreateInstance"]})


@case(0)
def the_redistributable(lab: Lab) -> None:
    lab.dll("user.dll", imports={"msvcp140.dll": ["_Mtx_lock"], "VCRUNTIME140.dll": ["memcpy"]})


@case(0, winners={"kernel32.dll": "system32"})
def a_known_dll_shipped_in_the_package_is_not_used(lab: Lab) -> None:
    lab.dll("kernel32.dll", exports=["other"])
    lab.dll("user.dll", imports={"kernel32.dll": ["Sleep"]})


@case(0, winners={"dbghelp.dll": "pkg"})
def another_system_dll_shipped_in_the_package_wins(lab: Lab) -> None:
    lab.dll("dbghelp.dll", exports=["SymInitialize"])
    lab.dll("user.dll", imports={"dbghelp.dll": ["SymInitialize"]})


@case(126, chain=("user.dll", "cabinet.dll", "gone.dll"), wine=0, why=BUILTIN)
def a_shipped_system_dll_that_lacks_a_dependency(lab: Lab) -> None:
    lab.dll("cabinet.dll", exports=["FDICreate"], imports={"gone.dll": ["f"]})
    lab.dll("user.dll", imports={"cabinet.dll": ["FDICreate"]})


# -- several added folders ------------------------------------------------------------------------


@case(-127, add=("one", "two"), judge=False, words="searches first")
def two_added_copies_of_which_one_lacks_the_export(lab: Lab) -> None:
    lab.dll("leaf.dll", at="one", exports=["f", "extra"])
    lab.dll("leaf.dll", at="two", exports=["f"])
    lab.dll("user.dll", imports={"leaf.dll": ["extra"]})


@case(0, add=("one", "two"))
def two_added_copies_that_both_do(lab: Lab) -> None:
    lab.dll("leaf.dll", at="one", exports=["f", "extra"])
    lab.dll("leaf.dll", at="two", exports=["f"])
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})


@case(-126, add=("one", "two"), judge=False, words="searches first")
def two_added_copies_of_which_one_has_a_missing_dependency(lab: Lab) -> None:
    lab.dll("leaf.dll", at="one")
    lab.dll("leaf.dll", at="two", imports={"gone.dll": ["f"]})
    lab.dll("user.dll", imports={"leaf.dll": ["f"]})


@case(0, add=("one", "two"), winners={"leaf.dll": "pkg"})
def its_own_folder_comes_before_the_added_ones(lab: Lab) -> None:
    lab.dll("leaf.dll", exports=["f", "extra"])
    lab.dll("leaf.dll", at="one")
    lab.dll("leaf.dll", at="two")
    lab.dll("user.dll", imports={"leaf.dll": ["extra"]})


# -- programs -------------------------------------------------------------------------------------


@case(0, target="prog.exe")
def a_program(lab: Lab) -> None:
    lab.dll("leaf.dll")
    lab.dll("prog.exe", exports=[], exe=True, imports={"leaf.dll": ["f"]})


@case(126, target="prog.exe", chain=("prog.exe", "gone.dll"))
def a_program_with_a_missing_dll(lab: Lab) -> None:
    lab.dll("prog.exe", exports=[], exe=True, imports={"gone.dll": ["f"]})


@case(126, target="prog.exe", chain=("prog.exe", "leaf.dll"), add=("libs",))
def a_program_does_not_search_folders_that_python_adds(lab: Lab) -> None:
    lab.dll("leaf.dll", at="libs")
    lab.dll("prog.exe", exports=[], exe=True, imports={"leaf.dll": ["f"]})
