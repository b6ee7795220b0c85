# What the plug-ins for PyPI's apache-tvm share: set MLCBUILD_DEVICES, then include this. Gives the
# runtime's library of that device and ${_root}/3rdparty's TVM to compile against.
get_filename_component(_root "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(SOURCES "${_root}/3rdparty")
# What is compiled lies above the project's folder: keep the checkout's path out of the images as well.
if(COMMAND mlcbuild_map_prefix) # the release policy's
  mlcbuild_map_prefix("${_root}")
endif()

include("${CMAKE_CURRENT_LIST_DIR}/Options.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Defaults.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/TvmFfi.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/TvmHeaders.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/ApacheTvm.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Devices.cmake")

# mlcbuild_plugin(PACKAGE LIBRARIES...): what goes into the plug-in's wheel.
function(mlcbuild_plugin package)
  install(
    TARGETS ${MLCBUILD_DEVICE_LIBRARIES} ${ARGN}
    RUNTIME DESTINATION ${package}/lib
    LIBRARY DESTINATION ${package}/lib
    ARCHIVE DESTINATION unused COMPONENT never EXCLUDE_FROM_ALL)
  if(MLCBUILD_LICENCES AND SKBUILD_METADATA_DIR)
    install(DIRECTORY "${MLCBUILD_LICENCES}/" DESTINATION "${SKBUILD_METADATA_DIR}/licenses")
  endif()
endfunction()
