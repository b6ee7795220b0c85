# tvm_compiler_vulkan: the code generator.
include(spirv_tools.cmake)

set(_generator "${SOURCES}/tvm/src/backend/vulkan/codegen")
file(GLOB _sources CONFIGURE_DEPENDS "${_generator}/*.cc")
list(REMOVE_ITEM _sources "${_generator}/target_kind.cc") # is in PyPI's tvm_compiler
if(NOT _sources)
  message(FATAL_ERROR "no sources in ${_generator}: run `mlcbuild fetch`")
endif()
mlcbuild_library(tvm_compiler_vulkan SHARED ${_sources} src/absent_symbols.cc src/register.cc)
target_compile_definitions(tvm_compiler_vulkan PRIVATE TVM_ENABLE_SPIRV=1)
target_include_directories(tvm_compiler_vulkan SYSTEM PRIVATE "${SOURCES}/tvm" "${SOURCES}/vulkan-headers/include")
target_link_libraries(tvm_compiler_vulkan PRIVATE tvm_compiler tvm_runtime tvm_ffi spirv_tools)
set_target_properties(tvm_compiler_vulkan PROPERTIES INSTALL_RPATH "${MLCBUILD_RPATH}")
