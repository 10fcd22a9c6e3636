# cmake -DDIST=... -DOUT=... -P embed.cmake: writes OUT/assets.S, which holds every file of DIST and its .gz twin by
# .incbin, and OUT/assets.cc, the table of them. The contents' hashes stand in assets.S, so a change is always seen.

cmake_minimum_required(VERSION 3.25)

file(GLOB_RECURSE files RELATIVE ${DIST} ${DIST}/*)
list(SORT files)
list(FILTER files EXCLUDE REGEX "\\.gz$")
if(NOT "index.html" IN_LIST files)
  message(FATAL_ERROR "${DIST} holds no index.html")
endif()

set(types_html "text/html; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_svg "image/svg+xml")
set(types_json "application/json")
set(types_png "image/png")
set(types_woff2 "font/woff2")

set(asm "  .section .rodata\n")
set(declarations "")
set(rows "")
set(n 0)

function(blob symbol path)
  file(SHA256 ${path} hash)
  set(asm "${asm}  .balign 16\n  .global ${symbol}, ${symbol}_end\n${symbol}:  // ${hash}\n  .incbin \"${path}\"\n${symbol}_end:\n  .byte 0\n"
      PARENT_SCOPE)
  set(declarations "${declarations}extern const std::uint8_t ${symbol}[], ${symbol}_end[];\n" PARENT_SCOPE)
endfunction()

foreach(file IN LISTS files)
  get_filename_component(extension ${file} LAST_EXT)
  string(SUBSTRING "${extension}" 1 -1 extension)
  if(NOT DEFINED types_${extension})
    message(FATAL_ERROR "no content type is known for ${file}")
  endif()
  file(SHA256 ${DIST}/${file} hash)
  string(SUBSTRING ${hash} 0 16 etag)
  set(symbol amity_asset_${n})
  blob(${symbol} ${DIST}/${file})
  set(packed "{}")
  if(EXISTS ${DIST}/${file}.gz)
    blob(${symbol}_gz ${DIST}/${file}.gz)
    set(packed "{${symbol}_gz, ${symbol}_gz_end}")
  endif()
  set(immutable false)
  if(file MATCHES "^assets/.*-[A-Za-z0-9_-]+\\.[a-z0-9]+$")
    set(immutable true)
  endif()
  string(APPEND rows "      {\"/${file}\", \"${types_${extension}}\", {${symbol}, ${symbol}_end}, ${packed}, ${immutable},\n       \"\\\"${etag}\\\"\"},\n")
  math(EXPR n "${n} + 1")
endforeach()

file(WRITE ${OUT}/assets.S "${asm}  .section .note.GNU-stack,\"\",%progbits\n")
file(WRITE ${OUT}/assets.cc
"#include \"api/assets.h\"

extern \"C\" {
${declarations}}

namespace amity::api {
std::span<const Asset> assets() {
  static const Asset kAssets[] = {
${rows}  };
  return kAssets;
}
}  // namespace amity::api
")
