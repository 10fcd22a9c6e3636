// Frames from a stream, messages, reports. What decodes, encodes; and what was encoded decodes to
// the same bytes.
#include "wire/sml/decoder.h"

namespace {

using namespace amity;

void check_messages(ByteView payload) {
  const auto messages = sml::decode_messages(payload);
  if (!messages.ok()) {
    AMITY_ASSERT(messages.error().offset <= payload.size());
    return;
  }
  Bytes first, second;
  for (const auto& message : *messages) encode_message(message, first);
  const auto again = sml::decode_messages(first);
  AMITY_ASSERT(again.ok());
  for (const auto& message : *again) encode_message(message, second);
  AMITY_ASSERT(first == second);
}

// With a right CRC put on it, so that the fuzzer gets past that door.
void check_as_body(ByteView input) {
  if (input.size() < 2) return;
  sml::Message message;
  message.body =
      sml::OtherMessage{static_cast<std::uint32_t>(input[0] << 8 | input[1]), input.subspan(2)};
  Bytes payload;
  encode_message(message, payload);
  check_messages(payload);
  wire::Report report;
  sml::Decoder decoder;
  (void)decoder.decode_payload(payload, report);
  std::string json;
  append_json(report, json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  sml::FrameSplitter splitter;
  sml::Decoder decoder;
  wire::Report report;
  splitter.add(input.first(size / 2));
  while (const auto frame = splitter.next()) (void)decoder.decode(*frame, report);
  splitter.add(input.subspan(size / 2));
  while (const auto frame = splitter.next()) (void)decoder.decode(*frame, report);
  check_messages(input);
  check_as_body(input);
  Bytes framed, scratch;
  sml::encode_frame(input.first(std::min<std::size_t>(size, 8'000)), sml::Crc::kX25, framed);
  const auto opened = sml::open_frame(framed, scratch);
  AMITY_ASSERT(opened.ok() && opened->bytes.size() == std::min<std::size_t>(size, 8'000));
  return 0;
}
