// The meter's side of any protocol on one stream, and the host that attaches it.
#pragma once

#include "world/meter_host.h"

namespace amity::world {

class Conversation {
 public:
  virtual ~Conversation() = default;
  virtual void on_bytes(ByteView bytes, Instant now) = 0;
  virtual void on_timer(Instant) {}
  virtual std::optional<Instant> next_timeout() const { return std::nullopt; }
  // Appends to `out` or replaces it; false: nothing to send.
  virtual bool poll_output(Bytes& out) = 0;
  // The framing is lost: close the stream.
  virtual bool lost() { return false; }
};

class ConversationHost final : public Host {
 public:
  ConversationHost(const HostContext& context, std::unique_ptr<Conversation> conversation,
                   std::unique_ptr<Stream> stream, OnDone on_done);

 private:
  void on_bytes(ByteView bytes) override;
  void on_timer(Instant now) override;
  std::optional<Instant> next_timeout() const override { return conversation_->next_timeout(); }
  void flush();

  std::unique_ptr<Conversation> conversation_;
};

}  // namespace amity::world
