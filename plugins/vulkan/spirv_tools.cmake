# spirv_tools: validator and disassembler of SPIRV-Tools, static. The optimiser is neither fetched nor used.
set(_tools "${SOURCES}/spirv-tools")
set(_headers "${SOURCES}/spirv-headers/include")
set(_grammar "${_headers}/spirv/unified1")
set(_made "${CMAKE_CURRENT_BINARY_DIR}/spirv-tools")
file(MAKE_DIRECTORY "${_made}")

# _generate(SCRIPT DEPENDENCY OUTPUT ARGUMENTS...): run one of SPIRV-Tools' own generators, now: pip's
# Python moves between two builds, and as a command of the build it would have all compiled again.
function(_generate script dependency output)
  if("${dependency}" IS_NEWER_THAN "${output}") # or there is no output
    execute_process(COMMAND "${Python_EXECUTABLE}" -B "${_tools}/utils/${script}" ${ARGN}
                    COMMAND_ERROR_IS_FATAL ANY)
  endif()
endfunction()

# As upstream's source/CMakeLists.txt: the prefix of each instruction set's names, then its grammar.
set(_sets
    ",glsl.std.450" ",opencl.std.100" "CLDEBUG100_,opencl.debuginfo.100"
    "SHDEBUG100_,nonsemantic.shader.debuginfo" ",spv-amd-shader-explicit-vertex-parameter"
    ",spv-amd-shader-trinary-minmax" ",spv-amd-gcn-shader" ",spv-amd-shader-ballot" ",debuginfo"
    ",nonsemantic.clspvreflection" ",nonsemantic.vkspreflection" "TOSA_,tosa.001000.1"
    ",arm.motion-engine.100")
list(TRANSFORM _sets REPLACE "^([A-Z0-9_]*),(.+)$" "--extinst=\\1,${_grammar}/extinst.\\2.grammar.json")
_generate(
  ggt.py "${_grammar}/spirv.core.grammar.json" "${_made}/core_tables_body.inc"
  "--core-tables-body-output=${_made}/core_tables_body.inc"
  "--core-tables-header-output=${_made}/core_tables_header.inc"
  "--spirv-core-grammar=${_grammar}/spirv.core.grammar.json" ${_sets})
foreach(_pair "DebugInfo=debuginfo" "OpenCLDebugInfo100=opencl.debuginfo.100")
  string(REPLACE "=" ";" _pair "${_pair}")
  list(GET _pair 0 _name)
  list(GET _pair 1 _set)
  set(_set "${_grammar}/extinst.${_set}.grammar.json")
  _generate(generate_language_headers.py "${_set}" "${_made}/${_name}.h"
            "--extinst-grammar=${_set}" "--extinst-output-path=${_made}/${_name}.h")
endforeach()
_generate(generate_registry_tables.py "${_headers}/spirv/spir-v.xml" "${_made}/generators.inc"
          "--xml=${_headers}/spirv/spir-v.xml" "--generator-output=${_made}/generators.inc")

file(GLOB _sources CONFIGURE_DEPENDS "${_tools}/source/*.cpp" "${_tools}/source/util/*.cpp"
     "${_tools}/source/val/*.cpp")
list(FILTER _sources EXCLUDE REGEX "(pch_source|mimalloc|timer|software_version|spirv_reducer_options)\\.cpp$")
if(NOT _sources)
  message(FATAL_ERROR "no sources in ${_tools}: run `mlcbuild fetch`")
endif()
mlcbuild_library(spirv_tools STATIC ${_sources})
# Its names are others' too.
set_source_files_properties("${_tools}/source/val/validate_ray_tracing_reorder.cpp"
                            PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
target_include_directories(spirv_tools SYSTEM PRIVATE "${_tools}" "${_made}" "${_headers}"
                           PUBLIC "${_tools}/include" INTERFACE "${_tools}/include/spirv-tools" "${_grammar}")
