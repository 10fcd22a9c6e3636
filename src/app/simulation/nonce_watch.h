// Listens on the wire: every ciphered APDU of either side carries an invocation counter, which with
// the sender's title is the nonce of AES-GCM. Under one key a nonce may carry one message only. A
// meter may send the very same frame of a push twice; the head-end never sends anything twice on a
// stream.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/device.h"
#include "wire/dlms/security.h"
#include "wire/dlms/wrapper.h"
#include "world/virtual_network.h"

namespace amity::simulation {

class NonceWatch {
 public:
  // `device` is who the key belongs to.
  using OnReuse = std::function<void(DeviceId device, const std::string& what)>;
  explicit NonceWatch(OnReuse on_reuse) : on_reuse_(std::move(on_reuse)) {}

  // The meter that answers at `at`, with its serial number as address behind a concentrator.
  void add_meter(DeviceId device, const Endpoint& at, bool behind_gateway,
                 const std::string& serial, const dlms::SystemTitle& title);
  void see(const world::TapRecord& record);

  std::uint64_t nonces() const { return nonces_; }
  std::uint64_t repeats() const { return repeats_; }

 private:
  struct Sent {
    std::unordered_map<std::uint32_t, std::uint64_t> by_counter;  // -> hash of the message
  };

  void frame(const Endpoint& server, bool from_meter, const dlms::WrapperFrame& frame);
  void apdu(DeviceId device, bool from_meter, ByteView bytes);
  void secured(DeviceId device, bool from_meter, ByteView content);

  OnReuse on_reuse_;
  std::unordered_map<std::string, DeviceId> by_host_, by_serial_, by_title_;
  std::unordered_map<std::uint64_t, std::array<dlms::WrapperSplitter, 2>> streams_;
  std::unordered_map<std::uint64_t, Sent> sent_;  // device << 1 | from the meter
  std::uint64_t nonces_ = 0, repeats_ = 0;
};

}  // namespace amity::simulation
