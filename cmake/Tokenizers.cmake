# tokenizers-cpp: a C++ face over Hugging Face's Rust tokenizers, SentencePiece and RWKV's trie.
set(_tok "${SOURCES}/tokenizers-cpp")

# --- the Rust half, built by Cargo in Release with the pinned crates --------------------------------
# PATH first; rustup's folder behind it. An unset CARGO_HOME must not make "/bin" of a hint: a
# distribution's cargo with rustup's rustc obeys the rust-toolchain.toml of any crate.
set(_cargo_homes "")
foreach(_home IN ITEMS "$ENV{CARGO_HOME}" "$ENV{HOME}/.cargo" "$ENV{USERPROFILE}/.cargo")
  if(IS_ABSOLUTE "${_home}" AND NOT _home STREQUAL "/.cargo")
    list(APPEND _cargo_homes "${_home}/bin")
  endif()
endforeach()
find_program(MLCBUILD_CARGO cargo PATHS ${_cargo_homes} DOC "Cargo, which builds the tokenizers library")
if(NOT MLCBUILD_CARGO)
  message(FATAL_ERROR "Cargo is not found: install Rust from https://rustup.rs")
endif()

include(cmake/RustTarget.cmake)
mlcbuild_rust_target(MLCBUILD_RUST_TARGET)

set(_cargo_dir "${CMAKE_BINARY_DIR}/cargo")
set(_cargo_args rustc --lib --release --manifest-path "${_tok}/rust/Cargo.toml" --target-dir "${_cargo_dir}"
                --target ${MLCBUILD_RUST_TARGET})
if(EXISTS "${_tok}/rust/Cargo.lock")
  list(APPEND _cargo_args --locked)
endif()
set(_rust_library
    "${_cargo_dir}/${MLCBUILD_RUST_TARGET}/release/${CMAKE_STATIC_LIBRARY_PREFIX}tokenizers_c${CMAKE_STATIC_LIBRARY_SUFFIX}"
)
file(GLOB_RECURSE _rust_sources CONFIGURE_DEPENDS "${_tok}/rust/src/*.rs")

# Paths of this machine stay out of panic messages, so that the same input gives the same bytes.
# MSVC: the same dynamic CRT as C++. What the user set in RUSTFLAGS comes last and wins.
set(_cargo_home "$ENV{CARGO_HOME}")
if(_cargo_home STREQUAL "")
  if(CMAKE_HOST_WIN32)
    cmake_path(SET _cargo_home NORMALIZE "$ENV{USERPROFILE}/.cargo")
  else()
    set(_cargo_home "$ENV{HOME}/.cargo")
  endif()
endif()
set(_rust_flags "--remap-path-prefix=${_cargo_home}=cargo")
# Of the crates, ours alone names this checkout. The others' commands stay without it: a cache finds their
# objects again from another folder.
set(_our_crate "--remap-path-prefix=${_tok}=tokenizers-cpp" "--remap-path-prefix=${_cargo_dir}=target")
set(MLCBUILD_CRATES_FOLDER
    ""
    CACHE PATH "Cargo's build.build-dir; empty leaves it below the build folder")
# A path with a quote is not worth the trouble: its crates are compiled below the build folder.
if(NOT MLCBUILD_CRATES_FOLDER STREQUAL "" AND NOT MLCBUILD_CRATES_FOLDER MATCHES "['\r\n]")
  list(APPEND _cargo_args --config "build.build-dir='${MLCBUILD_CRATES_FOLDER}'")
  list(APPEND _our_crate "--remap-path-prefix=${MLCBUILD_CRATES_FOLDER}=target")
endif()
list(APPEND _cargo_args -- ${_our_crate})
if(MSVC)
  list(APPEND _rust_flags -Ctarget-feature=-crt-static)
endif()
separate_arguments(_user_rust_flags UNIX_COMMAND "$ENV{RUSTFLAGS}")
list(APPEND _rust_flags ${_user_rust_flags})

# A cross build names its Rust (mlcbuild.toolchain.decision) and its C compiler: crates hold C.
set(MLCBUILD_RUSTC
    ""
    CACHE FILEPATH "rustc for Cargo; empty leaves the choice to Cargo")
