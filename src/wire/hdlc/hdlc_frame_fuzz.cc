// Frames, the splitter in two feeds, parameters and reassembly over arbitrary bytes.
#include <cstdlib>

#include "wire/hdlc/parameters.h"
#include "wire/hdlc/splitter.h"

namespace {

using namespace amity;
using namespace amity::hdlc;

void require(bool holds) {
  if (!holds) std::abort();
}

// What decodes encodes to the same bytes.
void check_round_trip(ByteView between_flags) {
  const Result<Frame> frame = decode_frame(between_flags);
  if (!frame.ok()) return;
  Bytes again;
  encode_frame(*frame, again);
  require(as_text(ByteView(again).subspan(1, again.size() - 2)) == as_text(between_flags));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  check_round_trip(input);
  (void)strip_llc(input);
  if (const auto parameters = decode_parameters(input); parameters.ok()) {
    Bytes encoded;
    encode_parameters(*parameters, encoded);
    require(*decode_parameters(encoded) == *parameters);
  }
  FrameSplitter splitter;
  Reassembler reassembler(1000);
  const std::size_t cut = size == 0 ? 0 : data[0] % (size + 1);
  for (const ByteView part : {input.first(cut), input.subspan(cut)}) {
    splitter.feed(part);
    while (const std::optional<Frame> frame = splitter.next()) {
      const auto message = reassembler.add(frame->segmented, frame->information);
      if (message.ok() && message->has_value()) (void)decode_parameters(**message);
    }
    require(splitter.buffered() <= kFrameLengthMax + 2);
  }
  while (splitter.buffered() > 0) {
    const std::size_t before = splitter.buffered();
    splitter.give_up_partial();
    while (splitter.next()) {
    }
    require(splitter.buffered() < before);
  }
  return 0;
}
