// OSGP, digest suite: a client that reads and writes tables, and a meter that answers.
#pragma once

#include <deque>
#include <optional>
#include <variant>

#include "base/time.h"
#include "session/c12/server.h"
#include "session/dlms/secret.h"
#include "wire/osgp/message.h"

namespace amity::osgp {

struct ClientConfig {
  Suite suite = Suite::kDigest;
  dlms::Secret key;  // 12 or 16 bytes
  // The number used last with this meter. Never one twice with one key: kept by the caller.
  std::uint32_t sequence = 0;
  Duration response_timeout = std::chrono::seconds(10);
  unsigned attempts = 3;  // the very same bytes, so that nothing happens twice
  std::uint16_t part_bytes_max = 512;
};

struct TableRead {
  std::uint16_t table = 0;
  std::uint32_t offset = 0;
  Bytes data;
};
struct Written {};
struct Failed {
  Error error;
  std::optional<Code> refused;
};
using Event = std::variant<TableRead, Written, Failed>;

// One request at a time, each ending in one event.
class Client {
 public:
  // kUnsupported: OSGP-AES-128-PSK. kInvalid: the key's size.
  static Result<Client> make(ClientConfig config);

  Status read(std::uint16_t table, Instant now);
  Status read_part(std::uint16_t table, std::uint32_t offset, std::uint32_t count, Instant now);
  Status write(std::uint16_t table, Bytes data, Instant now);
  Status write_part(std::uint16_t table, std::uint32_t offset, Bytes data, Instant now);

  void on_message(ByteView message, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const { return deadline_; }
  bool poll_output(Bytes& out);
  std::optional<Event> poll_event();
  bool busy() const { return busy_; }
  std::uint32_t sequence() const { return config_.sequence; }  // used last: to be kept

 private:
  explicit Client(ClientConfig config) : config_(std::move(config)) {}
  Status start(Request request, Bytes data, std::uint32_t total, Instant now);
  void ask(Instant now);
  void on_response(const Response& response, Instant now);
  void finish(Event event);

  ClientConfig config_;
  bool busy_ = false, resynchronized_ = false;
  Request request_;
  Bytes data_;               // to write
  std::uint32_t total_ = 0;  // of a partial read
  Bytes read_;
  Bytes sent_, output_;
  std::optional<OmaDigest> digest_;  // as the request left it
  unsigned attempts_left_ = 0;
  std::optional<Instant> deadline_;
  std::deque<Event> events_;
};

class Server {
 public:
  // `store` outlives the server. The key has 12 or 16 bytes (asserted).
  Server(dlms::Secret key, std::uint32_t sequence, c12::TableStore* store);

  // Nothing is answered to what is no message.
  void on_message(ByteView message);
  bool poll_output(Bytes& out);
  std::uint32_t sequence() const { return sequence_; }  // accepted last

 private:
  Response respond(const ParsedRequest& asked, Bytes& data);
  Code serve(const Request& request, Bytes& data);

  dlms::Secret key_;
  std::uint32_t sequence_;
  c12::TableStore* store_;
  Bytes last_request_, last_response_, output_;
};

}  // namespace amity::osgp
