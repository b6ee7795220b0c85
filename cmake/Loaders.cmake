# The loaders of Vulkan and OpenCL come with the user's driver and are never bundled. What is linked
# against is a stand-in made here from the pinned headers, with the loader's name and its functions, so
# that no SDK has to be installed on any system. It is never installed.

# mlcbuild_loader(TARGET FILE_NAME HEADERS FUNCTIONS): a library to link against, and its headers' folder.
# FILE_NAME is what the loader is called without prefix and suffix: vulkan-1 on Windows, vulkan elsewhere.
function(mlcbuild_loader target file_name headers functions)
  if(NOT functions)
    message(FATAL_ERROR "no functions of ${target} in ${headers}: run `mlcbuild fetch`")
  endif()
  set(_text "#ifdef _WIN32\n#define LOADER __declspec(dllexport)\n#else\n"
            "#define LOADER __attribute__((visibility(\"default\")))\n#endif\n")
  foreach(_function IN LISTS functions)
    string(APPEND _text "extern \"C\" LOADER void ${_function}() {}\n")
  endforeach()
  string(JOIN "" _text ${_text})
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/loaders/${target}.cc" CONTENT "${_text}" @ONLY)
  add_library(${target} SHARED "${CMAKE_CURRENT_BINARY_DIR}/loaders/${target}.cc")
  set_target_properties(${target} PROPERTIES OUTPUT_NAME "${file_name}" SOVERSION 1)
  # Apart from our libraries, whose own folder is searched before the system's.
  foreach(_kind RUNTIME LIBRARY ARCHIVE PDB)
    foreach(_suffix "" _RELEASE _DEBUG)
      set_target_properties(
        ${target} PROPERTIES ${_kind}_OUTPUT_DIRECTORY${_suffix} "${CMAKE_CURRENT_BINARY_DIR}/loaders/lib$<0:>")
    endforeach()
  endforeach()
  target_include_directories(${target} SYSTEM INTERFACE "${headers}")
endfunction()

# What every loader of Vulkan 1.2 exports: the functions of the core, before the first extension.
function(mlcbuild_vulkan_loader)
  set(_headers "${SOURCES}/vulkan-headers/include")
  set(_functions "")
  if(EXISTS "${_headers}/vulkan/vulkan_core.h")
    file(READ "${_headers}/vulkan/vulkan_core.h" _text)
    string(FIND "${_text}" "#define VK_KHR_surface 1" _core)
    string(SUBSTRING "${_text}" 0 ${_core} _text)
    string(REGEX MATCHALL "VKAPI_CALL vk[A-Za-z0-9]+" _functions "${_text}")
    list(TRANSFORM _functions REPLACE "VKAPI_CALL " "")
  endif()
  if(WIN32)
    mlcbuild_loader(mlcbuild_vulkan vulkan-1 "${_headers}" "${_functions}")
  else()
    mlcbuild_loader(mlcbuild_vulkan vulkan "${_headers}" "${_functions}")
  endif()
endfunction()

function(mlcbuild_opencl_loader)
  set(_headers "${SOURCES}/opencl-headers")
  set(_functions "")
  if(EXISTS "${_headers}/CL/cl.h")
    file(READ "${_headers}/CL/cl.h" _text)
    string(REGEX MATCHALL "CL_API_CALL[ \r\n]+cl[A-Za-z0-9]+" _functions "${_text}")
    list(TRANSFORM _functions REPLACE "CL_API_CALL[ \r\n]+" "")
  endif()
  mlcbuild_loader(mlcbuild_opencl OpenCL "${_headers}" "${_functions}")
endfunction()
