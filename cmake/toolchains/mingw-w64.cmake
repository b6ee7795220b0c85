# Windows x86-64 from Linux, with MinGW-w64: cmake -DCMAKE_TOOLCHAIN_FILE=cmake/toolchains/mingw-w64.cmake
#
# The compilers with POSIX threads come first: std::thread and std::mutex need them, and a distribution
# that has both kinds (Debian) leaves the plain name to the other one. `mlcbuild wheel --target
# win_amd64` looks them up itself and passes their paths; MLCBUILD_MINGW_C and _CXX name them by hand.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(_mingw x86_64-w64-mingw32)

foreach(_pair IN ITEMS "C=gcc" "CXX=g++")
  string(REGEX MATCH "^([^=]+)=(.*)$" _pair "${_pair}")
  set(_language "${CMAKE_MATCH_1}")
  find_program(MLCBUILD_MINGW_${_language} NAMES ${_mingw}-${CMAKE_MATCH_2}-posix ${_mingw}-${CMAKE_MATCH_2} NO_CACHE)
  if(NOT MLCBUILD_MINGW_${_language})
    message(FATAL_ERROR "no MinGW-w64 compiler: apt-get install g++-mingw-w64-x86-64-posix")
  endif()
  set(CMAKE_${_language}_COMPILER "${MLCBUILD_MINGW_${_language}}")
endforeach()
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MLCBUILD_MINGW_C MLCBUILD_MINGW_CXX)

# Libraries and headers are the target's; programs (Python, Cargo) are this machine's.
set(CMAKE_FIND_ROOT_PATH /usr/${_mingw})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
