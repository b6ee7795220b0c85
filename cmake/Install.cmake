# The wheel's backend builds this one target, whatever the devices.
add_custom_target(wheel_libraries)
add_dependencies(wheel_libraries mlc_llm tvm_runtime tvm_runtime_extra ${MLCBUILD_DEVICE_LIBRARIES})

# What the wheel carries of the build: the libraries, in one folder, and the licences of all that
# was compiled in (gathered by the backend). No headers, no static or import libraries.
#
# In a MinGW build PyPI's apache-tvm is repacked on our runtime (mlcbuild.wheelhouse), so that
# `import tvm` alone works too; then this wheel has one library, and its companions the others.
set(_wheel_libraries mlc_llm tvm_runtime tvm_runtime_extra ${MLCBUILD_DEVICE_LIBRARIES})
if(MINGW)
  set(_wheel_libraries mlc_llm)
  add_dependencies(wheel_libraries tvm_ffi tvm_ffi_testing gcc_runtime)
endif()
install(
  TARGETS ${_wheel_libraries}
  RUNTIME DESTINATION mlc_llm/lib COMPONENT wheel
  LIBRARY DESTINATION mlc_llm/lib COMPONENT wheel
  ARCHIVE DESTINATION unused COMPONENT never EXCLUDE_FROM_ALL)

if(SKBUILD_METADATA_DIR)
  install(
    DIRECTORY "${CMAKE_BINARY_DIR}/licences/"
    DESTINATION "${SKBUILD_METADATA_DIR}/licenses"
    COMPONENT wheel)
endif()
