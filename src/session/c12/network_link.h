// One end of C12.22 over TCP or UDP: services in, APDUs out, protected as configured; and back.
#pragma once

#include <deque>
#include <optional>

#include "session/c12/limits.h"
#include "wire/c12/message.h"

namespace amity::c12 {

struct NetworkOptions {
  bool datagrams = false;  // one APDU a datagram, both ways
  ApTitle own, peer;       // peer: of a server, empty: whoever calls
  const Keys* keys = nullptr;
  // Of all that is sent; what comes with less is not used.
  SecurityMode security = SecurityMode::kCleartext;
  std::uint8_t key_id = 0;
  // The iv of the first message, counted up by one each. With a key it must never come again: UTC
  // seconds of a moment after the last message of the conversation before.
  std::uint32_t first_iv = 0;
  std::uint32_t first_invocation = 1;
};

class NetworkLink {
 public:
  explicit NetworkLink(NetworkOptions options);

  struct Message {
    Header header;
    std::vector<Bytes> services;
  };
  // Asks: a new invocation. Returns its id.
  Result<std::uint32_t> ask(ByteView service);
  // Answers `to`.
  Status answer(const Header& to, std::span<const Bytes> responses);
  // The bytes that were sent last, again.
  void repeat() { append(output_, last_); }

  // kMalformed, kLimit: framing is lost (of a stream).
  Status on_bytes(ByteView bytes);
  bool poll_output(Bytes& out);
  std::optional<Message> poll_message();
  // Why the last message that came was not used; cleared by reading.
  std::optional<Error> poll_refusal() { return std::exchange(refusal_, std::nullopt); }
  void reset();

 private:
  Status send(Header header, ByteView payload);
  void on_apdu(ByteView apdu);

  NetworkOptions options_;
  std::uint32_t iv_, invocation_;
  Bytes buffer_, output_, last_;
  std::deque<Message> messages_;
  std::optional<Error> refusal_;
};

}  // namespace amity::c12
