#include "app/fleet_file.h"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

namespace amity::app {
namespace {

using rapidjson::Value;

// Reads members of one object; the first that is missing or of another type is remembered, with its
// place.
class Reader {
 public:
  Reader(const Value& object, std::string place) : object_(object), place_(std::move(place)) {}

  std::string text(const char* name) {
    const Value* v = find(name);
    if (v == nullptr || !v->IsString()) return fail(name, "text"), "";
    return {v->GetString(), v->GetStringLength()};
  }
  std::string text_or(const char* name, const char* otherwise) {
    return find(name) == nullptr ? otherwise : text(name);
  }
  template <class T>
  T number(const char* name) {
    const Value* v = find(name);
    if (v == nullptr || !v->IsInt64()) return fail(name, "a whole number"), T{};
    const std::int64_t n = v->GetInt64();
    if (static_cast<std::int64_t>(static_cast<T>(n)) != n)
      return fail(name, "a number in range"), T{};
    return static_cast<T>(n);
  }
  template <class IdType>
  IdType id(const char* name) {
    return IdType(number<std::uint32_t>(name));
  }
  double real(const char* name) {
    const Value* v = find(name);
    if (v == nullptr || !v->IsNumber()) return fail(name, "a number"), 0;
    return v->GetDouble();
  }
  UtcSeconds time(const char* name) {
    auto parsed = from_iso(text(name));
    if (!parsed.ok()) return fail(name, "a time"), UtcSeconds();
    return *parsed;
  }
  Bytes hex(const char* name, std::size_t size) {
    auto parsed = from_hex(text(name));
    if (!parsed.ok() || parsed->size() != size)
      return fail(name, "hexadecimal bytes of the right number"), Bytes(size);
    return std::move(*parsed);
  }
  void fail(const char* name, const char* wanted) {
    if (error_.empty()) error_ = fmt::format("{}: \"{}\" is not {}", place_, name, wanted);
  }
  Status status() const {
    if (error_.empty()) return {};
    return make_error(ErrorCode::kMalformed, error_);
  }

