// The one door through which every reading and event comes in: check, drop what is already known, journal, acknowledge.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/facts.h"
#include "store/journal.h"

namespace amity::intake {

struct Rejected {
  Reading reading;
  std::string reason;  // "the channel is unknown", "the time is more than a day in the future"
};

struct Receipt {
  store::Sequence sequence = 0;   // 0 when nothing was left to keep
  std::size_t accepted = 0;
  std::vector<Rejected> rejected;  // what was good is kept all the same
};

class Intake {
 public:
  virtual ~Intake() = default;
  // `on_done` runs once: after the delivery is durable, or with the reason why it is not (disk full, overloaded).
  using OnDone = std::function<void(Result<Receipt>)>;
  virtual void accept(ReadingsArrived delivery, OnDone on_done) = 0;
  virtual void accept(EventsArrived delivery, OnDone on_done) = 0;
};

}  // namespace amity::intake
