#include "wire/mbus/layout.h"

#include <algorithm>

namespace amity::mbus {

void Layout::container(std::size_t offset, std::size_t size, std::string meaning) {
  if (!on_ || size == 0) return;
  const std::size_t first = original(offset);
  const std::size_t last = original(offset + size - 1);
  report_.layout.push_back({first, last - first + 1, 0, std::move(meaning), {}});
}

void Layout::leaf(std::size_t offset, std::size_t size, std::string_view meaning,
                  std::string value) {
  if (!on_) return;
  std::size_t start = offset;
  for (std::size_t i = offset; i < offset + size; ++i) {
    const bool last = i + 1 == offset + size;
    if (!last && original(i + 1) == original(i) + 1) continue;
    std::string name(meaning);
    if (start != offset) name += ", continued";
    report_.layout.push_back({original(start), i + 1 - start, 1, std::move(name), value});
    start = i + 1;
  }
}

void Layout::leaf_hex(std::size_t offset, ByteView bytes, std::string_view meaning) {
  if (on_) leaf(offset, bytes.size(), meaning, to_hex(bytes));
}

void Layout::crcs(std::size_t stripped_size) {
  if (!on_) return;
  for_each_crc(format_, stripped_size, [&](std::size_t at) {
    report_.layout.push_back({at, 2, 1, "CRC of the block", "right"});
  });
}

void Layout::finish() {
  if (!on_) return;
  std::stable_sort(report_.layout.begin(), report_.layout.end(), [](const auto& a, const auto& b) {
    return a.offset != b.offset ? a.offset < b.offset : a.depth < b.depth;
  });
}

Error Layout::moved(Error error) const {
  error.offset = original(error.offset);
  return error;
}

}  // namespace amity::mbus
