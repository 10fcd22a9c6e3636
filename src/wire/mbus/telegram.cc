#include "wire/mbus/telegram.h"

#include "wire/mbus/records.h"
#include "wire/mbus/vendor_blocks.h"

namespace amity::mbus {
namespace {

// On the wire, CI 73 with sixteen bytes is not a compact frame but the fixed structure.
constexpr std::uint8_t kCiFixed = 0x73;
constexpr std::size_t kFixedBytes = 17;

}  // namespace

Status Telegram::layers(std::size_t at) {
  while (true) {
    if (at >= frame().size())
      return make_error(ErrorCode::kTruncated, "the frame ends before the CI-field",
                        frame().size());
    const Content content = control_information(frame()[at]).content;
    if (content == Content::kExtendedLinkLayer) {
      AMITY_TRY(const ExtendedLink ell, parse_extended_link(frame(), at, layout_));
      if (ell.has_session) AMITY_CHECK(open_extended_link(ell));
      if (closed_) return {};
      at = ell.next_at;
    } else if (content == Content::kAuthentication && !afl_.present) {
      AMITY_TRY(afl_, parse_authentication(frame(), at, layout_));
      at = afl_.next_at;
      // Never the same twice from one meter: who keeps it can refuse what is played again.
      if (afl_.has_counter)
        report_.details.emplace_back("message_counter", std::to_string(afl_.counter));
      if (afl_.more_fragments || afl_.fragment > 1) {
        report_.details.emplace_back("fragment", std::to_string(afl_.fragment));
        report_.details.emplace_back("more_fragments", afl_.more_fragments ? "yes" : "no");
        unknown(at, "fragment");
        return {};
      }
    } else {
      return transport(at);
    }
  }
}

void Telegram::identify() {
  report_.meter.id.clear();
  append_id_text(meter_.id, report_.meter.id);
  report_.meter.manufacturer = manufacturer_text(meter_.manufacturer);
  report_.meter.medium = device_type_text(meter_.type);
  report_.meter.version = std::to_string(meter_.version);
}

Status Telegram::transport(std::size_t at) {
  if (wired_ && frame()[at] == kCiFixed && rest(at).size() == kFixedBytes) return fixed(at);
  AMITY_TRY(header_, parse_transport(frame(), at, wired_, layout_));
  if (header_.information->header == Header::kLong) {
    meter_ = header_.address;
    identify();
    // Who was on the air, where it is not the meter itself.
    if (!wired_ && !(link_ == meter_)) {
      report_.details.emplace_back("radio",
                                   manufacturer_text(link_.manufacturer) + " " + id_text(link_.id));
    }
  }
  if (header_.information->header != Header::kNone) {
    report_.details.emplace_back("access_number", std::to_string(header_.access_number));
    show_status(header_.status);
  }
  plain_at_ = header_.payload_at;
  if (!open_payload()) return {};
  return contents();
}

// EN 13757-7, 7.5.5: bits 0 and 1 are one number.
void Telegram::show_status(std::uint8_t status) {
  report_.status = status;
  constexpr const char* kApplication[] = {nullptr, "busy", "application error",
                                          "abnormal condition"};
  if (const char* text = kApplication[status & 3])
    report_.events.push_back({status & 3, text, {}, "status"});
  constexpr std::pair<std::uint8_t, const char*> kBits[] = {
      {0x04, "power low"}, {0x08, "permanent error"}, {0x10, "temporary error"}};
  for (const auto& [bit, text] : kBits) {
    if (status & bit) report_.events.push_back({bit, text, {}, "status"});
  }
}

void Telegram::unknown(std::size_t at, std::string id) {
  if (at >= frame().size()) return;
  layout_.leaf_hex(at, rest(at), id);
  report_.unknown.push_back({layout_.original(at), std::move(id), to_hex(rest(at))});
}

void Telegram::unknown_payload() {
  unknown(plain_at_, "CI " + to_hex(ByteView(&header_.ci, 1)));
}

Status Telegram::contents() {
  const ByteView payload = rest(plain_at_);
  switch (header_.information->content) {
    case Content::kRecords: {
      if (payload.empty()) return {};
      if (read_vendor_payload(meter_, header_.ci, payload, report_)) {
        unknown_payload();
        return {};
      }
      const Status status = decode_records(payload, plain_at_, layout_, d_.scratch_, report_);
      if (status.ok() && !to_meter_) d_.formats_.learn(meter_.manufacturer, d_.scratch_.heads);
      return status;
    }
    case Content::kCompact:
      return compact();
    case Content::kFormat:
      if (!d_.formats_.learn_format_frame(meter_.manufacturer, payload))
        return make_error(ErrorCode::kMalformed,
                          "the format frame's signature does not fit its contents", plain_at_);
      layout_.leaf_hex(plain_at_, payload, "format of compact frames");
      report_.details.emplace_back("format", to_hex(payload));
      return {};
    case Content::kApplicationError:
      return application_error();
    case Content::kAlarm:
      alarm();
      return {};
    case Content::kManufacturer:
    case Content::kSelection:
    case Content::kUnknown:
    case Content::kExtendedLinkLayer:
    case Content::kAuthentication:
    case Content::kFixed:
      break;
  }
  if (header_.information->name == "reserved")
    return make_error(ErrorCode::kUnsupported,
                      "the CI-field " + to_hex(ByteView(&header_.ci, 1)) + " is reserved",
                      header_.payload_at - 1);
  report_.details.emplace_back("contents", std::string(header_.information->name));
  if (!read_vendor_payload(meter_, header_.ci, payload, report_)) (void)open_apator();
  unknown_payload();
  return {};
}

Status Telegram::compact() {
  const Status expanded = d_.formats_.expand(meter_.manufacturer, rest(plain_at_), d_.expanded_);
  if (!expanded.ok()) {
    Error error = expanded.error();
    unknown(plain_at_, "compact frame");
    if (error.code == ErrorCode::kNotFound) {  // nothing is wrong with the frame
      report_.details.emplace_back("compact_frame", std::move(error.reason));
      return {};
    }
    error.offset += plain_at_;
    return error;
  }
  layout_.leaf_hex(plain_at_, rest(plain_at_).first(2), "format signature");
  layout_.leaf_hex(plain_at_ + 2, rest(plain_at_).subspan(2, 2), "CRC of the full frame");
  if (rest(plain_at_).size() > 4)
    layout_.leaf_hex(plain_at_ + 4, rest(plain_at_).subspan(4), "values");
  Layout quiet = layout_.muted();
  Status status = decode_records(d_.expanded_, plain_at_, quiet, d_.scratch_, report_);
  if (status.ok()) return status;
  return make_error(status.error().code, status.error().reason, plain_at_);
}

Status Telegram::application_error() {
  constexpr const char* kTexts[] = {"unspecified error",          "unimplemented CI-field",
                                    "buffer too long, truncated", "too many records",
                                    "premature end of record",    "more than 10 DIFE",
                                    "more than 10 VIFE",          "reserved",
                                    "application too busy",       "too many readouts"};
  const ByteView payload = rest(plain_at_);
  // A CI-field alone says that something is wrong, not what.
  const std::uint8_t code = payload.empty() ? 0 : payload[0];
  std::string text = code < std::size(kTexts) ? kTexts[code] : "application error";
  report_.events.push_back({code, std::move(text), {}, "application error"});
  if (payload.empty()) return {};
  layout_.leaf_hex(plain_at_, payload.first(1), "application error");
  unknown(plain_at_ + 1, "application error");
  return {};
}

void Telegram::alarm() {
  const ByteView payload = rest(plain_at_);
  if (payload.empty()) return;
  layout_.leaf_hex(plain_at_, payload.first(1), "alarm");
  report_.events.push_back({payload[0], "alarm", {}, "alarm"});
  unknown(plain_at_ + 1, "alarm");
}

}  // namespace amity::mbus
