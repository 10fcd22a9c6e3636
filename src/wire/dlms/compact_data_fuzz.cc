// A buffer and a template description of any shape; what is read, written again, is read the same.
// Input: length of the description, description, buffer.
#include "wire/dlms/compact_data.h"
#include "wire/dlms/data_value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  if (size < 1) return 0;
  const ByteView input(data + 1, size - 1);
  const std::size_t length = std::min<std::size_t>(data[0], input.size());
  dlms::CompactData first, second;
  if (!first.parse(input.subspan(length), input.first(length)).ok()) return 0;
  Bytes description, buffer;
  if (!append_description(first.values(), description).ok()) return 0;
  AMITY_ASSERT(append_contents(first.values(), buffer).ok());
  AMITY_ASSERT(second.parse(buffer, description).ok());
  AMITY_ASSERT(to_text(first.values()) == to_text(second.values()));
  return 0;
}
