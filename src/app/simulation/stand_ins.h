// Stand-ins for parts of the platform, outside of it: a journal that asks virtual time when its
// sync is done, and parts that break one rule on purpose, so that it is seen that the checks would
// notice.
#pragma once

#include <memory>

#include "app/simulation/config.h"
#include "base/runtime.h"
#include "roles/ops_role.h"
#include "store/memory.h"

namespace amity::simulation {

// Passes everything on and says that something waits to be made durable.
class TimedJournal : public store::Journal {
 public:
  TimedJournal(store::Journal& journal, std::function<void()> on_append)
      : journal_(journal), on_append_(std::move(on_append)) {}
  void append(const Fact& fact, OnDurable on_durable) override {
    journal_.append(fact, std::move(on_durable));
    on_append_();
  }
  Result<std::vector<store::JournalEntry>> read(store::Sequence after, std::size_t max) override {
    return journal_.read(after, max);
  }
  store::Sequence last() const override { return journal_.last(); }
  Result<store::Sequence> first() const override { return journal_.first(); }
  void on_commit(std::function<void(store::Sequence)> callback) override {
    journal_.on_commit(std::move(callback));
  }
  Result<store::Sequence> cursor(const std::string& department) override {
    return journal_.cursor(department);
  }
  Status save_cursor(const std::string& department, store::Sequence sequence) override {
    return journal_.save_cursor(department, sequence);
  }
  Status trim(store::Sequence sequence) override { return journal_.trim(sequence); }

 protected:
  store::Journal& journal_;

 private:
  std::function<void()> on_append_;
};

// Answers before anything is durable (Break::kAckBeforeDurable).
class HastyJournal : public TimedJournal {
 public:
  using TimedJournal::TimedJournal;
  void append(const Fact& fact, OnDurable on_durable) override {
    TimedJournal::append(fact, nullptr);
    if (on_durable) on_durable(journal_.last() + 1);
  }
};

// The memory-backed store with another journal in front.
class SimulatedStore : public store::Store {
 public:
  SimulatedStore(store::MemoryStore& store, store::Journal& journal)
      : store_(store), journal_(journal) {}
  store::Journal& journal() override { return journal_; }
  store::Readings& readings() override { return store_.readings(); }
  store::Events& events() override { return store_.events(); }
  store::Finals& finals() override { return store_.finals(); }
  store::Registry& registry() override { return store_.registry(); }
  store::Billing& billing() override { return store_.billing(); }
  Status backup(const std::string& directory) override { return store_.backup(directory); }
  store::StoreStats stats() override { return store_.stats(); }

 private:
  store::MemoryStore& store_;
  store::Journal& journal_;
};

// How many intervals of a device a department believes to have.
class Department {
 public:
  virtual ~Department() = default;
  virtual Status load() = 0;
  virtual void handle(const store::JournalEntry& entry) = 0;
  virtual Status save() = 0;
  virtual std::uint64_t received(DeviceId device, UtcSeconds from, UtcSeconds until) const = 0;
  virtual std::uint64_t expected(DeviceId device, UtcSeconds from, UtcSeconds until) const = 0;
};

// The product's operations department.
class Operations : public Department {
 public:
  Operations(store::Registry& registry, store::Readings& readings, const Clock& clock)
      : role_(registry, readings, clock, {}) {}
  Status load() override { return role_.load(); }
  void handle(const store::JournalEntry& entry) override { role_.handle(entry); }
  Status save() override { return role_.save(); }
  std::uint64_t received(DeviceId device, UtcSeconds from, UtcSeconds until) const override;
  std::uint64_t expected(DeviceId device, UtcSeconds from, UtcSeconds until) const override;

 private:
  ops::Tally tally(DeviceId device, UtcSeconds from, UtcSeconds until) const;
  roles::OpsRole role_;
};

// Begins with what is stored, then counts whatever the journal says, also what it says again
// (Break::kNoDedupe).
class NaiveOperations : public Operations {
 public:
  NaiveOperations(store::Registry& registry, store::Readings& readings, const Clock& clock)
      : Operations(registry, readings, clock),
        registry_(registry),
        readings_(readings),
        clock_(clock) {}
  Status load() override;
  void handle(const store::JournalEntry& entry) override;
  std::uint64_t received(DeviceId device, UtcSeconds from, UtcSeconds until) const override;

 private:
  store::Registry& registry_;
  store::Readings& readings_;
  const Clock& clock_;
  std::unordered_map<ChannelId, DeviceId> owners_;
  std::unordered_map<DeviceId, std::vector<UtcSeconds>> counted_;
};

// What is left of the invocation counters when nobody made them durable (Break::kReuseCounters).
Status forget_counters(store::Registry& registry);

}  // namespace amity::simulation
