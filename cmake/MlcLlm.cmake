# The mlc_llm library, with xgrammar's grammar engine compiled in. Upstream links the same objects
# twice, as mlc_llm and as mlc_llm_module; the locator maps both names to this one.
set(_mlc "${SOURCES}/mlc-llm")
set(_xgrammar "${SOURCES}/xgrammar")
file(GLOB_RECURSE _mlc_sources CONFIGURE_DEPENDS "${_mlc}/cpp/*.cc")
file(GLOB_RECURSE _xgrammar_sources CONFIGURE_DEPENDS "${_xgrammar}/cpp/*.cc")
list(FILTER _xgrammar_sources EXCLUDE REGEX "/cpp/pybind/")
if(NOT _mlc_sources OR NOT _xgrammar_sources)
  message(FATAL_ERROR "no sources of mlc-llm or xgrammar in ${SOURCES}: run `mlcbuild fetch`")
endif()

mlcbuild_library(xgrammar STATIC ${_xgrammar_sources})
target_include_directories(
  xgrammar
  PUBLIC "${_xgrammar}/include" "${_xgrammar}/3rdparty/picojson"
  PRIVATE "${SOURCES}/tvm-ffi/3rdparty/dlpack/include")
target_compile_definitions(xgrammar PUBLIC XGRAMMAR_ENABLE_LOG_DEBUG=0)

mlcbuild_library(mlc_llm SHARED ${_mlc_sources})
# cpp/support/utils.h reaches TVM's private headers as ../../3rdparty/tvm; seen from this include
# folder that is our own 3rdparty/tvm.
target_include_directories(mlc_llm PRIVATE "${_mlc}" "${SOURCES}/stb")
target_compile_definitions(mlc_llm PRIVATE MLC_LLM_EXPORTS __STDC_FORMAT_MACROS=1)
target_link_libraries(mlc_llm PRIVATE tvm_headers tvm_runtime tvm_runtime_extra tvm_ffi xgrammar tokenizers_cpp)
set_target_properties(mlc_llm PROPERTIES INSTALL_RPATH "${MLCBUILD_RPATH}")
