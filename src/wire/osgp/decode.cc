#include "wire/osgp/decode.h"

#include <fmt/format.h>

namespace amity::osgp {
namespace {

std::string describe(const Request& r) {
  const bool write = r.service == Service::kWrite || r.service == Service::kWritePart;
  const bool part = r.service == Service::kReadPart || r.service == Service::kWritePart;
  std::string out = fmt::format("{} {}{}", write ? "write" : "read",
                                (r.table & kExtendedTable) != 0 ? "ET" : "BT", r.table & 0x7FF);
  if (part) out += fmt::format(" offset {}", r.offset);
  if (r.service == Service::kReadPart) out += fmt::format(" count {}", r.count);
  if (write) out += fmt::format(" {} bytes", r.data.size());
  return out + fmt::format(" sequence {}", r.sequence);
}

void not_opened(const Status& status, ByteView bytes, wire::Report& report) {
  report.security.ok = false;
  report.security.reason = status.error().reason;
  report.unknown.push_back({0, "message", to_hex(bytes)});
}

}  // namespace

Status decode_exchange(ByteView request, ByteView response, ByteView key, c12::MeterTables& meter,
                       wire::Report& report) {
  AMITY_TRY(const ParsedRequest asked, parse_request(request));
  report.protocol = "osgp";
  report.security.mode = key.empty() ? "OSGP digest (weak), not checked" : "OSGP digest (weak)";
  std::optional<OmaDigest> digest;
  if (!key.empty()) {
    AMITY_TRY(digest, OmaDigest::make(key));
    if (const Status right = verify(*digest, asked.digested, asked.digest); !right.ok()) {
      not_opened(right, request, report);
      return {};
    }
  }
  report.details.emplace_back("request", describe(asked.request));
  if (!asked.request.data.empty())
    report.unknown.push_back({0, "table data", to_hex(asked.request.data)});
  if (response.empty()) return {};
  AMITY_TRY(const ParsedResponse answer, parse_response(response));
  if (digest) {
    if (const Status right = verify(*digest, answer.digested, answer.digest); !right.ok()) {
      not_opened(right, response, report);
      return {};
    }
  }
  report.details.emplace_back("response", to_string(answer.response.code));
  if (answer.response.sequence)
    report.details.emplace_back("sequence", std::to_string(*answer.response.sequence));
  if (answer.response.data.empty()) return {};
  meter.add(asked.request.table, answer.response.data, asked.request.offset,
            asked.request.service == Service::kRead, report);
  return {};
}

}  // namespace amity::osgp
