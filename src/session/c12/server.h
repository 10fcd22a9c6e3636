// The meter's side of C12.18, C12.21 and C12.22, without I/O, for virtual meters and tests: one
// object per line or connection, over a store of tables.
#pragma once

#include <map>
#include <memory>

#include "session/c12/network_link.h"
#include "session/c12/packet_link.h"
#include "session/dlms/secret.h"
#include "wire/c12/service.h"

namespace amity::c12 {

// What the meter keeps. Answers other than kOk refuse.
class TableStore {
 public:
  virtual ~TableStore() = default;
  // Appends the whole table.
  virtual ResponseCode read(std::uint16_t table, Bytes& out) = 0;
  virtual ResponseCode write(std::uint16_t table, std::uint32_t offset, bool whole,
                             ByteView data) = 0;
  // Returns the result code of ST8; what is appended to `out` is its response data.
  virtual std::uint8_t run(std::uint16_t number, bool manufacturer, ByteView parameters,
                           Bytes& out) = 0;
};

// Tables as bytes; writing keeps a table's size. No procedures: unrecognized.
class MemoryTables : public TableStore {
 public:
  std::map<std::uint16_t, Bytes> tables;

  ResponseCode read(std::uint16_t table, Bytes& out) override;
  ResponseCode write(std::uint16_t table, std::uint32_t offset, bool whole, ByteView data) override;
  std::uint8_t run(std::uint16_t, bool, ByteView, Bytes&) override { return 6; }
};

// The relay or master relay behind which a meter is registered; none: those services are refused.
class Registry {
 public:
  virtual ~Registry() = default;
  virtual ResponseCode enroll(const Register& request, Registered& out) = 0;
  virtual ResponseCode withdraw(const ApTitle& title) = 0;
  virtual ResponseCode resolve(const ApTitle& title, Bytes& address) = 0;
  virtual ResponseCode trace(const ApTitle& title, std::vector<ApTitle>& hops) = 0;
};

struct ServerConfig {
  bool network = false;  // C12.22; else packets
  NetworkOptions options;
  Identity identity;
  bool big_endian = false;  // as ST0 says: of ST7 and ST8
  dlms::Secret password;    // 20 bytes as sent; empty: none is asked for
  std::uint16_t packet_size_max = 1024;
  std::uint8_t packets_max = 255;
  std::uint8_t baud_code = 6;
  std::size_t response_bytes_max = 0xFFFF;  // of one table answer (C12.22)
};

class Server {
 public:
  // `config`, `store` and `registry` (may be null) outlive the server.
  Server(const ServerConfig* config, TableStore* store, Registry* registry = nullptr);

  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const { return line_.next_timeout(); }
  bool poll_output(Bytes& out);
  // Why the line is given up, or a message was refused unread.
  std::optional<Error> poll_failure();
  bool logged_on() const { return logged_on_; }

 private:
  Bytes respond(ByteView service);
  Bytes on_identify();
  Bytes on_logon(const Logon& logon);
  Bytes on_security(const Security& security);
  Bytes on_negotiate(const Negotiate& negotiate);
  Bytes on_read(const Read& read);
  Bytes on_write(const Write& write);
  Bytes on_procedure(ByteView table);
  Bytes on_registry(const Request& request);
  bool may_read() const;
  std::size_t data_bytes_max() const;
  void on_message(const NetworkLink::Message& message);
  void forget();

  const ServerConfig* config_;
  TableStore* store_;
  Registry* registry_;
  PacketLink line_;
  NetworkLink net_;
  bool logged_on_ = false, secure_ = false, protected_ = false;
  std::optional<Negotiated> agreed_;  // holds once its response is on its way
  Bytes procedure_response_;          // ST8
  std::optional<std::pair<ApTitle, std::uint32_t>> answered_;  // a datagram that came twice
  std::optional<Error> failure_;
};

}  // namespace amity::c12
