# Device runtimes beside the CPU's, each a library of its own that TVM loads where it finds it:
# tvm_runtime_<device>. Drivers (libvulkan, libOpenCL, libcuda) come with the user's system and are
# never bundled; without one only that device is absent.
set(MLCBUILD_DEVICE_LIBRARIES "")
include("${CMAKE_CURRENT_LIST_DIR}/Loaders.cmake")

# mlcbuild_device(NAME LIBRARIES... ): tvm_runtime_NAME from TVM's sources of that backend.
function(mlcbuild_device name)
  set(_folder "${SOURCES}/tvm/src/backend/${name}/runtime")
  file(GLOB _sources CONFIGURE_DEPENDS "${_folder}/*.cc" "${_folder}/*.mm")
  if(name STREQUAL "cuda")
    file(GLOB _vm CONFIGURE_DEPENDS "${SOURCES}/tvm/src/runtime/vm/cuda/*.cc")
    list(APPEND _sources ${_vm})
  endif()
  set(_library tvm_runtime_${name})
  mlcbuild_library(${_library} SHARED ${_sources})
  target_compile_definitions(${_library} PRIVATE TVM_RUNTIME_EXPORTS TVM_FFI_EXPORTS)
  target_link_libraries(${_library} PRIVATE tvm_headers tvm_runtime tvm_ffi ${ARGN})
  set_target_properties(${_library} PROPERTIES INSTALL_RPATH "${MLCBUILD_RPATH}")
  set(MLCBUILD_DEVICE_LIBRARIES
      ${MLCBUILD_DEVICE_LIBRARIES} ${_library}
      PARENT_SCOPE)
endfunction()

# mlcbuild_needs(DEVICE FOUND REMEDY): stop with one line where a device's SDK is absent.
function(mlcbuild_needs device found remedy)
  if(NOT found)
    message(FATAL_ERROR "device ${device} needs its headers and loader: ${remedy}")
  endif()
endfunction()

foreach(_device IN LISTS MLCBUILD_DEVICES)
  if(_device STREQUAL "vulkan")
    mlcbuild_vulkan_loader()
    mlcbuild_device(vulkan mlcbuild_vulkan)
  elseif(_device STREQUAL "opencl" AND APPLE) # a framework of the system's
    find_package(OpenCL REQUIRED)
    mlcbuild_device(opencl OpenCL::OpenCL)
  elseif(_device STREQUAL "opencl")
    mlcbuild_opencl_loader()
    mlcbuild_device(opencl mlcbuild_opencl)
  elseif(_device STREQUAL "cuda")
    find_package(CUDAToolkit QUIET)
    mlcbuild_needs(cuda "${CUDAToolkit_FOUND}" "install the CUDA toolkit, or set CUDAToolkit_ROOT to it")
    # Host code alone: no nvcc, no architectures.
    mlcbuild_device(cuda CUDA::cudart CUDA::cuda_driver)
  elseif(_device STREQUAL "metal")
    mlcbuild_needs(metal "${APPLE}" "it exists on macOS only")
    enable_language(OBJCXX)
    find_library(_metal Metal REQUIRED)
    find_library(_foundation Foundation REQUIRED)
    mlcbuild_device(metal "${_metal}" "${_foundation}")
  endif()
endforeach()
