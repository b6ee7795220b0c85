# TVM's headers as its own libraries are compiled with them.
add_library(tvm_headers INTERFACE)
target_include_directories(tvm_headers INTERFACE "${SOURCES}/tvm/include")
target_link_libraries(tvm_headers INTERFACE tvm_ffi_headers)
target_compile_definitions(tvm_headers INTERFACE TVM_INDEX_DEFAULT_I64=1
                                                 TVM_VERSION="${MLCBUILD_TVM_VERSION}")
