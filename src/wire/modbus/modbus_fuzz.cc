// Frames from a stream, requests and responses; what decodes, encodes to the same bytes.
#include "wire/modbus/register_map.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  using namespace amity::modbus;
  const ByteView input(data, size);
  for (const Transport transport : {Transport::kRtu, Transport::kTcp}) {
    for (const Sender sender : {Sender::kClient, Sender::kServer}) {
      ByteView rest = input;
      while (true) {
        const auto found = find_frame(transport, sender, rest);
        if (!found.ok() || !found->has_value()) break;
        AMITY_ASSERT((*found)->size > 0 && (*found)->size <= rest.size());
        Bytes again;
        encode_frame(transport, (*found)->frame, again);
        AMITY_ASSERT(to_hex(again) == to_hex(rest.first((*found)->size)));
        rest = rest.subspan((*found)->size);
      }
    }
  }
  Bytes pdu;
  if (const auto request = decode_request(input); request.ok()) {
    AMITY_ASSERT(encode_request(*request, pdu).ok());
    AMITY_ASSERT(to_hex(pdu) == to_hex(input));
  }
  pdu.clear();
  if (const auto response = decode_response(input); response.ok()) {
    encode_response(*response, pdu);
    AMITY_ASSERT(to_hex(pdu) == to_hex(input));
  }
  return 0;
}
