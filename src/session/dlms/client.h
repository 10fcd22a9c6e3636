// The head-end's side of one association with one meter, without I/O: bytes and time go in, bytes
// and events come out.
//
//   Client client(config, &counters, random);
//   client.connect(now);            // as soon as wanted
//   client.on_open(now);            // the stream stands (datagrams: at once)
//   loop: on each of on_bytes / on_timer / a request of ours:
//     while (client.poll_output(bytes)) send(std::move(bytes));
//     while (auto event = client.poll_event()) ...
//     arm one timer for client.next_timeout()
//   -> Connected, then get()/set()/action()/access()/read_sn(), each answered by exactly one
//   Response or Failed,
//      then release() -> Released; or Failed with `closed`, after which the stream is to be
//      dropped.
//
// One request at a time; the next is refused with kBusy. Events are complete and own their bytes. A
// client may be connected again on a new stream after Released or Failed{closed}.
//
// Security: an answer that protects less than the policy asks, does not verify, or repeats an
// invocation counter fails with kSecurity and closes; nothing of it is released. A counter is never
// used for two different APDUs. Memory is bounded by limits.h; an idle session gives back its
// buffers on its own (next_timeout() has a moment for it).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/runtime.h"
#include "base/time.h"
#include "session/dlms/config.h"
#include "session/dlms/counters.h"
#include "wire/dlms/access.h"
#include "wire/dlms/selective_access.h"
#include "wire/dlms/types.h"

namespace amity::dlms {

struct ClientConfig {
  LinkOptions link;
  Referencing referencing = Referencing::kLogicalName;

  Mechanism mechanism = Mechanism::kNone;
  Secret password;  // kLow: the password; kHighMd5/kHighSha1/kHighSha256: the shared secret

  SystemTitle client_title{};
  // Known beforehand; otherwise learnt from the AARE. When both are there they must agree.
  std::optional<SystemTitle> server_title;
  SecurityPolicy security;  // of every APDU after the AARQ, both directions, at least
  CipherForm form = CipherForm::kGlobal;
  GlobalKeys keys;
  AsymmetricKeys asymmetric;  // suites 1 and 2
  // Requests are signed (general-signing around the ciphered APDU), unsigned answers refused. Needs
  // a policy that authenticates: a signature alone could be replayed.
  bool sign = false;

  // Proposed. 0: everything this client can do in its referencing.
  Conformance conformance;
  std::uint16_t receive_pdu_bytes_max = 0xFFFF;  // proposed; 0: no limit
  // What the path carries in one piece; the smaller of this and what the server takes counts. 0: no
  // limit.
  std::uint16_t send_pdu_bytes_max = 0;
  std::size_t response_bytes_max = kResponseBytesMax;

  Duration response_timeout = std::chrono::seconds(10);  // for each APDU, so for each block
  // Sendings of a request that changes nothing (GET, Read, AARQ over datagrams). SET and ACTION go
  // out once.
  unsigned attempts = 1;
  // Accept notifications without protection although the policy asks for it (never those that fail
  // to verify).
  bool accept_plain_notifications = false;
};

// Selective access with its own bytes.
struct Selection {
  std::uint8_t selector = 0;
  Bytes parameters;  // encoded value

  static Selection by_range(const RangeDescriptor& range);
  static Selection by_entry(const EntryDescriptor& entry);
};

struct AttributeRequest {
  AttributeRef attribute;
  std::optional<Selection> selection;
};

struct AttributeWrite {
  AttributeRef attribute;
  Bytes data;  // encoded value
  std::optional<Selection> selection;
};

struct MethodCall {
  MethodRef method;
  std::optional<Bytes> parameters;  // encoded value
};

// One item of an ACCESS request: GET or SET of an attribute, or a method.
struct AccessCall {
  AccessKind kind =
      AccessKind::kGet;  // kGet, kSet or kAction; selective where there is a selection
  AttributeRef target;   // of kAction: `attribute` is the method
  std::optional<Selection> selection;  // GET and SET only
  Bytes data;                          // encoded value; kSet: needed, kAction: may be empty

