#include "headend/meter_layout.h"

#include <algorithm>

#include "headend/limits.h"
#include "wire/dlms/data.h"
#include "wire/dlms/mbus_client.h"

namespace amity::headend {

namespace {

constexpr std::uint16_t kClassRegister = 3, kClassExtended = 4, kClassDemand = 5, kClassProfile = 7,
                        kClassClock = 8, kClassAssociation = 15,
                        kClassPush = 40, kClassStatusMapping = 63, kClassDisconnect = 70;
constexpr std::uint32_t kDay_s = 86'400;

using Object = CosemObject;

dlms::AttributeRequest attribute(std::uint16_t class_id, const dlms::Obis& obis, std::int8_t index) {
  dlms::AttributeRequest request;
  request.attribute = {class_id, obis, index};
  return request;
}

Result<std::vector<Object>> parse_object_list(ByteView encoded) {
  dlms::DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  std::vector<Object> objects;
  if (!tree.root().is_container()) return make_error(ErrorCode::kMalformed, "the object list is no array");
  for (const dlms::DataView entry : tree.root()) {
    AMITY_TRY(const auto class_view, entry.at(0));
    AMITY_TRY(const auto name_view, entry.at(2));
    AMITY_TRY(const auto class_id, class_view.as_uint());
    AMITY_TRY(const auto name, name_view.as_bytes());
    AMITY_TRY(const auto obis, dlms::obis_from(name));
    objects.push_back({static_cast<std::uint16_t>(class_id), obis});
  }
  return objects;
}

ColumnRole role_of(const dlms::CaptureObject& object) {
  const dlms::AttributeRef& a = object.attribute;
  const dlms::Obis& o = a.instance;
  if (a.class_id == kClassClock) return ColumnRole::kClock;
  const bool abstract = o.a() == 0 && o.c() == 96;
  if (abstract && o.d() == 10) return ColumnRole::kStatus;
  if (abstract && o.d() == 11) return ColumnRole::kEventCode;
  if (a.class_id == kClassStatusMapping) return ColumnRole::kStatus;
  const bool measured = a.class_id == kClassRegister || a.class_id == kClassExtended || a.class_id == kClassDemand;
  return measured && (a.attribute == 2 || a.attribute == 3) ? ColumnRole::kValue : ColumnRole::kIgnored;
}

Result<std::vector<Column>> parse_columns(ByteView encoded) {
  dlms::DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  std::vector<Column> columns;
  if (!tree.root().is_container()) return make_error(ErrorCode::kMalformed, "capture_objects is no array");
  for (const dlms::DataView entry : tree.root()) {
    AMITY_TRY(const auto object, dlms::capture_object_from(entry));
    columns.push_back({role_of(object), object, Unit::kNone, 0});
  }
  if (columns.size() > kProfileColumnsMax) return make_error(ErrorCode::kLimit, "a profile of too many columns");
  return columns;
}

bool is_log(const dlms::Obis& o) { return o.a() == 0 && o.c() == 99 && o.d() == 98; }

bool is_mbus(const dlms::Obis& o, std::uint8_t d) { return o.a() == 0 && o.c() == 24 && o.d() == d; }

std::vector<MbusLayout> mbus_channels(const std::vector<Object>& objects) {
  std::vector<MbusLayout> channels;
  for (const Object& o : objects) {
    if (o.class_id == dlms::kMbusClientClass && is_mbus(o.obis, 1)) channels.push_back({o, {}, {}});
  }
  for (const Object& o : objects) {
    const bool value = (o.class_id == kClassRegister || o.class_id == kClassExtended) && is_mbus(o.obis, 2);
    for (MbusLayout& channel : channels) {
      const bool room = channel.values.size() < kMbusValuesMax;
      if (value && room && channel.channel() == o.obis.b()) channel.values.push_back(o);
    }
  }
  return channels;
}

// The first one that is captured every so often; true where the profile is one of an M-Bus channel.
bool take_mbus_profile(std::vector<MbusLayout>& channels, const Profile& profile) {
  if (!is_mbus(profile.obis, 3)) return false;
  for (MbusLayout& channel : channels) {
    if (channel.channel() != profile.obis.b()) continue;
    const auto has = [&](ColumnRole role) {
      return std::ranges::find(profile.columns, role, &Column::role) != profile.columns.end();
    };
    if (profile.period_s > 0 && !channel.profile && has(ColumnRole::kClock) && has(ColumnRole::kValue))
      channel.profile = profile;
    return true;
  }
  return false;
}

bool is_cumulative_energy(const Object& object) {
  const dlms::Obis& o = object.obis;
  return (object.class_id == kClassRegister || object.class_id == kClassExtended) && o.a() >= 1 && o.d() == 8 &&
         o.f() == 255;
}

void place(MeterLayout& layout, Profile profile) {
  bool clock = false, value = false, code = false;
  for (const Column& c : profile.columns) {
    clock |= c.role == ColumnRole::kClock;
    value |= c.role == ColumnRole::kValue;
    code |= c.role == ColumnRole::kEventCode;
  }
  if (!clock) return;
  const bool billing = profile.obis.c() == 98 || profile.period_s == 0 || profile.period_s >= kDay_s;
  if (is_log(profile.obis)) {
    if (code) layout.logs.push_back(std::move(profile));
  } else if (value) {
    (billing ? layout.daily : layout.loads).push_back(std::move(profile));
  }
}

Task<Result<std::vector<Profile>>> read_profiles(DeviceLink& link, const std::vector<Object>& objects) {
  std::vector<dlms::AttributeRequest> requests;
  std::vector<Profile> profiles;
  for (const Object& o : objects) {
    if (o.class_id != kClassProfile) continue;
    requests.push_back(attribute(kClassProfile, o.obis, 3));
    requests.push_back(attribute(kClassProfile, o.obis, 4));
    profiles.push_back({o.obis, 0, {}});
  }
  AMITY_CO_TRY(const auto items, co_await link.get(std::move(requests)));
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    if (!items[2 * i].ok()) continue;  // not readable in this association
    AMITY_CO_TRY(profiles[i].columns, parse_columns(items[2 * i].data));
    dlms::DataTree tree;
    if (items[2 * i + 1].ok() && tree.parse(items[2 * i + 1].data).ok()) {
      const auto period = tree.root().as_uint();
      if (period.ok()) profiles[i].period_s = static_cast<std::uint32_t>(*period);
    }
  }
  co_return profiles;
}

// Push object lists; elements beyond {class, OBIS, attribute, index} (restrictions) do not change the order.
Result<std::vector<dlms::CaptureObject>> parse_push_list(ByteView encoded) {
  dlms::DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  std::vector<dlms::CaptureObject> objects;
  if (!tree.root().is_container()) return make_error(ErrorCode::kMalformed, "push_object_list is no array");
  for (const dlms::DataView entry : tree.root()) {
    AMITY_TRY(const auto class_view, entry.at(0));
    AMITY_TRY(const auto name_view, entry.at(1));
    AMITY_TRY(const auto attribute_view, entry.at(2));
    AMITY_TRY(const auto class_id, class_view.as_uint());
    AMITY_TRY(const auto name, name_view.as_bytes());
    AMITY_TRY(const auto obis, dlms::obis_from(name));
    AMITY_TRY(const auto index, attribute_view.as_int());
    objects.push_back({{static_cast<std::uint16_t>(class_id), obis, static_cast<std::int8_t>(index)}, 0});
  }
  return objects;
}

Task<Result<std::vector<PushLayout>>> read_pushes(DeviceLink& link, const std::vector<Object>& objects) {
  std::vector<dlms::AttributeRequest> requests;
  std::vector<PushLayout> pushes;
  for (const Object& o : objects) {
    if (o.class_id != kClassPush) continue;
    requests.push_back(attribute(kClassPush, o.obis, 2));
    pushes.push_back({o.obis, {}});
  }
  AMITY_CO_TRY(const auto items, co_await link.get(std::move(requests)));
  for (std::size_t i = 0; i < pushes.size(); ++i) {
    if (items[i].ok()) {
      AMITY_CO_TRY(pushes[i].objects, parse_push_list(items[i].data));
    }
  }
  co_return pushes;
}

std::int8_t scaler_attribute(std::uint16_t class_id) { return class_id == kClassDemand ? 4 : 3; }

using Scalers = std::map<dlms::Obis, ScalerUnit>;

Task<Result<Scalers>> read_scalers(DeviceLink& link, const std::map<dlms::Obis, std::uint16_t>& measured) {
  std::vector<dlms::AttributeRequest> requests;
  for (const auto& [obis, class_id] : measured) {
    requests.push_back(attribute(class_id, obis, scaler_attribute(class_id)));
  }
  AMITY_CO_TRY(const auto items, co_await link.get(std::move(requests)));
  Scalers scalers;
  std::size_t at = 0;
  for (const auto& [obis, class_id] : measured) {
    const dlms::ItemResult& item = items[at++];
    if (!item.ok()) continue;
    AMITY_CO_TRY(scalers[obis], parse_scaler(item.data));
  }
  co_return scalers;
}

template <class To>
void apply(const Scalers& scalers, const dlms::Obis& obis, To& to) {
  const auto at = scalers.find(obis);
  if (at == scalers.end()) return;
  to.exponent = at->second.exponent;
  to.unit = at->second.unit;
}

}  // namespace

