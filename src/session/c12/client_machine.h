// The state of a client. Private to the room.
#pragma once

#include <deque>

#include "session/c12/client.h"

namespace amity::c12 {

// What is under way: one request of the caller, or a step of connecting and releasing.
struct Job {
  enum class Kind : std::uint8_t {
    kNone,
    kIdentify,
    kNegotiate,
    kTiming,
    kAuthenticate,
    kLogon,
    kSecurity,
    kRead,
    kReadPart,
    kWrite,
    kProcedure,        // ST7 is being written
    kProcedureResult,  // ST8 is being read
    kRegister,
    kDeregister,
    kResolve,
    kTrace,
    kLogoff,
    kTerminate,
  };
  Kind kind = Kind::kNone;
  std::uint16_t table = 0;
  std::uint32_t offset = 0, count = 0;
  bool whole = true;
  Bytes data;     // to write; or the part that was read so far
  Bytes service;  // as encoded, of other services
};

class Client::Machine {
 public:
  explicit Machine(ClientConfig config);

  Status connect(Instant now);
  Status start(Job job, Instant now);
  Status start_service(Job::Kind kind, const Request& request, Instant now);
  Status release(Instant now);
  void on_bytes(ByteView bytes, Instant now);
  void on_closed();
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const;
  bool poll_output(Bytes& out);
  std::optional<ClientEvent> poll_event();
  bool busy() const { return job_.kind != Job::Kind::kNone; }
  const TableContext& context() const { return context_; }
  std::uint8_t next_sequence() { return ++sequence_; }

 private:
  using Kind = Job::Kind;
  bool network() const { return config_.transport == Transport::kNetwork; }
  void next_step(Instant now);
  void ask(const Request& request, Instant now);
  void ask_bytes(Bytes service, Instant now);
  void ask_part(Instant now);
  void send(Instant now);
  void pump(Instant now);
  void on_response(ByteView bytes, Instant now);
  void on_step(ByteView body, Instant now);
  void on_table(ByteView body, Instant now);
  void on_procedure_result(ByteView table, Instant now);
  void learn(std::uint16_t table, ByteView data);
  void finish(ClientEvent event);
  void refuse(ResponseCode code);
  void fail(Error error, bool closes);
  bool repeatable() const;
  std::size_t part_bytes() const;
  Result<Bytes> step_service(Kind kind);

  ClientConfig config_;
  PacketLink line_;
  NetworkLink net_;
  bool connected_ = false;
  std::deque<Kind> steps_;  // of connecting or releasing, still to come
  Job job_;
  Bytes service_;  // asked last
  unsigned attempts_left_ = 0;
  std::uint32_t invocation_ = 0;
  std::optional<Instant> deadline_, poll_at_;
  unsigned polls_ = 0;
  Bytes procedure_;  // what ST8 must begin with
  std::uint8_t sequence_ = 0;
  Connected found_;
  TableContext context_;
  std::deque<ClientEvent> events_;
};

}  // namespace amity::c12
