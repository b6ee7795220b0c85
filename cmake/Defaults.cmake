# What holds for every library of the wheel. The release policy (configuration, CRT, output folder,
# gate) is mlcbuild's own and applies to any project: python/mlcbuild/cmake/policy.cmake.
set(CMAKE_CXX_STANDARD 20) # TVM 0.26 needs it; the others are content with 17
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# mlcbuild_library(NAME SHARED|STATIC|OBJECT SOURCES...): a library with our flags.
# Upstream compiles mlc_llm with -ffast-math, which also reaches TVM and the tokenizers and makes
# GCC's linker flush denormals for the whole Python process; we do not pass it on.
function(mlcbuild_library name kind)
  add_library(${name} ${kind} ${ARGN})
  set_target_properties(
    ${name}
    PROPERTIES UNITY_BUILD ${MLCBUILD_UNITY}
               UNITY_BUILD_BATCH_SIZE 16
               POSITION_INDEPENDENT_CODE ON
               CXX_VISIBILITY_PRESET hidden
               C_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON)
  target_compile_definitions(${name} PRIVATE $<$<NOT:$<CONFIG:Debug>>:NDEBUG>)
  if(WIN32)
    target_compile_definitions(
      ${name} PRIVATE WIN32_LEAN_AND_MEAN NOMINMAX _CRT_SECURE_NO_WARNINGS _SCL_SECURE_NO_WARNINGS
                      _ENABLE_EXTENDED_ALIGNED_STORAGE)
  endif()
  if(MSVC)
    target_compile_options(${name} PRIVATE /bigobj /EHsc /permissive- /utf-8 /W1 /Zc:__cplusplus)
    # A type that is class in one place and struct in another has two names under this ABI.
    target_compile_options(
      ${name} PRIVATE "$<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Werror=mismatched-tags;-Wno-unknown-attributes>")
  else()
    target_compile_options(
      ${name} PRIVATE -ffunction-sections -fdata-sections
                      $<$<CONFIG:Release>:-O2> -Wno-deprecated-declarations)
  endif()
  if(kind STREQUAL "SHARED" AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
    # Only what is marked for export leaves the library: no static dependency's symbols.
    target_link_options(${name} PRIVATE LINKER:--gc-sections LINKER:--exclude-libs,ALL
                        LINKER:--no-undefined LINKER:--as-needed LINKER:-O1)
  elseif(kind STREQUAL "SHARED" AND APPLE)
    target_link_options(${name} PRIVATE LINKER:-dead_strip)
  endif()
  if(kind STREQUAL "SHARED" AND COMMAND mlcbuild_version_info)
    set(_shown "${SKBUILD_PROJECT_VERSION_FULL}")
    if(name MATCHES "^tvm_")
      set(_shown "${MLCBUILD_TVM_VERSION}")
    endif()
    mlcbuild_version_info(${name} "${name} of the mlc-llm wheel" "${_shown}")
  endif()
endfunction()
