// Any bytes as a stream of requests, in one piece and in two: no crash, and the same requests
// either way.
#include "api/http/parser.h"
#include "api/http/router.h"

namespace {

using namespace amity;
using namespace amity::api;

std::string walk(ByteView bytes, std::size_t cut) {
  static const Router router = [] {
    Router r;
    r.add(Method::kGet, "/api/v1/devices", 0);
    r.add(Method::kGet, "/api/v1/devices/{id}", 1);
    r.add(Method::kPost, "/api/v1/devices/{id}/commands", 2);
    return r;
  }();
  std::string seen;
  RequestParser parser;
  Bytes pending;
  const auto drain = [&] {
    std::size_t used = 0;
    while (used < pending.size() && parser.error() == nullptr) {
      const std::size_t n = parser.feed(ByteView(pending).subspan(used));
      used += n;
      if (!parser.done()) break;
      const Request& r = parser.request();
      const RouteMatch match = router.match(r.method, r.uri);
      seen += std::string(to_string(r.method)) + " " + r.target + " " +
              std::to_string(match.route) + " ";
      seen += std::to_string(r.headers.size()) + " " + r.body + " " +
              std::string(r.cookie("amity_session"));
      seen += r.accepts_gzip() ? " gzip\n" : "\n";
      parser.reset();
    }
    pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(used));
  };
  append(pending, bytes.first(cut));
  drain();
  append(pending, bytes.subspan(cut));
  drain();
  if (parser.error() != nullptr) seen += "refused";
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(data, size);
  const std::string whole = walk(bytes, size);
  const std::string parts = walk(bytes, data[0] * size / 256);
  AMITY_ASSERT(whole == parts);
  if (auto decoded = from_base64url(as_text(bytes)); decoded.ok())
    AMITY_ASSERT(base64url(*decoded) == as_text(bytes));
  return 0;
}
