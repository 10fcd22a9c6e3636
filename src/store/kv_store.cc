#include "store/kv_store.h"

namespace amity::store {

Result<std::unique_ptr<KvStore>> KvStore::open(Kv& kv, KvJournal::OnFatal on_fatal) {
  std::unique_ptr<KvStore> store(new KvStore(kv, std::move(on_fatal)));
  AMITY_TRY(store->readings_, KvReadings::open(kv));
  AMITY_TRY(store->journal_, KvJournal::open(kv, store->on_fatal_));
  if (store->readings_->applied() > store->journal_->last()) {
    return make_error(ErrorCode::kCorrupt, "the readings are ahead of the journal: its newest facts are missing");
  }
  AMITY_CHECK(store->replay());
  store->journal_->set_applier([s = store.get()](const RecordView& record) {
    if (const Status applied = s->apply(record); !applied.ok()) s->on_fatal_(applied.error());
  });
  return store;
}

Status KvStore::apply(const RecordView& record) {
  arrived_.clear();
  const std::uint64_t known = readings_->applied();
  AMITY_CHECK(each_body(record, [&](std::uint64_t sequence, ByteView body) -> Result<bool> {
    if (sequence <= known) return true;
    AMITY_TRY(const bool are_readings, decode_readings(body, arrived_));
    if (are_readings) return true;
    if (holds_events(body)) {
      AMITY_TRY(const Fact fact, decode_fact(body));
      AMITY_TRY([[maybe_unused]] const std::size_t added, events_.apply(std::get<EventsArrived>(fact).events));
    } else if (holds_finals(body)) {
      AMITY_TRY(const Fact fact, decode_fact(body));
      const auto* final = std::get_if<ReadingsFinal>(&fact);
      AMITY_CHECK(final != nullptr ? finals_.apply(*final) : finals_.apply(std::get<EditChanged>(fact)));
    }
    return true;
  }));
  AMITY_TRY([[maybe_unused]] const ApplyResult result,
            readings_->apply(record.first + record.count - 1, arrived_));
  return {};
}

Status KvStore::replay() {
  return journal_->each_record(readings_->applied(), [&](const RecordView& record) -> Status {
    replayed_ += record.count;
    AMITY_CHECK(apply(record));
    if (readings_->checkpoint_due()) {
      AMITY_TRY([[maybe_unused]] const std::uint64_t reached, readings_->checkpoint());
    }
    return {};
  });
}

std::size_t KvStore::pump() {
  const std::size_t count = journal_->commit();
  if (readings_->checkpoint_due()) seal();
  return count;
}

void KvStore::seal() {
  // A full disk is no reason to stop: the journal holds everything, and the next time it is tried again.
  const auto reached = readings_->checkpoint();
  if (!reached.ok() && reached.error().code != ErrorCode::kIo) on_fatal_(reached.error());
}

}  // namespace amity::store
