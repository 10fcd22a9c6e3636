#include "runtime/socket_address.h"

#include <arpa/inet.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace amity::runtime {

Endpoint SocketAddress::endpoint() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (size == 0) return {};
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port)};
  }
  inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return {text, ntohs(v6.sin6_port)};
}

std::optional<SocketAddress> numeric_address(const Endpoint& endpoint) {
  SocketAddress address;
  std::string host = endpoint.host;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  if (host.empty() || host == "*") host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  if (inet_pton(AF_INET, host.c_str(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(endpoint.port);
    address.size = sizeof address.v4;
    return address;
  }
  if (inet_pton(AF_INET6, host.c_str(), &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(endpoint.port);
    address.size = sizeof address.v6;
    return address;
  }
  return std::nullopt;
}

SocketAddress address_from(const sockaddr* address, socklen_t size) {
  SocketAddress out;
  if (address->sa_family == AF_INET && size >= sizeof out.v4) {
    std::memcpy(&out.v4, address, sizeof out.v4);
    out.size = sizeof out.v4;
  } else if (address->sa_family == AF_INET6 && size >= sizeof out.v6) {
    std::memcpy(&out.v6, address, sizeof out.v6);
    out.size = sizeof out.v6;
  }
  return out;
}

SocketAddress local_address(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return address_from(reinterpret_cast<const sockaddr*>(&storage), size);
}

Error socket_error(const char* doing, int code) {
  ErrorCode kind = ErrorCode::kIo;
  if (code == ECONNREFUSED) kind = ErrorCode::kRefused;
  if (code == ECONNRESET || code == EPIPE) kind = ErrorCode::kClosed;
  if (code == ETIMEDOUT) kind = ErrorCode::kTimeout;
  if (code == EMFILE || code == ENFILE || code == ENOBUFS) kind = ErrorCode::kLimit;
  return make_error(kind, std::string(doing) + ": " + std::system_category().message(code));
}

}  // namespace amity::runtime
