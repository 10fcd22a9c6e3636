#include "runtime/http_get.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "runtime/system.h"

namespace amity::runtime {
namespace {

constexpr std::size_t kRefusalShownBytes = 160;
constexpr long kOk = 200;

// Scheme, host and port.
struct Place {
  std::string scheme, host, port;
  friend bool operator==(const Place&, const Place&) = default;
};

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

std::string part_of(const Url& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

Result<Place> place_of(const std::string& text) {
  const Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    return make_error(ErrorCode::kInvalid, shown_url(text) + " is no URL");
  Place place{part_of(url, CURLUPART_SCHEME), part_of(url, CURLUPART_HOST),
              part_of(url, CURLUPART_PORT, CURLU_DEFAULT_PORT)};
  if (place.scheme != "http" && place.scheme != "https")
    return make_error(ErrorCode::kInvalid, shown_url(text) + " is neither http:// nor https://");
  if (!part_of(url, CURLUPART_USER).empty() || !part_of(url, CURLUPART_PASSWORD).empty())
    return make_error(ErrorCode::kInvalid,
                      "the URL holds a user or a password: give them in a header, from a file");
  std::ranges::transform(place.host, place.host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return place;
}

bool is_header(const std::string& line) {
  const std::size_t colon = line.find(':');
  const bool control =
      std::ranges::any_of(line, [](char c) { return c >= 0 && c < ' ' && c != '\t'; });
  if (control || colon == 0 || colon == std::string::npos) return false;
  return line.find_first_of(" \t") > colon && line.find_first_not_of(" \t", colon + 1) != line.npos;
}

struct HandleDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, HandleDeleter>;

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListDeleter>;

// One request and its answer.
class Transfer {
 public:
  Transfer(const HttpGet& wanted, const std::function<Status(ByteView)>& take)
      : wanted_(wanted), take_(take), handle_(curl_easy_init()) {}

  // The status of the answer; an error when there is none, or the document is not whole.
  Result<long> run(const std::string& url, bool with_headers, std::int64_t timeout_ms) {
    CURL* const curl = handle_.get();
    if (curl == nullptr) return make_error(ErrorCode::kIo, "libcurl cannot be started");
    char why[CURL_ERROR_SIZE] = "";
    List headers;
    for (const std::string& header : wanted_.headers) {
      if (!with_headers) break;
      curl_slist* longer = curl_slist_append(headers.get(), header.c_str());
      if (longer == nullptr) return make_error(ErrorCode::kIo, "out of memory");
      (void)headers.release();
      headers.reset(longer);
    }
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "amity");
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");  // packed where libcurl can unpack it
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_ms));
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Transfer::on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
    if (!wanted_.authority_file.empty())
      curl_easy_setopt(curl, CURLOPT_CAINFO, wanted_.authority_file.c_str());
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK) return status();
    return failure(code, *why != '\0' ? why : curl_easy_strerror(code));
  }

  std::uint64_t bytes() const { return bytes_; }
  std::string content_type() const { return text(CURLINFO_CONTENT_TYPE); }
  std::string redirect() const { return text(CURLINFO_REDIRECT_URL); }
  // The first line of what a server that refuses says.
  const std::string& refusal() const { return refusal_; }

 private:
  static std::size_t on_bytes(char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<Transfer*>(self)->take({data, size * count}) ? size * count : 0;
  }

  bool take(std::string_view data) {
    if (status() != kOk) {
      for (const char c : data) {
        line_over_ = line_over_ || c == '\n' || c == '\r';
        if (line_over_ || refusal_.size() >= kRefusalShownBytes) break;
        refusal_ += c >= ' ' && c < 0x7F ? c : '?';
      }
      return true;
    }
    bytes_ += data.size();
    if (bytes_ > wanted_.bytes_max) {
      stopped_ = make_error(ErrorCode::kLimit,
                            "it is longer than " + std::to_string(wanted_.bytes_max) + " octets");
      return false;
    }
    const Status taken = take_(as_bytes(data));
    if (!taken.ok()) stopped_ = taken.error();
    return taken.ok();
  }

  Error failure(CURLcode code, const std::string& why) const {
    if (stopped_) return *stopped_;
    if (code == CURLE_OPERATION_TIMEDOUT)
      return make_error(ErrorCode::kTimeout,
                        "no whole answer in " + std::to_string(wanted_.timeout_ms / 1'000) + " s");
    if (code == CURLE_PARTIAL_FILE)
      return make_error(ErrorCode::kTruncated, "it broke off: " + why);
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
      return make_error(ErrorCode::kSecurity, why);
    return make_error(ErrorCode::kClosed, why);
  }

  long status() const {
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
  }
  std::string text(CURLINFO what) const {
    const char* found = nullptr;
    curl_easy_getinfo(handle_.get(), what, &found);
    return found == nullptr ? std::string() : std::string(found);
  }

  const HttpGet& wanted_;
  const std::function<Status(ByteView)>& take_;
  std::uint64_t bytes_ = 0;
  Handle handle_;
  std::string refusal_;
  bool line_over_ = false;
  std::optional<Error> stopped_;
};

Error at(const std::string& url, const Error& error) {
  return make_error(error.code, shown_url(url) + ": " + error.reason);
}

}  // namespace

std::string shown_url(const std::string& url) {
  std::string shown = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = shown.find("://");
  const std::size_t from = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t sign = shown.rfind('@', std::min(shown.find('/', from), shown.size() - 1));
  if (!shown.empty() && sign != std::string::npos && sign >= from)
    shown.erase(from, sign + 1 - from);
  return shown;
}

Result<HttpDocument> http_get(const HttpGet& wanted, const std::function<Status(ByteView)>& take) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return make_error(ErrorCode::kIo, "libcurl cannot be started");
  for (const std::string& header : wanted.headers) {
    if (!is_header(header))
      return make_error(ErrorCode::kInvalid, "a header is not \"Name: value\"");
  }
  const SystemClock clock;
  const Instant end = clock.now() + std::chrono::milliseconds(wanted.timeout_ms);
  AMITY_TRY(const Place first, place_of(wanted.url));
  HttpDocument document;
  std::string url = wanted.url;
  for (Place here = first;; ++document.redirects) {
    const std::int64_t left_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - clock.now()).count();
    Transfer transfer(wanted, take);
    const auto status = transfer.run(url, here == first, std::max<std::int64_t>(left_ms, 1));
    if (!status.ok()) return at(url, status.error());
    if (*status == kOk) {
      document.url = shown_url(url);
      document.content_type = transfer.content_type();
      document.bytes = transfer.bytes();
      return document;
    }
    const std::string next = transfer.redirect();
    if (next.empty()) {
      std::string why = "the server answered " + std::to_string(*status);
      if (!transfer.refusal().empty()) why += ": " + transfer.refusal();
      return at(url, make_error(ErrorCode::kRefused, why));
    }
    if (document.redirects >= wanted.redirects_max)
      return at(url,
                make_error(ErrorCode::kLimit,
                           "more than " + std::to_string(wanted.redirects_max) + " redirects"));
    auto there = place_of(next);
    if (!there.ok()) return at(url, there.error());
    if (here.scheme == "https" && there->scheme == "http")
      return at(url, make_error(ErrorCode::kSecurity,
                                "it leads from https to " + shown_url(next) + ", in the clear"));
    here = std::move(*there);
    url = next;
  }
}

}  // namespace amity::runtime
