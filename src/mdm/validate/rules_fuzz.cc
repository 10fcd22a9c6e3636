// Any text as a rule book, any bytes as a channel's state: parsing ends, an error has a place; a
// state that decodes and is encoded again is the same bytes.
#include <cstdlib>

#include "mdm/profile/channel_state.h"
#include "mdm/validate/rules_toml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace amity;
  using namespace amity::mdm;
  const ByteView bytes(data, size);
  const auto book = rules_from_toml(as_text(bytes));
  if (book.ok() == (book.ok() && book->sets().empty())) {
    if (book.ok() || !book.error().reason.starts_with("line ")) std::abort();
  }
  const auto state = decode_state(bytes);
  if (!state.ok()) return 0;
  Bytes again;
  encode_state(*state, again);
  if (!std::equal(again.begin(), again.end(), bytes.begin(), bytes.end())) std::abort();
  return 0;
}
