# SentencePiece's run-time half (no trainer, no tools) with its bundled protobuf-lite.
set(_spm "${SOURCES}/sentencepiece")
set(_spm_sources
    bpe_model.cc
    char_model.cc
    error.cc
    filesystem.cc
    model_factory.cc
    model_interface.cc
    normalizer.cc
    sentencepiece_processor.cc
    unigram_model.cc
    util.cc
    word_model.cc
    builtin_pb/sentencepiece.pb.cc
    builtin_pb/sentencepiece_model.pb.cc)
list(TRANSFORM _spm_sources PREPEND "${_spm}/src/")
file(GLOB _protobuf_sources CONFIGURE_DEPENDS "${_spm}/third_party/protobuf-lite/*.cc")

mlcbuild_library(sentencepiece STATIC ${_spm_sources} ${_protobuf_sources}
                 "${_spm}/third_party/absl/flags/flag.cc")
# Not all of protobuf's sources undo the macros of port_def.inc, and it refuses to be seen twice.
set_target_properties(
  sentencepiece
  PROPERTIES CXX_STANDARD 17
             UNITY_BUILD_CODE_AFTER_INCLUDE
             "#ifdef PROTOBUF_NAMESPACE_OPEN\n#include <google/protobuf/port_undef.inc>\n#endif")

# The one generated header: a version and a data folder that the run-time half does not read.
file(
  CONFIGURE
  OUTPUT "${CMAKE_BINARY_DIR}/sentencepiece/config.h"
  CONTENT "#pragma once\n#define VERSION \"0\"\n#define PACKAGE \"sentencepiece\"\n#define PACKAGE_STRING PACKAGE\n#define INSTALL_DATADIR \"\"\n"
)
target_include_directories(
  sentencepiece
  PRIVATE "${CMAKE_BINARY_DIR}/sentencepiece" "${_spm}/src/builtin_pb" "${_spm}" "${_spm}/third_party"
          "${_spm}/third_party/protobuf-lite"
  INTERFACE "${_spm}/src")
target_compile_definitions(sentencepiece PRIVATE HAVE_PTHREAD=1 _USE_INTERNAL_STRING_VIEW)
if(MSVC)
  target_compile_options(sentencepiece PRIVATE /wd4018 /wd4244 /wd4267 /wd4305 /wd4514)
else()
  target_compile_options(sentencepiece PRIVATE -w)
endif()
target_link_libraries(sentencepiece PUBLIC Threads::Threads)
