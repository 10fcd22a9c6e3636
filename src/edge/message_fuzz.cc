// Any bytes as messages of an edge or its server, and as batches: decoding ends, within limits;
// what decodes and is encoded again decodes to the same.
#include <cstdlib>

#include "edge/batch.h"
#include "edge/message.h"

namespace {

using namespace amity;
using namespace amity::edge;

void one_batch(ByteView body) {
  const auto batch = decode_batch(body);
  if (!batch.ok()) return;
  const auto first = encode_batch(*batch);
  if (!first.ok()) return;
  const auto again = decode_batch(*first);
  if (!again.ok()) std::abort();
  const auto second = encode_batch(*again);
  if (!second.ok() || *first != *second) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  one_batch({data, size});
  MessageStream stream;
  stream.add({data, size});
  while (true) {
    const auto message = stream.next();
    if (!message.ok() || !*message) return 0;
    const Bytes bytes = encode_message(**message);
    const auto again = decode_message(ByteView(bytes).subspan(4));
    if (!again.ok() || !(*again == **message)) std::abort();
    if (const auto* batch = std::get_if<BatchSent>(&**message)) one_batch(batch->body);
  }
}
