#include "headend/open_stream.h"

namespace amity::headend {

Result<std::unique_ptr<Stream>> open_stream(const Runtime& runtime, const Address& address,
                                            Stream::Handler* handler) {
  const Duration patience = std::chrono::milliseconds(address.bearer.connect_timeout_ms);
  if (!address.tls) return runtime.network.connect(address.endpoint, patience, handler);
  auto* const network = dynamic_cast<TlsNetwork*>(&runtime.network);
  if (network == nullptr)
    return make_error(ErrorCode::kUnsupported,
                      "this network has no TLS: " + address.endpoint.to_string());
  return network->connect_tls(address.endpoint, *address.tls, patience, handler);
}

}  // namespace amity::headend
