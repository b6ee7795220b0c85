# How folders of this machine stay out of the images: part of policy.cmake, whose variables it reads.

# mlcbuild_map_prefix(FOLDER): keep one more folder out of the images of this directory and those below.
# MSVC does it from VS 2022 on, in its deterministic mode; 5048 warns of every __FILE__ that it maps.
#
# sccache takes an option with a folder as another command, and an object of another folder as a miss. What
# goes to the preprocessor it judges by what comes out, so the maps go there (a comma would separate them).
function(mlcbuild_map_prefix folder)
  set(clang "$<OR:$<C_COMPILER_ID:Clang>,$<CXX_COMPILER_ID:Clang>>")
  set(names "${folder}")
  if(CMAKE_GENERATOR MATCHES "^Ninja")
    # clang-cl knows it by this name: see below.
    set_property(GLOBAL APPEND PROPERTY MLCBUILD_NAMED_FOLDERS "${folder}")
    _mlcbuild_name_of("${folder}" name)
    if(NOT name STREQUAL ".")
      list(APPEND names "${name}")
    endif()
  endif()
  set(gnu "-ffile-prefix-map=${folder}=.")
  if(_mlcbuild_sccache AND NOT folder MATCHES ",")
    set(gnu "-Wp,-fmacro-prefix-map=${folder}=.,-fdebug-prefix-map=${folder}=.")
  endif()
  add_compile_options("$<$<AND:${_mlcbuild_like_gnu},${_mlcbuild_c}>:${gnu}>")
  foreach(name IN LISTS names)
    set(cl "-ffile-prefix-map=\"${name}\"=.")
    if(_mlcbuild_sccache AND NOT name MATCHES ",")
      set(cl "-Wp,-fmacro-prefix-map=\"${name}\"=.,-fdebug-prefix-map=\"${name}\"=.")
    endif()
    add_compile_options("$<$<AND:${_mlcbuild_like_cl},${clang},${_mlcbuild_c}>:SHELL:/clang:${cl}>")
  endforeach()
  file(TO_NATIVE_PATH "${folder}" folder)
  foreach(lang C CXX)
    set(new "$<VERSION_GREATER_EQUAL:$<${lang}_COMPILER_VERSION>,19.30>")
    add_compile_options("$<$<AND:$<COMPILE_LANG_AND_ID:${lang},MSVC>,${new}>:/pathmap:${folder}=.>")
  endforeach()
endfunction()

# Under Microsoft's ABI clang names a type of an anonymous namespace by a hash of the source's path as it
# was passed. No prefix map reaches that, and the name is in the image where the type is virtual or
# thrown. CMake passes whole paths; an overlay of the file system tells clang what the folders are called
# from the build folder, and it takes the names from there. With Ninja alone the compiler runs in it.
if(CMAKE_GENERATOR MATCHES "^Ninja")
  set(_mlcbuild_clang "$<OR:$<C_COMPILER_ID:Clang>,$<CXX_COMPILER_ID:Clang>>")
  add_compile_options(
    "$<$<AND:${_mlcbuild_like_cl},${_mlcbuild_clang},${_mlcbuild_c}>:/clang:-ivfsoverlaymlcbuild-names.yaml>")
  unset(_mlcbuild_clang)
endif()

# _mlcbuild_name_of(FOLDER OUT): its path from the build folder where it is that or above it, else a link.
function(_mlcbuild_name_of folder out)
  cmake_path(IS_PREFIX folder "${CMAKE_BINARY_DIR}" NORMALIZE above)
  if(above)
    cmake_path(RELATIVE_PATH folder BASE_DIRECTORY "${CMAKE_BINARY_DIR}" OUTPUT_VARIABLE name)
  else()
    get_property(folders GLOBAL PROPERTY MLCBUILD_NAMED_FOLDERS)
    list(FIND folders "${folder}" index)
    set(name "mlcbuild-names/${index}")
  endif()
  set(${out} "${name}" PARENT_SCOPE)
endfunction()

# mlcbuild_write_names(): write that overlay, when every folder is known.
function(mlcbuild_write_names)
  get_property(folders GLOBAL PROPERTY MLCBUILD_NAMED_FOLDERS)
  list(REMOVE_DUPLICATES folders)
  list(SORT folders ORDER DESCENDING) # the inner ones go first
  set(roots "")
  foreach(folder IN LISTS folders)
    _mlcbuild_name_of("${folder}" name)
    set(failed 0)
    if(name MATCHES "^mlcbuild-names/")
      file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/mlcbuild-names")
      # Windows lets not everybody make one: the folder then keeps its own name.
      file(CREATE_LINK "${folder}" "${CMAKE_BINARY_DIR}/${name}" RESULT failed SYMBOLIC)
    endif()
    if(failed EQUAL 0)
      string(REPLACE "\"" "\\\"" folder "${folder}")
      list(APPEND roots
           "{\"name\":\"${folder}\",\"type\":\"directory-remap\",\"external-contents\":\"${name}\"}")
    endif()
  endforeach()
  list(JOIN roots ",\n  " roots)
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/mlcbuild-names.yaml" @ONLY
       CONTENT "{\"version\":0,\"use-external-names\":true,\"roots\":[\n  @roots@]}\n")
endfunction()
