// A value: the tree and the walk agree on what is one, it reads back, and its text can be made.
#include "wire/dlms/data.h"
#include "wire/dlms/data_value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  static dlms::DataTree tree;
  const ByteView input(data, size);
  ByteReader in(input);
  const auto taken = dlms::take_data(in);
  const auto parsed = tree.parse_prefix(input);
  if (!parsed.ok()) {
    AMITY_ASSERT(parsed.error().offset <= size);
    return 0;
  }
  // What the tree accepts, the walk accepts, with the same size.
  AMITY_ASSERT(taken.ok() && taken->size() == *parsed);
  const dlms::Data copy = dlms::Data::from(tree.root());
  (void)dlms::to_text(tree.root());
  const Bytes encoded = copy.encoded();
  static dlms::DataTree again;
  if (const Status status = again.parse(encoded); status.ok()) {
    AMITY_ASSERT(dlms::Data::from(again.root()) == copy);
  }
  return 0;
}
