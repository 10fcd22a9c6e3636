#include "edge/unpack.h"

#include <algorithm>

#include "base/decimal.h"
#include "intake/checks.h"

namespace amity::edge {

std::string address_behind(const std::string& edge) {
  return "edge://" + edge;
}

Status Unpacker::hang(Device& device, bool fresh, const std::string& service_point,
                      UtcSeconds now) {
  if (service_point.empty() || device.service_point.valid()) return {};
  AMITY_TRY(const auto points, registry_.service_points());
  const auto at = std::find_if(points.begin(), points.end(),
                               [&](const ServicePoint& p) { return p.name == service_point; });
  if (at == points.end()) {
    unknown_places_ += (unknown_places_.empty() ? "" : "; ") + std::string("device ") +
                       device.serial + " hangs nowhere: there is no service point " + service_point;
    return {};
  }
  device.service_point = at->id;
  return fresh ? Status{} : registry_.exchange({}, {at->id, device.id, now, {}});
}

Result<Unpacker::Place> Unpacker::place_of(const Device& named, const std::string& service_point,
                                           UtcSeconds now) {
  const auto known = devices_.find(named.serial);
  if (known != devices_.end() && known->second.service_point == service_point)
    return Place{known->second.device, {}};
  AMITY_TRY(auto found, registry_.device_by_serial(named.serial));
  if (found && found->address != address_behind(edge_))
    return Place{{}, "device " + named.serial + " is not read by edge " + edge_};
  if (found) {
    AMITY_CHECK(hang(*found, false, service_point, now));
  } else {
    if (devices_.size() >= kDevicesPerEdgeMax)
      return make_error(ErrorCode::kLimit, "edge " + edge_ + " names more than " +
                                               std::to_string(kDevicesPerEdgeMax) + " devices");
    Device fresh = named;
    fresh.id = DeviceId();
    fresh.address = address_behind(edge_);
    fresh.commissioned = now;
    AMITY_CHECK(hang(fresh, true, service_point, now));
    store::MasterData data;
    data.devices.push_back(std::move(fresh));
    AMITY_CHECK(registry_.add(data));
    AMITY_TRY(found, registry_.device_by_serial(named.serial));
    if (!found) return make_error(ErrorCode::kIo, "device " + named.serial + " was not registered");
    registered_.push_back(found->id);
  }
  devices_[named.serial] = {found->id, service_point};
  return Place{found->id, {}};
}

Result<const Channel*> Unpacker::channel_for(DeviceId device, const Channel& named) {
  auto known = channels_.find(device);
  if (known == channels_.end()) {
    AMITY_TRY(auto channels, registry_.channels_of(device));
    known = channels_.emplace(device, std::move(channels)).first;
  }
  for (const Channel& channel : known->second)
    if (channel.kind == named.kind && channel.name == named.name) return &channel;
  Channel fresh = named;
  fresh.id = ChannelId();  // its number is the edge's
  fresh.device = device;
  AMITY_TRY(fresh.id, registry_.add_channel(fresh));
  known->second.push_back(std::move(fresh));
  return &known->second.back();
}

// The command says which device it is of: an edge settles none but those of its own.
Status Unpacker::unpack_command(CommandChanged changed, UtcSeconds now, Unpacked& out) {
  AMITY_TRY(const auto command, registry_.command(changed.id));
  AMITY_TRY(const auto device, command ? registry_.device(command->device)
                                       : Result<std::optional<Device>>(std::nullopt));
  if (!device || device->address != address_behind(edge_)) {
    out.events.events.push_back({self_, now, EventCategory::kComms, Severity::kMedium, 0, "edge",
                                 "it settles command " + std::to_string(changed.id.value) +
                                     ", which is not of a meter that it reads"});
    return {};
  }
  changed.device = device->id;
  // It was running from when the edge was told.
  if (changed.state == CommandState::kExpired) changed.state = CommandState::kFailed;
  out.commands.push_back(std::move(changed));
  return {};
}

Result<Unpacked> Unpacker::unpack(Batch batch, const std::string& source, UtcSeconds now) {
  std::map<DeviceId, Place> places;
  for (const Device& device : batch.devices) {
    const auto point = batch.service_points.find(device.id);
    AMITY_TRY(places[device.id],
              place_of(device, point == batch.service_points.end() ? "" : point->second, now));
  }
  Unpacked out;
  out.readings.source = out.events.source = source;
  out.readings.received = out.events.received = now;
  if (auto* contact = std::get_if<ContactMade>(&batch.fact)) {
    contact->device = places[contact->device].device;
    if (contact->device.valid()) out.contacts.push_back(std::move(*contact));
    return out;
  }
  if (auto* command = std::get_if<CommandChanged>(&batch.fact)) {
    AMITY_CHECK(unpack_command(std::move(*command), now, out));
    return out;
  }
  if (auto* events = std::get_if<EventsArrived>(&batch.fact)) {
    for (Event& event : events->events) {
      const Place& place = places[event.device];
      if (!place.why.empty()) event.text = place.why + ": " + event.text;
      event.device = place.device.valid() ? place.device : self_;
    }
    out.events.events = std::move(events->events);
    return out;
  }
  struct Target {
    const Channel* named;
    Channel here;
    std::string why;
  };
  std::map<ChannelId, Target> targets;
  for (const Channel& named : batch.channels) {
    Target& target = targets[named.id] = {&named, {}, places[named.device].why};
    if (!target.why.empty()) continue;
    AMITY_TRY(const Channel* const here, channel_for(places[named.device].device, named));
    target.here = *here;
    if (here->unit != named.unit)
      target.why = named.name + " is in \"" + std::string(symbol(here->unit)) + "\" here, not \"" +
                   std::string(symbol(named.unit)) + "\"";
  }
  std::vector<intake::Rejected> rejected;
  std::vector<DeviceId> owners;
  for (const Reading& reading : std::get<ReadingsArrived>(batch.fact).readings) {
    const Target& target = targets[reading.channel];
    const auto value =
        rescale(Decimal{reading.value, target.named->exponent}, target.here.exponent);
    Reading here = reading;
    here.channel = target.here.id;
    if (target.why.empty() && value.ok()) {
      here.value = *value;
      out.readings.readings.push_back(here);
    } else {
      rejected.push_back({here, target.why.empty() ? value.error().reason : target.why});
      owners.push_back(target.here.device.valid() ? target.here.device : self_);
    }
  }
  if (!rejected.empty()) out.events.events = intake::quarantine(rejected, owners, now, source);
  refused_ += rejected.size();
  return out;
}

}  // namespace amity::edge
