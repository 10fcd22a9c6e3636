// Final values over a Kv. One family, told apart by the first byte of the key:
//   D day channel -> day and its versions     X day channel -> nothing, while the day is an
//   exception E edit -> edit                            W edit -> nothing, while the edit is open
//   S name -> a department's state
// Written at once, not synced: the journal holds them, and replaying it changes nothing.
#pragma once

#include <mutex>

#include "store/finals.h"
#include "store/kv.h"

namespace amity::store {

class KvFinals : public Finals {
 public:
  explicit KvFinals(Kv& kv) : kv_(kv) {}

  Status apply(const ReadingsFinal& fact) override;
  Status apply(const EditChanged& fact) override;
  Result<std::optional<FinalDay>> day(ChannelId channel, std::int32_t day) override;
  Result<std::vector<FinalDay>> days(ChannelId channel, std::int32_t first,
                                     std::int32_t last) override;
  Status each_exception(const std::function<void(const VeeDay&)>& visit) override;
  Result<std::optional<Edit>> edit(EditId id) override;
  Result<std::vector<Edit>> edits(EditId before, std::size_t limit) override;
  Result<std::vector<Edit>> open_edits() override;
  Result<EditId> newest_edit() override;
  Status save_states(std::span<const std::pair<std::string, Bytes>> states) override;
  Status each_state(
      const std::string& prefix,
      const std::function<void(const std::string& name, ByteView state)>& visit) override;

 private:
  Kv& kv_;
  std::mutex apply_mutex_;
};

// A stored day and a stored edit as bytes; the checksum covers the key.
std::string encode_final_day(const FinalDay& day);
Result<FinalDay> decode_final_day(ChannelId channel, std::int32_t day, ByteView bytes);
std::string encode_stored_edit(const Edit& edit);
Result<Edit> decode_stored_edit(EditId id, ByteView bytes);

struct FinalsCheck {
  std::uint64_t days = 0, versions = 0, edits = 0;
};
// Reads everything; `damaged` is told what does not verify.
Status check_finals(Kv& kv, FinalsCheck& counts,
                    const std::function<void(const std::string&)>& damaged);

}  // namespace amity::store