Result<ScalerUnit> parse_scaler(ByteView encoded) {
  dlms::DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  AMITY_TRY(const auto scaler_view, tree.root().at(0));
  AMITY_TRY(const auto unit_view, tree.root().at(1));
  AMITY_TRY(const auto scaler, scaler_view.as_int());
  AMITY_TRY(const auto unit, unit_view.as_uint());
  if (scaler < -18 || scaler > 18 || unit > 255) return make_error(ErrorCode::kMalformed, "no such scaler");
  return ScalerUnit{static_cast<std::int8_t>(scaler), static_cast<Unit>(unit)};
}

Task<Result<std::vector<CosemObject>>> read_object_list(DeviceLink& link) {
  AMITY_CO_TRY(const Bytes list, co_await link.get_value(attribute(kClassAssociation, kAssociationObis, 2)));
  co_return parse_object_list(list);
}

Task<Result<Profile>> read_profile_layout(DeviceLink& link, dlms::Obis obis) {
  std::vector<Object> one;
  one.push_back({kClassProfile, obis});
  AMITY_CO_TRY(auto profiles, co_await read_profiles(link, one));
  Profile profile = std::move(profiles[0]);
  if (profile.columns.empty()) co_return make_error(ErrorCode::kRefused, "the profile's columns cannot be read");
  std::map<dlms::Obis, std::uint16_t> measured;
  for (const Column& c : profile.columns) {
    if (c.role == ColumnRole::kValue) measured[c.object.attribute.instance] = c.object.attribute.class_id;
  }
  AMITY_CO_TRY(const auto scalers, co_await read_scalers(link, measured));
  for (Column& c : profile.columns) {
    if (c.role == ColumnRole::kValue) apply(scalers, c.object.attribute.instance, c);
  }
  co_return profile;
}

