// One document over http or https, on libcurl: bounded in octets, time and redirects, handed on
// piece by piece. Blocks the calling thread until it is over.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace amity::runtime {

inline constexpr std::uint64_t kHttpBytesMax = std::uint64_t{1} << 30;
inline constexpr std::int64_t kHttpTimeout_ms = 300'000;
inline constexpr int kHttpRedirectsMax = 5;

struct HttpGet {
  std::string url;
  // "Name: value". May hold secrets: they go to the place of `url` (scheme, host and port) and to
  // nowhere that it redirects to.
  std::vector<std::string> headers;
  std::string authority_file;  // PEM that a certificate is checked against; "" = the system's
  std::uint64_t bytes_max = kHttpBytesMax;    // unpacked, where it comes packed
  std::int64_t timeout_ms = kHttpTimeout_ms;  // of all, redirects among it
  int redirects_max = kHttpRedirectsMax;
};

struct HttpDocument {
  std::string url;  // where it was found at last, as shown_url() tells it
  std::string content_type;
  std::uint64_t bytes = 0;
  int redirects = 0;
};

// What may be shown of a URL: without the query and the fragment, where keys often stand.
std::string shown_url(const std::string& url);

// Only an answer 200 that is whole counts; else `take` may have seen some of it. Never from https
// on to http. Proxies are those of the environment (https_proxy, http_proxy, no_proxy).
Result<HttpDocument> http_get(const HttpGet& wanted, const std::function<Status(ByteView)>& take);

}  // namespace amity::runtime
