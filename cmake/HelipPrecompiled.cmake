# Headers that are not ours, read once for all targets that name the set: they are most of a compile. A source still includes
# what it uses; -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without them.

# helip_header_set(NAME [HEADERS …] [LINKS …] [OPTIONS …]): the standard library's headers and these. LINKS and OPTIONS are
# those of the targets that use the set: the compiler takes it only for equal ones.
function(helip_header_set name)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINKS;OPTIONS" ${ARGN})
  add_library(helip_headers_${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/header_set.cpp)
  target_link_libraries(helip_headers_${name} PRIVATE helip_options ${ARG_LINKS})
  target_compile_options(helip_headers_${name} PRIVATE ${ARG_OPTIONS})
  target_precompile_headers(helip_headers_${name} PRIVATE
    <algorithm> <array> <cstdint> <filesystem> <functional> <map> <memory> <optional> <span> <string> <string_view> <utility>
    <vector> ${ARG_HEADERS})
endfunction()

# helip_use_headers(TARGET SET)
function(helip_use_headers target set)
  target_precompile_headers(${target} REUSE_FROM helip_headers_${set})
endfunction()

# Files that are compiled with options of their own cannot use their target's set.
macro(helip_compile_options options)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "${options}" SKIP_PRECOMPILE_HEADERS ON)
endmacro()

set(torch <ATen/Context.h> <ATen/TensorOperators.h> <ATen/core/Tensor.h> <ATen/core/grad_mode.h>)
helip_header_set(std)
if(HELIP_WITH_ENGINE)
  helip_header_set(torch HEADERS ${torch} LINKS LibTorch::LibTorch)
endif()
if(NOT HELIP_ENGINE_ONLY)
  helip_header_set(cli HEADERS <CLI/CLI.hpp> LINKS CLI11::CLI11 OPTIONS ${HELIP_LIGHT_OPTIONS})
endif()
if(HELIP_BUILD_TESTS)
  helip_header_set(test HEADERS <catch2/catch.hpp> LINKS helip_catch OPTIONS ${HELIP_LIGHT_OPTIONS})
  if(HELIP_WITH_ENGINE)
    # LibTorch first: both have a macro CHECK, and the tests mean Catch2's.
    helip_header_set(test_torch HEADERS ${torch} <catch2/catch.hpp> LINKS helip_catch LibTorch::LibTorch
      OPTIONS ${HELIP_LIGHT_OPTIONS})
  endif()
endif()
