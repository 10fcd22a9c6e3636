#include "headend/heard/uplinks.h"

#include <rapidjson/document.h>
#include <rapidjson/pointer.h>

#include <algorithm>
#include <charconv>

#include "base/civil.h"
#include "driver/mapping.h"
#include "wire/mbus/layout.h"

namespace amity::heard {
namespace {

using rapidjson::Value;

constexpr const char* kBlock = "payload";

const Value* at(const rapidjson::Document& document, const std::string& path) {
  const rapidjson::Pointer pointer(path.data(), path.size());
  return pointer.IsValid() ? pointer.Get(document) : nullptr;
}

// Numbers are kept as their text: no digit is lost.
std::string text_at(const rapidjson::Document& document, const std::string& path) {
  const Value* value = path.empty() ? nullptr : at(document, path);
  return value != nullptr && value->IsString()
             ? std::string(value->GetString(), value->GetStringLength())
             : std::string();
}

// "2026-11-21T07:48:19.123456789Z": without the fraction.
std::string whole_seconds(std::string text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos) return text;
  std::size_t end = dot + 1;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return text.erase(dot, end - dot);
}

Result<wire::MeterTime> time_from(const std::string& text, const std::string& unit) {
  UtcSeconds time;
  if (unit == "iso") {
    AMITY_TRY(time, from_iso(whole_seconds(text)));
  } else {
    std::int64_t count = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), count);
    if (end.ec != std::errc()) return make_error(ErrorCode::kMalformed, "no time: " + text);
    time = UtcSeconds(unit == "ms" ? count / 1'000 : count);
  }
  const CivilTime civil = civil_from_utc(time);
  wire::MeterTime result;
  result.year = static_cast<std::int16_t>(civil.year);
  result.month = static_cast<std::uint8_t>(civil.month);
  result.day = static_cast<std::uint8_t>(civil.day);
  result.hour = static_cast<std::uint8_t>(civil.hour);
  result.minute = static_cast<std::uint8_t>(civil.minute);
  result.second = static_cast<std::uint8_t>(civil.second);
  result.precision = wire::MeterTime::Precision::kSecond;
  result.utc_offset_minutes = std::int16_t{0};
  return result;
}

// Where a network server keeps what.
struct Places {
  std::string eui, port, payload, time;
};
Places places_of(UplinkKind kind) {
  if (kind == UplinkKind::kTheThingsStack) {
    return {"/end_device_ids/dev_eui", "/uplink_message/f_port", "/uplink_message/frm_payload",
            "/received_at"};
  }
  return {"/deviceInfo/devEui", "/fPort", "/data", "/time"};
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

Status read_server(const UplinkSource& source, const rapidjson::Document& document,
                   Uplinks::Uplink& uplink) {
  const Places places = places_of(source.kind);
  const std::string eui = text_at(document, places.eui);
  if (eui.size() != 16 || !from_hex(eui).ok())
    return make_error(ErrorCode::kMalformed, "no device EUI at " + places.eui);
  uplink.address = "lorawan:" + upper(eui);
  if (const std::string port = text_at(document, places.port); !port.empty()) {
    int number = 0;
    if (std::from_chars(port.data(), port.data() + port.size(), number).ec == std::errc())
      uplink.port = number;
  }
  AMITY_TRY(uplink.payload, from_base64(text_at(document, places.payload)));
  const std::string time = text_at(document, places.time);
  if (!time.empty()) {
    AMITY_TRY(uplink.time, time_from(time, "iso"));
  }
  return {};
}

}  // namespace

Result<Bytes> from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  Bytes out;
  std::uint32_t bits = 0;
  int count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = kDigits.find(text[i]);
    if (digit == std::string_view::npos)
      return make_error(ErrorCode::kMalformed, "no base64 digit", i);
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<std::uint8_t>(bits >> count));
  }
  return out;
}

Uplinks::Uplinks(Sink& sink, const UplinkMap& map) : sink_(sink), map_(map) {
  for (const UplinkSource& source : map_.sources) sink_.counters(source.name);
}

Result<Uplinks::Uplink> Uplinks::read(const UplinkSource& source, std::string_view topic,
                                      ByteView json) {
  if (json.size() > kUplinkBytesMax)
    return make_error(ErrorCode::kLimit, "the message is too large", kUplinkBytesMax);
  rapidjson::Document document;
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  document.Parse<kFlags>(reinterpret_cast<const char*>(json.data()), json.size());
  if (document.HasParseError() || !document.IsObject())
    return make_error(ErrorCode::kMalformed, "no JSON object", document.GetErrorOffset());
  Uplink uplink;
  if (source.kind != UplinkKind::kJson) {
    AMITY_CHECK(read_server(source, document, uplink));
  } else if (!source.id.empty()) {
    uplink.number = text_at(document, source.id);
    if (uplink.number.empty())
      return make_error(ErrorCode::kMalformed, "no device number at " + source.id);
  } else {
    uplink.address = "mqtt:" + std::string(topic);
  }
  if (const std::string time = text_at(document, source.time); !time.empty()) {
    AMITY_TRY(uplink.time, time_from(time, source.time_unit));
  }
  for (const UplinkValue& value : source.values) {
    const auto number = decimal_from(text_at(document, value.path));
    if (!number.ok()) continue;  // messages of one device need not all say the same
    wire::Reading reading;
    reading.quantity = value.quantity;
    reading.unit = value.unit;
    reading.kind = value.kind;
    reading.value = Decimal{number->value, number->exponent + value.exponent};
    reading.id = value.path;
    uplink.report.readings.push_back(std::move(reading));
  }
  return uplink;
}

