// Electricity meters that speak by themselves: SML and DSMR P1. The same meters as VirtualMeters,
// other languages.
#pragma once

#include "world/conversation.h"

namespace amity::world {

enum class TelegramKind : std::uint8_t { kSml, kP1 };

// One SML file (open, GetList, close) in its transport frame: registers 1.8.0 and 2.8.0 in Wh and
// the meter's time. The server id is 09 01, the maker's letters, 00, the number of the meter.
Bytes sml_file(const VirtualMeter& meter);
// What the SML decoder makes of the server id: "1QXB0000000012".
std::string sml_serial(const VirtualMeter& meter);
// DSMR 5.0.2: registers in kWh with three decimals, the clock with S or W, the serial number in
// hexadecimal.
Bytes p1_telegram(const VirtualMeter& meter, const TimeZone& zone);

// Whoever connects hears a telegram every few seconds, the first one soon.
class TelegramConversation final : public Conversation {
 public:
  TelegramConversation(TelegramKind kind, const VirtualMeter& meter, const TimeZone& zone,
                       Instant now);

  void on_bytes(ByteView, Instant) override {}
  void on_timer(Instant now) override;
  std::optional<Instant> next_timeout() const override { return due_; }
  bool poll_output(Bytes& out) override;
  bool lost() override { return !meter_.powered(); }

 private:
  TelegramKind kind_;
  const VirtualMeter& meter_;
  TimeZone zone_;
  Instant due_;
  bool waiting_ = false;
};

}  // namespace amity::world
