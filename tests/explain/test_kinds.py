r"""Logs of each kind, in other words than the catalogue's examples: the first cause must be right.

Written for this test, after the shape of public reports: other versions, paths, tools, languages
and shells. ``../shared/cases/explain`` has collected logs, where it is beside the checkout.
"""

# Logs are as long, and in the letters, as tools print them.
# ruff: noqa: E501, RUF001

from __future__ import annotations

import pytest
from mlcbuild.explain import explain

NMAKE = "CMake Error at CMakeLists.txt:{line} (project):\n  Running\n\n   'nmake' '-?'\n\n  failed with:\n\n   {words}\n"
#: Log -> the id of what has to stand first.
KINDS: list[tuple[str, str]] = [
    # no compiler
    (NMAKE.format(line=9, words="no such file or directory"), "nmake-fallback"),
    (NMAKE.format(line=2, words="Das System kann die angegebene Datei nicht finden"), "nmake-fallback"),
    (NMAKE.format(line=2, words="系统找不到指定的文件。"), "nmake-fallback"),
    (NMAKE.format(line=6, words="Le fichier spécifié est introuvable"), "nmake-fallback"),
    ("-- Building for: NMake Makefiles\nCMake Error: CMAKE_CXX_COMPILER not set, after EnableLanguage", "nmake-fallback"),
    ("-- Building for: Ninja\nCMake Error: CMAKE_C_COMPILER not set, after EnableLanguage", "no-compiler"),
    ("CMake Error at CMakeLists.txt:5 (project):\n  No CMAKE_CXX_COMPILER could be found.", "no-compiler"),
    ("..\\meson.build:1:0: ERROR: Unknown compiler(s): [['icl'], ['cl'], ['cc'], ['gcc']]", "no-compiler"),
    ("-- The C compiler identification is GNU 13.2.0\n-- The CXX compiler identification is GNU 13.2.0\nCMake Error at cmake/x.cmake:4 (message):\n  This project requires MSVC on Windows.", "mingw-picked"),
    ("-- Check for working C compiler: C:/msys64/mingw64/bin/cc.exe\nCMake Error: Only MSVC is supported on Windows", "mingw-picked"),
    ("CMake Error at CMakeLists.txt:3 (project):\n  Generator\n\n    Visual Studio 16 2019\n\n  could not find any instance of Visual Studio.", "no-visual-studio"),
    ('error: Microsoft Visual C++ 14.0 is required. Get it with "Build Tools for Visual Studio"', "msvc-required"),
    ("distutils.errors.DistutilsPlatformError: Unable to find vcvarsall.bat", "msvc-required"),
    # CUDA
    ("C:\\CUDA\\v12.1\\include\\crt\\host_config.h(157): fatal error C1189: #error:  -- unsupported Microsoft Visual Studio version! Only the versions between 2017 and 2022 (inclusive) are supported!", "cuda-msvc-14-39"),
    ("D:/NVIDIA/CUDA/v11.7/include/crt/host_config.h(153): fatal error C1189: #error:  -- unsupported Microsoft Visual Studio version! Only", "cuda-msvc-14-39"),
    ("C:\\CUDA\\v11.3\\include\\crt/host_config.h(160): fatal error C1189: #error:  -- unsupported Microsoft Visual Studio version! Only the versions between 2017 and 2019 (inclusive) are supported!", "cuda-msvc-14-29"),
    ("C:\\CUDA\\v12.9\\include\\crt/host_config.h(168): fatal error C1189: #error:  -- unsupported Microsoft Visual Studio version! Only the versions between 2019 and 2022 (inclusive) are supported!", "cuda-toolset"),
    ("nvcc fatal   : nvcc cannot find a supported version of Microsoft Visual Studio. Only the versions between 2017 and 2022 (inclusive) are supported!", "cuda-toolset"),
    ('D:\\VC\\Tools\\MSVC\\14.41.34120\\include\\yvals_core.h(902): error: static assertion failed with "error STL1002: Unexpected compiler version, expected CUDA 12.4 or newer."', "cuda-stl1002"),
    ('x.vcxproj(42,3): error MSB4019: The imported project "C:\\VS\\MSBuild\\Microsoft\\VC\\v170\\BuildCustomizations\\CUDA 12.5.props" was not found.', "cuda-no-integration"),
    ("CMake Error at CMakeDetermineCUDACompiler.cmake:180 (message):\n  Failed to find nvcc.\n\n  Compiler requires the CUDA toolkit.", "cuda-missing"),
    ("OSError: CUDA_HOME environment variable is not set. Please set it to your CUDA install root.", "cuda-missing"),
    ("'nvcc' is not recognized as an internal or external command", "cuda-missing"),
    ("nvcc fatal   : Cannot find compiler 'cl.exe' in PATH", "cl-not-found"),
    ("nvcc fatal   : Unsupported gpu architecture 'compute_120'", "cuda-architecture"),
    ("ImportError: DLL load failed: cudart64_12.dll was not found", "cuda-runtime-missing"),
    ("Could not load library cudnn_ops64_9.dll. Error code 126", "cuda-runtime-missing"),
    # Python's libraries
    ('LINK : fatal error LNK1104: Datei "python312_d.lib" kann nicht geöffnet werden.', "python-debug-lib"),
    ("LINK : fatal error LNK1181: no se puede abrir el archivo de entrada 'python310_d.lib'", "python-debug-lib"),
    ("LINK : fatal error LNK1104: cannot open file 'python314t.lib'", "python-threaded-lib"),
    ("LINK : fatal error LNK1104: cannot open file 'python3.lib' [D:\\a\\x.vcxproj]", "python-stable-lib"),
    ("LINK : fatal error LNK1104: 无法打开文件“python311.lib”", "python-lib"),
    ("C:\\p\\bind.cc(3): fatal error C1083: Cannot open include file: 'Python.h': No such file or directory", "python-headers"),
    ("CMake Error: Could NOT find Python (missing: Python_INCLUDE_DIRS Python_LIBRARIES Development)", "python-headers"),
    ("mod.obj : error LNK2001: unresolved external symbol __imp_PyExc_ValueError", "python-symbols"),
    ("error: the configured Python interpreter version (3.13) is newer than PyO3's maximum supported version (3.12)\nerror: failed to run custom build command for `pyo3-ffi v0.21.2`", "pyo3-newest-python"),
    ("error: your Rust target architecture (64-bit) does not match your python interpreter (32-bit)", "pyo3-python"),
    # Rust
    ("error: error calling dlltool 'x86_64-w64-mingw32-dlltool': program not found", "rust-gnu-host"),
    ("error: Dlltool could not create import library: C:\\mingw\\bin\\dlltool.exe: CreateProcess", "rust-gnu-host"),
    ("error: linker `gcc` not found\n  |\n  = note: program not found", "rust-gnu-host"),
    ("error: linker `x86_64-w64-mingw32-gcc` not found\n  |\n  = note: No such file or directory (os error 2)", "rust-cross-gcc"),
    ("error: linker `link.exe` not found\n  |\n  = note: program not found\nerror: could not compile `libc` (build script) due to 1 previous error", "cargo-no-linker"),
    ("error: linking with `link.exe` failed: exit code: 1\n  = note: /usr/bin/link: extra operand 'C:\\\\x.o'\n          Try '/usr/bin/link --help' for more information.", "gnu-link"),
    ("error: linking with `link.exe` failed: exit code: 1120\n  = note: libstd-8b41e0.rlib(std.o) : error LNK2019: unresolved external symbol __imp_GetFullPathNameW", "rust-std-unresolved"),
    ("error: linking with `link.exe` failed: exit code: 1104\n  = note: LINK : fatal error LNK1104: cannot open file 'msvcrt.lib'", "sdk-library"),
    ("error[E0463]: can't find crate for `core`\n  = note: the `x86_64-pc-windows-msvc` target may not be installed", "cargo-target"),
    ("error: rustc 1.70.0 is not supported by the following packages:\n  x@1 requires rustc 1.81\nerror: package `icu v2` cannot be built because it requires rustc 1.82 or newer", "rust-old"),
    ("Cargo, the Rust package manager, is not installed or is not on PATH.", "rust-missing"),
    # blocked
    ("OSError: [WinError 225] Die Operation konnte nicht ausgeführt werden, da die Datei einen Virus oder möglicherweise unerwünschte Software enthält", "defender"),
    ("error: failed to run custom build command: 无法成功完成操作，因为文件包含病毒或潜在的垃圾软件。 (os error 225)", "defender"),
    ("ImportError: DLL load failed while importing _multiarray_umath: An Application Control policy has blocked this file.", "app-control"),
    ("OSError: [WinError 1260] This program is blocked by group policy. For more information, contact your system administrator", "app-control"),
    (".venv\\Scripts\\Activate.ps1 : File C:\\x\\Activate.ps1 cannot be loaded because running scripts is disabled on this system.", "execution-policy"),
    ('Die Datei "C:\\x\\Activate.ps1" kann nicht geladen werden, da die Ausführung von Skripts auf diesem System deaktiviert ist.', "execution-policy"),
    ("C:\\v\\Activate.ps1 não pode ser carregado porque a execução de scripts foi desabilitada neste sistema.", "execution-policy"),
    # MSYS2, Git Bash, WSL
    ("ERROR: numpy-2.1.0-cp312-cp312-win_amd64.whl is not a supported wheel on this platform.\nTags: cp312-cp312-mingw_x86_64_ucrt_gnu", "msys-python"),
    ("MSBUILD : error MSB1008: Only one project can be specified.\nSwitch: C:/Program Files/Git/p:Platform=x64", "msys-path-conversion"),
    ("LINK : fatal error LNK1181: cannot open input file 'C:\\Program Files\\Git\\nologo.obj'", "msys-path-conversion"),
    ("bash: /mnt/d/env/Scripts/python.exe: cannot execute binary file: Exec format error", "wsl-mix"),
    # Vulkan
    ("CMake Error at FindPackageHandleStandardArgs.cmake:230 (message):\n  Could NOT find Vulkan (missing: Vulkan_LIBRARY Vulkan_INCLUDE_DIR)", "vulkan-sdk-missing"),
    ('CMake Error: Could NOT find Vulkan (missing: glslc) (found version "1.3.290")', "vulkan-sdk-missing"),
    ("vk.cc:3:10: fatal error: 'vulkan/vulkan.h' file not found", "vulkan-sdk-missing"),
    ("LINK : fatal error LNK1181: cannot open input file 'vulkan-1.lib'", "vulkan-sdk-missing"),
    ("RuntimeError: vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER", "vulkan-missing"),
    # headers
    ('D:\\t\\runtime.cc(5): fatal error C1083: Datei (Include) kann nicht geöffnet werden: "dmlc/logging.h": No such file or directory', "submodule-header"),
    ("D:\\mlc\\cpp\\x.cc(4): fatal error C1083: Cannot open include file: 'xgrammar/xgrammar.h': No such file or directory", "submodule-header"),
    ("a.cc(1): fatal error C1083: Cannot open include file: 'corecrt.h': No such file or directory", "sdk-header"),
    ("a.cc(1): fatal error C1083: Cannot open include file: 'type_traits': No such file or directory", "sdk-header"),
    ("a.cc(1): fatal error C1083: Cannot open include file: 'zlib.h': No such file or directory", "missing-header"),
    ("c.cc : fatal error C1083: Cannot open compiler generated file: 'C:\\x\\y.obj': No such file or directory", "generated-file-path"),
    # SDK tools
    ('RC Pass 1: command "rc /fo CMakeFiles\\x.dir/manifest.res x.rc" failed (exit code 0) with the following output:\nno such file or directory', "sdk-tools-not-found"),
    ("LINK : fatal error LNK1158: cannot run 'rc.exe'", "sdk-tools-not-found"),
    ("error MSB8036: The Windows SDK version 8.1 was not found.", "sdk-missing"),
    ("error MSB8020: The build tools for v142 (Platform Toolset = 'v142') cannot be found.", "toolset-missing"),
    ("error MSB8020: The build tools for ClangCL (Platform Toolset = 'ClangCL') cannot be found. To build", "clangcl-missing"),
    # long paths, each tool's own
    ("error: unable to create file 3rdparty/x/y.h: Filename too long\nfatal: Could not reset index file to revision 'HEAD'.", "git-long-paths"),
    ("ERROR: Could not install packages due to an OSError: [Errno 2] No such file or directory: 'C:\\\\v\\\\x'\nHINT: This error might have occurred since this system does not have Windows Long Path support enabled.", "pip-long-paths"),
    ("CMake Warning in CMakeLists.txt:\n  The object file directory\n\n    C:/a/b/CMakeFiles/x.dir/./\n\n  has 201 characters.  The maximum full path to an object file is 250\n  characters (see CMAKE_OBJECT_PATH_MAX).", "build-long-paths"),
    ('error MSB3491: Could not write lines to file "x.tlog". Path: x exceeds the OS max path limit. The fully qualified file name must be less than 260 characters.', "build-long-paths"),
    ("ninja: error: Stat(C:/very/long/x.obj): Filename longer than 260 characters", "build-long-paths"),
    ("TRACKER : error TRK0002 / FTK1011: could not create the new file tracking log file", "build-long-paths"),
    # Ninja
    ("ninja: error: manifest 'build.ninja' still dirty after 100 tries", "ninja-clock"),
    ("ninja: fatal: CreateProcess: The parameter is incorrect.\r\nis the command line too long?", "ninja-command-length"),
    ("FAILED: x.dll\r\nThe command line is too long.", "ninja-command-length"),
    ("ninja: fatal: CreateProcess: Das System kann die angegebene Datei nicht finden.", "ninja-program-gone"),
    ("ninja: error: loading 'build.ninja': The system cannot find the file specified.", "wrong-folder"),
    ("ninja: error: '../src/x.cc', needed by 'x.obj', missing and no known rule to make it", "ninja-missing-input"),
    ("ninja: error: failed recompaction: Permission denied", "ninja-locked"),
    # linker
    ("tokenizers_c.lib(x.o) : error LNK2038: mismatch detected for 'RuntimeLibrary': value 'MD_DynamicRelease' doesn't match value 'MT_StaticRelease' in y.obj", "runtime-mix-link"),
    ("LIBCMT.lib(exe.obj) : error LNK2005: _initterm already defined in MSVCRT.lib(x.obj)", "runtime-mix-link"),
    ("zlib.lib(a.obj) : error LNK2038: mismatch detected for '_MSC_VER': value '1700' doesn't match value '1900' in b.obj", "msc-ver-mix"),
    ("a.lib(b.obj) : error LNK2038: mismatch detected for '_ITERATOR_DEBUG_LEVEL': value '2' doesn't match value '0' in c.obj", "debug-release-mix"),
    ("LLVMSupport.lib(x.obj) : error LNK2001: unresolved external symbol __std_min_element_8", "newer-stl-symbol"),
    ('x.lib(y.obj) : error LNK2019: nicht aufgelöstes externes Symbol "__std_search_1" in Funktion "f"', "newer-stl-symbol"),
    ("old.lib(a.obj) : error LNK2019: unresolved external symbol __imp___iob_func referenced in function f", "legacy-stdio"),
    ("x.a(y.o) : error LNK2019: unresolved external symbol ___chkstk_ms referenced in function f", "mingw-objects"),
    ("mlc_llm.dll : error LNK2019: unresolved external symbol TVMFFIErrorMoveFromRaised referenced in function f", "tvm-symbol-unresolved"),
    ("LINK : fatal error LNK1104: cannot open file 'Release\\tvm_runtime.dll'", "output-in-use"),
    ("LINK : fatal error LNK1168: cannot open mlc.exe for writing", "output-in-use"),
    ("x.lib : fatal error LNK1107: invalid or corrupt file: cannot read at 0x1", "damaged-library"),
    ("mlc_llm.dll : fatal error LNK1107: invalid or corrupt file: cannot read at 0x300", "dll-as-library"),
    ("x.lib(y.obj) : fatal error LNK1112: module machine type 'ARM64' conflicts with target machine type 'x64'", "link-machine"),
    ("LINK : fatal error LNK1189: library limit of 65535 objects exceeded", "too-many-exports"),
    ("LINK : fatal error LNK1102: out of memory", "link-memory"),
    ("LINK : fatal error LNK1201: error writing to program database 'C:\\x.pdb'", "pdb-server"),
    ("LINK : fatal error LNK1318: Unexpected PDB error; RPC (23) '(0x000006BA)'", "pdb-server"),
    # compiler
    ("C:\\VS\\VC\\Tools\\MSVC\\14.29\\bin\\HostX86\\x64\\CL.exe /c x.cc\nx.cc : fatal error C1060: compiler is out of heap space", "compiler-host-x86"),
    ("x.cc : fatal error C1002: compiler is out of heap space in pass 2", "compiler-memory"),
    ("c1xx: error C3859: virtual memory range for PCH exceeded; please recompile with a command line option of '-Zm70'", "pch-memory"),
    ("x.cc : fatal error C1128: Anzahl der Abschnitte überschreitet das Limit: /bigobj", "too-many-sections"),
    ("as.exe: x.o: too many sections (37616)", "too-many-sections"),
    ("c1xx : fatal error C1033: cannot open program database 'c:\\b\\x.pdb'", "pdb-shared"),
    ("x.cc(3): error C7555: use of designated initializers requires at least '/std:c++20'", "cxx-standard-20"),
    ("x.h(3): fatal error C1189: #error:  C++17 or later compatible compiler is required to use PyTorch.", "cxx-standard"),
    ("cl : Command line error D8021 : invalid numeric argument '/Wno-dev'", "gcc-flags"),
    ("cl : Command line error D8016 : '/RTC1' and '/O2' command-line options are incompatible", "debug-release-flags"),
    ("clang++: error: unsupported option '-fPIC' for target 'x86_64-pc-windows-msvc19.44.35211'", "fpic-windows"),
    ("x.cc(1): warning C4819: The file contains a character that cannot be represented in the current code page (949)", "source-encoding"),
    ("D:\\mlc\\cpp\\a.cc(9): error C2039: 'Foo': is not a member of 'tvm::ffi'", "tvm-api-mismatch"),
    ("a.cc:9:5: error: no member named 'Foo' in namespace 'tvm::runtime'", "tvm-api-mismatch"),
    ("static assertion failed: error STL1000: Unexpected compiler version, expected Clang 19.0.0 or newer.", "stl-compiler-version"),
    # prompts: cmd, PowerShell 5 and 7, other languages
    ("cl : The term 'cl' is not recognized as the name of a cmdlet, function, script file, or operable program.", "cl-not-found"),
    ("cl: The term 'cl' is not recognized as a name of a cmdlet, function, script file, or executable program.", "cl-not-found"),
    ('Der Befehl "cl" ist entweder falsch geschrieben oder\nkonnte nicht gefunden werden.', "cl-not-found"),
    ("'cmake' n'est pas reconnu en tant que commande interne\nou externe, un programme exécutable ou un fichier de commandes.", "cmake-not-found"),
    ('"ninja" no se reconoce como un comando interno o externo,\nprograma o archivo por lotes ejecutable.', "ninja-not-found"),
    ("'cargo' não é reconhecido como um comando interno\nou externo, um programa operável ou um arquivo em lotes.", "rust-missing"),
    ("'git' 不是内部或外部命令，也不是可运行的程序\n或批处理文件。", "git-not-found"),
    ("'python' は、内部コマンドまたは外部コマンド、\n操作可能なプログラムまたはバッチ ファイルとして認識されていません。", "python-not-found"),
    ('pip : Die Benennung "pip" wurde nicht als Name eines Cmdlet, einer Funktion erkannt.', "pip-not-found"),
    ("pip : 无法将“pip”项识别为 cmdlet、函数、脚本文件或可运行程序的名称。", "pip-not-found"),
    ("mlc_llm : 用語 'mlc_llm' は、コマンドレット、関数、スクリプト ファイル、または操作可能なプログラムの名前として認識されません。", "mlc-llm-not-found"),
    ("'ninja' is not recognized as an internal or external command,\noperable program or batch file.", "ninja-not-found"),
    ("'export' is not recognized as an internal or external command", "posix-command"),
    ("At line:1 char:11\nThe token '&&' is not a valid statement separator in this version.", "powershell-separator"),
    ("Python wurde nicht gefunden; ohne Argumente ausführen, um aus dem Microsoft Store zu installieren", "store-python"),
    # pip
    ("ERROR: tvm-0.9-cp38-cp38-win_amd64.whl is not a supported wheel on this platform.", "wheel-tags"),
    ("ERROR: x-1-cp311-cp311-manylinux_2_28_x86_64.whl is not a supported wheel on this platform.", "wheel-not-supported"),
    ("pip._vendor.pyproject_hooks._impl.BackendUnavailable: Cannot import 'hatchling.build'", "build-backend"),
    ("ERROR: Package 'x' requires a different Python: 3.9.1 not in '>=3.10'", "python-too-new"),
    ("ModuleNotFoundError: No module named 'distutils'\nerror: subprocess-exited-with-error", "python-removed-module"),
    # network, each tool's own
    ("Could not fetch URL https://index.example/simple/pip/: There was a problem confirming the ssl certificate: [SSL: CERTIFICATE_VERIFY_FAILED]", "certificates-pip"),
    ("fatal: unable to access 'https://github.com/a/b.git/': SSL certificate problem: self-signed certificate in certificate chain", "certificates-git"),
    ("requests.exceptions.SSLError: HTTPSConnectionPool(host='huggingface.co', port=443): Max retries exceeded (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]')))", "certificates-python"),
    ("    Updating crates.io index\nwarning: spurious network error (3 tries remaining): [35] SSL connect error (schannel: next InitializeSecurityContext failed: CRYPT_E_REVOCATION_OFFLINE (0x80092013))", "cargo-revocation"),
    ("fatal: unable to access 'https://github.com/a/b/': schannel: next InitializeSecurityContext failed: CRYPT_E_NO_REVOCATION_CHECK (0x80092012)", "git-revocation"),
    # files
    ("PermissionError: [WinError 32] The process cannot access the file because it is being used by another process: 'C:\\\\b\\\\x.pyd'", "pip-file-in-use"),
    ("OSError: [WinError 389] The cloud file is pinned: 'C:\\\\Users\\\\u\\\\OneDrive\\\\b'", "cloud-folder"),
    ("RuntimeError: [enforce fail] safetensors: Error while deserializing header: HeaderTooLarge", "lfs-pointer"),
    ("Error downloading object: model.bin: Smudge error\nerror: external filter 'git-lfs filter-process' failed", "lfs-pointer"),
    ('CMake Error: The source directory "C:/mlc" does not appear to contain CMakeLists.txt.', "wrong-folder"),
    ("CMake Error at CMakeLists.txt:9 (add_subdirectory):\n  The source directory\n\n    C:/tvm/3rdparty/tvm-ffi\n\n  does not contain a CMakeLists.txt file.", "submodules"),
    ('CMake Error at cmake/utils/FindLLVM.cmake:37 (find_package):\n  Could not find a package configuration file provided by "LLVM"', "llvm-missing"),
    ("error: in triplet x64-windows-static: Unable to find a valid Visual Studio instance", "vcpkg-visual-studio"),
    ("Fatal Python error: Failed to import encodings module\nModuleNotFoundError: No module named 'encodings'", "python-no-encodings"),
    ("FileNotFoundError: [WinError 2] The system cannot find the file specified: 'cmake'", "cmake-not-found"),
    ('error occurred in cc-rs: failed to find tool "cl.exe": program not found', "cl-not-found"),
    ("x.cpp(1,10): fatal error C1083: Impossible d'ouvrir le fichier include : 'stdio.h' : No such file or directory", "sdk-header"),
    ("x.cpp(1): fatal error C1083: include ファイルを開けません。'windows.h':No such file or directory", "sdk-header"),
    ("x.cpp(1): fatal error C1083: 无法打开包括文件: “dlpack/dlpack.h”: No such file or directory", "submodule-header"),
    ("x.cpp(1): error C1083: Não é possível abrir arquivo incluir: 'vulkan/vulkan.h': No such file or directory", "vulkan-sdk-missing"),
    ("Windows Subsystem for Linux has no installed distributions.", "wsl-not-ready"),
    ("git: 'lfs' is not a git command. See 'git --help'.", "git-lfs-not-found"),
    ("error: invalid peer certificate: UnknownIssuer", "certificates-uv"),
    ("L'exécution du code ne peut pas continuer car MSVCP140.dll est introuvable.", "vc-runtime-missing"),
    # codes
    ("ImportError: DLL load failed while importing _core: Belirtilen modül bulunamadı.", "WinError 126"),
    ("ImportError: DLL load failed while importing x: La procédure spécifiée est introuvable.", "WinError 127"),
    ("OSError: [WinError 193] %1 não é um aplicativo Win32 válido", "WinError 193"),
    ("ImportError: DLL load failed while importing x: Uma rotina de inicialização da biblioteca de vínculo dinâmico (DLL) falhou.", "WinError 1114"),
    ("OSError: El archivo de paginación es demasiado pequeño para completar la operación.", "WinError 1455"),
    ("Process finished with exit code -1073741819 (0xC0000005)", "NTSTATUS 0xC0000005"),
    ('MSB3073: The command "setlocal" exited with code 9009.', "exit code 9009"),
]  # fmt: skip


