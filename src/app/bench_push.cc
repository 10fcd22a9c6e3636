#include "app/bench_push.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace amity::app {
namespace {

constexpr std::size_t kInFlightPerProducer = 50'000;  // messages not acknowledged yet

ReadingsArrived push(const PushShape& shape, std::uint32_t meter, std::uint32_t interval) {
  const UtcSeconds end = shape.start + kPushInterval_s * std::int64_t{interval + 1};
  ReadingsArrived message{"push", end + 20, {}};
  message.readings.reserve(shape.channels_per_meter);
  for (std::uint32_t c = 0; c < shape.channels_per_meter; ++c) {
    const ChannelId channel(meter * shape.channels_per_meter + c + 1);
    message.readings.push_back({channel, end, push_value(meter, c, interval), {}});
  }
  return message;
}

struct Load {
  std::atomic<std::uint64_t> acknowledged{0}, failed{0};
};

void produce(intake::Intake& intake, const PushShape& shape, std::uint32_t producer, Load& load) {
  const std::uint32_t part = shape.meters / shape.producers, first = part * producer;
  const std::uint32_t last = producer + 1 == shape.producers ? shape.meters : first + part;
  std::atomic<std::size_t> in_flight{0};
  for (std::uint32_t interval = 0; interval < shape.intervals; ++interval) {
    for (std::uint32_t meter = first; meter < last; ++meter) {
      while (in_flight.load(std::memory_order_relaxed) >= kInFlightPerProducer) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
      in_flight.fetch_add(1, std::memory_order_relaxed);
      intake.accept(push(shape, meter, interval), [&](Result<intake::Receipt> receipt) {
        if (receipt.ok()) {
          load.acknowledged.fetch_add(receipt->accepted, std::memory_order_relaxed);
        } else {
          load.failed.fetch_add(1);
        }
        in_flight.fetch_sub(1, std::memory_order_release);
      });
    }
  }
  while (in_flight.load(std::memory_order_acquire) > 0)
    std::this_thread::sleep_for(std::chrono::microseconds(200));
}

}  // namespace

std::int64_t push_value(std::uint32_t meter, std::uint32_t channel, std::uint32_t interval) {
  std::uint32_t h =
      meter * 2'654'435'761u ^ (interval + 1) * 2'246'822'519u ^ channel * 3'266'489'917u;
  h ^= h >> 15;
  return channel == 3 ? 2'300 + h % 64 : h % 512;
}

PushCount push_all(intake::Intake& intake, const PushShape& shape) {
  Load load;
  std::vector<std::thread> producers;
  for (std::uint32_t p = 0; p < shape.producers; ++p) {
    producers.emplace_back([&, p] { produce(intake, shape, p, load); });
  }
  for (std::thread& thread : producers) thread.join();
  return {load.acknowledged.load(), load.failed.load()};
}

}  // namespace amity::app
