# tvm_compiler_vulkan: the code generator.
# The validator and the disassembler, linked in; the optimiser is not used.
find_package(SPIRV-Tools CONFIG QUIET HINTS "$ENV{VULKAN_SDK}")
if(NOT TARGET SPIRV-Tools-static)
  message(FATAL_ERROR "the code generator needs SPIRV-Tools: install the Vulkan SDK "
                      "(Debian: apt-get install spirv-tools spirv-headers)")
endif()
find_path(_spirv_headers spirv.hpp PATH_SUFFIXES spirv/unified1 spirv-headers HINTS "$ENV{VULKAN_SDK}/Include" REQUIRED)
find_path(_spirv_tools libspirv.h PATH_SUFFIXES spirv-tools HINTS "$ENV{VULKAN_SDK}/Include" REQUIRED)

set(_generator "${SOURCES}/tvm/src/backend/vulkan/codegen")
file(GLOB _sources CONFIGURE_DEPENDS "${_generator}/*.cc")
list(REMOVE_ITEM _sources "${_generator}/target_kind.cc") # is in PyPI's tvm_compiler
if(NOT _sources)
  message(FATAL_ERROR "no sources in ${_generator}: run `mlcbuild fetch`")
endif()
mlcbuild_library(tvm_compiler_vulkan SHARED ${_sources} src/absent_symbols.cc src/register.cc)
target_compile_definitions(tvm_compiler_vulkan PRIVATE TVM_ENABLE_SPIRV=1)
target_include_directories(tvm_compiler_vulkan SYSTEM
                           PRIVATE "${SOURCES}/tvm" "${_spirv_headers}" "${_spirv_tools}" ${Vulkan_INCLUDE_DIRS})
target_link_libraries(tvm_compiler_vulkan PRIVATE tvm_compiler tvm_runtime tvm_ffi SPIRV-Tools-static)
set_target_properties(tvm_compiler_vulkan PROPERTIES INSTALL_RPATH "${MLCBUILD_RPATH}")