Status Uplinks::read_payload(const UplinkSource& source, Uplink& uplink) {
  if (source.payloads.empty()) return {};
  for (const UplinkPayload& payload : source.payloads) {
    if (payload.port && payload.port != uplink.port) continue;
    if (payload.decoder == PayloadDecoder::kFields) {
      uplink.report.unknown.push_back({0, kBlock, to_hex(uplink.payload)});
      driver::complete(payload.fields, uplink.report);
      return {};
    }
    if (payload.decoder == PayloadDecoder::kMbusRecords) {
      mbus::Layout layout(uplink.report);
      return mbus::decode_records(uplink.payload, 0, layout, scratch_, uplink.report);
    }
    return {};  // a frame: the sink's
  }
  return make_error(ErrorCode::kUnsupported, "no payload decoder for this port");
}

std::optional<Device> Uplinks::device_of(const Uplink& uplink) {
  SinkContext& c = sink_.context();
  if (!uplink.number.empty()) {
    const auto device = c.registry.device_by_serial(uplink.number);
    return device.ok() ? *device : std::nullopt;
  }
  const Instant now = c.runtime.clock.now();
  const bool old = loaded_.us == INT64_MIN || now - loaded_ > std::chrono::seconds(kAddressesAge_s);
  if (!by_address_.contains(uplink.address) && old) {
    loaded_ = now;
    by_address_.clear();
    const auto devices = c.registry.devices();
    if (!devices.ok()) return std::nullopt;
    for (const Device& device : *devices) {
      const bool lorawan = device.address.starts_with("lorawan:");
      if (lorawan || device.address.starts_with("mqtt:"))
        by_address_[lorawan ? "lorawan:" + upper(device.address.substr(8)) : device.address] =
            device.id;
    }
  }
  const auto found = by_address_.find(uplink.address);
  if (found == by_address_.end()) return std::nullopt;
  const auto device = c.registry.device(found->second);
  return device.ok() ? *device : std::nullopt;
}

void Uplinks::take(const UplinkSource& source, std::string_view topic, ByteView json,
                   Sink::Done done) {
  Counters& count = sink_.counters(source.name);
  const auto refuse = [&](const Error& error) {
    ++count.frames;
    ++count.undecodable;
    if (done) done(error);
  };
  auto uplink = read(source, topic, json);
  if (!uplink.ok()) return refuse(uplink.error());
  for (const UplinkPayload& payload : source.payloads) {
    const bool frame = payload.decoder == PayloadDecoder::kFrame;
    if (!frame || (payload.port && payload.port != uplink->port)) continue;
    decode::FrameStream frames;
    frames.add(uplink->payload);
    const auto first = frames.next(true);
    if (!first) return refuse(make_error(ErrorCode::kMalformed, "the payload holds no frame"));
    return sink_.take_frame(*first, source.name, std::move(done));
  }
  if (const Status payload = read_payload(source, *uplink); !payload.ok())
    return refuse(payload.error());
  ++count.frames;
  const auto device = device_of(*uplink);
  if (!device) {
    ++count.unknown_meters;
    if (done) done({});
    return;
  }
  wire::Report& report = uplink->report;
  report.protocol = source.kind == UplinkKind::kJson ? "json" : "lorawan";
  report.meter.manufacturer = device->manufacturer;
  report.meter.model = device->model;
  for (wire::Reading& reading : report.readings) {
    if (reading.time.precision == wire::MeterTime::Precision::kNone) reading.time = uplink->time;
  }
  Delivery delivery;
  delivery.source = source.name;
  delivery.batch = true;
  delivery.once = true;
  delivery.options.check_identity = false;
  sink_.take_report(device->id, report, delivery, std::move(done));
}

void Uplinks::take_named(std::string_view name, ByteView json, Sink::Done done) {
  const UplinkSource* const source = map_.by_name(name);
  if (source == nullptr) {
    if (done) done(make_error(ErrorCode::kNotFound, "the mapping has no source of this name"));
    return;
  }
  take(*source, "", json, std::move(done));
}

void Uplinks::take_topic(std::string_view topic, ByteView json, Sink::Done done) {
  const UplinkSource* const source = map_.by_topic(topic);
  if (source == nullptr) {
    if (done) done(make_error(ErrorCode::kNotFound, "the mapping has no source of this topic"));
    return;
  }
  take(*source, topic, json, std::move(done));
}

}  // namespace amity::heard
