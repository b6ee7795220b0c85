# tvm_runtime and tvm_runtime_extra of the pinned TVM: the same split and the same exports as in
# PyPI's apache-tvm, whose compiler must be able to load beside them. No RPC: nothing here uses it.
set(_tvm "${SOURCES}/tvm")
file(GLOB _tvm_runtime_sources CONFIGURE_DEPENDS "${_tvm}/src/runtime/*.cc"
     "${_tvm}/src/runtime/vm/*.cc" "${_tvm}/src/runtime/memory/*.cc")
# Disco (multi-GPU sessions), random and sort: what mlc_llm and its models call at run time.
file(GLOB _tvm_extra_sources CONFIGURE_DEPENDS
     "${_tvm}/src/runtime/extra/disco/*.cc" "${_tvm}/src/runtime/extra/disco/distributed/*.cc"
     "${_tvm}/src/runtime/extra/contrib/random/random.cc"
     "${_tvm}/src/runtime/extra/contrib/sort/*.cc")

# TVM finds its sibling libraries in its own folder, and tvm_ffi in the other wheel's, which pip
# puts beside ours; tvm itself has loaded it long before, so this serves other programs.
if(APPLE)
  set(MLCBUILD_RPATH "@loader_path;@loader_path/../../tvm_ffi/lib")
else()
  set(MLCBUILD_RPATH "$ORIGIN;$ORIGIN/../../tvm_ffi/lib")
endif()

foreach(_library tvm_runtime tvm_runtime_extra)
  if(_library STREQUAL "tvm_runtime")
    set(_sources ${_tvm_runtime_sources})
  else()
    set(_sources ${_tvm_extra_sources})
  endif()
  if(NOT _sources)
    message(FATAL_ERROR "no sources of ${_library} in ${_tvm}: run `mlcbuild fetch`")
  endif()
  mlcbuild_library(${_library} SHARED ${_sources})
  target_include_directories(${_library} SYSTEM PRIVATE "${_tvm}/3rdparty/compiler-rt")
  target_compile_definitions(${_library} PRIVATE TVM_RUNTIME_EXPORTS TVM_FFI_EXPORTS)
  target_link_libraries(
    ${_library}
    PUBLIC tvm_headers
    PRIVATE tvm_ffi Threads::Threads ${CMAKE_DL_LIBS})
  set_target_properties(${_library} PROPERTIES INSTALL_RPATH "${MLCBUILD_RPATH}")
  if(WIN32)
    target_link_libraries(${_library} PRIVATE ws2_32)
  endif()
endforeach()
target_link_libraries(tvm_runtime_extra PUBLIC tvm_runtime)
