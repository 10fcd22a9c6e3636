// A receiver of radio telegrams that is opened, not listened for: a stick on a serial port, or one
// that serves its telegrams over TCP. Opened again, ever, when it goes away.
#pragma once

#include "headend/address.h"
#include "headend/heard/sink.h"

namespace amity::heard {

class FrameSource {
 public:
  // `sink` outlives it. `source` names the counters; `tell` (may be empty) hears what becomes of
  // it.
  FrameSource(Sink& sink, headend::Address address, std::string source,
              std::function<void(const std::string& what)> tell);
  ~FrameSource();

  void start();

 private:
  struct Line;
  void open();
  void on_bytes(ByteView bytes);
  void lost(const Error& why);

  Sink& sink_;
  headend::Address address_;
  std::string source_;
  std::function<void(const std::string&)> tell_;
  std::unique_ptr<Line> line_, ending_;
  decode::FrameStream frames_;
  TimerId retry_ = 0;
  bool told_ = false;
};

}  // namespace amity::heard
