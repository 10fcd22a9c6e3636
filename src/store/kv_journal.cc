#include "store/kv_journal.h"

#include <algorithm>

#include "store/limits.h"
#include "store/varint.h"

namespace amity::store {
namespace {

constexpr std::string_view kCursorPrefix = "cursor/";
constexpr std::string_view kTrimmedKey = "journal/trimmed";
// Above every key of a record.
const std::string kPastEnd(9, '\xff');

// A record is kept under the sequence of its last fact: the first key at or after N+1 holds fact N+1.
std::string record_key(Sequence last) {
  std::string key;
  append_key_u64(key, last);
  return key;
}

}  // namespace

Result<std::unique_ptr<KvJournal>> KvJournal::open(Kv& kv, OnFatal on_fatal) {
  std::unique_ptr<KvJournal> journal(new KvJournal(kv, std::move(on_fatal)));
  AMITY_CHECK(journal->recover());
  return journal;
}

KvJournal::~KvJournal() {
  close();
  refuse_queued(make_error(ErrorCode::kClosed, "the journal is closed"));
}

Status KvJournal::recover() {
  AMITY_TRY(const auto trimmed, kv_.get(Family::kMeta, kTrimmedKey));
  Sequence last = trimmed ? key_u64(*trimmed, 0) : 0;
  AMITY_CHECK(kv_.scan(Family::kJournal, "", "", Direction::kBackward, [&](std::string_view key, std::string_view) {
    last = std::max(last, key_u64(key, 0));
    return false;
  }));
  last_.store(last, std::memory_order_release);
  return {};
}

void KvJournal::append(const Fact& fact, OnDurable on_durable) {
  thread_local Bytes body;
  thread_local Bytes framed;
  body.clear();
  framed.clear();
  if (const Status encoded = encode_fact(fact, body, Form::kSteps); !encoded.ok()) {
    if (on_durable) on_durable(encoded.error());
    return;
  }
  put_varint(framed, body.size());
  amity::append(framed, body);
  Error why;
  {
    const std::lock_guard lock(mutex_);
    const bool full = queue_.bodies.size() + framed.size() > kJournalQueueBytesMax ||
                      queue_.sizes.size() >= kJournalQueueFactsMax;
    if (!closed_ && !full) {
      const bool was_empty = queue_.sizes.empty();
      amity::append(queue_.bodies, framed);
      queue_.sizes.push_back(static_cast<std::uint32_t>(framed.size()));
      queue_.done.push_back(std::move(on_durable));
      if (was_empty) queued_.notify_one();
      return;
    }
    why = closed_ ? make_error(ErrorCode::kClosed, "the journal is closed")
                  : make_error(ErrorCode::kBusy, "the journal's queue is full");
  }
  if (on_durable) on_durable(why);
}

Status KvJournal::write(const Queue& queue, Sequence first, std::vector<std::string>& records) {
  KvBatch batch;
  if (tail_unknown_) batch.remove_range(Family::kJournal, record_key(first), kPastEnd);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < queue.sizes.size();) {
    RecordView record{first + i, 0, {}};
    std::size_t size = 0;
    do {
      size += queue.sizes[i++];
      ++record.count;
    } while (i < queue.sizes.size() && size + queue.sizes[i] <= kRecordBytesTarget &&
             record.count < kRecordFactsMax);
    record.bodies = ByteView(queue.bodies).subspan(begin, size);
    begin += size;
    records.push_back(encode_record(record));
    batch.put(Family::kJournal, record_key(record.first + record.count - 1), records.back());
  }
  return kv_.write(batch, Sync::kYes);
}

std::size_t KvJournal::commit() {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.sizes.empty()) return 0;
    std::swap(queue_, committing_);
  }
  Queue& queue = committing_;
  const std::size_t count = queue.sizes.size();
  const Sequence first = last() + 1;
  std::vector<std::string> records;
  if (const Status written = write(queue, first, records); !written.ok()) {
    tail_unknown_ = true;
    if (written.error().code == ErrorCode::kClosed || written.error().code == ErrorCode::kCorrupt) {
      close();
      on_fatal_(written.error());
      refuse(queue, written.error());
      refuse_queued(written.error());
      return 0;
    }
    refuse(queue, written.error());
    return 0;
  }
  tail_unknown_ = false;
  if (applier_) {
    std::size_t begin = 0, fact = 0;
    for (const std::string& bytes : records) {
      const auto record = decode_record(as_bytes(bytes));
      AMITY_ASSERT(record.ok());
      applier_(*record);
      fact += record->count;
      begin += record->bodies.size();
    }
    AMITY_ASSERT(fact == count && begin == queue.bodies.size());
  }
  last_.store(first + count - 1, std::memory_order_release);
  for (std::size_t i = 0; i < count; ++i) {
    if (queue.done[i]) queue.done[i](first + i);
  }
  queue.bodies.clear();
  queue.sizes.clear();
  queue.done.clear();
  const std::lock_guard lock(callbacks_mutex_);
  for (const auto& callback : on_commit_) callback(last());
  return count;
}

void KvJournal::refuse(Queue& queue, const Error& error) {
  Queue refused;
  std::swap(refused, queue);
  for (auto& done : refused.done) {
    if (done) done(error);
  }
}