  static AccessCall get(const AttributeRequest& request);
  static AccessCall set(AttributeWrite write);
  static AccessCall action(MethodCall call);
};

struct AccessOptions {
  bool break_on_error = false;    // what follows a refused item is not tried: kOtherReason
  bool self_descriptive = false;  // the meter repeats the specifications
  Bytes date_time;                // 12 bytes, or empty
};

struct ShortNameRequest {
  std::uint16_t name = 0;
  std::optional<Selection> selection;  // parameterized access
};

// The association stands (HLS: both sides have proved themselves).
struct Connected {
  Conformance conformance;                 // negotiated
  std::uint16_t server_pdu_bytes_max = 0;  // 0: no limit
  std::optional<SystemTitle> server_title;
};

enum class RequestKind : std::uint8_t { kGet, kSet, kAction, kReadShortName, kAccess };

// Of one attribute or method, in the order asked. A refusal of one item is no failure of the
// request.
struct ItemResult {
  DataAccessResult access = DataAccessResult::kSuccess;  // ACTION: of the returned value
  ActionResult action = ActionResult::kSuccess;          // ACTION only
  // Encoded value; GET, Read: on success; ACTION: where something was returned (ACCESS: null-data
  // where not).
  Bytes data;

  bool ok() const {
    return access == DataAccessResult::kSuccess && action == ActionResult::kSuccess;
  }
};

struct Response {
  RequestKind kind = RequestKind::kGet;
  std::vector<ItemResult> items;
};

struct Released {};

struct Failed {
  Error error;
  // The association and the link are gone: drop the stream. Otherwise only this request failed.
  bool closed = true;
  // The meter named the invocation counter it expects. A hint of an unauthenticated peer: never
  // adopt it blindly.
  std::optional<std::uint32_t> expected_counter;
};

// DataNotification, EventNotification or InformationReport that came in between.
struct Notification {
  std::uint32_t invoke_id = 0;
  Bytes date_time;                        // 12 bytes, or empty
  Bytes body;                             // encoded value
  std::optional<AttributeRef> attribute;  // EventNotification
  SecurityControl protection;             // raw 0: none
};

using ClientEvent = std::variant<Connected, Response, Released, Failed, Notification>;

struct ClientStatistics {
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint32_t apdus_in = 0;
  std::uint32_t apdus_out = 0;
  std::uint32_t retries = 0;  // requests sent again (never the same counter)
  std::uint32_t hdlc_retransmissions = 0;
  std::uint32_t stray_apdus = 0;            // late, duplicate or unexpected, dropped
  std::uint32_t notifications_dropped = 0;  // beyond kEventsQueuedMax
};

class Client {
 public:
  // `counters` may be null where nothing is ciphered and the mechanism is not GMAC. Both must
  // outlive the client.
  Client(ClientConfig config, InvocationCounters* counters, Random& random);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Opens link and association. kBusy unless closed; kInvalid where the configuration cannot work.
  Status connect(Instant now);
  void on_open(Instant now);
  // The stream ended under us.
  void on_closed(Instant now, std::string reason = "the stream was closed");

  Status get(std::span<const AttributeRequest> attributes, Instant now);
  Status get(const AttributeRequest& attribute, Instant now) {
    return get(std::span(&attribute, 1), now);
  }
  Status set(std::span<const AttributeWrite> writes, Instant now);
  Status action(std::span<const MethodCall> calls, Instant now);
  Status read_sn(std::span<const ShortNameRequest> names, Instant now);
  // GETs, SETs and ACTIONs in one request, obeyed in their order (IEC 62056-5-3, ACCESS). Long ones
  // travel in general blocks.
  Status access(std::span<const AccessCall> calls, const AccessOptions& options, Instant now);
  // Ends association and link politely: RLRQ/RLRE, DISC/UA.
  Status release(Instant now);
  // Forgets everything at once, without a word to the meter and without an event.
  void abort();

  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const;
  // True: `out` was replaced by bytes to send (a whole datagram over UDP).
  bool poll_output(Bytes& out);
  std::optional<ClientEvent> poll_event();

  bool connected() const;  // the association stands
  bool busy() const;       // something was asked and is not answered
  bool closed() const;     // nothing stands; connect() is possible
  const ClientConfig& config() const;
  const ClientStatistics& statistics() const;
  // Bytes held by this session on the heap, OpenSSL's contexts estimated. For the figures, not for
  // decisions.
  std::size_t heap_bytes() const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace amity::dlms
