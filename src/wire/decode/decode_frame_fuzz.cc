// Any recording decodes or is refused; each outcome lies inside it. As a live stream, too.
#include "wire/decode/decode.h"
#include "wire/decode/live_decoder.h"

namespace {

using namespace amity;

obis::ValueLists vendors_lists() {
  obis::ValueLists lists;
  obis::ValueList kaifa{"KFM", "KFM_001", "", 13, {}, {}};
  for (std::uint8_t c = 1; c <= 12; ++c)
    kaifa.columns.push_back({{1, 0, c, 7, 0, 255}, -3, Unit::kAmpere});
  obis::ValueList landis{"LGZ", "", "", 0, kaifa.columns, dlms::Obis(0, 0, 96, 1, 0, 255)};
  obis::ValueList kamstrup{"KAM", "Kamstrup_V", "684", 0, kaifa.columns, {}};
  for (const auto* list : {&kaifa, &landis, &kamstrup}) AMITY_ASSERT(lists.add(*list).ok());
  return lists;
}

void check(const std::vector<decode::DecodedFrame>& frames, std::size_t size) {
  for (const auto& frame : frames) {
    AMITY_ASSERT(frame.offset <= size);
    AMITY_ASSERT(!frame.json.ok() || (frame.json->front() == '{' && frame.json->back() == '}'));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const obis::ValueLists lists = vendors_lists();
  static decode::DecodeOptions options = [] {
    decode::DecodeOptions o;
    o.keys.encryption = {Bytes(16, 0x11)};
    o.keys.authentication = {Bytes(16, 0x22)};
    o.keys.system_title = dlms::SystemTitle{1, 2, 3, 4, 5, 6, 7, 8};
    o.value_lists = &lists;
    return o;
  }();
  options.explain = size % 2 == 0;
  const ByteView input(data, size);
  check(decode::decode_stream(input, options), size);
  if (size % 3 != 0 || !decode::begins_frame_stream(input, options)) return 0;
  decode::LiveDecoder live(options);
  check(live.add(input.first(size / 2)), size);
  check(live.add(input.subspan(size / 2)), size);
  check(live.finish(), size);
  AMITY_ASSERT(live.garbage_bytes() <= size);
  return 0;
}
