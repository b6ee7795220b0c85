# Windows' own ABI from any system, with LLVM: clang-cl and lld-link over a Windows SDK.
# mlcbuild passes what it found (toolchain/decision.py):
#   MLCBUILD_WINDOWS_MACHINE   x86_64 or arm64
#   MLCBUILD_LLVM              clang-cl;lld-link;llvm-lib;llvm-rc;llvm-mt, absolute paths
#   MLCBUILD_SDK               the SDK's folder
#   MLCBUILD_SDK_INCLUDES      its folders of headers, in the order in which they are searched
#   MLCBUILD_SDK_LIBRARIES     its folders of import libraries
#   MLCBUILD_TARGET_ROOT       optional: a further folder with headers and libraries of the target
#   MLCBUILD_FREE_THREADED     ON where that folder holds a free-threaded Python
#   MLCBUILD_MSC_VERSION       what the compiler says it is, by the SDK's C++ library: 19.44
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES
    MLCBUILD_WINDOWS_MACHINE MLCBUILD_LLVM MLCBUILD_SDK MLCBUILD_SDK_INCLUDES MLCBUILD_SDK_LIBRARIES
    MLCBUILD_MSC_VERSION MLCBUILD_TARGET_ROOT)

set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_VERSION 10.0)
if(MLCBUILD_WINDOWS_MACHINE STREQUAL "arm64")
  set(CMAKE_SYSTEM_PROCESSOR ARM64)
  set(_target aarch64-pc-windows-msvc)
else()
  set(CMAKE_SYSTEM_PROCESSOR AMD64)
  set(_target x86_64-pc-windows-msvc)
endif()

list(GET MLCBUILD_LLVM 0 CMAKE_C_COMPILER)
list(GET MLCBUILD_LLVM 0 CMAKE_CXX_COMPILER)
list(GET MLCBUILD_LLVM 1 CMAKE_LINKER)
list(GET MLCBUILD_LLVM 2 CMAKE_AR)
list(GET MLCBUILD_LLVM 3 CMAKE_RC_COMPILER)
list(GET MLCBUILD_LLVM 4 CMAKE_MT)
set(CMAKE_C_COMPILER_TARGET "${_target}")
set(CMAKE_CXX_COMPILER_TARGET "${_target}")

# Its folder stays out of the images: the same bytes wherever the SDK lies.
set(_flags "-fms-compatibility-version=${MLCBUILD_MSC_VERSION} \"/clang:-ffile-prefix-map=${MLCBUILD_SDK}=sdk\"")
foreach(_folder IN LISTS MLCBUILD_SDK_INCLUDES)
  string(APPEND _flags " \"/imsvc${_folder}\"")
  string(APPEND CMAKE_RC_FLAGS_INIT " /I \"${_folder}\"")
endforeach()
foreach(_language C CXX)
  set(CMAKE_${_language}_FLAGS_INIT "${_flags}")
endforeach()
foreach(_folder IN LISTS MLCBUILD_SDK_LIBRARIES)
  foreach(_kind EXE SHARED MODULE)
    string(APPEND CMAKE_${_kind}_LINKER_FLAGS_INIT " \"/libpath:${_folder}\"")
  endforeach()
endforeach()

# CMake's own trials are debug builds otherwise, and the free SDK has no debug runtime.
set(CMAKE_TRY_COMPILE_CONFIGURATION Release)

# Libraries and headers are the target's; programs (Python, Cargo) are this machine's.
set(CMAKE_FIND_ROOT_PATH "${MLCBUILD_SDK}" ${MLCBUILD_TARGET_ROOT})
if(MLCBUILD_TARGET_ROOT)
  # By this FindPython sees that this machine's python-config is not the target's.
  set(CMAKE_LIBRARY_ARCHITECTURE "${_target}")
  if(CMAKE_VERSION VERSION_GREATER_EQUAL 4.1 AND NOT "${CMAKE_CURRENT_LIST_DIR}/cross" IN_LIST CMAKE_MODULE_PATH)
    list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}/cross")
  endif()
endif()
if(MLCBUILD_FREE_THREADED)
  # scikit-build-core's hint. FindPython asks no interpreter for its ABI when it cross-compiles, and with
  # this refuses the one here for want of an answer; the library says which ABI it is.
  unset(Python_FIND_ABI CACHE)
  unset(Python3_FIND_ABI CACHE)
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
