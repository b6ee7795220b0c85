# The release policy, for any project: give it to CMake with
#   -DCMAKE_PROJECT_TOP_LEVEL_INCLUDES=<this file>
# One named configuration, one C runtime, one flat output folder, the same bytes from any folder,
# and an install that ends with the gate and the stamp. docs/your-project.md says how it is used.
#
# Cache variables (all optional):
#   MLCBUILD_CONFIGURATION   Release (default) or Debug; a Debug build can never be packaged
#   MLCBUILD_PYTHON          interpreter that runs the gate (default: scikit-build-core's)
#   MLCBUILD_PROJECT         folder of the project's pyproject.toml (default: the source folder)
#   MLCBUILD_STAGE           folder that becomes the wheel (default: SKBUILD_PLATLIB_DIR, else the install prefix)
#   MLCBUILD_STAMP_DIR       package that carries _build.json (default: the one package, or the folder of all libraries)
#   MLCBUILD_LAST_COMPONENT  the install component after which the tree is complete
#   MLCBUILD_PINS            JSON list of pinned sources for the stamp
#   MLCBUILD_DEVICES         devices compiled in, for the stamp
#   MLCBUILD_SYMBOLS         ON writes a PDB beside every DLL (cl.exe, clang-cl); they are never installed
#   MLCBUILD_TOOLCHAIN       the choice of the toolchain and its reasons (JSON), for the stamp
#   MLCBUILD_COMPANIONS      further companions for this kind of build: distribution=library,library;...
#   MLCBUILD_MAP_PREFIXES    OFF where nothing that is compiled lies below CMAKE_PREFIX_PATH: an isolated
#                            build environment then moves without changing a compile command
include_guard(GLOBAL)

if(CMAKE_VERSION VERSION_LESS 3.25)
  message(FATAL_ERROR "mlcbuild: CMake ${CMAKE_VERSION} is too old: install CMake 3.25 or newer (pip install cmake)")
endif()

if(SKBUILD_STATE STREQUAL "editable" AND CMAKE_BINARY_DIR STREQUAL CMAKE_SOURCE_DIR)
  message(FATAL_ERROR "mlcbuild: editable.mode = \"inplace\" installs nothing, and the policy checks what is installed: "
                      "use editable.mode = \"redirect\"")
endif()

# --- One configuration, named ------------------------------------------------------------------
get_property(_mlcbuild_multi GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT _mlcbuild_multi)
  message(FATAL_ERROR "mlcbuild: generator \"${CMAKE_GENERATOR}\" has one unnamed configuration: "
                      "use \"Ninja Multi-Config\" or a Visual Studio generator (-G, CMAKE_GENERATOR)")
endif()
unset(_mlcbuild_multi)

set(MLCBUILD_CONFIGURATION "Release" CACHE STRING "The one configuration that is built")
if(NOT MLCBUILD_CONFIGURATION MATCHES "^(Release|Debug)$")
  message(FATAL_ERROR "mlcbuild: configuration \"${MLCBUILD_CONFIGURATION}\" is not known: use Release or Debug")
endif()
set(CMAKE_CONFIGURATION_TYPES "${MLCBUILD_CONFIGURATION}" CACHE STRING "Set by mlcbuild's policy" FORCE)
if(CMAKE_GENERATOR STREQUAL "Ninja Multi-Config")
  # Any other generator refuses the variable; Visual Studio and Xcode are told by --config.
  set(CMAKE_DEFAULT_BUILD_TYPE "${MLCBUILD_CONFIGURATION}" CACHE STRING "Set by mlcbuild's policy" FORCE)
  # What "-C cmake.build-type" would start: without these Ninja says that it cannot find a file.
  foreach(_mlcbuild_other IN ITEMS Debug Release RelWithDebInfo MinSizeRel)
    if(NOT _mlcbuild_other STREQUAL MLCBUILD_CONFIGURATION)
      file(WRITE "${CMAKE_BINARY_DIR}/mlcbuild-${_mlcbuild_other}.cmake"
           "message(FATAL_ERROR \"mlcbuild: error: cmake.build-type=${_mlcbuild_other}: the policy builds "
           "${MLCBUILD_CONFIGURATION}: remove it (an editable debug build: MLCBUILD_CONFIGURATION=Debug)\")\n")
      file(WRITE "${CMAKE_BINARY_DIR}/build-${_mlcbuild_other}.ninja"
           "rule refuse\n  command = \"${CMAKE_COMMAND}\" -P mlcbuild-${_mlcbuild_other}.cmake\n"
           "  description = mlcbuild\nbuild all: refuse\ndefault all\n")
    endif()
  endforeach()
endif()

# --- One C runtime -----------------------------------------------------------------------------
set(_mlcbuild_crt "MultiThreadedDLL")
if(MLCBUILD_CONFIGURATION STREQUAL "Debug")
  set(_mlcbuild_crt "MultiThreadedDebugDLL")
