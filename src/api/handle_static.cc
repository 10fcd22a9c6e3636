// The page. A path is looked up in the table of embedded files, so none can lead outside it.
#include "api/api.h"

namespace amity::api {

namespace {

const Asset* find_asset(const Api& api, std::string_view path) {
  for (const auto& asset : api.options.assets) {
    if (asset.path == path || (!asset.path.starts_with('/') && path.substr(1) == asset.path))
      return &asset;
  }
  return nullptr;
}

// The page routes itself: a path whose last segment has no dot is the page.
bool is_page_path(const Target& target) {
  return target.segments.front() != "api" && target.segments.back().find('.') == std::string::npos;
}

}  // namespace

Response static_page(Api& api, const Request& request) {
  if (request.method != Method::kGet && request.method != Method::kHead) {
    return problem(404, "nothing is here", request.uri.path);
  }
  const Asset* asset = find_asset(api, request.uri.path);
  const bool page = asset == nullptr && is_page_path(request.uri);
  if (page) asset = find_asset(api, "/index.html");
  if (asset == nullptr) return problem(404, "nothing is here", request.uri.path);
  Response response;
  response.content_type = asset->content_type;
  const bool packed = !asset->gzip.empty() && request.accepts_gzip();
  response.static_body = as_text(packed ? asset->gzip : asset->plain);
  if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
  if (!asset->gzip.empty()) response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back(
      "Cache-Control", asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  return response;
}

}  // namespace amity::api
