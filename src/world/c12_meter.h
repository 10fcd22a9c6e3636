// The ANSI C12.19 tables of a virtual electricity meter, and its conversations over C12.22: the
// same meter as a VirtualMeter, another language. Its clock shows the town's wall time (ST52).
#pragma once

#include "session/c12/server.h"
#include "wire/c12/table.h"
#include "world/conversation.h"

namespace amity::world {

inline constexpr std::uint8_t kC12KeyId = 2;
inline constexpr std::string_view kC12KeyPurpose = "C12.22";  // of device_key()
// "1.3.6.1.4.1.33507.1.1.N": the base is invented, N the number of the meter from 1 on; the
// head-end's own is .1.2.1.
std::string c12_title(std::uint32_t meter);
inline constexpr const char* kC12HeadEndTitle = "1.3.6.1.4.1.33507.1.2.1";

class C12Meter final : public c12::TableStore {
 public:
  C12Meter(VirtualMeter& meter, std::uint64_t seed, const TimeZone& zone);

  VirtualMeter& meter() { return meter_; }
  const c12::ServerConfig&
  next_server();  // the configuration of the next connection; its ivs are never used twice

  // c12::TableStore. Reading ST63 fixes what ST64 shows, so that both tell of the same intervals.
  c12::ResponseCode read(std::uint16_t table, Bytes& out) override;
  c12::ResponseCode write(std::uint16_t, std::uint32_t, bool, ByteView) override;
  // Standard procedure 10: the clock.
  std::uint8_t run(std::uint16_t number, bool manufacturer, ByteView parameters,
                   Bytes& out) override;

 private:
  c12::Value value_of(std::uint16_t table, const c12::Item& item);
  c12::Value configuration(std::uint16_t table, std::string_view name, const c12::Item& item);
  c12::Value profile(std::uint16_t table, const c12::Item& item);
  c12::Value event(const c12::Item& item);
  c12::Value wall_time(UtcSeconds time) const;
  void latch();
  std::uint32_t per_block() const { return 3'600 / meter_.interval_s(); }

  VirtualMeter& meter_;
  TimeZone zone_;
  std::string serial_, maker_, model_;
  c12::TableContext context_;
  c12::Keys keys_;
  c12::ServerConfig config_;
  std::uint32_t next_iv_ = 0;
  Bytes profile_;                 // ST64 as encoded; empty: not yet
  UtcSeconds latched_;            // what the profile shows ends here
  std::vector<ProfileRow> rows_;  // of the profile, ascending
  std::vector<LogEntry> events_;
  std::uint8_t valid_ = 0;  // of the block being written
};

class C12Conversation final : public Conversation {
 public:
  explicit C12Conversation(C12Meter& meter)
      : meter_(meter), config_(meter.next_server()), server_(&config_, &meter) {}

  void on_bytes(ByteView bytes, Instant now) override { server_.on_bytes(bytes, now); }
  void on_timer(Instant now) override { server_.on_timer(now); }
  std::optional<Instant> next_timeout() const override { return server_.next_timeout(); }
  bool poll_output(Bytes& out) override { return server_.poll_output(out); }
  bool lost() override { return !meter_.meter().powered() || server_.poll_failure().has_value(); }

 private:
  C12Meter& meter_;
  c12::ServerConfig config_;
  c12::Server server_;
};

}  // namespace amity::world
