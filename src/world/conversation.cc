#include "world/conversation.h"

namespace amity::world {

ConversationHost::ConversationHost(const HostContext& context,
                                   std::unique_ptr<Conversation> conversation,
                                   std::unique_ptr<Stream> stream, OnDone on_done)
    : Host(context, std::move(stream), std::move(on_done)), conversation_(std::move(conversation)) {
  flush();
}

void ConversationHost::on_bytes(ByteView bytes) {
  if (done_) return;
  if (context_.stats != nullptr) {
    ++context_.stats->requests;
    context_.stats->bytes_in += bytes.size();
  }
  conversation_->on_bytes(bytes, context_.runtime.clock.now());
  flush();
}

void ConversationHost::on_timer(Instant now) {
  conversation_->on_timer(now);
  flush();
}

void ConversationHost::flush() {
  Bytes out;
  while (!done_ && conversation_->poll_output(out)) {
    if (context_.stats != nullptr) context_.stats->bytes_out += out.size();
    link_.send(std::move(out));
    out = Bytes();
  }
  if (done_) return;
  if (conversation_->lost()) return finish();
  arm(conversation_->next_timeout());
}

}  // namespace amity::world
