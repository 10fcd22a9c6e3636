#include "intake/make_intake.h"

#include <atomic>

#include "intake/checks.h"
#include "intake/directory.h"
#include "intake/limits.h"

namespace amity::intake {
namespace {

class StoreIntake : public Intake {
 public:
  StoreIntake(store::Journal& journal, Clock& clock, std::unique_ptr<Directory> directory)
      : journal_(journal), clock_(clock), directory_(std::move(directory)) {}

  void accept(ReadingsArrived delivery, OnDone on_done) override;
  void accept(EventsArrived delivery, OnDone on_done) override;

 private:
  void append(Fact fact, Receipt receipt, OnDone on_done);
  void append_with_quarantine(ReadingsArrived delivery, EventsArrived quarantined, Receipt receipt, OnDone on_done);

  store::Journal& journal_;
  Clock& clock_;
  std::unique_ptr<Directory> directory_;
};

void StoreIntake::append(Fact fact, Receipt receipt, OnDone on_done) {
  auto answer = [receipt = std::move(receipt), done = std::move(on_done)](Result<store::Sequence> durable) mutable {
    if (!done) return;
    if (!durable.ok()) return done(std::move(durable).error());
    receipt.sequence = *durable;
    done(std::move(receipt));
  };
  journal_.append(fact, std::move(answer));
}

// Two facts, one answer: when the second is durable, or the first error.
void StoreIntake::append_with_quarantine(ReadingsArrived delivery, EventsArrived quarantined, Receipt receipt,
                                         OnDone on_done) {
  struct Both {
    std::atomic<int> open{2};
    std::atomic<bool> failed{false};
    Receipt receipt;
    OnDone done;
  };
  auto both = std::make_shared<Both>();
  both->receipt = std::move(receipt);
  both->done = std::move(on_done);
  // One after the other on the committing thread, or inside append() when refused.
  const auto finish = [both](Result<store::Sequence> durable, bool readings) {
    const bool last = both->open.fetch_sub(1) == 1;
    if (!durable.ok()) {
      if (!both->failed.exchange(true) && both->done) both->done(std::move(durable).error());
      return;
    }
    if (readings) both->receipt.sequence = *durable;
    if (last && !both->failed.load() && both->done) both->done(std::move(both->receipt));
  };
  journal_.append(Fact(std::move(quarantined)), [finish](Result<store::Sequence> d) { finish(std::move(d), false); });
  journal_.append(Fact(std::move(delivery)), [finish](Result<store::Sequence> d) { finish(std::move(d), true); });
}

void StoreIntake::accept(ReadingsArrived delivery, OnDone on_done) {
  const auto answer = [&](Result<Receipt> with) {
    if (on_done) on_done(std::move(with));
  };
  if (delivery.readings.size() > kReadingsPerDeliveryMax) {
    return answer(make_error(ErrorCode::kLimit, "the delivery has more than " +
                                                    std::to_string(kReadingsPerDeliveryMax) + " readings"));
  }
  const UtcSeconds now = clock_.utc();
  drop_repeats(delivery.readings);
  thread_local std::vector<DeviceId> owners;
  if (const Status s = directory_->owners(delivery.readings, owners); !s.ok()) return answer(s.error());
  Receipt receipt;
  std::vector<DeviceId> rejected_owners;
  reject_impossible(delivery.readings, owners, now, receipt.rejected, rejected_owners);
  receipt.accepted = delivery.readings.size();
  if (receipt.rejected.empty()) {
    if (delivery.readings.empty()) return answer(std::move(receipt));
    return append(Fact(std::move(delivery)), std::move(receipt), std::move(on_done));
  }
  EventsArrived quarantined{"intake", now, quarantine(receipt.rejected, rejected_owners, now, delivery.source)};
  if (delivery.readings.empty()) return append(Fact(std::move(quarantined)), std::move(receipt), std::move(on_done));
  append_with_quarantine(std::move(delivery), std::move(quarantined), std::move(receipt), std::move(on_done));
}

void StoreIntake::accept(EventsArrived delivery, OnDone on_done) {
  const auto answer = [&](Result<Receipt> with) {
    if (on_done) on_done(std::move(with));
  };
  if (delivery.events.size() > kEventsPerDeliveryMax) {
    return answer(make_error(ErrorCode::kLimit, "the delivery has more than " +
                                                    std::to_string(kEventsPerDeliveryMax) + " events"));
  }
  for (Event& e : delivery.events) {
    const auto known = directory_->known(e.device);
    if (!known.ok()) return answer(known.error());
    if (*known) continue;
    // Nobody would find it there, but nothing is lost.
    e.text = "of unknown device " + std::to_string(e.device.value) + ": " + e.text;
    e.device = DeviceId();
  }
  Receipt receipt;
  receipt.accepted = delivery.events.size();
  if (delivery.events.empty()) return answer(std::move(receipt));
  append(Fact(std::move(delivery)), std::move(receipt), std::move(on_done));
}

}  // namespace

Result<std::unique_ptr<Intake>> make_intake(store::Store& store, Clock& clock) {
  AMITY_TRY(auto directory, Directory::load(store.registry()));
  return std::unique_ptr<Intake>(std::make_unique<StoreIntake>(store.journal(), clock, std::move(directory)));
}

}  // namespace amity::intake
