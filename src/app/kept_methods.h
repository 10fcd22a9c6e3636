// How a value in a file came to be and why (NEM12's "E52", "S14", and "76,Communications Fault"),
// kept beside the readings, which have no room for it, and written again on the way out. In the
// registry under "method/CHANNEL/DAY" (docs/formats/exchange.md): small, as few values have either.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/bytes.h"
#include "model/reading.h"
#include "store/registry.h"

namespace amity {

struct KeptMethod {
  std::uint8_t method = 0;  // as exchange::SeriesValue has it; 0: none
  std::string reason;       // the same; "": none
};

class KeptMethods {
 public:
  explicit KeptMethods(store::Registry& registry) : registry_(registry) {}

  // What is kept of a value; the reason only while value and quality are those it was told of.
  Result<KeptMethod> of(const Reading& reading);
  // What a file says of a value, or nothing where it now says nothing. Durable after save().
  Status set(const Reading& reading, const KeptMethod& told);
  Status save();

 private:
  struct Kept {
    std::uint8_t method = 0;
    Quality quality;                      // of the value that has the reason
    const std::string* reason = nullptr;  // one of `reasons_`; null: none
    std::int64_t value = 0;
    friend bool operator==(const Kept&, const Kept&) = default;
  };
  struct Day {
    std::map<std::uint32_t, Kept> values;  // by seconds since the UTC day began
    bool changed = false;
  };
  using Days = std::map<std::int32_t, Day>;

  Result<Days*> days_of(ChannelId channel);
  Status read_day(ByteView bytes, Day& day);
  static Bytes written(const Day& day);

  store::Registry& registry_;
  std::map<ChannelId, Days> channels_;
  std::set<std::string, std::less<>> reasons_;
  std::size_t held_ = 0;  // values in `channels_`, about
};

}  // namespace amity
