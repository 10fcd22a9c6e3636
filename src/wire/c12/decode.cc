#include "wire/c12/decode.h"

#include <fmt/format.h>

#include "wire/c12/service_text.h"

namespace amity::c12 {
namespace {

std::string_view mode_name(SecurityMode mode) {
  switch (mode) {
    case SecurityMode::kAuthenticated:
      return "C12.22 EAX' authenticated";
    case SecurityMode::kEncrypted:
      return "C12.22 EAX' encrypted";
    default:
      return "none";
  }
}

// The innermost parts, without gaps: what every byte of the APDU is.
void explain(ByteView apdu, const Envelope& e, wire::Report& report) {
  const auto part = [&](ByteView bytes, const char* meaning, std::string value) {
    if (bytes.empty()) return;
    report.layout.push_back({static_cast<std::size_t>(bytes.data() - apdu.data()), bytes.size(), 1,
                             meaning, std::move(value)});
  };
  const std::size_t head = apdu.size() < 0x82 ? 2 : apdu.size() < 0x103 ? 3 : 4;
  report.layout.push_back({0, apdu.size(), 0, "C12.22 APDU", ""});
  report.layout.push_back({0, head, 1, "tag and length", ""});
  const Header& h = e.header;
  part(e.aso_context, "application context", to_hex(h.aso_context));
  part(e.called, "called title", to_string(h.called));
  part(e.called_invocation, "called invocation", std::to_string(h.called_invocation.value_or(0)));
  part(e.calling, "calling title", to_string(h.calling));
  part(e.ae_qualifier, "calling qualifier", to_hex(h.calling_ae_qualifier));
  part(e.calling_invocation, "calling invocation",
       std::to_string(h.calling_invocation.value_or(0)));
  part(e.mechanism, "mechanism", to_hex(h.mechanism));
  if (h.authentication) {
    part(e.authentication, "key id and iv",
         fmt::format("{} {}", h.authentication->key_id, to_hex(h.authentication->iv)));
  }
  part(e.user_information, "EPSEM control", fmt::format("{:02X}", to_byte(h.control)));
  part(e.payload,
       h.control.security == SecurityMode::kEncrypted ? "services, encrypted" : "services",
       to_hex(e.payload));
  part(e.mac, "MAC", to_hex(e.mac));
}

}  // namespace

Status Decoder::decode(ByteView frame, wire::Report& report) {
  if (frame.empty()) return make_error(ErrorCode::kTruncated, "no bytes");
  if (frame[0] == 0x60) return decode_apdu(frame, report);
  if (frame[0] == kPacketStart || frame[0] == kAckByte || frame[0] == kNakByte)
    return decode_line(frame, report);
  return make_error(
      ErrorCode::kMalformed,
      fmt::format("{:02X} begins neither a C12.22 APDU nor a C12.18 packet", frame[0]));
}

Status Decoder::decode_apdu(ByteView apdu, wire::Report& report) {
  AMITY_CHECK(parse_envelope(apdu, envelope_));
  const Envelope& envelope = envelope_;
  const Header& header = envelope.header;
  report.protocol = "c1222";
  if (!header.called.empty()) report.details.emplace_back("called", to_string(header.called));
  if (!header.calling.empty()) report.details.emplace_back("calling", to_string(header.calling));
  if (header.calling_invocation)
    report.details.emplace_back("invocation", std::to_string(*header.calling_invocation));
  if (header.called_invocation)
    report.details.emplace_back("answered_invocation", std::to_string(*header.called_invocation));
  if (report.explain) explain(apdu, envelope, report);
  report.security.mode = mode_name(header.control.security);
  opened_.clear();
  const bool clear = header.control.security == SecurityMode::kCleartext;
  if (!clear) {
    if (const Status status = open(envelope, keys_, opened_); !status.ok()) {
      report.security.ok = false;
      report.security.reason = status.error().reason;
      report.unknown.push_back({envelope.payload_offset, "EPSEM", to_hex(envelope.payload)});
      return {};
    }
  }
  services(envelope, clear ? envelope.payload : ByteView(opened_), report);
  return {};
}

void Decoder::services(const Envelope& envelope, ByteView content, wire::Report& report) {
  const Header& header = envelope.header;
  const std::size_t base = envelope.payload_offset;
  if (const Status parsed = parse_epsem(content, header.control.ed_class, epsem_); !parsed.ok()) {
    report.details.emplace_back("malformed", to_string(parsed.error()));
    report.unknown.push_back({base, "EPSEM", to_hex(content)});
    return;
  }
  if (epsem_.ed_class) report.details.emplace_back("device_class", to_hex(*epsem_.ed_class));
  const std::uint32_t id = header.calling_invocation.value_or(0);
  asked_.clear();
  answered_.clear();
  if (!epsem_.services.empty() && is_response(epsem_.services[0].bytes[0])) {
    const auto at = pending_.find({header.called, header.called_invocation.value_or(id)});
    if (at != pending_.end()) {
      answered_ = std::move(at->second);
      pending_.erase(at);
    }
  }
  // A security service ahead of another may go without a response of its own.
  if (answered_.size() > epsem_.services.size()) {
    std::erase_if(answered_, [](const Asked& a) {
      return a.service == static_cast<std::uint8_t>(ServiceCode::kSecurity);
    });
  }
  bool meter_speaks = false;
  for (std::size_t i = 0; i < epsem_.services.size(); ++i) {
    const auto& service = epsem_.services[i];
    if (is_response(service.bytes[0])) {
      meter_speaks = true;
      response(service.bytes, base + service.offset, i < answered_.size() ? answered_[i] : Asked{},
               header.calling, report);
    } else {
      asked_.push_back(request(service.bytes, base + service.offset, report));
    }
  }
  if (report.meter.id.empty()) name_meter(header, meter_speaks, report);
  if (!asked_.empty()) {
    if (pending_.size() >= kPendingRequestsMax) pending_.clear();
    pending_.try_emplace({header.calling, id}).first->second = asked_;
  }
}

// By its whole title: as text, a relative one follows the base.
void Decoder::name_meter(const Header& header, bool meter_speaks, wire::Report& report) {
  const ApTitle& title = meter_speaks ? header.calling : header.called;
  const ApTitle& base = keys_.base();
  const bool completed = !title.absolute && base.absolute && !base.empty();
  if (completed && base.encoded.size() + title.encoded.size() > kObjectIdBytesMax) {
    append_text(*absolute(title, base), report.meter.id);
    return;
  }
  if (completed) report.meter.id += keys_.base_text();
  append_text(title, report.meter.id);
}

MeterTables& Decoder::meter(const ApTitle& title) {
  const auto whole = absolute(title, keys_.base());
  const ApTitle& name = whole.ok() ? *whole : title;
  if (const auto at = meters_.find(name); at != meters_.end()) return *at->second;
  if (meters_.size() >= kMetersRememberedMax) meters_.clear();
  return *meters_.emplace(name, std::make_unique<MeterTables>()).first->second;
}

Decoder::Asked Decoder::request(ByteView bytes, std::size_t offset, wire::Report& report) {
  Asked asked;
  asked.service = bytes[0];
  const auto parsed = parse_request(bytes);
  if (!parsed.ok()) {
    report.details.emplace_back("malformed", to_string(parsed.error()));
    report.unknown.push_back({offset, fmt::format("service {:02X}", bytes[0]), to_hex(bytes)});
    return asked;
  }
  report.details.emplace_back("request", describe(*parsed));
  if (const auto* write = std::get_if<Write>(&*parsed)) {
    report.unknown.push_back({offset, "table data", to_hex(write->data)});
  }
  if (const auto* read = std::get_if<Read>(&*parsed)) {
    asked.read = !read->default_table;
    asked.table = read->table;
    asked.whole = std::holds_alternative<std::monostate>(read->part);
    asked.by_index = std::holds_alternative<Read::Index>(read->part);
    if (const auto* part = std::get_if<Read::Offset>(&read->part)) asked.offset = part->offset;
  }
  return asked;
}

void Decoder::response(ByteView bytes, std::size_t offset, const Asked& asked, const ApTitle& from,
                       wire::Report& report) {
  const Response response{static_cast<ResponseCode>(bytes[0]), bytes.subspan(1)};
  const std::string_view word = to_string(response.code);
  report.details.emplace_back("response",
                              word.empty() ? fmt::format("{:02X}", bytes[0]) : std::string(word));
  if (response.body.empty()) return;
  if (response.code != ResponseCode::kOk || asked.service == 0) {
    // Nobody knows to what this answers.
    report.unknown.push_back({offset + 1, "response", to_hex(response.body)});
    return;
  }
  if (asked.read) {
    const auto data = parse_table_data(response.body);
    if (!data.ok()) {
      report.details.emplace_back("malformed", to_string(data.error()));
      report.unknown.push_back({offset + 1, "table data", to_hex(response.body)});
    } else if (asked.by_index) {
      report.unknown.push_back(
          {offset + 3, fmt::format("ST{} elements", asked.table), to_hex(*data)});
    } else {
      meter(from).add(asked.table, *data, asked.offset, asked.whole, report);
    }
    return;
  }
  const Status described = describe_response(asked.service, response.body, report);
  if (!described.ok()) {
    report.details.emplace_back("malformed", to_string(described.error()));
    report.unknown.push_back({offset + 1, "response", to_hex(response.body)});
  }
}

Status Decoder::decode_line(ByteView bytes, wire::Report& report) {
  report.protocol = "c1218";
  ByteReader reader(bytes);
  while (!reader.empty()) {
    const std::uint8_t first = *reader.peek();
    const std::size_t at = reader.offset();
    if (first == kAckByte || first == kNakByte) {
      report.details.emplace_back("link", first == kAckByte ? "ACK" : "NAK");
      AMITY_CHECK(reader.skip(1));
      continue;
    }
    auto packet = parse_packet(reader.rest());
    if (!packet.ok())
      return make_error(packet.error().code, packet.error().reason, at + packet.error().offset);
    AMITY_CHECK(reader.skip(size_of(*packet)));
    const auto step = joiner_.add(*packet);
    if (step == MessageJoiner::Step::kDuplicate) report.details.emplace_back("link", "repetition");
    if (step == MessageJoiner::Step::kRefused)
      report.details.emplace_back("link", "packet out of order");
    if (step != MessageJoiner::Step::kComplete || joiner_.message().empty()) continue;
    const ByteView message = joiner_.message();
    if (is_response(message[0])) {
      response(message, at + 6, last_, ApTitle(), report);
    } else {
      last_ = request(message, at + 6, report);
    }
  }
  return {};
}

Status decode(ByteView frame, const Keys& keys, wire::Report& report) {
  return Decoder(keys).decode(frame, report);
}

}  // namespace amity::c12
