// The state of a server. Private to the room.
#pragma once

#include "session/dlms/general_blocks.h"
#include "session/dlms/link.h"
#include "session/dlms/protection.h"
#include "session/dlms/server.h"
#include "wire/dlms/apdu.h"
#include "wire/dlms/hls.h"

namespace amity::dlms {

class Server::Machine {
 public:
  Machine(const ServerConfig* config, Objects* objects, InvocationCounters* counters,
          Random* random);

  void on_open(Instant now);
  void on_closed();
  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const;
  bool poll_output(Bytes& out) { return link_.poll_output(out); }
  std::optional<ServerEvent> poll_event();
  Status push(const Push& push, Instant now);
  bool associated() const { return phase_ == Phase::kOpen; }
  std::size_t heap_bytes() const;

 private:
  enum class Phase : std::uint8_t { kNone, kProving, kOpen };

  // A long service under way, in either direction.
  struct Transfer {
    enum class Kind : std::uint8_t {
      kGet,
      kSet,
      kSetList,
      kAction,
      kActionList,
      kActionAnswer,
      kReadRequest,
      kRead
    };
    Kind kind = Kind::kGet;
    std::uint8_t invoke = 0;
    Bytes bytes;  // what is cut into blocks, or what came so far
    std::size_t sent = 0;
    std::size_t last_sent_at = 0;
    std::uint32_t block = 0;                                 // sent last, or received last
    std::vector<AttributeRef> attributes;                    // SET
    std::vector<std::pair<std::uint8_t, Bytes>> selections;  // of each; selector 0: none
    std::vector<MethodRef> methods;                          // ACTION
  };

  // server_machine.cc
  void pump(Instant now);
  void on_apdu(ByteView apdu, unsigned depth, Instant now);
  void on_ciphered(ByteView apdu, unsigned depth, Instant now);
  void on_general_block(ByteView apdu, unsigned depth, Instant now);
  void on_plain(ByteView plain, Instant now);
  bool allowed(const Apdu& apdu) const;
  void reply(ByteView plain, Instant now);
  void reply_plain(ByteView apdu, Instant now);
  void send_general_blocks(Instant now);
  void refuse(StateError state, ServiceErrorCode service, Instant now);
  void violate(Error error);
  void close_association(std::string reason);
  void emit(ServerEvent event);
  void shrink();
  bool datagrams() const { return config_->link.transport == Transport::kWrapperDatagram; }
  std::size_t answer_room() const;  // bytes of a plain answer that reach the client in one piece

  // server_association.cc
  void on_aarq(const Aarq& aarq, Instant now);
  AcseUserDiagnostic judge(const Aarq& aarq, const ServerAssociation*& found) const;
  struct Initiated {
    Conformance conformance;
    std::uint16_t client_pdu_bytes_max = 0;
    SecurityControl control;
  };
  Result<Initiated> initiate(const Aarq& aarq, const ServerAssociation& association,
                             Protection& protection) const;
  void accept(const Aarq& aarq, const ServerAssociation& association, Instant now);
  void reject(ApplicationContext context, AcseUserDiagnostic diagnostic, Instant now);
  void on_rlrq(const Rlrq& rlrq, Instant now);
  ActionResult on_reply_to_hls(ByteView parameters, Bytes& out);
  HlsContext hls_context(bool client_proves) const;
  AssociationContext context() const;
  DataAccessResult get_association(const AttributeRef& attribute, Bytes& out);
  void write_object_list(Bytes& out);

  // server_services.cc
  void on_service(const Apdu& apdu, Instant now);
  DataAccessResult get(const AttributeRef& attribute, const std::optional<SelectiveAccess>& access,
                       Bytes& out);
  DataAccessResult set(const AttributeRef& attribute, const std::optional<SelectiveAccess>& access,
                       ByteView data);
  ActionResponseItem action(const MethodRef& method, const std::optional<ByteView>& parameters,
                            Bytes& out);
  void on_get(const GetRequestNormal& request, Instant now);
  void on_get_list(const GetRequestWithList& request, Instant now);
  void on_get_next(const GetRequestNext& request, Instant now);
  void send_get_block(Instant now);
  void on_set(const SetRequestNormal& request, Instant now);
  void on_set_list(const SetRequestWithList& request, Instant now);
  void begin_set(InvokeId invoke, std::span<const AttributeWithAccess> items, bool list,
                 const DataBlock& block, Instant now);
  void on_set_block(InvokeId invoke, const DataBlock& block, Instant now);
  void finish_set(Instant now);
  void on_action(const ActionRequestNormal& request, Instant now);
  void on_action_list(const ActionRequestWithList& request, Instant now);
  void begin_action(InvokeId invoke, std::span<const MethodRef> methods, bool list,
                    const DataBlock& block, Instant now);
  void on_action_block(InvokeId invoke, const DataBlock& block, Instant now);
  void on_action_next(const ActionRequestNextBlock& request, Instant now);
  void answer_action(InvokeId invoke, std::span<const ActionResponseItem> items, bool list,
                     Instant now);
  void send_action_block(Instant now);
  bool take_block(std::uint32_t number, ByteView raw);

  // server_access.cc
  void on_access(const AccessRequest& request, Instant now);
  AccessResult access(const AccessSpecification& item, ByteView value, Bytes& out);

  // server_short_names.cc
  void on_read(const ReadRequest& request, Instant now);
  void answer_read(const ReadRequest& request, Instant now);
  ReadResponse read(const ReadRequest& request, std::vector<Bytes>& values);
  void on_read_block(const ReadDataBlockAccess& block, Instant now);
  void acknowledge_read_block(std::uint16_t block_number, Instant now);
  void on_read_next(std::uint16_t block_number, Instant now);
  void send_read_block(Instant now);
  void refuse_read(DataAccessResult result, Instant now);
  void on_write(const WriteRequest& request, Instant now);

  const ServerConfig* config_;
  Objects* objects_;
  InvocationCounters* counters_;
  Random* random_;
  Link link_;
  Protection protection_;
  Phase phase_ = Phase::kNone;
  std::uint32_t link_epoch_ = 0;
  std::uint16_t peer_sap_ = 0;
  const ServerAssociation* association_ = nullptr;

  Bytes client_challenge_;
  Bytes own_challenge_;
  SystemTitle client_title_{};
  Conformance conformance_;
  std::uint16_t client_pdu_bytes_max_ = 0;  // 0: no limit
  SecurityControl request_control_;         // of the request being answered
  CipherForm request_form_ = CipherForm::kGlobal;
  bool request_signed_ = false;

  std::unique_ptr<Transfer> transfer_;
  std::unique_ptr<GeneralBlockSender> sender_;
  std::unique_ptr<GeneralBlockReceiver> receiver_;
  std::uint8_t client_window_ = 1;
  std::uint16_t client_blocks_ =
      0;  // of the request being answered, where it came in general blocks

  std::optional<Instant> inactive_at_;
  std::optional<Instant> shrink_at_;
  std::vector<ServerEvent> events_;
  std::size_t events_taken_ = 0;
};

}  // namespace amity::dlms
