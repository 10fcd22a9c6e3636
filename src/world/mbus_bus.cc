#include "world/mbus_bus.h"

namespace amity::world {

struct BusConversation::Attached final : mbus::Readout {
  Attached(ResourceMeter& of, std::uint8_t primary)
      : meter(of), slave({primary, of.address()}, this) {}

  std::size_t telegrams() override { return 1; }
  void telegram(std::size_t, std::uint8_t access_number, Bytes& user_data) override {
    auto data = meter.wired_data(encoder, access_number);
    AMITY_ASSERT(data.ok());
    append(user_data, *data);
  }

  ResourceMeter& meter;
  mbus::Encoder encoder;
  mbus::Slave slave;
};

BusConversation::BusConversation(const std::vector<ResourceMeter*>& meters) {
  for (ResourceMeter* meter : meters) {
    attached_.push_back(
        std::make_unique<Attached>(*meter, static_cast<std::uint8_t>(attached_.size() + 1)));
  }
}

BusConversation::~BusConversation() = default;

void BusConversation::on_bytes(ByteView bytes, Instant now) {
  for (const auto& a : attached_) a->slave.on_bytes(bytes, now);
}

void BusConversation::on_timer(Instant now) {
  for (const auto& a : attached_) a->slave.on_timer(now);
}

std::optional<Instant> BusConversation::next_timeout() const {
  std::optional<Instant> soonest;
  for (const auto& a : attached_) {
    const auto due = a->slave.next_timeout();
    if (due && (!soonest || *due < *soonest)) soonest = due;
  }
  return soonest;
}

// Two that answer at once would collide on a real bus; here one after the other is heard, which a
// master refuses too.
bool BusConversation::poll_output(Bytes& out) {
  for (const auto& a : attached_) {
    while (a->slave.poll_event()) {
    }
    if (a->slave.poll_output(out)) return true;
  }
  return false;
}

}  // namespace amity::world
