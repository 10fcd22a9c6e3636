// TCP streams and listeners of a reactor.
#pragma once

#include "runtime/loop.h"

namespace amity::runtime {

std::unique_ptr<Stream> tcp_connect(Loop& loop, const Endpoint& to, Duration timeout,
                                    Stream::Handler* handler);
Result<std::unique_ptr<Listener>> tcp_listen(
    Loop& loop, const Endpoint& at, std::function<void(std::unique_ptr<Stream>)> on_accept);

}  // namespace amity::runtime
