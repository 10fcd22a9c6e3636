#include "wire/decode/decode.h"

#include <algorithm>
#include <cctype>

#include "base/civil.h"
#include "wire/decode/dlms_recording.h"
#include "wire/decode/report_recording.h"
#include "wire/pcap/capture.h"

namespace amity::decode {
namespace {

bool is_separator(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':' || c == '-' || c == ',' ||
         c == '\'' || c == '"';
}

std::string captured(const pcap::Payload& payload) {
  const CivilTime t = civil_from_utc(UtcSeconds(payload.time_us / 1'000'000));
  char time[40];
  std::snprintf(time, sizeof time, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", t.year, t.month, t.day,
                t.hour, t.minute, t.second, static_cast<int>(payload.time_us % 1'000'000));
  return std::string(R"({"capture":{"time":")") + time + R"(","from":")" + payload.from +
         R"(","to":")" + payload.to + R"(","transport":")" + (payload.tcp ? "tcp" : "udp") + "\"},";
}

// The object, with who said it to whom and when in front.
void add_capture(const std::string& capture, std::string& json) {
  if (!json.empty()) json.replace(0, 1, capture);
}

std::vector<DecodedFrame> decode_messages(Protocol protocol, ByteView recording,
                                          ReportDecoders& reports, DlmsRecording& dlms,
                                          const std::string& link) {
  if (protocol != Protocol::kDlms && protocol != Protocol::kCapture) {
    return reports.decode(protocol, recording);
  }
  if (auto p1 = reports.decode_encrypted_p1(recording)) return std::move(*p1);
  return dlms.decode(recording, link);
}

std::vector<DecodedFrame> decode_capture(ByteView recording, ReportDecoders& reports,
                                         DlmsRecording& dlms) {
  std::vector<DecodedFrame> decoded;
  auto capture = pcap::read_capture(recording);
  if (!capture.ok()) {
    decoded.push_back({0, std::move(capture).error(), {}});
    return decoded;
  }
  for (const pcap::Payload& payload : capture->payloads) {
    const std::string said = captured(payload);
    const std::string link =
        std::min(payload.from, payload.to) + ' ' + std::max(payload.from, payload.to);
    for (DecodedFrame& frame :
         decode_messages(recognise(payload.bytes), payload.bytes, reports, dlms, link)) {
      frame.offset += payload.offset;
      add_capture(said, frame.kept);
      if (frame.json.ok()) {
        add_capture(said, *frame.json);
      } else {
        Error error = std::move(frame.json).error();
        error.offset += payload.offset;
        frame.json = std::move(error);
      }
      decoded.push_back(std::move(frame));
    }
  }
  for (const std::string& remark : capture->remarks) {
    decoded.push_back({recording.size(),
                       make_error(ErrorCode::kMalformed, "capture: " + remark, recording.size()),
                       {}});
  }
  return decoded;
}

}  // namespace

struct Decoder::Memory {
  explicit Memory(const DecodeOptions& options) : reports(options), dlms(options) {}
  ReportDecoders reports;
  DlmsRecording dlms;
};

Decoder::Decoder(const DecodeOptions& options)
    : options_(options), memory_(std::make_unique<Memory>(options)) {}
Decoder::~Decoder() = default;

std::vector<DecodedFrame> Decoder::decode(ByteView recording) {
  const Protocol protocol = options_.protocol.value_or(recognise(recording));
  if (protocol == Protocol::kCapture)
    return decode_capture(recording, memory_->reports, memory_->dlms);
  return decode_messages(protocol, recording, memory_->reports, memory_->dlms, "");
}

std::vector<DecodedFrame> decode_stream(ByteView recording, const DecodeOptions& options) {
  return Decoder(options).decode(recording);
}

Result<std::string> decode_frame(ByteView bytes, const DecodeOptions& options) {
  auto decoded = decode_stream(bytes, options);
  if (decoded.empty()) return make_error(ErrorCode::kTruncated, "no whole message");
  if (decoded.size() > 1) {
    return make_error(ErrorCode::kMalformed, "more than one message", decoded[1].offset);
  }
  return std::move(decoded[0].json);
}

bool looks_like_hex(ByteView recording) {
  const auto is_digit = [](std::uint8_t b) { return std::isxdigit(b) != 0; };
  return std::any_of(recording.begin(), recording.end(), is_digit) &&
         std::all_of(recording.begin(), recording.end(), [&](std::uint8_t b) {
           return is_digit(b) || is_separator(static_cast<char>(b));
         });
}

Result<Bytes> bytes_from_hex_text(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_separator(text[i])) continue;
    if (std::isxdigit(static_cast<unsigned char>(text[i])) == 0) {
      return make_error(ErrorCode::kMalformed, "not a hexadecimal digit", i);
    }
    digits += text[i];
  }
  if (digits.size() % 2 != 0)
    return make_error(ErrorCode::kTruncated, "half a byte at the end", text.size());
  return from_hex(digits);
}

}  // namespace amity::decode
