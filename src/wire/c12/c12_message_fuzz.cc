// APDUs of any bytes: an error has its place, what parses is sealed again to an APDU that says the
// same, and a report never holds the content of a message whose MAC is wrong.
#include "wire/c12/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  using namespace amity::c12;
  static const Keys keys = [] {
    Keys k;
    k.set_base(*ap_title_from("2.16.124.113620.1.22.0"));
    AMITY_ASSERT(k.add(2, *from_hex("01020304050607080102030405060708")).ok());
    return k;
  }();
  const ByteView input(data, size);
  wire::Report report;
  report.explain = true;
  Decoder decoder(keys);
  (void)decoder.decode(input, report);
  std::string json;
  append_json(report, json);

  const auto envelope = parse_envelope(input);
  if (!envelope.ok()) {
    AMITY_ASSERT(envelope.error().offset <= size);
    return 0;
  }
  Bytes content;
  if (!open(*envelope, keys, content).ok()) {
    AMITY_ASSERT(content.empty());
    AMITY_ASSERT(report.readings.empty());
    return 0;
  }
  Bytes sealed;
  AMITY_ASSERT(seal(envelope->header, content, keys, sealed).ok());
  const auto again = parse_envelope(sealed);
  AMITY_ASSERT(again.ok());
  Bytes opened;
  AMITY_ASSERT(open(*again, keys, opened).ok());
  AMITY_ASSERT(opened == content);
  return 0;
}
