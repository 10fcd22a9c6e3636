#include "world/link_faults.h"

#include <algorithm>

namespace amity::world {

FaultyLink::FaultyLink(const LinkQuality& quality, Runtime runtime, Stream& stream, std::function<void()> on_broken)
    : quality_(quality), runtime_(runtime), stream_(stream), on_broken_(std::move(on_broken)) {}

FaultyLink::~FaultyLink() { runtime_.timers.cancel(timer_); }

void FaultyLink::send(Bytes bytes) {
  if (quality_.perfect()) return stream_.send(std::move(bytes));
  if (quality_.loss > 0 && runtime_.random.unit() < quality_.loss) return;
  Waiting next;
  if (quality_.drop > 0 && runtime_.random.unit() < quality_.drop) {
    next.breaks = true;
    bytes.resize(runtime_.random.below(bytes.size() + 1));
  }
  const Instant now = runtime_.clock.now();
  Duration delay = std::chrono::milliseconds(quality_.delay_ms);
  if (quality_.delay_ms > 0) delay += Duration(runtime_.random.below(std::uint64_t{quality_.delay_ms} * 500));
  free_at_ = std::max(free_at_, now + delay);
  if (quality_.bytes_per_second > 0) {
    free_at_ = free_at_ + Duration(bytes.size() * 1'000'000 / quality_.bytes_per_second);
  }
  next.due = free_at_;
  next.bytes = std::move(bytes);
  waiting_.push_back(std::move(next));
  arm();
}

void FaultyLink::arm() {
  if (timer_ == 0 && !waiting_.empty()) {
    timer_ = runtime_.timers.at(waiting_.front().due, [this] {
      timer_ = 0;
      deliver();
    });
  }
}

void FaultyLink::deliver() {
  const Instant now = runtime_.clock.now();
  while (!waiting_.empty() && waiting_.front().due <= now) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    if (!next.bytes.empty()) stream_.send(std::move(next.bytes));
    if (next.breaks) {
      waiting_.clear();
      const auto broken = on_broken_;
      return broken();  // may destroy this
    }
  }
  arm();
}

}  // namespace amity::world
