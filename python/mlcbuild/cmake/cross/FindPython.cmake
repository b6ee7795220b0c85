# CMake's own, which from 4.1 on (CMP0190) asks for an emulator of the target where a project wants
# Interpreter and Development: here the interpreter is this machine's, and the target's parts are named.
cmake_policy(PUSH)
cmake_policy(SET CMP0190 OLD)
include("${CMAKE_ROOT}/Modules/FindPython.cmake")
cmake_policy(POP)
