#include "headend/heard/frame_source.h"

#include "headend/heard/limits.h"

namespace amity::heard {

using std::chrono::milliseconds;

struct FrameSource::Line : Stream::Handler {
  explicit Line(FrameSource* s) : source(s) {}
  void on_open() override {}
  void on_bytes(ByteView bytes) override { source->on_bytes(bytes); }
  void on_closed(const Error& why) override { source->lost(why); }

  FrameSource* source;
  std::unique_ptr<Stream> stream;
};

FrameSource::FrameSource(Sink& sink, headend::Address address, std::string source,
                         std::function<void(const std::string&)> tell)
    : sink_(sink),
      address_(std::move(address)),
      source_(std::move(source)),
      tell_(std::move(tell)) {
  sink_.counters(source_);
}
FrameSource::~FrameSource() {
  sink_.context().runtime.timers.cancel(retry_);
}

void FrameSource::start() {
  open();
}

void FrameSource::open() {
  retry_ = 0;
  ending_.reset();
  frames_ = {};
  Network& network = sink_.context().runtime.network;
  line_ = std::make_unique<Line>(this);
  if (!address_.serial) {
    line_->stream =
        network.connect(address_.endpoint, milliseconds(kSourceConnect_ms), line_.get());
    return;
  }
  auto port = network.open_serial(address_.endpoint.host, *address_.serial);
  if (!port.ok()) return lost(port.error());
  line_->stream = std::move(*port);
  line_->stream->set_handler(line_.get());
}

void FrameSource::on_bytes(ByteView bytes) {
  told_ = false;
  frames_.add(bytes);
  while (const auto frame = frames_.next()) sink_.take_frame(*frame, source_);
}

void FrameSource::lost(const Error& why) {
  Timers& timers = sink_.context().runtime.timers;
  if (line_) ending_ = std::move(line_);  // it may be the caller: until the next one opens
  if (!std::exchange(told_, true) && tell_)
    tell_(address_.endpoint.to_string() + ": " + to_string(why));
  retry_ = timers.at(sink_.context().runtime.clock.now() + milliseconds(kSourceRetry_ms),
                     [this] { open(); });
}

}  // namespace amity::heard
