// Internet addresses of the socket interface, kept small, to and from Endpoint.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

#include "base/runtime.h"

namespace amity::runtime {

struct SocketAddress {
  union {
    sockaddr base;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  socklen_t size = 0;  // 0: unknown

  SocketAddress() : v6{} {}
  int family() const { return base.sa_family; }
  Endpoint endpoint() const;
};

// A numeric address, "localhost" (127.0.0.1), or "" / "*" (any address); nothing for another name.
std::optional<SocketAddress> numeric_address(const Endpoint& endpoint);
SocketAddress address_from(const sockaddr* address, socklen_t size);
SocketAddress local_address(int fd);

// "Connection refused"; the calling thread's errno by default.
Error socket_error(const char* doing, int code);

}  // namespace amity::runtime
