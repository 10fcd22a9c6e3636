#include "app/import_source.h"

#include <fmt/format.h>

#include <sstream>

#include "app/row_file.h"
#include "runtime/http_get.h"

namespace amity::app {
namespace {

constexpr std::size_t kPieceBytes = 1 << 16;

Error unwritable() {
  return make_error(ErrorCode::kIo, "the temporary file cannot be written");
}

std::string trimmed(const std::string& text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") + 1 - from);
}

}  // namespace

Result<std::vector<std::string>> fetch_headers(const FetchArguments& arguments) {
  std::vector<std::string> headers;
  if (!arguments.header_file.empty()) {
    AMITY_TRY(const std::string text, read_text_file(arguments.header_file));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      line = trimmed(line);
      if (!line.empty() && line.front() != '#') headers.push_back(line);
    }
  }
  if (!arguments.token_file.empty()) {
    AMITY_TRY(const std::string text, read_text_file(arguments.token_file));
    const std::string token = trimmed(text);
    if (token.empty() || token.find_first_of(" \t\r\n") != std::string::npos)
      return make_error(ErrorCode::kInvalid,
                        arguments.token_file + " does not hold one word: the token");
    headers.push_back("Authorization: Bearer " + token);
  }
  return headers;
}

Result<ImportSource> ImportSource::file(const std::string& path) {
  ImportSource source(path == "-" ? "stdin" : path);
  if (path != "-") return source;
  AMITY_CHECK(source.spool());
  std::string piece(kPieceBytes, '\0');
  for (std::size_t n; (n = std::fread(piece.data(), 1, piece.size(), stdin)) > 0;)
    AMITY_CHECK(source.write(std::string_view(piece).substr(0, n)));
  if (std::ferror(stdin) != 0) return make_error(ErrorCode::kIo, "stdin cannot be read");
  if (std::fflush(source.kept_) != 0) return unwritable();
  return source;
}

Result<ImportSource> ImportSource::fetched(const std::string& url, const FetchArguments& arguments,
                                           const std::vector<std::string>& headers) {
  ImportSource source(runtime::shown_url(url));
  AMITY_CHECK(source.spool());
  runtime::HttpGet wanted;
  wanted.url = url;
  wanted.headers = headers;
  wanted.authority_file = arguments.authority_file;
  wanted.bytes_max = arguments.mebibytes_max << 20;
  wanted.timeout_ms = arguments.timeout_s * 1'000;
  wanted.redirects_max = arguments.redirects_max;
  AMITY_TRY(const auto document, runtime::http_get(wanted, [&](ByteView piece) {
              return source.write(as_text(piece));
            }));
  if (document.content_type.starts_with("text/html")) {
    return make_error(ErrorCode::kRefused, document.url +
                                               ": the server answered with a page for "
                                               "people (text/html), not with data");
  }
  if (std::fflush(source.kept_) != 0) return unwritable();
  return source;
}

ImportSource::ImportSource(ImportSource&& from) noexcept
    : name_(std::move(from.name_)), kept_(std::exchange(from.kept_, nullptr)) {}

ImportSource::~ImportSource() {
  if (kept_ != nullptr) std::fclose(kept_);
}

Status ImportSource::spool() {
  kept_ = std::tmpfile();
  if (kept_ == nullptr) return make_error(ErrorCode::kIo, "no temporary file can be made");
  return {};
}

Status ImportSource::write(std::string_view piece) {
  if (std::fwrite(piece.data(), 1, piece.size(), kept_) != piece.size()) return unwritable();
  return {};
}

std::string ImportSource::path() const {
  return kept_ == nullptr ? name_ : fmt::format("/dev/fd/{}", fileno(kept_));
}

}  // namespace amity::app
