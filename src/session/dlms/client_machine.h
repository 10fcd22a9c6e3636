// The state of a client. Private to the room.
//
//   kClosed -> kOpening (link) -> kAssociating (AARQ) -> [kProving (HLS)] -> kConnected ->
//   kReleasing (RLRQ) -> kUnlinking -> kClosed
#pragma once

#include "session/dlms/client.h"
#include "session/dlms/general_blocks.h"
#include "session/dlms/link.h"
#include "session/dlms/protection.h"
#include "wire/dlms/apdu.h"
#include "wire/dlms/hls.h"

namespace amity::dlms {

class Client::Machine {
 public:
  Machine(ClientConfig config, InvocationCounters* counters, Random& random);

  enum class Phase : std::uint8_t {
    kClosed,
    kWaiting,
    kOpening,
    kAssociating,
    kProving,
    kConnected,
    kReleasing,
    kUnlinking
  };

  Status connect(Instant now);
  void on_open(Instant now);
  void on_closed(std::string reason);
  Status get(std::span<const AttributeRequest> attributes, Instant now);
  Status set(std::span<const AttributeWrite> writes, Instant now);
  Status action(std::span<const MethodCall> calls, Instant now);
  Status read_sn(std::span<const ShortNameRequest> names, Instant now);
  Status access(std::span<const AccessCall> calls, const AccessOptions& options, Instant now);
  Status release(Instant now);
  void abort();
  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const;
  bool poll_output(Bytes& out);
  std::optional<ClientEvent> poll_event();
  std::size_t heap_bytes() const;

  Phase phase() const { return phase_; }
  bool busy() const;
  const ClientConfig& config() const { return config_; }
  const ClientStatistics& statistics() const;

 private:
  // What was asked and is not answered. Exists only while something is under way.
  struct Request {
    RequestKind kind = RequestKind::kGet;
    std::uint8_t invoke = 0;
    std::uint32_t long_invoke = 0;         // ACCESS
    std::vector<AccessKind> access_kinds;  // ACCESS: of each item
    bool break_on_error = false;           // ACCESS
    std::size_t items = 0;
    bool list = false;
    unsigned attempts_left = 0;
    Bytes last_apdu;  // plain, as sent last: for another attempt
    Bytes outgoing;   // a long SET or ACTION: what the blocks carry
    std::size_t outgoing_sent = 0;
    Bytes assembled;  // a long answer, so far
    std::uint32_t blocks_sent = 0;
    std::uint32_t blocks_received = 0;
    unsigned strays = 0;
  };

  // client_machine.cc: life of the link, sending, failing.
  Status validate() const;
  Status validate_asymmetric() const;
  void start_association(Instant now);
  void pump(Instant now);
  void send_apdu(ByteView plain, bool protect, Instant now);
  void send_bytes(Bytes apdu, Instant now);
  void send_general_blocks(Instant now);
  void arm(Instant now);
  void disarm() { deadline_.reset(); }
  void settle(Instant now);
  void retry_or_fail(Instant now);
  void fail(Error error, bool closes, std::optional<std::uint32_t> expected_counter = {});
  void forget();
  void emit(ClientEvent event);
  void shrink();

  // client_association.cc: AARQ, AARE, HLS, release.
  Status send_aarq(Instant now);
  Status encode_initiate(Bytes& out);
  Result<Bytes> own_challenge();
  void on_aare(const Aare& aare, Instant now);
  Status accept_association(const Aare& aare, Instant now);
  Status check_aare(const Aare& aare);
  Status accept_initiate(ByteView user_information);
  Status send_proof(ByteView server_challenge, Instant now);
  void on_proof(ByteView data, Instant now);
  HlsContext hls_context(bool client_proves) const;
  void connected(Instant now);
  void on_released(Instant now);
  bool ciphered() const { return config_.security.needs_protection(); }

  // client_requests.cc
  Status ready_for(std::size_t items, bool logical_names) const;
  Request& begin(RequestKind kind, std::size_t items);
  void send_request(Bytes apdu, Instant now);
  Status send_long_set(std::span<const AttributeWrite> writes, Instant now);
  Status send_long_action(const MethodCall& call, Instant now);
  void send_next_set_block(Instant now);
  void send_next_action_block(Instant now);
  std::size_t apdu_room() const;  // bytes of a plain APDU that reach the server in one piece
  bool fits(std::size_t apdu_bytes) const { return apdu_bytes <= apdu_room(); }
  bool can(std::uint32_t conformance) const { return conformance_.has(conformance); }

  // client_responses.cc
  void on_apdu(ByteView apdu, unsigned depth, Instant now);
  void on_general_block(ByteView apdu, unsigned depth, Instant now);
  void on_plain(ByteView apdu, SecurityControl protection, Instant now);
  bool on_notification(const Apdu& apdu, SecurityControl protection);
  bool on_association_apdu(const Apdu& apdu, Instant now);
  void on_exception(const ExceptionResponse& exception, Instant now);
  void on_answer(const Apdu& apdu, Instant now);
  void on_get_block(const GetResponseWithDataBlock& block, Instant now);
  void on_action_block(const DataBlock& block, Instant now);
  void on_set_acknowledged(std::uint32_t block, Instant now);
  void complete_get(Instant now);
  void complete_list(const std::vector<DataOrResult>& results, Instant now);
  void complete_set(const std::vector<DataAccessResult>& results, Instant now);
  void complete_action(const std::vector<ActionResponseItem>& responses, Instant now);
  void complete(std::vector<ItemResult> items, Instant now);
  bool take_block(std::uint32_t number, ByteView raw, Instant now);
  void stray(Instant now);
  void fail_request(Error error, Instant now);

  // client_short_names.cc
  void send_next_read_block(Instant now);
  void on_read_response(const ReadResponse& response, Instant now);
  void on_read_block(const SnDataBlockResult& block, Instant now);
  void complete_read(Instant now);

  // client_access.cc
  void on_access_response(const AccessResponse& response, Instant now);

  ClientConfig config_;
  InvocationCounters* counters_;
  Random* random_;
  Link link_;
  Protection protection_;
  Phase phase_ = Phase::kClosed;
  bool stream_open_ = false;
  std::optional<Instant> deadline_;
  std::optional<Instant> shrink_at_;
  unsigned association_attempts_left_ = 0;

  Bytes challenge_;  // ours, while proving
  Bytes server_challenge_;
  Conformance conformance_;
  std::uint16_t server_pdu_bytes_max_ = 0;
  std::uint8_t invoke_ = 0;
  std::uint32_t long_invoke_ = 0;

  std::unique_ptr<Request> request_;
  std::unique_ptr<GeneralBlockSender> sender_;
  std::unique_ptr<GeneralBlockReceiver> receiver_;
  std::uint8_t server_window_ = 1;

  bool answer_signed_ = false;
  Bytes plain_;  // what was opened last, while it is looked at
  std::vector<ClientEvent> events_;
  std::size_t events_taken_ = 0;
  mutable ClientStatistics statistics_;
};

}  // namespace amity::dlms
