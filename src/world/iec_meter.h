// A virtual electricity meter that speaks IEC 62056-21 mode C: a readout of its registers and
// clock, and its load profile P.01 in programming mode. Its clock shows the town's wall time.
#pragma once

#include "session/iec62056_21/server.h"
#include "world/conversation.h"

namespace amity::world {

class IecMeter final : public iec62056_21::Contents {
 public:
  IecMeter(VirtualMeter& meter, const TimeZone& zone) : meter_(meter), zone_(zone) {}

  VirtualMeter& meter() { return meter_; }
  iec62056_21::ServerConfig server() const;

  std::string readout() override;
  // P.01(YYMMDDhhmm;YYMMDDhhmm): the rows whose intervals end from the first stamp to the second.
  std::optional<std::string> read(char type, std::string_view request) override;
  bool write(char, std::string_view) override { return false; }

 private:
  std::optional<UtcSeconds> instant_of(std::string_view stamp, bool last) const;

  VirtualMeter& meter_;
  TimeZone zone_;
};

class IecConversation final : public Conversation {
 public:
  explicit IecConversation(IecMeter& meter) : meter_(meter), server_(meter.server(), &meter) {}

  void on_bytes(ByteView bytes, Instant now) override { server_.on_bytes(bytes, now); }
  void on_timer(Instant now) override { server_.on_timer(now); }
  std::optional<Instant> next_timeout() const override { return server_.next_timeout(); }
  // The gateway follows the speed of the line: bytes come over TCP all the same.
  bool poll_output(Bytes& out) override {
    (void)server_.poll_speed();
    return server_.poll_output(out);
  }
  bool lost() override { return !meter_.meter().powered(); }

 private:
  IecMeter& meter_;
  iec62056_21::Server server_;
};

}  // namespace amity::world