endif()
# The usual way to spell both at once says the same.
if(DEFINED CMAKE_MSVC_RUNTIME_LIBRARY
   AND NOT CMAKE_MSVC_RUNTIME_LIBRARY STREQUAL _mlcbuild_crt
   AND NOT CMAKE_MSVC_RUNTIME_LIBRARY STREQUAL "MultiThreaded$<$<CONFIG:Debug>:Debug>DLL")
  message(FATAL_ERROR "mlcbuild: CMAKE_MSVC_RUNTIME_LIBRARY is \"${CMAKE_MSVC_RUNTIME_LIBRARY}\" and the policy is "
                      "\"${_mlcbuild_crt}\": remove the setting, a process has one C runtime")
endif()
set(CMAKE_MSVC_RUNTIME_LIBRARY "${_mlcbuild_crt}")
unset(_mlcbuild_crt)
# Projects that ask for CMake < 3.15 would ignore the line above.
set(CMAKE_POLICY_DEFAULT_CMP0091 NEW)
# CMake >= 4 refuses projects that ask for less than 3.5 although nothing else is wrong with them.
if(NOT DEFINED CMAKE_POLICY_VERSION_MINIMUM)
  set(CMAKE_POLICY_VERSION_MINIMUM 3.5)
endif()

# --- One flat output folder --------------------------------------------------------------------
# The empty generator expression keeps multi-config generators from appending the configuration.
string(TOUPPER "${MLCBUILD_CONFIGURATION}" _mlcbuild_upper)
foreach(_mlcbuild_kind RUNTIME LIBRARY ARCHIVE PDB)
  set(CMAKE_${_mlcbuild_kind}_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/out$<0:>")
  set(CMAKE_${_mlcbuild_kind}_OUTPUT_DIRECTORY_${_mlcbuild_upper} "${CMAKE_BINARY_DIR}/out$<0:>")
endforeach()
unset(_mlcbuild_kind)
unset(_mlcbuild_upper)

# --- What a library shows, and where it looks ----------------------------------------------------
foreach(_mlcbuild_pair
        "POSITION_INDEPENDENT_CODE=ON" "C_VISIBILITY_PRESET=hidden" "CXX_VISIBILITY_PRESET=hidden"
        "VISIBILITY_INLINES_HIDDEN=ON")
  string(REGEX MATCH "^([^=]+)=(.*)$" _mlcbuild_pair "${_mlcbuild_pair}")
  if(NOT DEFINED CMAKE_${CMAKE_MATCH_1})
    set(CMAKE_${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
  endif()
endforeach()
unset(_mlcbuild_pair)
# Linked as it is installed: rewriting the path at install leaves the length of the build folder's
# name in the image, and different bytes in every folder.
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH OFF)
if(NOT DEFINED CMAKE_INSTALL_RPATH)
  if(CMAKE_HOST_APPLE)
    set(CMAKE_INSTALL_RPATH "@loader_path")
  else()
    set(CMAKE_INSTALL_RPATH "$ORIGIN")
  endif()
endif()

# --- Which language the compiler's driver speaks -----------------------------------------------
# Not known before project() has looked at the compiler, so finish.cmake sets the answer on a target
# that options ask when the build is generated. clang-cl has Clang's id and cl.exe's options.
add_library(mlcbuild_driver INTERFACE IMPORTED GLOBAL)
set(_mlcbuild_like_cl "$<STREQUAL:$<TARGET_PROPERTY:mlcbuild_driver,MLCBUILD_DRIVER>,cl>")
set(_mlcbuild_like_gnu "$<STREQUAL:$<TARGET_PROPERTY:mlcbuild_driver,MLCBUILD_DRIVER>,gnu>")
set(_mlcbuild_link_cl "$<STREQUAL:$<TARGET_PROPERTY:mlcbuild_driver,MLCBUILD_LINKER>,link>")
set(_mlcbuild_mingw "$<BOOL:$<TARGET_PROPERTY:mlcbuild_driver,MLCBUILD_MINGW>>")
set(_mlcbuild_c "$<OR:$<COMPILE_LANGUAGE:C>,$<COMPILE_LANGUAGE:CXX>>")
set(_mlcbuild_windows "$<PLATFORM_ID:Windows>")

# --- GCC's runtime inside every image ------------------------------------------------------------
# MinGW links libstdc++, libgcc and winpthread as DLLs of its own, which no user has and no two programs
# agree on. A library whose C++ stays inside needs none of them.
add_link_options("$<${_mlcbuild_mingw}:-static>")
unset(_mlcbuild_mingw)

# --- std::mutex that every msvcp140.dll can lock -----------------------------------------------
# Since MSVC 14.40 the constructor is constexpr, and an older msvcp140.dll crashes at the first lock
# (WinError 1114). The definition must reach every object of an image, so it is given here, to all.
add_compile_definitions(
  "$<$<AND:${_mlcbuild_windows},$<COMPILE_LANGUAGE:CXX>>:_DISABLE_CONSTEXPR_MUTEX_CONSTRUCTOR>")

# --- Symbols beside the images, never in them ---------------------------------------------------
# The debug information of a Release build goes to out/*.pdb; the image names its PDB without a folder.
# A PDB holds the paths of the objects and the image the PDB's hash: with symbols, only a build in the
# same folder gives the same bytes.
option(MLCBUILD_SYMBOLS "Write PDBs for cl.exe and clang-cl" OFF)
set(CMAKE_POLICY_DEFAULT_CMP0141 NEW)
set(_mlcbuild_sccache OFF)
if("${CMAKE_C_COMPILER_LAUNCHER};${CMAKE_CXX_COMPILER_LAUNCHER};$ENV{CMAKE_CXX_COMPILER_LAUNCHER}" MATCHES "sccache")
  set(_mlcbuild_sccache ON)
endif()
# No PDB that parallel compilers share: it needs a server, and sccache keeps no object beside one.
if(NOT DEFINED CMAKE_MSVC_DEBUG_INFORMATION_FORMAT)
  if(MLCBUILD_SYMBOLS)
    set(CMAKE_MSVC_DEBUG_INFORMATION_FORMAT Embedded)
  elseif(_mlcbuild_sccache)
    set(CMAKE_MSVC_DEBUG_INFORMATION_FORMAT "$<$<CONFIG:Debug,RelWithDebInfo>:Embedded>")
  endif()
endif()
if(MLCBUILD_SYMBOLS)
  # /DEBUG switches two optimisations off that a release wants. The PDB by its name, not by link.exe's
  # %_PDB%: Visual Studio generators double the percent signs, and link.exe takes them as they are.
  set(_mlcbuild_pdb "$<TARGET_PDB_FILE_NAME:$<TARGET_PROPERTY:NAME>>")
  add_link_options(
    "$<${_mlcbuild_link_cl}:LINKER:/DEBUG,/OPT:REF,/OPT:ICF,/INCREMENTAL:NO,/PDBALTPATH:${_mlcbuild_pdb}>")
  unset(_mlcbuild_pdb)
endif()

# --- The same bytes from any folder ------------------------------------------------------------
# Paths reach images through __FILE__ and debug information. Later options win, so the build
# folder, which may lie inside the source folder, comes after it; packages of an isolated build
# environment lie in a folder with a random name.
option(MLCBUILD_MAP_PREFIXES "Map the folders of CMAKE_PREFIX_PATH out of the images" ON)

include("${CMAKE_CURRENT_LIST_DIR}/prefixes.cmake")
set(_mlcbuild_prefixes "")
if(MLCBUILD_MAP_PREFIXES)
  set(_mlcbuild_prefixes ${CMAKE_PREFIX_PATH})
endif()
foreach(_mlcbuild_root IN ITEMS "${CMAKE_SOURCE_DIR}" ${_mlcbuild_prefixes} "${CMAKE_BINARY_DIR}")
  mlcbuild_map_prefix("${_mlcbuild_root}")
endforeach()
unset(_mlcbuild_prefixes)
unset(_mlcbuild_root)
# MSVC: /Brepro replaces time stamps by a hash of the content, in objects and in images.
add_compile_options("$<$<AND:${_mlcbuild_like_cl},${_mlcbuild_c}>:/Brepro>")
foreach(_mlcbuild_lang C CXX)
  set(_mlcbuild_msvc "$<COMPILE_LANG_AND_ID:${_mlcbuild_lang},MSVC>")
  set(_mlcbuild_new "$<VERSION_GREATER_EQUAL:$<${_mlcbuild_lang}_COMPILER_VERSION>,19.30>")
  add_compile_options("$<$<AND:${_mlcbuild_msvc},${_mlcbuild_new}>:/experimental:deterministic;/wd5048>")
  # MSBuild compiles the files of one project one after another without it; Ninja needs none.
  if(CMAKE_GENERATOR MATCHES "^Visual Studio ")
    add_compile_options("$<${_mlcbuild_msvc}:/MP>")
  endif()
endforeach()
unset(_mlcbuild_lang)
unset(_mlcbuild_msvc)
unset(_mlcbuild_new)
add_link_options(
  "$<${_mlcbuild_link_cl}:LINKER:/Brepro>"
  "$<$<AND:${_mlcbuild_windows},$<NOT:${_mlcbuild_link_cl}>>:LINKER:--no-insert-timestamp>")

# mlcbuild_version_info(TARGET DESCRIPTION [VERSION]): what Windows Explorer and crash reports show.
include("${CMAKE_CURRENT_LIST_DIR}/version_info.cmake")

# --- At the end of the top folder: the build's record, and the gate as the last install step ---
set(_MLCBUILD_CMAKE_DIR "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "mlcbuild's CMake files")
# A deferred call reads its variables when it runs, so the folder is kept in the cache.
cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL
               include "${_MLCBUILD_CMAKE_DIR}/finish.cmake")
# Without CMP0082 the install rules of subfolders would run after the gate.
cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL cmake_policy SET CMP0082 NEW)
