# tvm_ffi compiled by MinGW, from the pinned sdist. Its Python core (core.pyd, MSVC) speaks the C ABI
# alone and works on this library, which takes the other's place in the repacked apache-tvm-ffi.
set(_ffi "${SOURCES}/tvm-ffi")
file(GLOB _ffi_sources CONFIGURE_DEPENDS "${_ffi}/src/ffi/*.cc" "${_ffi}/src/ffi/extra/*.cc")
if(NOT _ffi_sources)
  message(FATAL_ERROR "no sources of tvm-ffi in ${_ffi}: run `mlcbuild fetch`")
endif()
mlcbuild_library(tvm_ffi SHARED ${_ffi_sources})
target_link_libraries(tvm_ffi PUBLIC tvm_ffi_headers PRIVATE Threads::Threads)
# No back traces: libbacktrace is an autotools project, and DbgHelp's reader knows no DWARF.
target_compile_definitions(
  tvm_ffi PRIVATE TVM_FFI_USE_LIBBACKTRACE=0 TVM_FFI_BACKTRACE_ON_SEGFAULT=0)

# core.pyd asks for this one too, and its C++ is tvm_ffi's.
mlcbuild_library(tvm_ffi_testing SHARED "${_ffi}/src/ffi/testing/testing.cc")
target_link_libraries(tvm_ffi_testing PRIVATE tvm_ffi)
target_compile_definitions(tvm_ffi_testing PRIVATE TVM_FFI_DLL_EXPORT_INCLUDE_METADATA=1)
