// The journal over a Kv: facts queue up, commit() writes all of them as a few records with one sync, then applies
// and acknowledges them in order. Who calls commit() decides the threading: a thread of the embedded store, or virtual
// time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "store/fact_codec.h"
#include "store/journal.h"
#include "store/kv.h"

namespace amity::store {

class KvJournal : public Journal {
 public:
  // Each record as it becomes durable, in order, on the committing thread, before anyone is told: what is
  // acknowledged can be read back. The record is checked already; its view lives during the call only.
  using Applier = std::function<void(const RecordView& record)>;
  // A failed fsync: what is on disk is unknown. Must not return in a process that goes on.
  using OnFatal = std::function<void(const Error& error)>;

  static Result<std::unique_ptr<KvJournal>> open(Kv& kv, OnFatal on_fatal);
  ~KvJournal() override;

  // Beyond the queue's limits the fact is refused with kBusy, inside this call.
  void append(const Fact& fact, OnDurable on_durable) override;
  Result<std::vector<JournalEntry>> read(Sequence after, std::size_t max) override;
  Sequence last() const override { return last_.load(std::memory_order_acquire); }
  Result<Sequence> first() const override;
  void on_commit(std::function<void(Sequence last)> callback) override;
  Result<Sequence> cursor(const std::string& department) override;
  Status save_cursor(const std::string& department, Sequence sequence) override;
  Status trim(Sequence sequence) override;

  void set_applier(Applier applier) { applier_ = std::move(applier); }
  // Each durable record that holds a fact after `after`, in order.
  Status each_record(Sequence after, const std::function<Status(const RecordView& record)>& visit);
  // Commits what is queued now; returns how many facts. One thread at a time.
  std::size_t commit();
  bool pending() const;
  // Waits until something is queued; false once closed and empty.
  bool wait();
  // Refuses new facts from now on; what is queued may still be committed.
  void close();

  // Where a cursor is kept, for batches that move it together with the work.
  static std::string cursor_key(const std::string& department);
  static std::string cursor_value(Sequence sequence);

 private:
  struct Queue {
    Bytes bodies;                      // length, body, length, body, ...
    std::vector<std::uint32_t> sizes;  // of each fact in `bodies`, with its length
    std::vector<OnDurable> done;
  };
  KvJournal(Kv& kv, OnFatal on_fatal) : kv_(kv), on_fatal_(std::move(on_fatal)) {}
  Status recover();
  Status write(const Queue& queue, Sequence first, std::vector<std::string>& records);
  void refuse(Queue& queue, const Error& error);
  void refuse_queued(const Error& error);

  Kv& kv_;
  OnFatal on_fatal_;
  Applier applier_;
  std::mutex callbacks_mutex_;
  std::vector<std::function<void(Sequence)>> on_commit_;

  mutable std::mutex mutex_;  // of queue_ and closed_
  std::condition_variable queued_;
  Queue queue_;
  bool closed_ = false;

  Queue committing_;          // kept for its capacity
  bool tail_unknown_ = false;  // a failed write may have left records past last_
  std::atomic<Sequence> last_{0};
};

}  // namespace amity::store