 private:
  const Value* find(const char* name) const {
    const auto found = object_.FindMember(name);
    return found == object_.MemberEnd() ? nullptr : &found->value;
  }
  const Value& object_;
  std::string place_, error_;
};

template <class Item, class Read>
Status read_list(const Value& document, const char* name, std::vector<Item>& out, Read&& read) {
  const auto found = document.FindMember(name);
  if (found == document.MemberEnd() || !found->value.IsArray()) {
    return make_error(ErrorCode::kMalformed, fmt::format("\"{}\" is not a list", name));
  }
  std::size_t index = 0;
  for (const Value& element : found->value.GetArray()) {
    const std::string place = fmt::format("{}[{}]", name, index++);
    if (!element.IsObject()) return make_error(ErrorCode::kMalformed, place + " is not an object");
    Reader reader(element, place);
    Item item{};
    read(reader, item);
    AMITY_CHECK(reader.status());
    out.push_back(std::move(item));
  }
  return {};
}

void read_device(Reader& r, Device& d) {
  d.id = r.id<DeviceId>("id");
  d.serial = r.text("serial");
  d.manufacturer = r.text("manufacturer");
  d.model = r.text("model");
  d.firmware = r.text("firmware");
  d.protocol = r.text("protocol");
  d.address = r.text("address");
  d.segment = r.text("segment");
  d.service_point = r.id<ServicePointId>("service_point");
  d.interval_s = r.number<std::uint32_t>("interval_s");
  d.commissioned = r.time("commissioned");
  if (const auto known = parse_commodity(r.text_or("commodity", "unknown"))) {
    d.commodity = *known;
  } else {
    r.fail("commodity", "electricity, water, gas, heat, other or unknown");
  }
  const std::string state = r.text("state");
  for (int i = 0; i <= static_cast<int>(DeviceState::kRemoved); ++i) {
    d.state = static_cast<DeviceState>(i);
    if (to_string(d.state) == state) return;
  }
  r.fail("state", "planned, active, inactive or removed");
}

void read_channel(Reader& r, Channel& c) {
  c.id = r.id<ChannelId>("id");
  c.device = r.id<DeviceId>("device");
  c.name = r.text("name");
  c.source = r.text("source");
  c.unit = static_cast<Unit>(r.number<std::uint8_t>("unit"));
  c.exponent = r.number<std::int8_t>("exponent");
  c.interval_s = r.number<std::uint32_t>("interval_s");
  c.multiplier = r.number<std::int64_t>("multiplier");
  const std::string kind = r.text("kind");
  c.kind = kind == "interval" ? ChannelKind::kInterval : ChannelKind::kRegister;
  if (kind != "interval" && kind != "register") r.fail("kind", "interval or register");
}

void read_keys(Reader& r, std::pair<DeviceId, headend::DeviceKeys>& item) {
  headend::DeviceKeys& keys = item.second;
  item.first = r.id<DeviceId>("device");
  if (r.text("mechanism") != "gmac") r.fail("mechanism", "gmac");
  if (r.number<int>("suite") != 0) r.fail("suite", "0");
  if (r.text("security") != "authenc") r.fail("security", "authenc");
  keys.mechanism = dlms::Mechanism::kHighGmac;
  keys.policy = {dlms::SecuritySuite::k0, true, true};
  const Bytes client = r.hex("client_title", 8), meter = r.hex("system_title", 8);
  std::copy(client.begin(), client.end(), keys.client_title.begin());
  keys.meter_title.emplace();
  std::copy(meter.begin(), meter.end(), keys.meter_title->begin());
  keys.current.encryption = r.hex("encryption_key", 16);
  keys.current.authentication = r.hex("authentication_key", 16);
  keys.master = r.hex("master_key", 16);
}

// A key of a device that is no DLMS meter: the one key there is, whatever its protocol calls it.
void read_device_key(Reader& r, std::pair<DeviceId, headend::DeviceKeys>& item) {
  item.first = r.id<DeviceId>("device");
  item.second.current.encryption = r.hex("key", 16);
}

}  // namespace

Result<FleetFile> parse_fleet(const std::string& json) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError()) {
    return make_error(ErrorCode::kMalformed, rapidjson::GetParseError_En(document.GetParseError()),
                      document.GetErrorOffset());
  }
  if (!document.IsObject())
    return make_error(ErrorCode::kMalformed, "the document is not an object");
  Reader head(document, "the document");
  if (head.text("format") != "amity-fleet" || head.number<int>("version") != 1) {
    return make_error(ErrorCode::kUnsupported, "this is no amity-fleet document of version 1");
  }
  FleetFile fleet;
  store::MasterData& m = fleet.master;
  AMITY_CHECK(read_list(document, "feeders", m.feeders, [](Reader& r, Feeder& f) {
    f = {r.id<FeederId>("id"), r.text("name")};
  }));
  AMITY_CHECK(read_list(document, "transformers", m.transformers, [](Reader& r, Transformer& t) {
    t = {r.id<TransformerId>("id"), r.text("name"),      r.id<FeederId>("feeder"),
         r.real("latitude"),        r.real("longitude"), r.number<std::uint32_t>("rating_va")};
  }));
  AMITY_CHECK(read_list(document, "customers", m.customers, [](Reader& r, Customer& c) {
    c = {r.id<CustomerId>("id"), r.text("name"), r.text("class")};
  }));
  AMITY_CHECK(
      read_list(document, "service_points", m.service_points, [](Reader& r, ServicePoint& p) {
        p = {r.id<ServicePointId>("id"),  r.text("name"),      r.text("address"),
             r.real("latitude"),          r.real("longitude"), r.id<TransformerId>("transformer"),
             r.id<CustomerId>("customer")};
      }));
  AMITY_CHECK(read_list(document, "devices", m.devices, read_device));
  AMITY_CHECK(read_list(document, "channels", m.channels, read_channel));
  AMITY_CHECK(read_list(document, "keys", fleet.keys, read_keys));
  if (document.HasMember("device_keys")) {
    AMITY_CHECK(read_list(document, "device_keys", fleet.keys, read_device_key));
  }
  return fleet;
}

Status import_fleet(const FleetFile& fleet, store::Registry& registry, headend::KeyRing& keys) {
  AMITY_CHECK(registry.add(fleet.master));
  return keys.put_all(fleet.keys);
}

}  // namespace amity::app
