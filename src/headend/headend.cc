#include "headend/headend.h"

#include "headend/impl.h"

namespace amity::headend {

HeadEnd::HeadEnd(Runtime runtime, store::Registry& registry, store::Readings& readings, store::Events& events,
                 intake::Intake& intake, KeyRing& keys, HeadEndConfig config, Emit emit)
    : impl_(std::make_shared<Impl>(runtime, registry, readings, events, intake, keys, std::move(config),
                                   std::move(emit))) {}

HeadEnd::~HeadEnd() { impl_->stop(); }

Status HeadEnd::start() { return impl_->start(); }
void HeadEnd::stop() { impl_->stop(); }
void HeadEnd::submit(const Command& command) { impl_->submit(command); }
void HeadEnd::refresh(DeviceId device) { impl_->refresh(device); }
void HeadEnd::set_forward(Forward forward) { impl_->set_forward(std::move(forward)); }
void HeadEnd::hear(const dlms::Pushed& pushed, const Endpoint& from) { impl_->hear(pushed, from); }
HeadEndStats HeadEnd::stats() const { return impl_->stats(); }

std::optional<Endpoint> HeadEnd::push_tcp() const { return impl_->push() ? impl_->push()->tcp() : std::nullopt; }
std::optional<Endpoint> HeadEnd::push_udp() const { return impl_->push() ? impl_->push()->udp() : std::nullopt; }

}  // namespace amity::headend