option(MLCBUILD_RUST_BUILD_STD "Compile Rust's standard library for the target, from its sources" OFF)
set(_rust_environment
    # One codegen unit and no unwinding: a third smaller, and a panic in a C function aborts anyway.
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_DEBUG=false
    CARGO_PROFILE_RELEASE_STRIP=debuginfo CARGO_PROFILE_RELEASE_OPT_LEVEL=${MLCBUILD_RUST_OPT}
    CARGO_PROFILE_RELEASE_LTO=${MLCBUILD_RUST_LTO} CARGO_TERM_COLOR=never)
if(MLCBUILD_RUSTC)
  list(APPEND _rust_environment "RUSTC=${MLCBUILD_RUSTC}")
endif()
if(MLCBUILD_RUST_BUILD_STD)
  # A feature of Cargo that stable releases have behind this key.
  list(APPEND _rust_environment RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort)
endif()
if(CMAKE_CROSSCOMPILING)
  string(REPLACE "-" "_" _cargo_suffix "${MLCBUILD_RUST_TARGET}")
  list(APPEND _rust_environment "CC_${_cargo_suffix}=${CMAKE_C_COMPILER}" "AR_${_cargo_suffix}=${CMAKE_AR}"
       "CXX_${_cargo_suffix}=${CMAKE_CXX_COMPILER}")
  if(MSVC)
    # The SDK's folders are options there and no environment; quoted, as CMake writes them.
    list(APPEND _rust_environment CC_SHELL_ESCAPED_FLAGS=1 "CFLAGS_${_cargo_suffix}=${CMAKE_C_FLAGS}"
         "CXXFLAGS_${_cargo_suffix}=${CMAKE_CXX_FLAGS}")
  endif()
endif()

# Cargo's environment lies in a script: no project file of Visual Studio can hold the control character that
# separates the flags, and no batch file the quotes.
set(_quoted_flags "")
foreach(_flag IN LISTS _rust_flags)
  string(APPEND _quoted_flags "\n       [==[${_flag}]==]")
endforeach()
set(_settings "")
foreach(_setting IN LISTS _rust_environment)
  string(REGEX MATCH "^([^=]+)=(.*)$" _setting "${_setting}")
  string(APPEND _settings "set(ENV{${CMAKE_MATCH_1}} [==[${CMAKE_MATCH_2}]==])\n")
endforeach()
set(_command "")
foreach(_word IN ITEMS "${MLCBUILD_CARGO}" ${_cargo_args})
  string(APPEND _command "\n          [==[${_word}]==]")
endforeach()
set(_cargo_script "${CMAKE_BINARY_DIR}/cargo.cmake")
configure_file("${CMAKE_CURRENT_LIST_DIR}/cargo.cmake.in" "${_cargo_script}" @ONLY)

add_custom_command(
  OUTPUT "${_rust_library}"
  COMMAND "${CMAKE_COMMAND}" -P "${_cargo_script}"
  DEPENDS ${_rust_sources} "${_tok}/rust/Cargo.toml" "${_cargo_script}"
  COMMENT "Building the Rust tokenizers (${MLCBUILD_RUST_TARGET})"
  USES_TERMINAL VERBATIM)
add_custom_target(tokenizers_rust DEPENDS "${_rust_library}")

add_library(tokenizers_c STATIC IMPORTED)
set_target_properties(tokenizers_c PROPERTIES IMPORTED_LOCATION "${_rust_library}")
add_dependencies(tokenizers_c tokenizers_rust)
if(WIN32)
  target_link_libraries(tokenizers_c INTERFACE ntdll wsock32 ws2_32 bcrypt iphlpapi userenv psapi)
else()
  target_link_libraries(tokenizers_c INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
endif()

# --- the C++ half -----------------------------------------------------------------------------------
mlcbuild_library(
  tokenizers_cpp STATIC "${_tok}/src/huggingface_tokenizer.cc"
  "${_tok}/src/sentencepiece_tokenizer.cc" "${_tok}/src/rwkv_world_tokenizer.cc")
target_include_directories(
  tokenizers_cpp
  PUBLIC "${_tok}/include"
  PRIVATE "${SOURCES}/msgpack-c/include")
target_compile_definitions(
  tokenizers_cpp
  PUBLIC MLC_ENABLE_SENTENCEPIECE_TOKENIZER
  PRIVATE MSGPACK_NO_BOOST)
target_link_libraries(tokenizers_cpp PRIVATE sentencepiece tokenizers_c)
