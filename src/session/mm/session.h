// The attribute model of Meters and More between a client and a meter. Own framing, not
// conformance-tested (wire/mm/message.h). A byte stream lies beneath.
#pragma once

#include <map>
#include <optional>
#include <variant>

#include "base/time.h"
#include "session/dlms/secret.h"
#include "wire/mm/message.h"

namespace amity::mm {

struct ClientConfig {
  Address own{}, meter{};
  dlms::Secret key;  // 16 bytes: requests are authenticated, and answers must be; empty: neither
  // The number used last with this key. Never one twice: kept by the caller.
  std::uint32_t number = 0;
  Duration response_timeout = std::chrono::seconds(5);
  unsigned attempts = 3;  // the very same bytes: the meter does it once
};

struct Answered {
  Message answer;
};
struct Failed {
  Error error;  // kRefused: the meter's own reason; kUnsupported: not asked at all
};
using Event = std::variant<Answered, Failed>;

// Of a table.
struct Part {
  std::uint16_t offset = 0, count = 0;
};

// One request at a time, each ending in one event.
class Client {
 public:
  static Result<Client> make(ClientConfig config);

  // `part`: of READTAB_SEL. kUnsupported with the reason where no public text gives the service;
  // kInvalid for an answer's code.
  Status ask(Attribute attribute, std::uint16_t item, Bytes data, Instant now, Part part = {});

  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const { return deadline_; }
  bool poll_output(Bytes& out);
  std::optional<Event> poll_event();
  bool busy() const { return busy_; }
  std::uint32_t number() const { return config_.number; }  // used last: to be kept

 private:
  explicit Client(ClientConfig config) : config_(std::move(config)) {}
  void take(ByteView bytes);
  void finish(Event event);

  ClientConfig config_;
  bool busy_ = false;
  Attribute asked_ = Attribute::kRead;
  Bytes sent_, output_, input_;
  unsigned attempts_left_ = 0;
  std::optional<Instant> deadline_;
  std::optional<Event> event_;  // of the request that ended last
};

// What a meter holds: attributes and tables by number.
struct Contents {
  std::map<std::uint16_t, Bytes> attributes, tables;
  std::map<std::uint16_t, Bytes> reset_tables;  // what RESETTAB makes of them; others: empty
};

class Meter {
 public:
  // `contents` outlives it. With a key of 16 bytes every request must be authenticated, and its
  // number larger than that of the last one; the last one itself is answered as before.
  Meter(Address own, dlms::Secret key, std::uint32_t number, Contents* contents);

  void on_bytes(ByteView bytes);
  bool poll_output(Bytes& out);
  std::uint32_t number() const { return number_; }  // taken last
  bool lost() const { return lost_; }               // the stream makes no sense any more

 private:
  void take(ByteView bytes);
  Status serve(const Message& request, Message& answer);
  Result<Bytes*> find(std::map<std::uint16_t, Bytes>& where, std::uint16_t item);

  Address own_;
  dlms::Secret key_;
  std::uint32_t number_;
  Contents* contents_;
  Bytes input_, output_, last_request_, last_answer_;
  bool lost_ = false;
};

}  // namespace amity::mm
