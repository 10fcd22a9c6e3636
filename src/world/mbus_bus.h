// A wired M-Bus behind a TCP gateway: heat meters that hear every byte on it and answer when they
// are meant.
#pragma once

#include <memory>
#include <vector>

#include "session/mbus/slave.h"
#include "world/conversation.h"
#include "world/resource_meter.h"

namespace amity::world {

class BusConversation final : public Conversation {
 public:
  // The meters outlive the conversation; primary addresses are 1, 2, ... in their order.
  explicit BusConversation(const std::vector<ResourceMeter*>& meters);
  ~BusConversation() override;

  void on_bytes(ByteView bytes, Instant now) override;
  void on_timer(Instant now) override;
  std::optional<Instant> next_timeout() const override;
  bool poll_output(Bytes& out) override;

 private:
  struct Attached;
  std::vector<std::unique_ptr<Attached>> attached_;
};

}  // namespace amity::world
