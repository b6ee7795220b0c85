# GCC's runtime DLLs, which every library of a MinGW build shares: a C++ exception or a std::string
# that crosses from one to another must find one runtime, so it is not linked statically. They get
# names of our own, because a process has one DLL a name and other software brings other versions
# of these three (mlcbuild.pe.rename: as long as the old ones, nothing moves in the image).
set(MLCBUILD_PRIVATE_DLLS
    libstdc++-6.dll=mlcstdc++-6.dll
    libgcc_s_seh-1.dll=mlcgcc_s_seh-1.dll
    libwinpthread-1.dll=mlcwinpthread-1.dll)

find_package(Python REQUIRED COMPONENTS Interpreter)
set(MLCBUILD_RENAME "${Python_EXECUTABLE}"
                    "${CMAKE_CURRENT_LIST_DIR}/../python/mlcbuild/cmake/run_rename.py")

set(_runtime_files "")
foreach(_pair IN LISTS MLCBUILD_PRIVATE_DLLS)
  string(REPLACE "=" ";" _pair "${_pair}")
  list(GET _pair 0 _old)
  list(GET _pair 1 _new)
  execute_process(
    COMMAND "${CMAKE_CXX_COMPILER}" "-print-file-name=${_old}"
    OUTPUT_VARIABLE _found
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT IS_ABSOLUTE "${_found}")
    find_file(_found_${_old} "${_old}" PATH_SUFFIXES bin lib NO_CACHE REQUIRED) # Fedora: sys-root/mingw/bin
    set(_found "${_found_${_old}}")
  endif()
  set(_target "${CMAKE_BINARY_DIR}/out/${_new}")
  add_custom_command(
    OUTPUT "${_target}"
    COMMAND "${CMAKE_STRIP}" -o "${_target}" "${_found}"
    COMMAND ${MLCBUILD_RENAME} "${_target}" ${MLCBUILD_PRIVATE_DLLS}
    DEPENDS "${_found}"
    VERBATIM)
  list(APPEND _runtime_files "${_target}")
endforeach()
add_custom_target(gcc_runtime DEPENDS ${_runtime_files})

# mlcbuild_private_dlls(TARGET): make a library ask for the runtime by its private names.
function(mlcbuild_private_dlls target)
  # Stripped by the linker: what is repacked into other wheels does not pass by `cmake --install`.
  target_link_options(${target} PRIVATE LINKER:-s)
  add_custom_command(
    TARGET ${target}
    POST_BUILD
    COMMAND ${MLCBUILD_RENAME} "$<TARGET_FILE:${target}>" ${MLCBUILD_PRIVATE_DLLS}
    VERBATIM)
endfunction()

# The gate: who brings what mlc_llm.dll needs, in the wheelhouse that is made around it.
set(MLCBUILD_COMPANIONS "apache-tvm=tvm_runtime,tvm_runtime_extra;apache-tvm-ffi=tvm_ffi")
foreach(_pair IN LISTS MLCBUILD_PRIVATE_DLLS)
  string(REGEX REPLACE ".*=(.*)[.]dll$" "\\1" _stem "${_pair}")
  string(APPEND MLCBUILD_COMPANIONS ",${_stem}")
endforeach()
