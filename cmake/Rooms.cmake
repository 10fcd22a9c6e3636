set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# A room is a folder of src/ and a library of the same name. It includes only rooms below it: what it may include is
# what it names in DEPS, and `scripts/tidy` checks the order.
#
#   amity_room(wire/hdlc DEPS base LIBS OpenSSL::Crypto [PCH asio] [SHARDS 4])
#
# *_test.cc  -> one test program per room (GoogleTest)
# *_fuzz.cc  -> one fuzz target each; outside the fuzz preset it is linked with a driver that replays its corpus
#               (corpus/<name>/ beside it), so that every corpus runs in the tests.
# ONLY       -> these sources instead of all in the folder
# SHARDS     -> the test program runs in so many pieces side by side: its tests wait for real time

set(AMITY_PCH_STD <algorithm> <array> <cstdint> <cstring> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <utility> <variant> <vector>)

# Precompiled headers are made once and shared: one of their own for every room and every test program took 80 MB and
# several seconds each.
function(amity_pch name)
  cmake_parse_arguments(ARG "" "" "HEADERS;LIBS" ${ARGN})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/${name}.cc CONTENT "// Carries a precompiled header.\n")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/generated/${name}.cc)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()
if(NOT AMITY_FUZZ)
  amity_pch(pch_std HEADERS ${AMITY_PCH_STD})
  amity_pch(pch_asio HEADERS ${AMITY_PCH_STD} <boost/asio.hpp> LIBS Boost::headers OpenSSL::SSL)
  if(AMITY_TESTS)
    amity_pch(pch_test HEADERS ${AMITY_PCH_STD} <gtest/gtest.h> LIBS GTest::gtest)
  endif()
endif()

function(amity_room folder)
  cmake_parse_arguments(ARG "" "PCH;SHARDS" "DEPS;LIBS;SOURCES;ONLY" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  set(dir ${CMAKE_SOURCE_DIR}/src/${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|/main)\\.cc$")
  if(ARG_ONLY)
    list(TRANSFORM ARG_ONLY PREPEND ${CMAKE_SOURCE_DIR}/src/)
    set(sources ${ARG_ONLY})
  endif()
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(TRANSFORM ARG_DEPS REPLACE "/" "_")

  if(sources)
    add_library(${name} STATIC ${sources} ${ARG_SOURCES})
    if(AMITY_FUZZ)
      set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)  # the fuzz targets pull in what they need
    endif()
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${name} PUBLIC ${ARG_DEPS} ${ARG_LIBS})
    if(NOT AMITY_FUZZ)
      if(ARG_PCH STREQUAL "asio")
        target_precompile_headers(${name} REUSE_FROM pch_asio)
      else()
        target_precompile_headers(${name} REUSE_FROM pch_std)
      endif()
    endif()
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS} ${ARG_LIBS})
  endif()

  if(tests AND AMITY_TESTS AND NOT AMITY_FUZZ)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} GTest::gtest GTest::gtest_main)
    target_precompile_headers(${name}_test REUSE_FROM pch_test)
    target_compile_definitions(${name}_test PRIVATE AMITY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    if(ARG_SHARDS)
      math(EXPR last "${ARG_SHARDS} - 1")
      foreach(shard RANGE ${last})
        add_test(NAME ${name}_${shard} COMMAND ${name}_test)
        set_tests_properties(${name}_${shard} PROPERTIES LABELS unit COST 100
          ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${shard}")
      endforeach()
    else()
      add_test(NAME ${name} COMMAND ${name}_test)
      set_tests_properties(${name} PROPERTIES LABELS unit)
    endif()
  endif()

  foreach(fuzzer IN LISTS fuzzers)
    get_filename_component(target ${fuzzer} NAME_WE)
    add_executable(${target} ${fuzzer})
    target_link_libraries(${target} PRIVATE ${name})
    if(AMITY_FUZZ)
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    else()
      target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/corpus_driver.cc)
      string(REGEX REPLACE "_fuzz$" "" corpus ${target})
      add_test(NAME corpus_${corpus} COMMAND ${target} ${dir}/corpus/${corpus})
      set_tests_properties(corpus_${corpus} PROPERTIES LABELS unit)
    endif()
  endforeach()
endfunction()
