# The page: built by web/build.sh from the npm registry, embedded into the library `web_assets` (src/api/assets.h).
# With AMITY_WEB=OFF, and in the fuzz preset, the library is there and empty.

option(AMITY_WEB "Build the operations center page and embed it" ON)

set(web_out ${CMAKE_BINARY_DIR}/web)
if(AMITY_WEB AND NOT AMITY_FUZZ)
  enable_language(ASM)
  file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/* ${CMAKE_SOURCE_DIR}/web/public/*)
  file(GLOB web_config CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/*.json ${CMAKE_SOURCE_DIR}/web/*.js
       ${CMAKE_SOURCE_DIR}/web/*.ts ${CMAKE_SOURCE_DIR}/web/*.html)
  add_custom_command(
    OUTPUT ${web_out}/assets.cc ${web_out}/assets.S
    COMMAND ${CMAKE_SOURCE_DIR}/web/build.sh ${web_out}/dist
    COMMAND ${CMAKE_COMMAND} -DDIST=${web_out}/dist -DOUT=${web_out} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${web_sources} ${web_config} ${CMAKE_SOURCE_DIR}/web/build.sh ${CMAKE_SOURCE_DIR}/web/env.sh ${CMAKE_SOURCE_DIR}/web/scripts/compress.mjs
            ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    COMMENT "Building the page" VERBATIM)
  add_library(web_assets STATIC ${web_out}/assets.cc ${web_out}/assets.S)
else()
  file(MAKE_DIRECTORY ${web_out})
  file(CONFIGURE OUTPUT ${web_out}/assets.cc CONTENT
"#include \"api/assets.h\"

namespace amity::api {
std::span<const Asset> assets() { return {}; }
}  // namespace amity::api
")
  add_library(web_assets STATIC ${web_out}/assets.cc)
endif()
target_include_directories(web_assets PUBLIC ${CMAKE_SOURCE_DIR}/src)

# Tests of the page: they take minutes, so the release preset alone has them. All of them find their own ports, and end
# what they started.
option(AMITY_WEB_TESTS "Test the page: types, units, and in a browser over the mock and the demo" OFF)
function(amity_web_tests)
  if(NOT AMITY_WEB_TESTS OR NOT AMITY_WEB OR AMITY_FUZZ)
    return()
  endif()
  add_test(NAME web_types COMMAND ${CMAKE_SOURCE_DIR}/web/test.sh types)
  add_test(NAME web_units COMMAND ${CMAKE_SOURCE_DIR}/web/test.sh units)
  set_tests_properties(web_types web_units PROPERTIES LABELS web)
  add_test(NAME browser_mock COMMAND ${CMAKE_SOURCE_DIR}/web/test.sh browser ${web_out}/dist)
  add_test(NAME browser_demo COMMAND ${CMAKE_SOURCE_DIR}/tests/browser_test $<TARGET_FILE:amity>)
  set_tests_properties(browser_mock browser_demo PROPERTIES LABELS browser PROCESSORS 2 TIMEOUT 2400)
endfunction()
