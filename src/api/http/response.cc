#include "api/http/response.h"

#include "base/civil.h"

namespace amity::api {

namespace {

void put(Bytes& out, std::string_view text) {
  append(out, as_bytes(text));
}

void put_field(Bytes& out, std::string_view name, std::string_view value) {
  put(out, name);
  put(out, ": ");
  for (const char c : value) {
    if (c != '\r' && c != '\n')
      out.push_back(static_cast<std::uint8_t>(c));  // a value never starts a new field
  }
  put(out, "\r\n");
}

constexpr std::string_view kSecurityFields =
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'\r\n";

void put_json_text(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20 || u >= 0x7F) {  // what is not ASCII may be broken text of the client's
      out += u < 0x20 ? std::string("\\u00") + kHex[u >> 4] + kHex[u & 15] : std::string("?");
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

void write_head(const Response& response, Framing framing, bool keep_alive, std::string_view date,
                Bytes& out) {
  out.reserve(out.size() + 640 + (framing == Framing::kLength ? response.text().size() : 0));
  put(out, "HTTP/1.1 ");
  put(out, std::to_string(response.status));
  put(out, " ");
  put(out, reason_phrase(response.status));
  put(out, "\r\nDate: ");
  put(out, date);
  put(out, "\r\n");
  if (response.status != 204 && response.status != 304)
    put_field(out, "Content-Type", response.content_type);
  if (framing == Framing::kLength && response.status != 204) {
    put_field(out, "Content-Length", std::to_string(response.text().size()));
  }
  if (framing == Framing::kChunked) put(out, "Transfer-Encoding: chunked\r\n");
  if (!keep_alive) put(out, "Connection: close\r\n");
  bool cached = false;
  for (const auto& [name, value] : response.headers) {
    cached = cached || name == "Cache-Control";
    put_field(out, name, value);
  }
  if (!cached) put(out, "Cache-Control: no-store\r\n");
  put(out, kSecurityFields);
  put(out, "\r\n");
}

void write_chunk(std::string_view piece, Bytes& out) {
  if (piece.empty()) return;  // an empty chunk would end the body
  char size[20];
  std::size_t n = sizeof size;
  for (std::size_t v = piece.size(); v != 0; v >>= 4) size[--n] = "0123456789abcdef"[v & 15];
  put(out, std::string_view(size + n, sizeof size - n));
  put(out, "\r\n");
  put(out, piece);
  put(out, "\r\n");
}

void write_last_chunk(Bytes& out) {
  put(out, "0\r\n\r\n");
}

Response problem(int status, std::string_view detail, std::string_view instance) {
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  std::string& body = response.body;
  body = R"({"type":"about:blank","title":)";
  put_json_text(body, reason_phrase(status));
  body += R"(,"status":)" + std::to_string(status) + R"(,"detail":)";
  put_json_text(body, detail);
  body += R"(,"instance":)";
  put_json_text(body, instance);
  body += '}';
  return response;
}

std::string http_date(std::int64_t utc_s) {
  static constexpr std::string_view kDays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilTime t = civil_from_utc(UtcSeconds(utc_s));
  const auto two = [](int v) {
    return std::string(1, static_cast<char>('0' + v / 10)) + static_cast<char>('0' + v % 10);
  };
  std::string out(kDays[static_cast<std::size_t>(utc_s / 86'400 % 7)]);
  out += ", " + two(t.day) + " " + std::string(kMonths[t.month - 1]) + " " +
         std::to_string(t.year) + " ";
  return out + two(t.hour) + ":" + two(t.minute) + ":" + two(t.second) + " GMT";
}

}  // namespace amity::api
