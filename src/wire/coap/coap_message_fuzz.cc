// What parses, encodes to a message that parses to the same.
#include "base/assert.h"
#include "wire/coap/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  const auto message = coap::parse_message(ByteView(data, size));
  if (!message.ok()) {
    AMITY_ASSERT(message.error().offset <= size);
    return 0;
  }
  const auto bytes = coap::encode_message(*message);
  AMITY_ASSERT(bytes.ok());
  const auto again = coap::parse_message(*bytes);
  AMITY_ASSERT(again.ok() && *again == *message);
  (void)coap::block1_of(*message);
  (void)coap::path_of(*message);
  return 0;
}
