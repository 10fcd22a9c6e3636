#include "wire/decode/report_recording.h"

#include "wire/decode/layout.h"
#include "wire/decode/modbus_recording.h"
#include "wire/decode/readable_recording.h"
#include "wire/mm/decode.h"
#include "wire/osgp/decode.h"
#include "wire/p1/decoder.h"
#include "wire/sml/transport.h"

namespace amity::decode {
namespace {

constexpr std::size_t kAesKeyBytes = 16;

// Every pair of keys that may open a telegram; without authentication keys, the one that all share.
std::vector<p1::SmartyKey> p1_keys(const Keys& keys) {
  std::vector<p1::SmartyKey> all;
  for (const Bytes& encryption : keys.encryption) {
    if (encryption.size() != kAesKeyBytes) continue;
    all.push_back({encryption, {}});
    for (const Bytes& authentication : keys.authentication) {
      if (authentication.size() == kAesKeyBytes) all.push_back({encryption, authentication});
    }
  }
  return all;
}

}  // namespace

void ReportDecoders::decode_mbus(bool wireless, ByteView recording, ReportWriter& out) {
  const mbus::KeyStore& keys = options_.mbus_keys != nullptr ? *options_.mbus_keys : no_mbus_keys_;
  std::size_t at = 0;
  while (at < recording.size()) {
    const ByteView rest = recording.subspan(at);
    const auto size = wireless ? wmbus_frame_size(rest) : mbus_frame_size(rest);
    // What is no frame is decoded once more to say why; nothing behind it can be found.
    const ByteView frame = rest.first(size.value_or(rest.size()));
    const Status status = wireless ? mbus_.decode_wireless(frame, keys, out.report())
                                   : mbus_.decode_wired(frame, keys, out.report());
    out.add(at, status);
    at += frame.size();
  }
}

void ReportDecoders::decode_sml(ByteView recording, ReportWriter& out) {
  std::size_t at = 0;
  while (const auto frame = sml::find_frame(recording, at)) {
    if (frame->complete) {
      const ByteView bytes = recording.subspan(frame->offset, frame->size);
      const Status status = sml_.decode(bytes, out.report());
      if (options_.explain) append_sml_layout(bytes, out.report());
      out.add(frame->offset, status);
    } else {
      out.fail(frame->offset, ErrorCode::kTruncated, "the SML frame does not end");
    }
    at = frame->offset + frame->size;
  }
}

void ReportDecoders::decode_p1(ByteView recording, ReportWriter& out) {
  p1::Decoder decoder(p1_keys(options_.keys));
  p1::TelegramSplitter splitter;
  splitter.add(recording);
  const std::string_view all = as_text(recording);
  std::size_t at = 0;
  const auto take = [&](ByteView telegram) {
    // The splitter hands out telegrams in order: the next place where these bytes stand is theirs.
    const std::size_t found = all.find(as_text(telegram), at);
    const std::size_t offset = found == std::string_view::npos ? at : found;
    const Status status = decoder.decode(telegram, out.report());
    if (options_.explain) append_text_layout(telegram, out.report());
    out.add(offset, status);
    at = offset + telegram.size();
  };
  while (const auto telegram = splitter.next()) take(*telegram);
  while (const auto telegram = splitter.finish()) take(*telegram);
}

void ReportDecoders::decode_c1222(ByteView recording, ReportWriter& out) {
  std::size_t at = 0;
  while (at < recording.size()) {
    const ByteView rest = recording.subspan(at);
    const ByteView apdu = rest.first(c1222_frame_size(rest).value_or(rest.size()));
    out.report().clear();
    out.add(at, c12_.decode(apdu, out.report()));
    at += apdu.size();
  }
}

// A request alone: messages say neither where they end nor which answer is whose.
void ReportDecoders::decode_osgp(ByteView recording, ReportWriter& out) {
  const auto attempt = [&](ByteView key) {
    out.report().clear();
    return osgp::decode_exchange(recording, {}, key, osgp_, out.report());
  };
  for (const Bytes& key : options_.keys.encryption) {
    if (key.size() != osgp::kNetworkKeyBytes && key.size() != osgp::kMepKeyBytes) continue;
    if (!attempt(key).ok() || !out.report().security.ok) continue;
    if (options_.explain) append_osgp_layout(recording, out.report());
    return out.add(0, {});
  }
  Status status = attempt({});
  if (options_.explain) append_osgp_layout(recording, out.report());
  out.add(0, std::move(status));
}

// Message by message, with the first key that fits.
void ReportDecoders::decode_mm(ByteView recording, ReportWriter& out) {
  std::size_t at = 0;
  while (at < recording.size()) {
    const auto size = mm::size_of(recording.subspan(at));
    const ByteView message =
        recording.subspan(at, size.ok() && *size ? **size : recording.size() - at);
    Status status = mm::decode(message, {}, out.report());
    for (const Bytes& key : options_.keys.encryption) {
      if (key.size() != mm::kKeyBytes) continue;
      status = mm::decode(message, key, out.report());
      if (out.report().security.ok) break;
    }
    out.add(at, std::move(status));
    at += message.size();
  }
}

std::vector<DecodedFrame> ReportDecoders::decode(Protocol protocol, ByteView recording) {
  std::vector<DecodedFrame> decoded;
  ReportWriter out(options_, decoded);
  switch (protocol) {
    case Protocol::kMbus:
    case Protocol::kWmbus:
      decode_mbus(protocol == Protocol::kWmbus, recording, out);
      break;
    case Protocol::kSml:
      decode_sml(recording, out);
      break;
    case Protocol::kP1:
      decode_p1(recording, out);
      break;
    case Protocol::kC1222:
      decode_c1222(recording, out);
      break;
    case Protocol::kC1218:
      out.add(0, c12_.decode(recording, out.report()));
      break;
    case Protocol::kIec62056_21:
      decode_iec62056_21(recording, out);
      break;
    case Protocol::kStg:
      decode_stg(recording, out);
      break;
    case Protocol::kModbus:
      decode_modbus(recording, out);
      break;
    case Protocol::kOsgp:
      decode_osgp(recording, out);
      break;
    case Protocol::kMm:
      decode_mm(recording, out);
      break;
    case Protocol::kDlms:
    case Protocol::kCapture:
      break;
  }
  return decoded;
}

std::optional<std::vector<DecodedFrame>> ReportDecoders::decode_encrypted_p1(ByteView recording) {
  if (recording.empty() || recording[0] != p1::kEncryptedTag) return std::nullopt;
  const auto size = p1::encrypted_frame_size(recording);
  if (!size.ok() || !*size || **size > recording.size()) return std::nullopt;
  Bytes plain;
  for (const p1::SmartyKey& key : p1_keys(options_.keys)) {
    if (!p1::open_encrypted(recording.first(**size), key, plain).ok()) continue;
    if (!plain.empty() && plain[0] == '/') return decode(Protocol::kP1, recording);
    plain.clear();
  }
  return std::nullopt;
}

}  // namespace amity::decode
