# What a user may choose. Every value ends up in the stamp.
set(MLCBUILD_DEVICES
    "cpu"
    CACHE STRING "Device runtimes to build beside the CPU: cpu, vulkan, cuda, opencl, metal (a list)")
set(MLCBUILD_TVM_VERSION
    "0.26.0"
    CACHE STRING "The release of TVM whose sources are pinned; compiled into TVM_VERSION")
option(MLCBUILD_UNITY "Compile several sources as one; halves the CPU time" ON)

set(_known_devices cpu vulkan cuda opencl metal)
foreach(_device IN LISTS MLCBUILD_DEVICES)
  if(NOT _device IN_LIST _known_devices)
    list(JOIN _known_devices ", " _known)
    message(FATAL_ERROR "unknown device '${_device}': choose from ${_known}")
  endif()
endforeach()

# Rust: sizes and times of the choices are in docs/superbuild.md.
set(MLCBUILD_RUST_OPT
    "s"
    CACHE STRING "Cargo's opt-level for the tokenizers")
set(MLCBUILD_RUST_LTO
    "thin"
    CACHE STRING "Cargo's lto for the tokenizers")
