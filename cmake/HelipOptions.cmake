# Language, warnings, sanitizers and output folders of everything that is ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_BUILD_RPATH "$ORIGIN/../lib")
# Programs share the headers that are precompiled for libraries.
set(CMAKE_CXX_COMPILE_OPTIONS_PIE ${CMAKE_CXX_COMPILE_OPTIONS_PIC})
# Of tests and of the reading of options: they are compiled more often than they run long.
set(HELIP_LIGHT_OPTIONS -O1)

find_program(HELIP_CCACHE ccache)
if(HELIP_CCACHE)
  # Paths relative to the checkout, so that its build folders, which lie side by side, share their objects.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    # What ccache asks for where headers are precompiled; no source of ours names the time.
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${HELIP_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  if(HELIP_WITH_CUDA)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${launcher})
  endif()
endif()
find_program(HELIP_MOLD mold)
if(HELIP_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(helip_options INTERFACE)
# Contraction to FMA would change results that are promised to the bit on every instruction set.
target_compile_options(helip_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wshadow;-Wconversion;-Werror;-ffp-contract=off>
  $<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;-Xcompiler=-Wall,-Wextra,-ffp-contract=off;-Werror=all-warnings>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # The first for ccache. g++ 12 sees accesses past the end in the standard library's own strings, and says so where its headers
  # are precompiled.
  target_compile_options(helip_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess;-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-restrict>)
endif()
target_compile_definitions(helip_options INTERFACE _GLIBCXX_ASSERTIONS)
target_include_directories(helip_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
if(HELIP_SANITIZE)
  target_compile_options(helip_options INTERFACE
    -fsanitize=${HELIP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1
    # g++ 12 sees uninitialised values in instrumented standard headers that are not there.
    -Wno-maybe-uninitialized)
  target_link_options(helip_options INTERFACE -fsanitize=${HELIP_SANITIZE})
endif()
