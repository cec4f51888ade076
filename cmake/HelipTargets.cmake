# helip_library(NAME [SHARED|STATIC] SOURCES … [LINKS …] [PRIVATE_LINKS …] [HEADERS set]): one folder, one target, alias
# helip::NAME. HEADERS is a set of HelipPrecompiled.cmake, std unless given. Linking is what a folder is allowed to include;
# scripts/check_layers.py holds the same list.
function(helip_library name)
  cmake_parse_arguments(ARG "SHARED" "HEADERS" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  if(NOT ARG_HEADERS)
    set(ARG_HEADERS std)
  endif()
  set(kind STATIC)
  if(ARG_SHARED)
    set(kind SHARED)
  endif()
  add_library(helip_${name} ${kind} ${ARG_SOURCES})
  add_library(helip::${name} ALIAS helip_${name})
  target_link_libraries(helip_${name} PUBLIC helip_options ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
  helip_use_headers(helip_${name} ${ARG_HEADERS})
endfunction()

# helip_program(NAME SOURCES … LINKS …): an executable in bin/, which reads options and calls a library.
function(helip_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE helip_options ${ARG_LINKS})
  target_compile_options(${name} PRIVATE ${HELIP_LIGHT_OPTIONS})
  helip_use_headers(${name} cli)
endfunction()

# helip_register_test(NAME KIND TARGET…): labels a CTest entry and notes what it needs built, for scripts/test.sh. KIND is unit,
# ranks, e2e, build, style or slurm; tests/build/labels_test.py holds every entry to exactly one of them.
function(helip_register_test name kind)
  set_property(TEST ${name} APPEND PROPERTY LABELS ${kind})
  string(JOIN " " targets ${ARGN})
  set_property(GLOBAL APPEND PROPERTY HELIP_TEST_TARGETS "${name} ${targets}")
endfunction()

# helip_test(NAME SOURCES … LINKS … [HEADERS set] [KIND kind] [LABELS …] [TIMEOUT s] [ENVIRONMENT …] [RANKS n…]): one Catch2
# program, one CTest entry. With RANKS the program initialises MPI itself and runs under mpirun, one CTest entry for each number of
# ranks. KIND is ranks with RANKS and unit without, unless given.
function(helip_test name)
  cmake_parse_arguments(ARG "" "HEADERS;KIND;TIMEOUT" "SOURCES;LINKS;LABELS;ENVIRONMENT;RANKS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_KIND)
    set(ARG_KIND unit)
    if(ARG_RANKS)
      set(ARG_KIND ranks)
    endif()
  endif()
  add_executable(test_${name} ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE helip_options helip_test_support ${ARG_LINKS})
  target_compile_options(test_${name} PRIVATE ${HELIP_LIGHT_OPTIONS})
  # What is looked for is in the product's code. The tests' own takes a third less time to compile without these checks.
  if(HELIP_SANITIZE MATCHES undefined)
    target_compile_options(test_${name} PRIVATE -fno-sanitize=undefined)
  endif()
  if(NOT ARG_HEADERS)
    set(ARG_HEADERS test)
  endif()
  helip_use_headers(test_${name} ${ARG_HEADERS})
  target_compile_definitions(test_${name} PRIVATE HELIP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(ARG_RANKS)
    foreach(ranks IN LISTS ARG_RANKS)
      add_test(NAME ${name}_np${ranks}
        COMMAND ${HELIP_MPIRUN} --bind-to none --oversubscribe -n ${ranks} $<TARGET_FILE:test_${name}>)
      set_tests_properties(${name}_np${ranks} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
        ENVIRONMENT "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMPI_MCA_mpi_yield_when_idle=1;${ARG_ENVIRONMENT}"
        PROCESSORS 2)
      helip_register_test(${name}_np${ranks} ${ARG_KIND} test_${name})
    endforeach()
  else()
    add_test(NAME ${name} COMMAND test_${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
      ENVIRONMENT "${ARG_ENVIRONMENT}")
    helip_register_test(${name} ${ARG_KIND} test_${name})
  endif()
endfunction()

# helip_script_test(NAME KIND kind TIMEOUT s COMMAND … [NEEDS target…] [ENVIRONMENT …] [SERIAL]): one CTest entry that is a
# script. A script that lacks what it needs (a processor's instructions, files that are too large to keep) prints a line
# "SKIP: reason" and exits with 77; CTest then counts it as skipped, and scripts/skipped_tests.py fails the run if the reason
# is missing.
function(helip_script_test name)
  cmake_parse_arguments(ARG "SERIAL" "KIND;TIMEOUT" "COMMAND;NEEDS;ENVIRONMENT" ${ARGN})
  add_test(NAME ${name} COMMAND ${ARG_COMMAND})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77
    ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;${ARG_ENVIRONMENT}")
  if(ARG_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
  helip_register_test(${name} ${ARG_KIND} ${ARG_NEEDS})
endfunction()
