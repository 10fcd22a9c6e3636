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
  ByteView gzip;           // empty where compressing does not pay
  bool immutable = false;  // its name holds a digest of its contents
};

}  // namespace amity::api