@pytest.mark.parametrize(("log", "wanted"), KINDS, ids=lambda value: " ".join(value.split())[:60])
def test_the_first_cause_of_a_kind_is_right(log: str, wanted: str) -> None:
    found = explain(log).explanations
    assert found, "nothing known"
    assert found[0].id == wanted
    assert "{" not in found[0].run
    assert "PATH" not in found[0].run.split()


#: What looks like an error, or is one of another tool: nothing may be said of it.
SILENT = [
    "gcc -Wl,--version-script=x -o y",
    "-- Looking for pthread.h - not found",
    "-- Performing Test COMPILER_SUPPORTS_FPIC - Failed",
    "-- The CXX compiler identification is GNU 13.2.0\n-- Configuring done\n-- Generating done",
    "Compiling dlltool v0.1.0\n    Finished `release` profile in 3.2s",
    "warning: unused variable: `error`",
    "note: including file: C:\\Program Files\\Git\\x\\link.h",
    "INFO: certificate store loaded, 142 certificates",
    'ERROR: relation "users" does not exist (postgres)',
    "npm ERR! code ELIFECYCLE",
    'java.lang.NullPointerException: Cannot invoke "String.length()"',
    "TypeError: unsupported operand type(s) for +: 'int' and 'str'",
    "make: *** [Makefile:12: all] Error 2",
    "E: Unable to locate package foo",
    "0 Warning(s)\n0 Error(s)\nTime Elapsed 00:00:12",
    "Error: listen EADDRINUSE: address already in use :::3000",
    "I copied tvm.dll and python311.lib into the folder, all is well",
    "Successfully installed xgrammar-0.1.20 apache-tvm-ffi-0.1.13",
    '-- Found Vulkan: C:/VulkanSDK/1.3/Lib/vulkan-1.lib (found version "1.3.290") found components: glslc',
    "-- Installing: C:/b/lib/python312.lib",
    "[12/80] Linking CXX shared library bin\\mlc_llm.dll",
    "Requirement already satisfied: certifi in c:\\v\\lib\\site-packages",
    "git clone --recursive https://github.com/mlc-ai/mlc-llm",
    "Segmentation fault (core dumped)",
    "docker: Error response from daemon: no such image.",
]  # fmt: skip


@pytest.mark.parametrize("text", SILENT, ids=lambda text: text[:40])
def test_of_healthy_logs_and_other_tools_nothing_is_said(text: str) -> None:
    assert [each.id for each in explain(text).explanations] == []