Task<Result<MeterLayout>> discover(DeviceLink& link) {
  AMITY_CO_TRY(const auto objects, co_await read_object_list(link));
  AMITY_CO_TRY(auto profiles, co_await read_profiles(link, objects));
  MeterLayout layout;
  AMITY_CO_TRY(layout.pushes, co_await read_pushes(link, objects));
  std::map<dlms::Obis, std::uint16_t> measured;  // whose scaler is needed
  for (const Object& o : objects) {
    layout.has_disconnector |= o.class_id == kClassDisconnect && o.obis == kDisconnectorObis;
    if (!is_cumulative_energy(o)) continue;
    layout.registers.push_back({{o.class_id, o.obis, 2}, Unit::kNone, 0});
    measured[o.obis] = o.class_id;
  }
  layout.mbus = mbus_channels(objects);
  std::erase_if(profiles, [&](const Profile& p) { return take_mbus_profile(layout.mbus, p); });
  for (const Profile& p : profiles) {
    for (const Column& c : p.columns) {
      if (c.role == ColumnRole::kValue) measured[c.object.attribute.instance] = c.object.attribute.class_id;
    }
  }
  AMITY_CO_TRY(const auto scalers, co_await read_scalers(link, measured));
  for (RegisterObject& r : layout.registers) apply(scalers, r.value.instance, r);
  for (Profile& p : profiles) {
    for (Column& c : p.columns) {
      if (c.role == ColumnRole::kValue) apply(scalers, c.object.attribute.instance, c);
    }
    place(layout, std::move(p));
  }
  co_return layout;
}

std::string quantity_name(const dlms::Obis& obis) {
  struct Name {
    std::uint8_t c;
    const char* name;
  };
  static constexpr Name kNames[] = {
      {1, "import"}, {2, "export"}, {3, "reactive_import"}, {4, "reactive_export"}, {5, "reactive_q1"},
      {6, "reactive_q2"}, {7, "reactive_q3"}, {8, "reactive_q4"}, {9, "apparent_import"}, {10, "apparent_export"},
      {13, "power_factor"}, {14, "frequency"}, {21, "import_l1"}, {41, "import_l2"}, {61, "import_l3"},
      {22, "export_l1"}, {42, "export_l2"}, {62, "export_l3"}, {31, "current_l1"}, {51, "current_l2"},
      {71, "current_l3"}, {32, "voltage_l1"}, {52, "voltage_l2"}, {72, "voltage_l3"}};
  if (obis.a() != 1) return dlms::to_reduced(obis);
  for (const Name& n : kNames) {
    if (n.c != obis.c()) continue;
    return obis.e() == 0 ? n.name : std::string(n.name) + "_t" + std::to_string(obis.e());
  }
  return dlms::to_reduced(obis);
}

ChannelKind kind_of(const dlms::Obis& obis) {
  return obis.d() == 8 || obis.d() == 9 ? ChannelKind::kRegister : ChannelKind::kInterval;
}

std::string LayoutCache::key(const std::string& manufacturer, const std::string& model, const std::string& firmware) {
  if (model.empty() || firmware.empty()) return "";
  return manufacturer + '\n' + model + '\n' + firmware;
}

std::shared_ptr<const MeterLayout> LayoutCache::find(const std::string& key) const {
  const auto at = key.empty() ? layouts_.end() : layouts_.find(key);
  return at == layouts_.end() ? nullptr : at->second;
}

std::shared_ptr<const MeterLayout> LayoutCache::keep(const std::string& key, MeterLayout layout) {
  auto kept = std::make_shared<const MeterLayout>(std::move(layout));
  if (!key.empty()) layouts_[key] = kept;
  return kept;
}

}  // namespace amity::headend
