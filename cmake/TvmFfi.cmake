# tvm-ffi is not compiled: PyPI's apache-tvm-ffi is the library that the user's process loads, so we
# link exactly that. Headers come from the pinned sdist of the same version, because its folder stays
# where it is between two builds, while the build environment's moves and would recompile all.
add_library(tvm_ffi_headers INTERFACE)
target_include_directories(tvm_ffi_headers SYSTEM
                           INTERFACE "${SOURCES}/tvm-ffi/include"
                                     "${SOURCES}/tvm-ffi/3rdparty/dlpack/include")
if(MINGW)
  message(FATAL_ERROR "PyPI's TVM for Windows has MSVC's C++ ABI, and MinGW another one: build with Visual Studio, "
                      "or with clang-cl (mlcbuild wheel --target win_amd64)")
endif()
find_package(Python REQUIRED COMPONENTS Interpreter)

set(MLCBUILD_TVM_FFI_LIBRARY
    ""
    CACHE FILEPATH "tvm_ffi's shared (on Windows: import) library; empty asks the build's Python")

if(MLCBUILD_TVM_FFI_LIBRARY STREQUAL "")
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -m tvm_ffi.config --libfiles
    WORKING_DIRECTORY "${CMAKE_ROOT}" # Python imports from where it runs
    OUTPUT_VARIABLE _tvm_ffi_library
    OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE _tvm_ffi_result
    ERROR_QUIET)
  if(NOT _tvm_ffi_result EQUAL 0)
    message(FATAL_ERROR "apache-tvm-ffi is not installed beside ${Python_EXECUTABLE}: "
                        "pip install apache-tvm-ffi (the version is in pyproject.toml)")
  endif()
else()
  set(_tvm_ffi_library "${MLCBUILD_TVM_FFI_LIBRARY}")
endif()

# A copy at a fixed place, replaced only when it differs: a new build environment relinks nothing.
file(TO_CMAKE_PATH "${_tvm_ffi_library}" _tvm_ffi_library)
get_filename_component(_tvm_ffi_name "${_tvm_ffi_library}" NAME)
set(_tvm_ffi_copy "${CMAKE_BINARY_DIR}/tvm_ffi/${_tvm_ffi_name}")
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/tvm_ffi")
file(COPY_FILE "${_tvm_ffi_library}" "${_tvm_ffi_copy}" ONLY_IF_DIFFERENT)

add_library(tvm_ffi SHARED IMPORTED)
if(WIN32)
  set_target_properties(tvm_ffi PROPERTIES IMPORTED_IMPLIB "${_tvm_ffi_copy}")
else()
  set_target_properties(tvm_ffi PROPERTIES IMPORTED_LOCATION "${_tvm_ffi_copy}")
endif()

target_link_libraries(tvm_ffi INTERFACE tvm_ffi_headers)
