# A plug-in for the MinGW wheelhouse is linked against the libraries of the build that the wheelhouse was
# made from: PyPI's Windows libraries are MSVC's, whose C++ ABI is another one. They lie in
# MLCBUILD_WHEELHOUSE_BUILD, which `mlcbuild wheel --target win_amd64` passes.
set(MLCBUILD_WHEELHOUSE_BUILD "" CACHE PATH "out/ of the MinGW build whose tvm_runtime.dll a plug-in is linked against")
foreach(_library tvm_ffi tvm_runtime)
  set(_name "lib${_library}.dll.a")
  if(NOT EXISTS "${MLCBUILD_WHEELHOUSE_BUILD}/${_name}")
    message(FATAL_ERROR "MLCBUILD_WHEELHOUSE_BUILD=${MLCBUILD_WHEELHOUSE_BUILD} has no ${_name}: "
                        "use mlcbuild wheel --target win_amd64 --device LIST")
  endif()
  # A copy that is replaced only when it differs: a library that was relinked relinks nothing here.
  file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/wheelhouse")
  file(COPY_FILE "${MLCBUILD_WHEELHOUSE_BUILD}/${_name}" "${CMAKE_BINARY_DIR}/wheelhouse/${_name}" ONLY_IF_DIFFERENT)
  add_library(${_library} SHARED IMPORTED)
  set_target_properties(${_library} PROPERTIES IMPORTED_IMPLIB "${CMAKE_BINARY_DIR}/wheelhouse/${_name}")
endforeach()
target_link_libraries(tvm_ffi INTERFACE tvm_ffi_headers)
target_link_libraries(tvm_runtime INTERFACE tvm_headers)
