// The page's files, built by `web/` and embedded in the binary.
#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"

namespace amity::api {

struct Asset {
  std::string_view path;          // "/index.html", "/assets/app-3f2a.js"
  std::string_view content_type;  // "text/javascript; charset=utf-8"
  ByteView plain;
  ByteView gzip;            // empty where compressing does not pay
  bool immutable = false;   // its name holds a digest of its contents
  std::string_view etag{};  // quoted, of the contents; "" = the server makes its own
};

// The embedded page (library `web_assets`, cmake/Web.cmake), sorted by path; empty when built with
// AMITY_WEB=OFF. Lives as long as the program.
std::span<const Asset> assets();

}  // namespace amity::api
