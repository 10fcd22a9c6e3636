// NB-IoT and LTE-M meters that push over CoAP: POST (or PUT) of a frame to /m, in one message or in
// blocks (RFC 7959). A confirmable message is acknowledged when what it brought is durable:
// 2.04 kept, 4.00 no frame, 4.01 wrong key or MAC, 4.08 a block is missing, 4.13 too large,
// 5.03 to be sent again. A repeated message gets the answer of the first.
#pragma once

#include <map>
#include <memory>

#include "headend/heard/sink.h"
#include "wire/coap/message.h"

namespace amity::heard {

class CoapListener {
 public:
  explicit CoapListener(Sink& sink);
  ~CoapListener();

  Status listen(const Endpoint& at);
  std::optional<Endpoint> listening() const;

 private:
  // Of one message, for as long as the peer may repeat it (RFC 7252, 4.8.2).
  struct Exchange {
    UtcSeconds at;
    Bytes answer;  // empty: under way
  };
  struct Transfer {
    UtcSeconds at;
    Bytes bytes;
  };
  using ExchangeKey = std::pair<Endpoint, std::uint16_t>;

  void datagram(const Endpoint& from, ByteView bytes);
  void request(const Endpoint& from, const coap::Message& message);
  // Joins blocks; nullopt: answered, the rest is to come or it is refused.
  std::optional<Bytes> join(const Endpoint& from, const coap::Message& message);
  void take(const Endpoint& from, const coap::Message& message, ByteView payload);
  void answer(const Endpoint& from, const coap::Message& message, std::uint8_t code,
              std::optional<coap::Block> block = {});
  void forget_old();

  Sink& sink_;
  std::unique_ptr<DatagramSocket> socket_;
  std::map<ExchangeKey, Exchange> exchanges_;
  std::map<Endpoint, Transfer> transfers_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // answers come later
};

}  // namespace amity::heard
