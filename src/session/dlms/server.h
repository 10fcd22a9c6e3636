// The meter's side, without I/O, for virtual meters and tests: one Server per connection (TCP
// stream, serial line, or UDP peer), one association at a time on it. Same polling shape as the
// client. What the meter has is behind `Objects`.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/runtime.h"
#include "base/time.h"
#include "session/dlms/config.h"
#include "session/dlms/counters.h"
#include "wire/dlms/types.h"

namespace amity::dlms {

// One client that may associate. Found by its SAP.
struct ServerAssociation {
  std::uint16_t client_sap = 16;
  Referencing referencing = Referencing::kLogicalName;
  Mechanism mechanism = Mechanism::kNone;
  Secret password;          // kLow, or the secret of kHighMd5/Sha1/Sha256
  SecurityPolicy security;  // required of requests; answers are protected like their request, at
                            // least like this
  Conformance conformance;  // offered; 0: everything this server can do
  bool sign = false;        // unsigned requests are refused; answers are signed like their request
};

struct ServerConfig {
  LinkOptions link;  // client_sap is ignored; server_sap and physical_device are ours. The gateway
                     // too: see below
  SystemTitle title{};
  GlobalKeys keys;                              // of every ciphered association
  AsymmetricKeys asymmetric;                    // suites 1 and 2; one client's
  std::vector<ServerAssociation> associations;  // e.g. 16 without security, 1 with HLS GMAC
  std::uint16_t receive_pdu_bytes_max = 1024;
  // Long answers in general block transfer where both can; otherwise in the service's own blocks.
  bool prefer_general_block_transfer = false;
  std::uint8_t general_block_window = 1;  // 1..63
  Duration inactivity_timeout =
      std::chrono::seconds(120);  // of an association; then it is closed. 0: never
};

struct AssociationContext {
  std::uint16_t client_sap = 0;
  Mechanism mechanism = Mechanism::kNone;
  Referencing referencing = Referencing::kLogicalName;
  SecurityPolicy security;
};

// For the object list (attribute 2 of the association).
struct ObjectEntry {
  std::uint16_t class_id = 0;
  std::uint8_t version = 0;
  Obis instance;
  std::uint16_t short_name = 0;  // base name; SN only
  std::uint8_t attributes = 2;   // 1 .. n exist
  std::uint8_t methods = 0;
  std::uint32_t writable = 0;  // bit n: attribute n may be set in this association
};

// The meter's data. Everything appended to `out` is one encoded value.
class Objects {
 public:
  virtual ~Objects() = default;

  virtual DataAccessResult get(const AssociationContext& association, const AttributeRef& attribute,
                               const std::optional<SelectiveAccess>& access, Bytes& out) = 0;
  virtual DataAccessResult set(const AssociationContext& association, const AttributeRef& attribute,
                               const std::optional<SelectiveAccess>& access, ByteView data) = 0;
  // What is appended to `out`, if anything, is returned to the client.
  virtual ActionResult action(const AssociationContext& association, const MethodRef& method,
                              const std::optional<ByteView>& parameters, Bytes& out) = 0;
  // Appends every object but the association itself, which the server answers on its own
  // (class 15, 0.0.40.0.0.255; class 12, FA00: attributes 1 to 9 and reply_to_HLS_authentication).
  virtual void list(const AssociationContext& association, std::vector<ObjectEntry>& out) = 0;
  // The attribute behind a short name; nothing: undefined. The default looks into list(): base + 8
  // * (attribute - 1).
  virtual std::optional<AttributeRef> resolve(const AssociationContext& association,
                                              std::uint16_t short_name);
};

struct AssociationOpened {
  AssociationContext association;
};
struct AssociationClosed {
  std::uint16_t client_sap = 0;
  std::string reason;  // "released", "inactive", ...
};
// A request that was refused for its protection: wrong key, replay, downgrade, failed proof.
struct SecurityViolation {
  std::uint16_t client_sap = 0;
  Error error;
};
// The stream is to be closed (wrapper framing lost).
struct ServerFailed {
  Error error;
};
using ServerEvent =
    std::variant<AssociationOpened, AssociationClosed, SecurityViolation, ServerFailed>;

struct Push {
  std::uint16_t destination_sap = 0;  // of the receiver, e.g. a wPort or client address
  std::uint32_t invoke_id = 0;
  Bytes date_time;          // 12 bytes, or empty
  Bytes body;               // encoded value
  SecurityPolicy security;  // protected: general-glo with the global keys
};

class Server {
 public:
  // All must outlive the server. `counters` may be null where nothing is ciphered.
  Server(const ServerConfig* config, Objects* objects, InvocationCounters* counters,
         Random* random);
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  void on_open(Instant now);
  void on_closed(Instant now);
  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const;
  bool poll_output(Bytes& out);  // as Client::poll_output
  std::optional<ServerEvent> poll_event();

  // Sends a DataNotification, association or not. kLimit when too much is queued already.
  Status push(const Push& push, Instant now);

  bool associated() const;
  std::size_t heap_bytes() const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

// A push as the bytes of one frame (wrapper) or of as many as it takes (HDLC UI frames), without a
// connection before: what a meter sends to the push listener.
Result<Bytes> encode_push(const ServerConfig& config, const Push& push,
                          InvocationCounters* counters);

}  // namespace amity::dlms
