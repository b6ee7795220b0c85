# What libraries of a MinGW build export and import, declared as for MSVC: upstream's macros ask for
# Microsoft's compiler, and without them MinGW's linker would export everything. Whoever links sees
# imports; tvm_ffi itself exports, and so do the two libraries of TVM's runtime, which share a macro.
set(_import "__declspec(dllimport)")
set(_export "__declspec(dllexport)")
set(_name "$<TARGET_PROPERTY:NAME>")
set(_is_ffi "$<STREQUAL:${_name},tvm_ffi>")
set(_is_runtime "$<OR:$<STREQUAL:${_name},tvm_runtime>,$<STREQUAL:${_name},tvm_runtime_extra>>")
target_compile_definitions(
  tvm_ffi_headers INTERFACE "TVM_FFI_DLL=$<IF:${_is_ffi},${_export},${_import}>"
                            "TVM_FFI_DLL_EXPORT=${_export}")
target_compile_definitions(
  tvm_headers INTERFACE "TVM_RUNTIME_DLL=$<IF:${_is_runtime},${_export},${_import}>"
                        "TVM_RUNTIME_DLL_EXPORT=${_export}"
                        "TVM_DLL=${_import}"
                        "TVM_DLL_EXPORT=${_export}")
