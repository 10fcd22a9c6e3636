// What both stores share: journal, readings and events over one Kv, and the walk from the one to the others.
#pragma once

#include "store/kv_events.h"
#include "store/kv_finals.h"
#include "store/kv_journal.h"
#include "store/kv_readings.h"

namespace amity::store {

class KvStore {
 public:
  // Replays what the last checkpoint does not hold. `kv` outlives the store.
  static Result<std::unique_ptr<KvStore>> open(Kv& kv, KvJournal::OnFatal on_fatal);

  KvJournal& journal() { return *journal_; }
  KvReadings& readings() { return *readings_; }
  KvEvents& events() { return events_; }
  KvFinals& finals() { return finals_; }
  std::uint64_t replayed_facts() const { return replayed_; }

  // One commit of the journal, and a checkpoint when one is due. Returns how many facts became durable.
  std::size_t pump();
  // A checkpoint whose failure is looked after here.
  void seal();

 private:
  KvStore(Kv& kv, KvJournal::OnFatal on_fatal) : on_fatal_(std::move(on_fatal)), events_(kv), finals_(kv) {}
  Status apply(const RecordView& record);
  Status replay();

  KvJournal::OnFatal on_fatal_;
  std::unique_ptr<KvReadings> readings_;
  KvEvents events_;
  KvFinals finals_;
  std::unique_ptr<KvJournal> journal_;
  std::vector<Reading> arrived_;  // kept for its capacity
  std::uint64_t replayed_ = 0;
};

}  // namespace amity::store
