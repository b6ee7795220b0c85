"""Which software provides a DLL that is in neither the package, Python nor a clean Windows.

One table for the loader model and the rules. ``provider_of`` answers for names as the loader
compares them (case-insensitive, base name). Source of the names: the vendors' documents on what
their drivers and redistributables install; ``docs/loader-model.md`` lists them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from mlcbuild.devices import CUDA, OPENCL, VULKAN
from mlcbuild.pe.crt import DEBUG_CRT

#: ``driver`` a device driver, ``redist`` the Visual C++ 2015-2022 redistributable, ``old-redist``
#: an earlier one, ``optional`` a Windows component that some editions or machines lack,
#: ``debug`` a debug runtime, which only Visual Studio installs and no wheel may ship.
ProviderKind = Literal["driver", "redist", "old-redist", "optional", "debug"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """What provides a DLL, worded to complete the sentence "it comes with ..."."""

    kind: ProviderKind
    provided_by: str


_DEBUG = Provider(kind="debug", provided_by="Visual Studio only (a debug runtime)")
_DEBUG_PYTHON = Provider(kind="debug", provided_by="a debug build of Python only")
_NVIDIA = Provider(kind="driver", provided_by="the NVIDIA display driver")
_AMD = Provider(kind="driver", provided_by="the AMD display driver")
_INTEL = Provider(kind="driver", provided_by="the Intel display or NPU driver")
_VULKAN = Provider(kind="driver", provided_by="a display driver with Vulkan support")
_OPENCL = Provider(kind="driver", provided_by="a display driver or OpenCL runtime")
_REDIST = Provider(kind="redist", provided_by="the Visual C++ 2015-2022 redistributable")
_DIRECTX = Provider(kind="optional", provided_by="the DirectX End-User Runtimes (June 2010)")
_MEDIA = Provider(
    kind="optional", provided_by="the Media Feature Pack (absent in N editions of Windows)"
)
_MPI = Provider(kind="optional", provided_by="an installation of MPI (Microsoft MPI, Intel MPI)")
_HYPERVISOR = Provider(
    kind="optional", provided_by="the Windows feature Windows Hypervisor Platform"
)


def _old(year: str) -> Provider:
    return Provider(kind="old-redist", provided_by=f"the Visual C++ {year} redistributable")


#: Patterns match the whole folded base name, ``.dll`` left out; the first match decides.
_TABLE: Final = tuple(
    (re.compile("|".join(patterns)), provider)
    for provider, *patterns in (
        (_DEBUG, DEBUG_CRT),
        (_DEBUG_PYTHON, r"python\d{1,3}t?_d"),
        (_VULKAN, VULKAN.driver_stem),
        (_OPENCL, OPENCL.driver_stem),
        (
            _NVIDIA,
            CUDA.driver_stem,
            r"nvcudadebugger|nvml|nvapi(?:64)?|nvcuvid|nvoptix",
            r"nvencodeapi(?:64)?|nvofapi(?:64)?|nvfbc(?:64)?",
        ),
        (
            _AMD,
            r"amdhip64(?:_\d+)?|amd_comgr(?:_\d+|\d+)?|atiadlx[xy]|amdxc(?:64|32)",
            r"amfrt(?:64|32)|amdocl(?:64)?|amd_ags_x64",
        ),
        (
            _INTEL,
            r"ze_(?:loader|intel_gpu64|intel_npu)|libmfxhw(?:64|32)|igdrcl(?:64)?",
            r"libmfx(?:64-gen|32-gen)|controllib",
        ),
        (
            _REDIST,
            r"msvcp140(?:_\d|_atomic_wait|_codecvt_ids)?|vcruntime140(?:_1|_threads)?",
            r"concrt140|vccorlib140|vcamp140|vcomp140",
            r"mfcm?140u?|mfc140(?:chs|cht|deu|enu|esn|fra|ita|jpn|kor|rus)",
        ),
        (_old("2013"), r"(?:msvc[rp]|mfcm?|vcomp|atl|vccorlib|vcamp)120u?"),
        (_old("2012"), r"(?:msvc[rp]|mfcm?|vcomp|atl|vccorlib|vcamp)110u?"),
        (_old("2010"), r"(?:msvc[rp]|mfcm?|vcomp|atl)100u?"),
        (_old("2008"), r"(?:msvc[rpm]|mfcm?|vcomp|atl)90u?"),
        (_old("2005"), r"(?:msvc[rpm]|mfcm?|vcomp|atl)80u?"),
        (_old(".NET 2002 or 2003"), r"(?:msvc[rp]|mfc|atl)7[01]u?"),
        (
            _DIRECTX,
            r"d3dx(?:9|10|11)_\d\d|d3dx10|d3dcompiler_(?:3\d|4[0-36])|d3dcsx_4\d",
            r"xinput1_[1-3]|xaudio2_[0-7]|xapofx1_\d|x3daudio1_\d|xactengine[23]_\d+",
        ),
        (_MEDIA, r"mf(?:plat|core|readwrite|play|srcsnk|transcode)?|wmvcore|wmasf"),
        (_MPI, r"msmpi|impi"),
        (_HYPERVISOR, r"winhvplatform|winhvemulation"),
    )
)


@lru_cache(maxsize=4096)
def provider_of(name: str) -> Provider | None:
    """Return what provides this DLL, or None where no special provider is known."""
    base = name.replace("\\", "/").rpartition("/")[2].casefold().removesuffix(".dll")
    return next((who for pattern, who in _TABLE if pattern.fullmatch(base)), None)


#: DLLs that one well-known wheel ships and others link: a second copy in the process is a second
#: library with its own state. Names are read from these wheels on the package index.
_WHEELS: Final = tuple(
    (re.compile(pattern), distribution)
    for pattern, distribution in (
        (r"tvm_ffi(?:_testing)?", "apache-tvm-ffi"),
        (r"tvm_(?:runtime|compiler)(?:_\w+)?", "apache-tvm"),
        (r"torch(?:_cpu|_cuda|_python|_global_deps)?|c10(?:_cuda)?", "torch"),
        (r"onnxruntime(?:_providers_\w+)?", "onnxruntime"),
        # CUDA's own packages: -cu11 and -cu12 for those versions, no ending from 13 on.
        (r"cudart64_110", "nvidia-cuda-runtime-cu11"),
        (r"cudart64_12", "nvidia-cuda-runtime-cu12"),
        (r"cudart64_1[3-9]", "nvidia-cuda-runtime"),
        (r"nvrtc(?:-builtins)?64_11\d(?:_\d+)?", "nvidia-cuda-nvrtc-cu11"),
        (r"nvrtc(?:-builtins)?64_12\d(?:_\d+)?", "nvidia-cuda-nvrtc-cu12"),
        (r"nvrtc(?:-builtins)?64_1[3-9]\d(?:_\d+)?", "nvidia-cuda-nvrtc"),
        (r"cublas(?:lt)?64_11", "nvidia-cublas-cu11"),
        (r"cublas(?:lt)?64_12", "nvidia-cublas-cu12"),
        (r"cublas(?:lt)?64_1[3-9]", "nvidia-cublas"),
        (r"cudnn\w*64_8", "nvidia-cudnn-cu11 or nvidia-cudnn-cu12"),
        (r"cudnn\w*64_9", "nvidia-cudnn-cu12 or nvidia-cudnn-cu13"),
        (r"cufft(?:w)?64_10", "nvidia-cufft-cu11"),
        (r"cufft(?:w)?64_11", "nvidia-cufft-cu12"),
        (r"cufft(?:w)?64_1[2-9]", "nvidia-cufft"),
        (r"cusparse64_11", "nvidia-cusparse-cu11"),
        (r"cusparse64_12", "nvidia-cusparse-cu12 or nvidia-cusparse"),
        (r"cusolver(?:mg)?64_11", "nvidia-cusolver-cu11 or nvidia-cusolver-cu12"),
        (r"cusolver(?:mg)?64_1[2-9]", "nvidia-cusolver"),
        (r"curand64_10", "nvidia-curand-cu11, nvidia-curand-cu12 or nvidia-curand"),
        (r"nvjitlink_12\d_0", "nvidia-nvjitlink-cu12"),
        (r"nvjitlink_1[3-9]\d_0", "nvidia-nvjitlink"),
        (r"cutensor(?:mg)?", "cutensor-cu12 or cutensor-cu13"),
        (r"python3\d*t?", "Python itself"),
    )
)


@lru_cache(maxsize=4096)
def wheel_of(name: str) -> str | None:
    """Return the distribution that is known to ship this DLL, or None."""
    base = name.replace("\\", "/").rpartition("/")[2].casefold().removesuffix(".dll")
    return next((who for pattern, who in _WHEELS if pattern.fullmatch(base)), None)


def is_of_cuda(name: str) -> bool:
    """Return whether a DLL is one of CUDA's, which NVIDIA's wheels and its toolkit ship."""
    return (wheel_of(name) or "").startswith(("nvidia-", "cutensor-"))
