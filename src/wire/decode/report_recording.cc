#include "wire/decode/report_recording.h"

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

class ReportDecoders::Writer {
 public:
  Writer(const DecodeOptions& options, std::vector<DecodedFrame>& out)
      : options_(options), out_(out) {
    report_.explain = options.explain;
  }

  wire::Report& report() { return report_; }

  // What the decoder made of the frame at `offset`.
  void add(std::size_t offset, Status status) {
    std::string json;
    if (status.ok() || !report_.readings.empty() || !report_.meter.id.empty()) {
      if (options_.complete) options_.complete(report_);
      wire::append_json(report_, json);
    }
    if (status.ok()) {
      out_.push_back({offset, std::move(json), {}});
      return;
    }
    Error error = std::move(status).error();
    error.offset += offset;
    out_.push_back({offset, std::move(error), std::move(json)});
  }
  void fail(std::size_t offset, ErrorCode code, std::string reason) {
    out_.push_back({offset, make_error(code, std::move(reason), offset), {}});
  }

 private:
  const DecodeOptions& options_;
  std::vector<DecodedFrame>& out_;
  wire::Report report_;
};

void ReportDecoders::decode_mbus(bool wireless, ByteView recording, Writer& out) {
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

void ReportDecoders::decode_sml(ByteView recording, Writer& out) {
  std::size_t at = 0;
  while (const auto frame = sml::find_frame(recording, at)) {
    if (frame->complete) {
      out.add(frame->offset,
              sml_.decode(recording.subspan(frame->offset, frame->size), out.report()));
    } else {
      out.fail(frame->offset, ErrorCode::kTruncated, "the SML frame does not end");
    }
    at = frame->offset + frame->size;
  }
}

void ReportDecoders::decode_p1(ByteView recording, Writer& out) {
  p1::Decoder decoder(p1_keys(options_.keys));
  p1::TelegramSplitter splitter;
  splitter.add(recording);
  const std::string_view all = as_text(recording);
  std::size_t at = 0;
  const auto take = [&](ByteView telegram) {
    // The splitter hands out telegrams in order: the next place where these bytes stand is theirs.
    const std::size_t found = all.find(as_text(telegram), at);
    const std::size_t offset = found == std::string_view::npos ? at : found;
    out.add(offset, decoder.decode(telegram, out.report()));
    at = offset + telegram.size();
  };
  while (const auto telegram = splitter.next()) take(*telegram);
  while (const auto telegram = splitter.finish()) take(*telegram);
}

void ReportDecoders::decode_c1222(ByteView recording, Writer& out) {
  std::size_t at = 0;
  while (at < recording.size()) {
    const ByteView rest = recording.subspan(at);
    const ByteView apdu = rest.first(c1222_frame_size(rest).value_or(rest.size()));
    out.report().clear();
    out.add(at, c12_.decode(apdu, out.report()));
    at += apdu.size();
  }
}

std::vector<DecodedFrame> ReportDecoders::decode(Protocol protocol, ByteView recording) {
  std::vector<DecodedFrame> decoded;
  Writer out(options_, decoded);
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
