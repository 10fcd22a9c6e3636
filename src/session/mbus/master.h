// The master of a wired M-Bus, without I/O: bytes and time go in, bytes and events come out.
//
//   Master master(config);
//   master.read(Target::primary(5), now);
//   loop: on each of on_bytes / on_timer:
//     while (master.poll_output(bytes)) send(std::move(bytes));
//     while (auto event = master.poll_event()) ...
//     arm one timer for master.next_timeout()
//   -> events of the operation, the last of which is Done or Failed.
//
// One operation at a time; another is refused with kBusy. A request that nobody answers, or that is
// answered by noise, is sent again with the same frame count bit. On a bus, noise where several
// slaves may answer means that several did.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "session/mbus/frame_buffer.h"
#include "session/mbus/secondary_address.h"

namespace amity::mbus {

struct MasterConfig {
  // From the end of a request to the first byte of its answer, and between bytes of an answer.
  // EN 13757-2: 330 bit times and 50 ms; gateways add their own.
  Duration response_timeout = std::chrono::milliseconds(500);
  unsigned attempts = 3;  // sendings of a frame, 1 to kAttemptsMax
  std::size_t telegrams_max = kTelegramsPerReadMax;
};

struct Target {
  std::uint8_t primary_address = 0;
  std::optional<Address> secondary;  // then this selects, and 253 is spoken to

  static Target primary(std::uint8_t address) { return {address, std::nullopt}; }
  static Target selected(const Address& mask) { return {kAddressSelected, mask}; }
};

// A meter's answer, frame and all, for wire/mbus's decoder.
struct TelegramRead {
  Bytes frame;
  bool more = false;  // the meter has another, which will follow
};
struct MeterFound {
  std::uint8_t primary_address = 0;  // that it answered with
  std::optional<Address> address;    // where its answer has a long header
  Bytes frame;
};
// Several meters answer to one primary address, or to one id without wildcards.
struct Conflict {
  std::uint8_t primary_address = 0;
  std::optional<Address> mask;
};
// The meter has agreed: the line's owner is to change its speed now.
struct BaudChanged {
  unsigned baud = 0;
};
struct Done {};
struct Failed {
  Error error;
};
using MasterEvent = std::variant<TelegramRead, MeterFound, Conflict, BaudChanged, Done, Failed>;

struct MasterStatistics {
  std::uint64_t frames_out = 0, frames_in = 0;
  std::uint32_t retries = 0, noise = 0;
};

class Master {
 public:
  explicit Master(MasterConfig config = {});

  // All telegrams of a meter: TelegramRead each.
  Status read(const Target& target, Instant now);
  // MeterFound and Conflict for each address from first to last.
  Status scan_primary(std::uint8_t first, std::uint8_t last, Instant now);
  // MeterFound for each meter that the mask selects, digit by digit where several answer.
  Status scan_secondary(const Address& mask, Instant now);
  // SND_UD with CI and data of the caller's; Done once it is acknowledged.
  Status send(const Target& target, ByteView user_data, Instant now);
  // 300, 600, 1200, 2400, 4800, 9600, 19200 or 38400 (CI B8 to BF). BaudChanged, then Done.
  Status set_baud(const Target& target, unsigned baud, Instant now);
  // CI 51 with the record of the bus address.
  Status set_primary_address(const Target& target, std::uint8_t address, Instant now);
  // Forgets the operation without an event.
  void abort();

  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const { return deadline_; }
  // True: `out` was replaced by bytes to send.
  bool poll_output(Bytes& out);
  std::optional<MasterEvent> poll_event();

  bool busy() const { return operation_ != Operation::kNone; }
  const MasterStatistics& statistics() const { return statistics_; }

 private:
  enum class Operation : std::uint8_t { kNone, kRead, kScanPrimary, kScanSecondary, kSend, kBaud };
  enum class Step : std::uint8_t { kReset, kSelect, kRequest, kSend };
  enum class Outcome : std::uint8_t { kAcknowledged, kResponse, kNothing, kNoise };

  Status start(Operation operation, const Target& target, Instant now);
  void exchange(Step step, Bytes frame, unsigned attempts, Instant now);
  void transmit(Instant now);
  bool take(const WiredFrame& frame, Instant now);
  void answered(Outcome what, Instant now);
  void outcome(Outcome what, Instant now);

  void reset(Instant now);
  void select(Instant now);
  void request(Instant now);
  void after_reset(Outcome what, Instant now);
  void after_select(Outcome what, Instant now);
  void after_request(Outcome what, Instant now);
  void after_scan_request(Outcome what, Instant now);
  void next_of_scan(Instant now);
  void descend(Instant now);

  void emit(MasterEvent event);
  void done();
  void fail(ErrorCode code, std::string reason);

  MasterConfig config_;
  Operation operation_ = Operation::kNone;
  Step step_ = Step::kReset;
  Target target_;
  Bytes frame_;  // under way, for the next attempt
  unsigned attempts_left_ = 0;
  bool noise_ = false;  // heard since the frame was sent first
  bool deaf_ = false;   // until the line is silent again
  std::optional<Instant> deadline_;
  bool frame_count_bit_ = false;
  Bytes user_data_;  // of kSend and kBaud
  unsigned baud_ = 0;
  Bytes response_;  // the last RSP_UD
  std::size_t telegrams_ = 0;
  std::uint8_t scan_last_ = 0;
  std::vector<Address> masks_;  // of the secondary scan, still to be tried
  FrameBuffer buffer_;
  Bytes output_;
  std::deque<MasterEvent> events_;
  MasterStatistics statistics_;
};

}  // namespace amity::mbus
