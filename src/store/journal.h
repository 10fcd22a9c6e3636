// The journal: an ordered, durable log of facts. Acknowledged means durable here.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/facts.h"

namespace amity::store {

using Sequence = std::uint64_t;  // 1, 2, 3, ... without gaps; 0 = before the first

struct JournalEntry {
  Sequence sequence = 0;
  Fact fact;
};

class Journal {
 public:
  virtual ~Journal() = default;

  // Queues one fact. `on_durable` runs exactly once: with the sequence once the fact survives a crash, or with an
  // error when it never will (disk full, closed). It runs on the committing thread: keep it short, never block.
  using OnDurable = std::function<void(Result<Sequence>)>;
  virtual void append(const Fact& fact, OnDurable on_durable) = 0;

  // Up to `max` facts after `after`, in order, durable ones only.
  virtual Result<std::vector<JournalEntry>> read(Sequence after, std::size_t max) = 0;
  virtual Sequence last() const = 0;   // the newest durable one
  // The oldest one kept; last() + 1 where none is. kCorrupt when the oldest record cannot be read.
  virtual Result<Sequence> first() const = 0;

  // Called after each commit (any thread); departments use it to wake. Set before use.
  virtual void on_commit(std::function<void(Sequence last)> callback) = 0;

  // A department's durable place in the journal. At least once: save it after the work is durable.
  virtual Result<Sequence> cursor(const std::string& department) = 0;
  virtual Status save_cursor(const std::string& department, Sequence sequence) = 0;
  // Forgets facts up to and including `sequence`; refused past the slowest cursor.
  virtual Status trim(Sequence sequence) = 0;
};

}  // namespace amity::store
