#include "wire/c12/service_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace amity::c12 {
namespace {

constexpr std::size_t kDescriptionBytes = 64;  // of most requests

void put(std::uint64_t number, std::string& out) {
  std::array<char, 20> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + 20, number).ptr);
}

std::string table_of(std::uint16_t table) {
  std::string out = (table & 0x800) != 0 ? " MT" : " ST";
  put(table & 0x7FF, out);
  return out;
}

std::string printable(ByteView bytes) {
  std::string out;
  for (const std::uint8_t c : bytes)
    out.push_back(c >= 0x20 && c < 0x7F ? static_cast<char>(c) : '.');
  while (!out.empty() && (out.back() == ' ' || out.back() == '.')) out.pop_back();
  return out;
}

std::string index_text(const std::vector<std::uint16_t>& indices) {
  std::string out = " index ";
  for (std::size_t i = 0; i < indices.size(); ++i)
    out += fmt::format("{}{}", i == 0 ? "" : ".", indices[i]);
  return out;
}

struct Words {
  std::string operator()(const Read& r) {
    if (r.default_table) return "";
    std::string out = table_of(r.table);
    if (const auto* part = std::get_if<Read::Offset>(&r.part)) {
      put(part->offset, out += " offset ");
      put(part->count, out += " count ");
    }
    if (const auto* part = std::get_if<Read::Index>(&r.part))
      out += index_text(part->indices) + fmt::format(" count {}", part->count);
    return out;
  }
  std::string operator()(const Write& w) {
    std::string out = w.default_table ? "" : table_of(w.table);
    if (w.offset) out += fmt::format(" offset {}", *w.offset);
    if (!w.indices.empty()) out += index_text(w.indices);
    return out + fmt::format(" {} bytes", w.data.size());
  }
  std::string operator()(const Logon& l) {
    std::string out = fmt::format(" user {} \"{}\"", l.user_id, printable(l.user));
    if (l.idle_timeout_s) out += fmt::format(" idle timeout {} s", *l.idle_timeout_s);
    return out;
  }
  std::string operator()(const Security& s) {
    if (!s.user_id) return "";
    std::string out = " user ";
    put(*s.user_id, out);
    return out;
  }
  std::string operator()(const Negotiate& n) {
    return fmt::format(" packets of {}, {} a message, {} baud rates", n.packet_size, n.packets,
                       n.baud_codes.size());
  }
  std::string operator()(const Wait& w) { return fmt::format(" {} s", w.seconds); }
  std::string operator()(const TimingSetup& t) {
    return fmt::format(" traffic {} s, between characters {} ms, response {} s, {} retries",
                       t.traffic_s, t.intercharacter_ms10 * 10, t.response_s, t.retries);
  }
  std::string operator()(const Resolve& r) { return " " + to_string(r.title); }
  std::string operator()(const Trace& t) { return " " + to_string(t.title); }
  std::string operator()(const Deregister& d) { return " " + to_string(d.title); }
  std::string operator()(const Register& r) {
    return fmt::format(" {} address {} for {} min", to_string(r.title), to_hex(r.native_address),
                       r.period_minutes);
  }
  template <class T>
  std::string operator()(const T&) {
    return "";
  }
};

Status describe_identity(ByteView body, wire::Report& report) {
  AMITY_TRY(const Identity identity, parse_identity(body));
  const std::string_view name = standard_name(identity.standard);
  report.details.emplace_back(
      "standard", fmt::format("{} version {}.{}",
                              name.empty() ? std::to_string(identity.standard) : std::string(name),
                              identity.version, identity.revision));
  if (identity.security_mechanism)
    report.details.emplace_back("security_mechanism", to_string(*identity.security_mechanism));
  if (identity.device_class)
    report.details.emplace_back("device_class", to_string(*identity.device_class));
  if (identity.session_control)
    report.details.emplace_back("session_control", std::to_string(*identity.session_control));
  if (!identity.ticket.empty()) report.details.emplace_back("ticket", to_hex(identity.ticket));
  if (!identity.identification.empty())
    report.details.emplace_back("identification", to_hex(identity.identification));
  return {};
}

}  // namespace

std::string describe(const Request& request) {
  std::string out;
  out.reserve(kDescriptionBytes);
  out += service_name(code_of(request));
  return out += std::visit(Words{}, request);
}

Status describe_response(std::uint8_t service, ByteView body, wire::Report& report) {
  if (service >= 0x60 && service <= 0x6B) {
    AMITY_TRY(const Negotiated n, parse_negotiated(body));
    report.details.emplace_back(
        "negotiated", fmt::format("packets of {}, {} a message, {} baud", n.packet_size, n.packets,
                                  baud_of(n.baud_code)));
    return {};
  }
  switch (static_cast<ServiceCode>(service)) {
    case ServiceCode::kIdentify:
      return describe_identity(body, report);
    case ServiceCode::kLogon: {
      ByteReader reader(body);
      AMITY_TRY(const std::uint16_t seconds, reader.u16());
      report.details.emplace_back("idle_timeout", fmt::format("{} s", seconds));
      return {};
    }
    case ServiceCode::kRegister: {
      AMITY_TRY(const Registered r, parse_registered(body));
      report.details.emplace_back(
          "registered", fmt::format("{} for {} min", to_string(r.title), r.period_minutes));
      return {};
    }
    case ServiceCode::kResolve: {
      AMITY_TRY(const ByteView address, parse_resolved(body));
      report.details.emplace_back("address", to_hex(address));
      return {};
    }
    case ServiceCode::kTrace: {
      AMITY_TRY(const std::vector<ApTitle> hops, parse_traced(body));
      for (const ApTitle& hop : hops) report.details.emplace_back("hop", to_string(hop));
      return {};
    }
    default:
      return make_error(ErrorCode::kUnsupported,
                        fmt::format("the response to service {:02X}", service));
  }
}

}  // namespace amity::c12
