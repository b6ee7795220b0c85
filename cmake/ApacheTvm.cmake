# PyPI's apache-tvm as it is installed beside the build's Python: a plug-in is linked against exactly
# the libraries that the user's process will have loaded. Windows links the import libraries that
# the wheel brings.
find_package(Python REQUIRED COMPONENTS Interpreter)
set(MLCBUILD_APACHE_TVM
    ""
    CACHE PATH "The package tvm of the system that is built for; empty asks the build's Python")
set(_tvm_package "${MLCBUILD_APACHE_TVM}")
if(_tvm_package STREQUAL "")
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
            "import importlib.util as u; print(u.find_spec('tvm').submodule_search_locations[0])"
    WORKING_DIRECTORY "${CMAKE_ROOT}" # Python imports from where it runs
    OUTPUT_VARIABLE _tvm_package
    OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE _tvm_result
    ERROR_QUIET)
  if(NOT _tvm_result EQUAL 0)
    message(FATAL_ERROR "apache-tvm is not installed beside ${Python_EXECUTABLE}: "
                        "pip install apache-tvm==${MLCBUILD_TVM_VERSION}")
  endif()
endif()
file(TO_CMAKE_PATH "${_tvm_package}" _tvm_package)

# A copy at a fixed place, replaced only when it differs: a new build environment relinks nothing.
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/apache_tvm")
foreach(_library tvm_runtime tvm_compiler)
  if(WIN32)
    set(_name "${_library}.lib")
  else()
    set(_name "${CMAKE_SHARED_LIBRARY_PREFIX}${_library}${CMAKE_SHARED_LIBRARY_SUFFIX}")
  endif()
  if(NOT EXISTS "${_tvm_package}/lib/${_name}")
    message(FATAL_ERROR "${_tvm_package}/lib has no ${_name}: pip install apache-tvm==${MLCBUILD_TVM_VERSION}")
  endif()
  set(_copy "${CMAKE_BINARY_DIR}/apache_tvm/${_name}")
  file(COPY_FILE "${_tvm_package}/lib/${_name}" "${_copy}" ONLY_IF_DIFFERENT)
  add_library(${_library} SHARED IMPORTED)
  if(WIN32)
    set_target_properties(${_library} PROPERTIES IMPORTED_IMPLIB "${_copy}")
  else()
    set_target_properties(${_library} PROPERTIES IMPORTED_LOCATION "${_copy}")
  endif()
  target_link_libraries(${_library} INTERFACE tvm_headers)
endforeach()

# pip puts the three packages side by side.
if(APPLE)
  set(MLCBUILD_RPATH "@loader_path;@loader_path/../../tvm/lib;@loader_path/../../tvm_ffi/lib")
else()
  set(MLCBUILD_RPATH "$ORIGIN;$ORIGIN/../../tvm/lib;$ORIGIN/../../tvm_ffi/lib")
endif()
