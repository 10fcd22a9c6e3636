// Frames of the protocols whose decoders fill a wire::Report, as JSON.
#pragma once

#include "wire/c12/decode.h"
#include "wire/decode/report_writer.h"
#include "wire/mbus/decoder.h"
#include "wire/sml/decoder.h"

namespace amity::decode {

// Keeps what a conversation needs between its parts: what was asked, formats of compact frames.
class ReportDecoders {
 public:
  // `options` outlive this.
  explicit ReportDecoders(const DecodeOptions& options)
      : options_(options), c12_(options.c12_keys != nullptr ? *options.c12_keys : no_c12_keys_) {}
  ReportDecoders(const ReportDecoders&) = delete;
  ReportDecoders& operator=(const ReportDecoders&) = delete;

  // `protocol` is neither kDlms nor kCapture.
  std::vector<DecodedFrame> decode(Protocol protocol, ByteView recording);
  // An encrypted P1 telegram has the frame of a ciphered APDU; nullopt: no key at hand opens it as
  // P1.
  std::optional<std::vector<DecodedFrame>> decode_encrypted_p1(ByteView recording);

 private:
  void decode_mbus(bool wireless, ByteView recording, ReportWriter& out);
  void decode_sml(ByteView recording, ReportWriter& out);
  void decode_p1(ByteView recording, ReportWriter& out);
  void decode_c1222(ByteView recording, ReportWriter& out);
  void decode_osgp(ByteView recording, ReportWriter& out);
  void decode_mm(ByteView recording, ReportWriter& out);

  const DecodeOptions& options_;
  const c12::Keys no_c12_keys_;
  const mbus::KeyStore no_mbus_keys_;
  mbus::Decoder mbus_;
  sml::Decoder sml_;
  c12::Decoder c12_;
  c12::MeterTables osgp_;
};

}  // namespace amity::decode