bool KvJournal::pending() const {
  const std::lock_guard lock(mutex_);
  return !queue_.sizes.empty();
}

bool KvJournal::wait() {
  std::unique_lock lock(mutex_);
  queued_.wait(lock, [&] { return closed_ || !queue_.sizes.empty(); });
  return !queue_.sizes.empty();
}

void KvJournal::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  queued_.notify_all();
}

void KvJournal::refuse_queued(const Error& error) {
  Queue rest;
  {
    const std::lock_guard lock(mutex_);
    std::swap(rest, queue_);
  }
  refuse(rest, error);
}

Status KvJournal::each_record(Sequence after, const std::function<Status(const RecordView&)>& visit) {
  Status visited;
  Sequence expected = 0;
  AMITY_CHECK(kv_.scan(
      Family::kJournal, record_key(after + 1), "", Direction::kForward,
      [&](std::string_view key, std::string_view value) {
        auto record = decode_record(as_bytes(value));
        if (!record.ok()) {
          visited = make_error(record.error().code, record.error().reason + " (facts up to " +
                                                        std::to_string(key_u64(key, 0)) + ")");
          return false;
        }
        if (record->first + record->count - 1 != key_u64(key, 0) || (expected != 0 && record->first != expected)) {
          visited = make_error(ErrorCode::kCorrupt, "the journal has a gap before " + std::to_string(key_u64(key, 0)));
          return false;
        }
        expected = record->first + record->count;
        visited = visit(*record);
        return visited.ok();
      }));
  return visited;
}

Result<std::vector<JournalEntry>> KvJournal::read(Sequence after, std::size_t max) {
  std::vector<JournalEntry> entries;
  const Sequence until = last();
  if (after >= until || max == 0) return entries;
  bool full = false;
  const Status read = each_record(after, [&](const RecordView& record) -> Status {
    if (record.first > until) full = true;
    if (full) return make_error(ErrorCode::kLimit, "enough");
    return each_body(record, [&](Sequence sequence, ByteView body) -> Result<bool> {
      if (sequence <= after) return true;
      if (sequence > until || entries.size() >= max) {
        full = true;
        return false;
      }
      AMITY_TRY(Fact fact, decode_fact(body));
      entries.push_back({sequence, std::move(fact)});
      return true;
    });
  });
  if (!read.ok() && !(full && read.error().code == ErrorCode::kLimit)) return read.error();
  return entries;
}

Result<Sequence> KvJournal::first() const {
  Result<Sequence> first = last() + 1;
  const auto oldest = [&first](std::string_view key, std::string_view value) {
    const auto record = decode_record(as_bytes(value));
    if (record.ok()) {
      first = record->first;
    } else {
      first = make_error(record.error().code,
                         record.error().reason + " (facts up to " + std::to_string(key_u64(key, 0)) + ")");
    }
    return false;
  };
  AMITY_CHECK(kv_.scan(Family::kJournal, "", "", Direction::kForward, oldest));
  return first;
}

void KvJournal::on_commit(std::function<void(Sequence)> callback) {
  const std::lock_guard lock(callbacks_mutex_);
  on_commit_.push_back(std::move(callback));
}

std::string KvJournal::cursor_key(const std::string& department) { return std::string(kCursorPrefix) + department; }

std::string KvJournal::cursor_value(Sequence sequence) { return record_key(sequence); }

Result<Sequence> KvJournal::cursor(const std::string& department) {
  AMITY_TRY(const auto value, kv_.get(Family::kMeta, cursor_key(department)));
  if (!value) return Sequence{0};
  if (value->size() != 8) return make_error(ErrorCode::kCorrupt, "the cursor of " + department + " is damaged");
  return key_u64(*value, 0);
}

Status KvJournal::save_cursor(const std::string& department, Sequence sequence) {
  // Not synced: a crash takes it back to an earlier place, and the facts since are seen again.
  KvBatch batch;
  batch.put(Family::kMeta, cursor_key(department), cursor_value(sequence));
  return kv_.write(batch, Sync::kNo);
}

Status KvJournal::trim(Sequence sequence) {
  if (sequence > last()) return make_error(ErrorCode::kInvalid, "the journal does not reach that far");
  // Where nothing is left, the mark alone says how far the journal came: it never goes back.
  AMITY_TRY(const auto trimmed, kv_.get(Family::kMeta, kTrimmedKey));
  if (trimmed && key_u64(*trimmed, 0) >= sequence) return {};
  std::string slowest;
  AMITY_CHECK(kv_.scan(Family::kMeta, kCursorPrefix, "cursor0", Direction::kForward,
                       [&](std::string_view key, std::string_view value) {
                         if (value.size() == 8 && key_u64(value, 0) >= sequence) return true;
                         slowest = key.substr(kCursorPrefix.size());
                         return false;
                       }));
  if (!slowest.empty()) return make_error(ErrorCode::kConflict, "the department " + slowest + " has not read that far");
  KvBatch batch;
  batch.remove_range(Family::kJournal, "", record_key(sequence + 1));
  batch.put(Family::kMeta, std::string(kTrimmedKey), cursor_value(sequence));
  return kv_.write(batch, Sync::kYes);
}

}  // namespace amity::store
