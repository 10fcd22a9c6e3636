// How bad a link is: what happens to the answers that a host sends over a stream.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "base/runtime.h"

namespace amity::world {

struct LinkQuality {
  std::uint32_t delay_ms = 0;         // of each answer, plus up to half of it again
  double loss = 0;                    // share of answers that never arrive; the stream stays open
  double drop = 0;                    // share of answers in the middle of which the connection breaks
  std::uint32_t bytes_per_second = 0; // 0: as fast as the network
  bool perfect() const { return delay_ms == 0 && loss <= 0 && drop <= 0 && bytes_per_second == 0; }
};

// Sends over a stream as the link allows, in order. Destroying it forgets what has not been sent.
class FaultyLink {
 public:
  FaultyLink(const LinkQuality& quality, Runtime runtime, Stream& stream, std::function<void()> on_broken);
  ~FaultyLink();
  FaultyLink(const FaultyLink&) = delete;
  FaultyLink& operator=(const FaultyLink&) = delete;

  void send(Bytes bytes);

 private:
  struct Waiting {
    Bytes bytes;
    Instant due;
    bool breaks = false;  // the connection ends with it
  };

  void arm();
  void deliver();

  LinkQuality quality_;
  Runtime runtime_;
  Stream& stream_;
  std::function<void()> on_broken_;
  std::deque<Waiting> waiting_;
  Instant free_at_;  // when the last byte so far has left
  TimerId timer_ = 0;
};

}  // namespace amity::world
