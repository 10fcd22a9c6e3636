// The head-end's side of a conversation with one meter over C12.18, C12.21 or C12.22, without I/O:
// bytes and time go in, bytes and events come out.
//
//   client.connect(now);            // the stream stands (datagrams: at once)
//   loop: on each of on_bytes / on_timer / a request of ours:
//     while (client.poll_output(bytes)) send(std::move(bytes));
//     while (auto event = client.poll_event()) ...
//     arm one timer for client.next_timeout()
//   -> Connected, then one request at a time, each answered by exactly one event of its own or
//      Failed; release() -> Released. Failed with `closed`: the stream is to be dropped.
#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "session/c12/network_link.h"
#include "session/c12/packet_link.h"
#include "session/dlms/secret.h"
#include "wire/c12/service.h"
#include "wire/c12/table.h"

namespace amity::c12 {

using dlms::Secret;

enum class Transport : std::uint8_t {
  kC1218,    // optical port or serial line
  kC1221,    // modem: the same packets, with timing set-up and a ticket
  kNetwork,  // C12.22 over TCP or UDP
};

// Proves the caller to a C12.21 meter that hands out a ticket. The standard's DES transform of the
// ticket is the implementer's: no public text here gives it.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  virtual Result<Bytes> answer(ByteView ticket) = 0;  // data of the Authenticate request
  virtual Status accept(ByteView response) = 0;       // data of its response
};

struct ClientConfig {
  Transport transport = Transport::kC1218;
  NetworkOptions network;  // of kNetwork

  bool identify = true;
  // Proposed to the meter; none: what holds without.
  std::optional<Negotiate> negotiate;
  std::optional<TimingSetup> timing;       // C12.21
  Authenticator* authenticator = nullptr;  // C12.21; outlives the client
  // None: sessionless (C12.22). The user's name is padded with blanks.
  bool logon = true;
  std::uint16_t user_id = 0;
  std::string user;
  std::optional<std::uint16_t> idle_timeout_s;  // C12.22
  Secret password;                              // up to 20 bytes; empty: no security service
  std::uint8_t password_padding = ' ';

  Duration response_timeout = std::chrono::seconds(10);
  // C12.22: sendings of a request that changes nothing. Writes and procedures go out once; over
  // packets everything does, since the line repeats on its own.
  unsigned attempts = 3;
  std::uint16_t part_bytes_max = 2048;  // of one partial read
  Duration procedure_poll = std::chrono::seconds(1);
};

struct Connected {
  std::optional<Identity> identity;
  std::optional<Negotiated> negotiated;
};
struct TableRead {
  std::uint16_t table = 0;
  std::uint32_t offset = 0;
  bool whole = false;
  Bytes data;
};
struct Written {};
struct ProcedureDone {
  std::uint8_t result = 0;  // procedure_result_name()
  Bytes data;
};
struct RegisteredAs {
  Registered registered;
};
struct ResolvedTo {
  Bytes address;
};
struct Traced {
  std::vector<ApTitle> hops;
};
struct Deregistered {};
struct Released {};
struct Failed {
  Error error;
  std::optional<ResponseCode> refused;  // by the meter
  bool closed = false;                  // the stream is to be dropped
};
using ClientEvent = std::variant<Connected, TableRead, Written, ProcedureDone, RegisteredAs,
                                 ResolvedTo, Traced, Deregistered, Released, Failed>;

struct Procedure {
  std::uint16_t number = 0;  // up to 2047
  bool manufacturer = false;
  Bytes parameters;
};

class Client {
 public:
  explicit Client(ClientConfig config);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  Status connect(Instant now);
  // kBusy: a request is under way; kClosed: not connected.
  Status read(std::uint16_t table, Instant now);
  // In as many partial reads as it takes.
  Status read_part(std::uint16_t table, std::uint32_t offset, std::uint32_t count, Instant now);
  Status write(std::uint16_t table, Bytes data, Instant now);
  Status write_part(std::uint16_t table, std::uint32_t offset, Bytes data, Instant now);
  // Through ST7 and ST8. kNotFound: ST0 has not been read, which says the byte order.
  Status run(const Procedure& procedure, Instant now);
  // Standard procedure 10: the clock as the meter keeps it (its own time).
  Status set_clock(const wire::MeterTime& time, std::uint8_t qualifier, Instant now);
  Status enroll(const Register& request, Instant now);
  Status withdraw(const ApTitle& title, Instant now);
  Status resolve(const ApTitle& title, Instant now);
  Status trace(const ApTitle& title, Instant now);
  Status release(Instant now);  // logoff and terminate (C12.22: logoff)

  void on_bytes(ByteView bytes, Instant now);
  void on_closed();
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const;
  bool poll_output(Bytes& out);
  std::optional<ClientEvent> poll_event();
  bool busy() const;
  // Formats and dimensions from the whole tables read so far.
  const TableContext& context() const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace amity::c12
