// Whatever the bytes and their pieces: no frame holds a byte twice (but for a flag between two HDLC
// frames), and nothing is left waiting at the end.
#include "base/assert.h"
#include "wire/decode/frame_stream.h"

namespace {

using namespace amity;

std::size_t frames_of(ByteView bytes, std::size_t step, std::size_t& taken) {
  decode::FrameStream stream;
  std::size_t frames = 0;
  const auto drain = [&](bool end) {
    while (const auto frame = stream.next(end)) {
      AMITY_ASSERT(!frame->bytes.empty());
      taken += frame->bytes.size();
      ++frames;
    }
  };
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    stream.add(bytes.subspan(at, std::min(step, bytes.size() - at)));
    drain(false);
  }
  drain(true);
  AMITY_ASSERT(!stream.waiting());
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8'192) return 0;
  std::size_t taken = 0;
  std::size_t frames = frames_of(ByteView(data, size), size + 1, taken);
  AMITY_ASSERT(taken <= size + frames);
  taken = 0;
  frames = frames_of(ByteView(data, size), 7, taken);
  AMITY_ASSERT(taken <= size + frames);
  return 0;
}
