// Meters that talk by themselves: P1 (DSMR) and SML telegrams on a stream that is listened to.
// Address: p1+tcp://HOST:PORT, sml+tcp://HOST:PORT, p1+serial:///dev/ttyX, sml+serial:///dev/ttyX.
// A visit takes the next whole telegram. Encrypted P1 telegrams are opened with the keys of the key
// ring, or `key=HEX&auth-key=HEX`.
#pragma once

#include <deque>

#include "headend/link_driver.h"
#include "wire/p1/decoder.h"
#include "wire/sml/decoder.h"
#include "wire/sml/transport.h"

namespace amity::headend {

// Cuts a stream into telegrams; the shape of a session. An empty event: nothing came in time.
class TelegramEar {
 public:
  TelegramEar(Scheme scheme, Duration patience) : scheme_(scheme), patience_(patience) {}

  void listen(Instant now) { deadline_ = now + patience_; }
  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const { return deadline_; }
  bool poll_output(Bytes&) { return false; }
  std::optional<Bytes> poll_event();

 private:
  Scheme scheme_;
  Duration patience_;
  std::optional<Instant> deadline_;
  p1::TelegramSplitter p1_;
  sml::FrameSplitter sml_;
  std::deque<Bytes> heard_;
};

class StreamDriver final : public LinkDriver<TelegramEar> {
 public:
  StreamDriver(DriverContext& context, Meter& meter) : LinkDriver(context, meter) {}

  Task<Status> open() override;
  Task<void> close() override;

 private:
  Task<Status> read_clock() override;  // the whole telegram
  Task<Status> read_registers(Progress) override { co_return Status{}; }

  std::unique_ptr<p1::Decoder> p1_;
  sml::Decoder sml_;
  bool has_key_ = false;
};

}  // namespace amity::headend
