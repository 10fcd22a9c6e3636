#include "edge/batch.h"

#include <set>

#include "store/codec_parts.h"
#include "store/fact_codec.h"

namespace amity::edge {
namespace {

using store::get_enum;
using store::get_text;
using store::get_u32;
using store::put_text;
using store::put_varint;

constexpr std::uint8_t kVersion = 2, kVersionPlaces = 2;  // from which on service points are named

void put_device(Bytes& out, const Device& d) {
  put_varint(out, d.id.value);
  for (const std::string* text : {&d.serial, &d.manufacturer, &d.model, &d.protocol})
    put_text(out, *text);
  put_varint(out, d.interval_s);
}

Result<Device> get_device(ByteReader& in) {
  Device d;
  AMITY_TRY(const std::uint32_t id, get_u32(in));
  d.id = DeviceId(id);
  for (std::string* text : {&d.serial, &d.manufacturer, &d.model, &d.protocol}) {
    AMITY_TRY(*text, get_text(in));
    if (text->size() > kNameBytesMax) return in.malformed("a device's name is too long");
  }
  AMITY_TRY(d.interval_s, get_u32(in));
  if (!d.id.valid() || d.serial.empty()) return in.malformed("a device without id or serial");
  return d;
}

void put_channel(Bytes& out, const Channel& c) {
  put_varint(out, c.id.value);
  put_varint(out, c.device.value);
  out.push_back(static_cast<std::uint8_t>(c.kind));
  put_text(out, c.name);
  put_text(out, c.source);
  put_text(out, symbol(c.unit));
  out.push_back(static_cast<std::uint8_t>(c.exponent));
  put_varint(out, c.interval_s);
}

Result<Channel> get_channel(ByteReader& in) {
  Channel c;
  AMITY_TRY(const std::uint32_t id, get_u32(in));
  AMITY_TRY(const std::uint32_t device, get_u32(in));
  AMITY_TRY(const std::uint8_t kind,
            get_enum(in, static_cast<std::uint8_t>(ChannelKind::kRegister)));
  c.id = ChannelId(id);
  c.device = DeviceId(device);
  c.kind = static_cast<ChannelKind>(kind);
  AMITY_TRY(c.name, get_text(in));
  AMITY_TRY(c.source, get_text(in));
  AMITY_TRY(const std::string unit, get_text(in));
  const auto known = unit_from(unit);
  if (!known) return in.malformed("no unit is \"" + unit.substr(0, 16) + "\"");
  c.unit = *known;
  AMITY_TRY(const std::uint8_t exponent, in.u8());
  c.exponent = static_cast<std::int8_t>(exponent);
  AMITY_TRY(c.interval_s, get_u32(in));
  const bool named =
      !c.name.empty() && c.name.size() <= kNameBytesMax && c.source.size() <= kNameBytesMax;
  return c.id.valid() && named ? Result<Channel>(std::move(c))
                               : Result<Channel>(in.malformed("a channel without id or name"));
}

// What the fact speaks of is named.
Status check_names(const Batch& batch, const ByteReader& in) {
  std::set<DeviceId> devices;
  std::set<ChannelId> channels;
  for (const Device& d : batch.devices) devices.insert(d.id);
  for (const Channel& c : batch.channels) {
    if (!devices.contains(c.device)) return in.malformed("a channel of a device that is not named");
    channels.insert(c.id);
  }
  const bool once =
      devices.size() == batch.devices.size() && channels.size() == batch.channels.size();
  if (!once) return in.malformed("a device or channel is named twice");
  if (const auto* readings = std::get_if<ReadingsArrived>(&batch.fact)) {
    for (const Reading& r : readings->readings)
      if (!channels.contains(r.channel))
        return in.malformed("a reading of a channel that is not named");
    return readings->readings.size() <= kReadingsPerBatchMax ? Status{}
                                                             : in.malformed("too many readings");
  }
  if (const auto* events = std::get_if<EventsArrived>(&batch.fact)) {
    for (const Event& e : events->events)
      if (e.device.valid() && !devices.contains(e.device))
        return in.malformed("an event of a device that is not named");
    return events->events.size() <= kEventsPerBatchMax ? Status{} : in.malformed("too many events");
  }
  if (const auto* command = std::get_if<CommandChanged>(&batch.fact)) {
    return !command->device.valid() || devices.contains(command->device)
               ? Status{}
               : in.malformed("a command of a device that is not named");
  }
  const auto* contact = std::get_if<ContactMade>(&batch.fact);
  if (contact == nullptr) return in.malformed("such facts do not come from edges");
  return devices.contains(contact->device)
             ? Status{}
             : in.malformed("a contact with a device that is not named");
}

}  // namespace

Result<Bytes> encode_batch(const Batch& batch) {
  Bytes out{kVersion};
  put_varint(out, batch.devices.size());
  for (const Device& device : batch.devices) {
    put_device(out, device);
    const auto place = batch.service_points.find(device.id);
    put_text(out, place == batch.service_points.end() ? std::string_view() : place->second);
  }
  put_varint(out, batch.channels.size());
  for (const Channel& channel : batch.channels) put_channel(out, channel);
  AMITY_CHECK(store::encode_fact(batch.fact, out));
  if (out.size() > kBatchBytesMax)
    return make_error(ErrorCode::kLimit, "a batch of " + std::to_string(out.size()) + " bytes");
  return out;
}

Result<Batch> decode_batch(ByteView body) {
  ByteReader in(body);
  AMITY_TRY(const std::uint8_t version, in.u8());
  if (version == 0 || version > kVersion)
    return in.malformed("batches of version " + std::to_string(version) + " are not known");
  Batch batch;
  AMITY_TRY(const std::uint64_t devices, store::get_varint(in));
  if (devices > kDevicesPerBatchMax) return in.malformed("too many devices");
  for (std::uint64_t i = 0; i < devices; ++i) {
    AMITY_TRY(Device device, get_device(in));
    if (version >= kVersionPlaces) {
      AMITY_TRY(std::string place, get_text(in));
      if (place.size() > kNameBytesMax) return in.malformed("a service point's name is too long");
      if (!place.empty()) batch.service_points[device.id] = std::move(place);
    }
    batch.devices.push_back(std::move(device));
  }
  AMITY_TRY(const std::uint64_t channels, store::get_varint(in));
  if (channels > kChannelsPerBatchMax) return in.malformed("too many channels");
  for (std::uint64_t i = 0; i < channels; ++i) {
    AMITY_TRY(Channel channel, get_channel(in));
    batch.channels.push_back(std::move(channel));
  }
  AMITY_TRY(batch.fact, store::decode_fact(in.rest()));
  AMITY_CHECK(check_names(batch, in));
  return batch;
}

}  // namespace amity::edge
