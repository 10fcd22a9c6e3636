// A line of any bytes, in pieces: the splitter never loses its way, and what parses is encoded
// again to the same bytes; services likewise.
#include "wire/c12/packet.h"
#include "wire/c12/service.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  using namespace amity::c12;
  if (size == 0) return 0;
  const ByteView line(data + 1, size - 1);
  PacketSplitter splitter;
  MessageJoiner joiner;
  const std::size_t piece = data[0] % 16 + 1u;
  for (std::size_t at = 0; at < line.size(); at += piece) {
    splitter.feed(line.subspan(at, std::min(piece, line.size() - at)));
    while (const auto item = splitter.next()) {
      if (item->kind != PacketSplitter::Kind::kPacket) continue;
      Bytes again;
      encode_packet(item->packet.header, item->packet.data, again);
      AMITY_ASSERT(parse_packet(again).ok());
      if (joiner.add(item->packet) != MessageJoiner::Step::kComplete) continue;
      AMITY_ASSERT(joiner.message().size() <= kMessageBytesMax);
    }
  }
  const auto request = parse_request(line);
  if (!request.ok()) {
    AMITY_ASSERT(request.error().offset <= line.size());
  } else {
    Bytes first, second;
    encode(*request, first);
    const auto again = parse_request(first);
    AMITY_ASSERT(again.ok());
    encode(*again, second);
    AMITY_ASSERT(first == second);
  }
  if (const auto identity = parse_identity(line); identity.ok()) {
    Bytes out;
    encode(*identity, out);
    AMITY_ASSERT(parse_identity(ByteView(out).subspan(1)).ok());
  }
  (void)parse_registered(line);
  (void)parse_traced(line);
  return 0;
}
