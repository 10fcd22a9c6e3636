// What the tests of real sockets share: a handler that records, and a loop that runs until
// something is true.
#pragma once

#include <gtest/gtest.h>

#include "runtime/reactor.h"

namespace amity::runtime::testing {

using namespace std::chrono_literals;

struct Recorder : Stream::Handler {
  void on_open() override {
    opened = true;
    if (when_open) when_open();
  }
  void on_bytes(ByteView bytes) override {
    received.append(as_text(bytes));
    if (when_bytes) when_bytes();
  }
  void on_closed(const Error& why) override {
    closed = true;
    error = why;
    if (when_closed) when_closed();
  }
  void on_drained() override { drained = true; }

  bool opened = false, closed = false, drained = false;
  std::string received;
  Error error;
  std::function<void()> when_open, when_bytes, when_closed;
};

// Serves the loop until `done`, at most five seconds.
inline bool serve_until(Reactor& reactor, const std::function<bool()>& done) {
  const Instant end = reactor.runtime().clock.now() + 5s;
  while (!done() && reactor.runtime().clock.now() < end) reactor.run_for(2ms);
  return done();
}

inline Bytes text_bytes(std::string_view text) {
  return Bytes(text.begin(), text.end());
}

}  // namespace amity::runtime::testing
