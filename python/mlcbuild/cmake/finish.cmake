# Runs when the top folder's CMakeLists.txt has been read: languages and install rules are known.

# --- What the policy's options ask (see policy.cmake) ---------------------------------------------
# The linker's language can differ: MSVC's and LLVM's link.exe under clang's GNU driver.
set(_mlcbuild_driver gnu)
set(_mlcbuild_linker other)
if(MSVC)
  set(_mlcbuild_linker link)
  if(NOT CMAKE_CXX_COMPILER_FRONTEND_VARIANT STREQUAL "GNU" AND NOT CMAKE_C_COMPILER_FRONTEND_VARIANT STREQUAL "GNU")
    set(_mlcbuild_driver cl)
  endif()
endif()
set_target_properties(mlcbuild_driver PROPERTIES MLCBUILD_DRIVER "${_mlcbuild_driver}"
                                                 MLCBUILD_LINKER "${_mlcbuild_linker}"
                                                 MLCBUILD_MINGW "${MINGW}")

if(_mlcbuild_driver STREQUAL "cl" AND CMAKE_GENERATOR MATCHES "^Ninja")
  mlcbuild_write_names()
endif()

# --- The record of the build, which the gate compares with the images ------------------------------
set(_mlcbuild_lang CXX)
if(NOT CMAKE_CXX_COMPILER_ID)
  set(_mlcbuild_lang C)
endif()
# Visual Studio generators build for another machine than CMAKE_SYSTEM_PROCESSOR says (-A ARM64).
set(_mlcbuild_processor "${CMAKE_SYSTEM_PROCESSOR}")
if(MSVC AND CMAKE_${_mlcbuild_lang}_COMPILER_ARCHITECTURE_ID)
  set(_mlcbuild_processor "${CMAKE_${_mlcbuild_lang}_COMPILER_ARCHITECTURE_ID}")
elseif(APPLE AND CMAKE_OSX_ARCHITECTURES)
  set(_mlcbuild_processor "${CMAKE_OSX_ARCHITECTURES}")
endif()
# clang-cl leaves no trace of the C++ library's version in the images; the SDK of a cross build says it,
# and with Ninja on Windows the environment of Visual Studio.
set(_mlcbuild_toolset "${CMAKE_VS_PLATFORM_TOOLSET_VERSION}")
if(MSVC AND CMAKE_GENERATOR MATCHES "^Ninja")
  set(_mlcbuild_toolset "$ENV{VCToolsVersion}")
endif()
if(MLCBUILD_MSC_VERSION MATCHES "^19[.]([0-9]+)$")
  set(_mlcbuild_toolset "14.${CMAKE_MATCH_1}")
endif()
if(NOT MLCBUILD_PROJECT)
  set(MLCBUILD_PROJECT "${CMAKE_SOURCE_DIR}")
endif()

set(_mlcbuild_record "{}")
foreach(_mlcbuild_pair IN ITEMS
        "configuration=${MLCBUILD_CONFIGURATION}"
        "generator=${CMAKE_GENERATOR}"
        "compiler_id=${CMAKE_${_mlcbuild_lang}_COMPILER_ID}"
        "compiler_version=${CMAKE_${_mlcbuild_lang}_COMPILER_VERSION}"
        "msvc_toolset=${_mlcbuild_toolset}"
        "crt=${CMAKE_MSVC_RUNTIME_LIBRARY}"
        "system=${CMAKE_SYSTEM_NAME}"
        "processor=${_mlcbuild_processor}"
        "pointer_bytes=${CMAKE_SIZEOF_VOID_P}"
        "state=${SKBUILD_STATE}"
        "project=${MLCBUILD_PROJECT}"
        "stamp_dir=${MLCBUILD_STAMP_DIR}"
        "pins=${MLCBUILD_PINS}"
        "devices=${MLCBUILD_DEVICES}"
        "distribution=${SKBUILD_PROJECT_NAME}"
        "version=${SKBUILD_PROJECT_VERSION_FULL}"
        "scripts=${SKBUILD_SCRIPTS_DIR}"
        "data=${SKBUILD_DATA_DIR}"
        "toolchain=${MLCBUILD_TOOLCHAIN}"
        "companions=${MLCBUILD_COMPANIONS}")
  string(REGEX MATCH "^([^=]+)=(.*)$" _mlcbuild_pair "${_mlcbuild_pair}")
  set(_mlcbuild_key "${CMAKE_MATCH_1}")
  # JSON strings: backslash and quote are all that paths and versions can bring.
  string(REPLACE "\\" "\\\\" _mlcbuild_value "${CMAKE_MATCH_2}")
  string(REPLACE "\"" "\\\"" _mlcbuild_value "${_mlcbuild_value}")
  string(JSON _mlcbuild_record SET "${_mlcbuild_record}" "${_mlcbuild_key}" "\"${_mlcbuild_value}\"")
endforeach()
file(WRITE "${CMAKE_BINARY_DIR}/mlcbuild-build.json" "${_mlcbuild_record}\n")

if(MLCBUILD_TOOLCHAIN)
  string(JSON _mlcbuild_count ERROR_VARIABLE _mlcbuild_error LENGTH "${MLCBUILD_TOOLCHAIN}" reasons)
  if(NOT _mlcbuild_error AND _mlcbuild_count GREATER 0)
    math(EXPR _mlcbuild_count "${_mlcbuild_count} - 1")
    foreach(_mlcbuild_index RANGE ${_mlcbuild_count})
      string(JSON _mlcbuild_reason GET "${MLCBUILD_TOOLCHAIN}" reasons ${_mlcbuild_index})
      message(STATUS "mlcbuild: ${CMAKE_GENERATOR}: ${_mlcbuild_reason}")
    endforeach()
  endif()
endif()

# --- The last install step ---------------------------------------------------------------------
set(_mlcbuild_python "${MLCBUILD_PYTHON}")
foreach(_mlcbuild_candidate IN ITEMS "${Python_EXECUTABLE}" "${Python3_EXECUTABLE}" "${PYTHON_EXECUTABLE}")
  if(NOT _mlcbuild_python)
    set(_mlcbuild_python "${_mlcbuild_candidate}")
  endif()
endforeach()
if(NOT _mlcbuild_python)
  message(FATAL_ERROR "mlcbuild: no Python to run the gate with: set MLCBUILD_PYTHON to an interpreter")
endif()
set(_mlcbuild_stage "${MLCBUILD_STAGE}")
if(NOT _mlcbuild_stage)
  set(_mlcbuild_stage "${SKBUILD_PLATLIB_DIR}")
endif()
set(_mlcbuild_step "${CMAKE_BINARY_DIR}/mlcbuild-gate.cmake")
configure_file("${_MLCBUILD_CMAKE_DIR}/gate.cmake.in" "${_mlcbuild_step}" @ONLY)
install(SCRIPT "${_mlcbuild_step}" ALL_COMPONENTS)
