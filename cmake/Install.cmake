# The wheel's backend builds this one target, whatever the devices.
add_custom_target(wheel_libraries)
add_dependencies(wheel_libraries mlc_llm tvm_runtime tvm_runtime_extra ${MLCBUILD_DEVICE_LIBRARIES})

# What the wheel carries of the build: the libraries, in one folder, and the licences of all that
# was compiled in (gathered by the backend). No headers, no static or import libraries.
install(
  TARGETS mlc_llm tvm_runtime tvm_runtime_extra ${MLCBUILD_DEVICE_LIBRARIES}
  RUNTIME DESTINATION mlc_llm/lib COMPONENT wheel
  LIBRARY DESTINATION mlc_llm/lib COMPONENT wheel
  ARCHIVE DESTINATION unused COMPONENT never EXCLUDE_FROM_ALL)

if(SKBUILD_METADATA_DIR)
  install(
    DIRECTORY "${CMAKE_BINARY_DIR}/licences/"
    DESTINATION "${SKBUILD_METADATA_DIR}/licenses"
    COMPONENT wheel)
endif()
