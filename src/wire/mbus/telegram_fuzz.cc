// A whole frame, explained: offsets stay inside it, every byte belongs to one innermost part at
// most, and a frame that is decoded twice says the same.
#include "wire/mbus/decoder.h"

using namespace amity;

namespace {

const mbus::KeyStore& keys() {
  static const mbus::KeyStore store = [] {
    mbus::KeyStore made;
    AMITY_ASSERT(made.add_for_any(*from_hex("000102030405060708090A0B0C0D0E0F")).ok());
    AMITY_ASSERT(made.add_for_any(*from_hex("0102030405060708090A0B0C0D0E0F11")).ok());
    AMITY_ASSERT(made.add_for_any(*from_hex("0123456789ABCDEF")).ok());
    return made;
  }();
  return store;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 600) return 0;
  static mbus::Decoder decoder;
  static wire::Report report;
  report.explain = true;
  const ByteView frame(data, size);
  const Status status = decoder.decode(frame, keys(), report);
  if (!status.ok()) AMITY_ASSERT(status.error().offset <= size);
  std::array<std::uint8_t, 600> covered{};
  for (const wire::Part& part : report.layout) {
    AMITY_ASSERT(part.size > 0 && part.offset + part.size <= size);
    if (part.depth != 1) continue;
    for (std::size_t i = 0; i < part.size; ++i) AMITY_ASSERT(++covered[part.offset + i] == 1);
  }
  if (status.ok()) {
    for (std::size_t i = 0; i < size; ++i) AMITY_ASSERT(covered[i] == 1);
  }
  std::string first, second;
  append_json(report, first);
  const std::size_t formats = decoder.formats().size();
  AMITY_ASSERT(formats <= mbus::kFormatsMax);
  AMITY_ASSERT(decoder.decode(frame, keys(), report).ok() == status.ok() || formats > 0);
  append_json(report, second);
  AMITY_ASSERT(first == second || first.find("compact") != std::string::npos);
  return 0;
}
