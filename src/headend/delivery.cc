#include "headend/delivery.h"

#include "headend/waiting.h"

namespace amity::headend {

namespace {

// Of readings or events.
template <class Batch>
Task<Result<std::size_t>> accept(DriverContext& c, Batch delivery) {
  delivery.source = "headend";
  delivery.received = c.runtime.clock.utc();
  auto receipt = co_await on_loop<Result<intake::Receipt>>(
      c.runtime.timers,
      [&c, &delivery](auto done) { c.intake.accept(std::move(delivery), std::move(done)); });
  AMITY_CO_TRY(const intake::Receipt kept, std::move(receipt));
  co_return kept.accepted;
}

}  // namespace

Task<Result<std::size_t>> hand_over(DriverContext& context, ReadingsArrived& readings,
                                    EventsArrived& events) {
  std::size_t accepted = 0;
  if (!events.events.empty()) {
    EventsArrived delivery = std::exchange(events, EventsArrived{});
    AMITY_CO_TRY(const std::size_t count, co_await accept(context, std::move(delivery)));
    context.stats.events_accepted += count;
  }
  if (!readings.readings.empty()) {
    ReadingsArrived delivery = std::exchange(readings, ReadingsArrived{});
    AMITY_CO_TRY(accepted, co_await accept(context, std::move(delivery)));
    context.stats.readings_accepted += accepted;
  }
  co_return accepted;
}

}  // namespace amity::headend
