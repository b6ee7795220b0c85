# Vulkan for a MinGW build: the headers, and an import library for vulkan-1.dll.
#
# The DLL itself is the driver's and is never shipped. No package of a distribution has its import
# library for MinGW, and none is needed: the functions of Vulkan's core, which every loader exports, are
# declared in vulkan_core.h, before the first extension; dlltool makes the library from their names.
find_path(MLCBUILD_VULKAN_HEADERS vulkan/vulkan_core.h
          HINTS "$ENV{VULKAN_SDK}/include" "$ENV{VULKAN_SDK}/Include"
          PATHS /usr/include /usr/local/include
          NO_CMAKE_FIND_ROOT_PATH)
mlcbuild_needs(vulkan "${MLCBUILD_VULKAN_HEADERS}"
               "install the Vulkan SDK (Debian: apt-get install libvulkan-dev)")

# A copy: beside them lie this machine's own headers, which are not Windows'.
set(_headers "${CMAKE_BINARY_DIR}/vulkan/include")
foreach(_part vulkan vk_video)
  if(IS_DIRECTORY "${MLCBUILD_VULKAN_HEADERS}/${_part}")
    file(COPY "${MLCBUILD_VULKAN_HEADERS}/${_part}" DESTINATION "${_headers}" FILES_MATCHING PATTERN "*.h")
  endif()
endforeach()

file(READ "${_headers}/vulkan/vulkan_core.h" _text)
string(FIND "${_text}" "#define VK_KHR_surface 1" _core)
string(SUBSTRING "${_text}" 0 ${_core} _text)
string(REGEX MATCHALL "VKAPI_CALL vk[A-Za-z0-9]+\\(" _functions "${_text}")
list(TRANSFORM _functions REPLACE "VKAPI_CALL (vk[A-Za-z0-9]+)\\(" "\\1")
list(SORT _functions)
list(LENGTH _functions _count)
if(_count LESS 137) # Vulkan 1.0 has as many
  message(FATAL_ERROR "${MLCBUILD_VULKAN_HEADERS}/vulkan/vulkan_core.h declares ${_count} core functions: "
                      "install Vulkan's headers anew")
endif()
list(JOIN _functions "\n" _functions)
set(_definition "${CMAKE_BINARY_DIR}/vulkan/vulkan-1.def")
file(CONFIGURE OUTPUT "${_definition}" CONTENT "LIBRARY vulkan-1.dll\nEXPORTS\n${_functions}\n")

set(_library "${CMAKE_BINARY_DIR}/vulkan/libvulkan-1.dll.a")
add_custom_command(
  OUTPUT "${_library}"
  COMMAND "${CMAKE_DLLTOOL}" -m i386:x86-64 -d vulkan-1.def -l libvulkan-1.dll.a
  WORKING_DIRECTORY "${CMAKE_BINARY_DIR}/vulkan" # binutils' dlltool cannot take a path with a space
  DEPENDS "${_definition}"
  VERBATIM)
add_custom_target(vulkan_import_library DEPENDS "${_library}")
add_library(Vulkan::Vulkan INTERFACE IMPORTED GLOBAL)
add_dependencies(Vulkan::Vulkan vulkan_import_library)
target_include_directories(Vulkan::Vulkan SYSTEM INTERFACE "${_headers}")
target_link_libraries(Vulkan::Vulkan INTERFACE "${_library}")
