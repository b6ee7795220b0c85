from __future__ import annotations

import pytest
from check_facts import image
from mlcbuild.loader.machines import fit
from mlcbuild.loader.names import api_set_key, forwarder_target, with_extension
from mlcbuild.loader.policy import provider_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("vulkan-1.dll", "driver"),
        ("NVCUDA.DLL", "driver"),
        ("OpenCL.dll", "driver"),
        ("nvml.dll", "driver"),
        ("nvapi64.dll", "driver"),
        ("amdhip64.dll", "driver"),
        ("amdhip64_6.dll", "driver"),
        ("MSVCP140.dll", "redist"),
        ("msvcp140_atomic_wait.dll", "redist"),
        ("vcomp140.dll", "redist"),
        ("vcruntime140d.dll", "debug"),
        ("vcruntime140_1d.dll", "debug"),
        ("MSVCP140D.dll", "debug"),
        ("ucrtbased.dll", "debug"),
        ("concrt140d.dll", "debug"),
        ("python311_d.dll", "debug"),
        ("msvcr120.dll", "old-redist"),
        ("msvcr90.dll", "old-redist"),
        ("d3dx9_43.dll", "optional"),
        ("mfplat.dll", "optional"),
    ],
)
def test_who_brings_a_dll_that_windows_and_python_do_not(name: str, kind: str) -> None:
    provider = provider_of(name)
    assert provider is not None
    assert provider.kind == kind


@pytest.mark.parametrize(
    "name",
    ["kernel32.dll", "python311.dll", "msvcrt.dll", "ucrtbase.dll", "foo.dll", "cudart64_12.dll",
     "d3dcompiler_47.dll", "msvcp140-0123456789abcdef.dll", "xinput1_4.dll"],
)  # fmt: skip
def test_plain_names_have_no_special_provider(name: str) -> None:
    assert provider_of(name) is None


def test_a_path_is_judged_by_its_base_name() -> None:
    assert provider_of("pkg/lib\\Vulkan-1.dll") is provider_of("vulkan-1.dll")


def test_the_default_extension_is_dll_and_a_trailing_dot_means_none() -> None:
    assert with_extension("leaf") == "leaf.dll"
    assert with_extension("leaf.pyd") == "leaf.pyd"
    assert with_extension("leaf.") == "leaf"
    assert with_extension("a.b/leaf") == "a.b/leaf.dll"


def test_an_api_set_is_known_by_all_but_its_last_number() -> None:
    assert api_set_key("API-MS-WIN-CRT-RUNTIME-L1-1-0.DLL") == "api-ms-win-crt-runtime-l1-1"
    assert api_set_key("api-ms-win-crt-runtime-l1-1-9") == "api-ms-win-crt-runtime-l1-1"


def test_a_forwarder_is_split_at_its_last_dot() -> None:
    assert forwarder_target("leaf.g") == ("leaf.dll", "g")
    assert forwarder_target("leaf.#7") == ("leaf.dll", 7)
    assert forwarder_target("my.name.g") == ("my.name", "g")
    assert forwarder_target("nodot") is None
    assert forwarder_target("leaf.#x") is None


@pytest.mark.parametrize(
    ("process", "of", "answer"),
    [
        ("x86_64", "x86_64", "right"),
        ("x86_64", "x86", "wrong"),
        ("x86", "x86_64", "wrong"),
        ("x86_64", "arm64", "wrong"),
        ("arm64", "x86_64", "wrong"),
        ("arm64", "arm64x", "right"),
        ("arm64", "arm64ec", "wrong"),
        ("x86_64", "arm64ec", "arm-only"),
        ("x86_64", "arm64x", "arm-only"),
        ("arm64ec", "x86_64", "right"),
        ("x86_64", "unknown", "wrong"),
    ],
)
def test_which_machines_a_process_maps(process: str, of: str, answer: str) -> None:
    assert fit(process, image("x.dll", machine=of)) == answer  # type: ignore[arg-type]


def test_portable_dotnet_code_fits_any_process() -> None:
    assert fit("x86_64", image("x.dll", machine="x86", managed=True)) == "right"
