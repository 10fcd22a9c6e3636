// Datagram sockets of a reactor.
#pragma once

#include "runtime/loop.h"

namespace amity::runtime {

Result<std::unique_ptr<DatagramSocket>> udp_open(
    Loop& loop, const Endpoint& at, std::function<void(const Endpoint&, ByteView)> on_datagram);

}  // namespace amity::runtime
