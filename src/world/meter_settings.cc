#include "world/meter_settings.h"

#include <algorithm>

#include "base/crypto.h"
#include "wire/dlms/datetime.h"
#include "world/limits.h"
#include "world/meter_profiles.h"
#include "world/meter_values.h"

namespace amity::world {

using Access = dlms::DataAccessResult;
using Action = dlms::ActionResult;

namespace {

enum ImageStatus : std::uint8_t {
  kNotInitiated = 0, kInitiated = 1, kVerifying = 2, kVerified = 3, kVerifyFailed = 4, kActivating = 5, kActivated = 6,
};

}  // namespace

bool MeterSettings::move_clock(UtcSeconds to) {
  m_.note(0, kEventClockOld);
  if (!m_.clock_.set(m_.true_now(), to)) return false;
  m_.note(0, kEventClockNew);
  return true;
}

Access MeterSettings::set_clock(dlms::DataView value) {
  const auto bytes = value.as_bytes();
  if (!bytes.ok()) return Access::kTypeUnmatched;
  const auto stamp = dlms::date_time_from(*bytes);
  if (!stamp.ok()) return Access::kTypeUnmatched;
  const TimeZone zone = m_.model_->stamps == RowStamps::kUtc ? TimeZone::utc() : m_.town_->book->zone();
  const auto utc = dlms::to_utc(*stamp, dlms::DeviationSign::kStandard, &zone);
  if (!utc.ok()) return Access::kTypeUnmatched;
  return move_clock(utc->time) ? Access::kSuccess : Access::kTemporaryFailure;
}

Access MeterSettings::set_limiter(std::int8_t attribute, dlms::DataView value) {
  const auto number = value.as_uint();
  if (!number.ok()) return Access::kTypeUnmatched;
  if (*number > UINT32_MAX) return Access::kScopeOfAccessViolated;
  const auto v = static_cast<std::uint32_t>(*number);
  if (attribute == 6) {
    m_.extras().limiter_over_s = v;
    return Access::kSuccess;
  }
  if (attribute != 4) return Access::kReadWriteDenied;
  if (!m_.connected_) {  // takes effect on reconnection
    m_.extras().limiter_w = v;
    return Access::kSuccess;
  }
  if (m_.extras().limiter_w != 0) m_.end_curb();
  if (v != 0 && !m_.begin_curb(v)) return Access::kTemporaryFailure;
  m_.extras().limiter_w = v;
  m_.note(2, kEventLimiterChanged);
  return Access::kSuccess;
}

Access MeterSettings::keep(const ObjectSpec& spec, std::int8_t attribute, ByteView data) {
  if (data.size() > kSettingBytesMax) return Access::kScopeOfAccessViolated;
  auto& settings = m_.extras().settings;
  const std::uint32_t key = setting_key(spec, attribute);
  const auto found = std::ranges::find(settings, key, &std::pair<std::uint32_t, Bytes>::first);
  if (found == settings.end()) settings.emplace_back(key, Bytes(data.begin(), data.end()));
  else found->second.assign(data.begin(), data.end());
  return Access::kSuccess;
}

Access MeterSettings::set(const ObjectSpec& spec, std::int8_t attribute, ByteView data) {
  if (attribute < 1 || attribute > spec.attributes) return Access::kObjectUndefined;
  if ((spec.writable >> attribute & 1) == 0) return Access::kReadWriteDenied;
  dlms::DataTree tree;
  if (!tree.parse(data).ok()) return Access::kTypeUnmatched;
  const dlms::DataView value = tree.root();
  switch (spec.kind) {
    case ObjectKind::kClock: return set_clock(value);
    case ObjectKind::kLimiter: return set_limiter(attribute, value);
    case ObjectKind::kAlarmRegister:  // writing 1 bits clears them
      if (!value.as_uint().ok()) return Access::kTypeUnmatched;
      m_.extras().alarms &= ~static_cast<std::uint32_t>(*value.as_uint());
      return Access::kSuccess;
    case ObjectKind::kImageTransfer:
      if (!value.as_bool().ok()) return Access::kTypeUnmatched;
      m_.extras().image_enabled = *value.as_bool();
      return Access::kSuccess;
    case ObjectKind::kDisconnector:
      if (!value.as_uint().ok() || *value.as_uint() > 6) return Access::kTypeUnmatched;
      m_.control_mode_ = static_cast<std::uint8_t>(*value.as_uint());
      return Access::kSuccess;
    case ObjectKind::kActivityCalendar: {
      const bool names = attribute == 6 || attribute == 10;
      if (names != !value.is_container()) return Access::kTypeUnmatched;
      return keep(spec, attribute, data);
    }
    case ObjectKind::kPushSetup: return keep(spec, attribute, data);
    default: return Access::kReadWriteDenied;
  }
}

Action MeterSettings::clock_method(std::int8_t method, dlms::DataView value) {
  const auto number = value.as_int();
  const UtcSeconds now = m_.meter_time();
  const std::int64_t length = m_.town_->book->interval_s();
  const auto round_to = [&](std::int64_t step) { return UtcSeconds((now.value + step / 2) / step * step); };
  switch (method) {
    case 1: return move_clock(round_to(900)) ? Action::kSuccess : Action::kTemporaryFailure;   // to the quarter
    case 2: return move_clock(round_to(length)) ? Action::kSuccess : Action::kTemporaryFailure;  // to the period
    case 3: return move_clock(round_to(60)) ? Action::kSuccess : Action::kTemporaryFailure;
    case 6:
      if (!number.ok()) return Action::kTypeUnmatched;
      if (*number < -900 || *number > 900) return Action::kScopeOfAccessViolated;
      return move_clock(now + *number) ? Action::kSuccess : Action::kTemporaryFailure;
    default: return Action::kObjectUnavailable;  // preset time is not supported
  }
}

Action MeterSettings::begin_image(dlms::DataView value) {
  VirtualMeter::Extras& e = m_.extras();
  if (!e.image_enabled) return Action::kTemporaryFailure;
  const auto name = value.at(0), size = value.at(1);
  if (!name.ok() || !size.ok() || !name->as_bytes().ok() || !size->as_uint().ok()) return Action::kTypeUnmatched;
  if (*size->as_uint() == 0 || *size->as_uint() > kImageBytesMax || name->as_bytes()->size() > 64) {
    return Action::kScopeOfAccessViolated;
  }
  e.image_name.assign(name->as_bytes()->begin(), name->as_bytes()->end());
  e.image.assign(*size->as_uint(), 0);
  e.image_blocks.assign((e.image.size() + kImageBlockBytes * 8 - 1) / (kImageBlockBytes * 8), 0);
  e.image_status = kInitiated;
  return Action::kSuccess;
}

Action MeterSettings::image_block(dlms::DataView value) {
  VirtualMeter::Extras& e = m_.extras();
  if (e.image_status != kInitiated) return Action::kTemporaryFailure;
  const auto number = value.at(0), content = value.at(1);
  if (!number.ok() || !content.ok() || !number->as_uint().ok() || !content->as_bytes().ok()) {
    return Action::kTypeUnmatched;
  }
  const std::uint64_t block = *number->as_uint();
  const std::size_t blocks = (e.image.size() + kImageBlockBytes - 1) / kImageBlockBytes;
  if (block >= blocks) return Action::kScopeOfAccessViolated;
  const ByteView bytes = *content->as_bytes();
  const std::size_t at = block * kImageBlockBytes;
  if (bytes.size() != std::min<std::size_t>(kImageBlockBytes, e.image.size() - at)) return Action::kTypeUnmatched;
  std::ranges::copy(bytes, e.image.begin() + static_cast<std::ptrdiff_t>(at));
  e.image_blocks[block / 8] |= static_cast<std::uint8_t>(0x80 >> block % 8);
  return Action::kSuccess;
}

// An image of this maker begins with "AMITYFW1" and ends with the SHA-256 of all before.
Action MeterSettings::image_method(std::int8_t method, dlms::DataView value) {
  VirtualMeter::Extras& e = m_.extras();
  if (method == 1) return begin_image(value);
  if (method == 2) return image_block(value);
  if (method == 3) {
    const std::size_t blocks = (e.image.size() + kImageBlockBytes - 1) / kImageBlockBytes;
    if (e.image_status != kInitiated || blocks == 0) return Action::kTemporaryFailure;
    for (std::size_t b = 0; b < blocks; ++b) {
      if ((e.image_blocks[b / 8] >> (7 - b % 8) & 1) == 0) return Action::kTemporaryFailure;
    }
    const ByteView image(e.image);
    const bool sized = image.size() > 40 && as_text(image.first(8)) == "AMITYFW1";
    const bool good = sized && constant_time_equal(crypto::sha256(image.first(image.size() - 32)), image.last(32));
    e.image_status = good ? kVerified : kVerifyFailed;
    if (good) m_.note(0, kEventImageReady);
    return good ? Action::kSuccess : Action::kOtherReason;
  }
  if (method == 4) {
    if (e.image_status != kVerified) return Action::kTemporaryFailure;
    e.image_status = kActivated;
    m_.note(0, kEventImageActivated);
    return Action::kSuccess;
  }
  return Action::kObjectUnavailable;
}

Action MeterSettings::activate_calendar() {
  const ObjectSpec* spec = find_object(20, dlms::Obis(0, 0, 13, 0, 0, 255));
  for (std::int8_t passive = 6; passive <= 9; ++passive) {
    Bytes value;
    if (MeterValues(m_).get(*spec, passive, value) != Access::kSuccess) return Action::kOtherReason;
    if (keep(*spec, static_cast<std::int8_t>(passive - 4), value) != Access::kSuccess) return Action::kOtherReason;
  }
  return Action::kSuccess;
}

// global_key_transfer: array of {key id, key wrapped under the master key}. All keys are good, or none is taken.
Action MeterSettings::security_method(std::int8_t method, dlms::DataView value) {
  if (method != 2) return Action::kReadWriteDenied;  // the policy of these meters is fixed
  if (value.type() != dlms::DataType::kArray || value.size() == 0 || value.size() > 4) return Action::kTypeUnmatched;
  MeterKeys next = m_.keys();
  for (const dlms::DataView item : value) {
    const auto id = item.at(0), wrapped = item.at(1);
    if (!id.ok() || !wrapped.ok() || !id->as_uint().ok() || !wrapped->as_bytes().ok()) return Action::kTypeUnmatched;
    auto key = dlms::unwrap_key(m_.keys().master, *wrapped->as_bytes());
    if (!key.ok() || key->size() != 16) {
      m_.note(1, kEventDecryptionFailed);
      return Action::kOtherReason;
    }
    switch (*id->as_uint()) {
      case 0: next.encryption = std::move(*key); break;
      case 2: next.authentication = std::move(*key); break;
      case 3: next.master = std::move(*key); break;
      default: return Action::kScopeOfAccessViolated;
    }
  }
  m_.extras().keys = std::make_unique<MeterKeys>(std::move(next));
  m_.note(1, kEventKeysChanged);
  return Action::kSuccess;
}

Action MeterSettings::switch_relay(bool connect) {
  if (m_.control_mode_ == 0) return Action::kReadWriteDenied;
  ++m_.switchings_[connect ? 1 : 0];
  if (connect == m_.connected_) return Action::kSuccess;
  const std::uint32_t limit_w = m_.extras_ ? m_.extras_->limiter_w : 0;
  if (connect || limit_w != 0) m_.end_curb();
  if (!connect && !m_.begin_curb(0)) return Action::kTemporaryFailure;
  if (connect && limit_w != 0 && !m_.begin_curb(limit_w)) return Action::kTemporaryFailure;
  m_.connected_ = connect;
  m_.note(2, connect ? kEventConnected : kEventDisconnected);
  return Action::kSuccess;
}

Action MeterSettings::action(const ObjectSpec& spec, std::int8_t method, const std::optional<ByteView>& parameters,
                             Bytes&) {
  if (method < 1 || method > spec.methods) return Action::kObjectUndefined;
  static constexpr std::uint8_t kNull[] = {0};
  dlms::DataTree tree;
  if (!tree.parse(parameters.value_or(ByteView(kNull))).ok()) return Action::kTypeUnmatched;
  switch (spec.kind) {
    case ObjectKind::kClock: return clock_method(method, tree.root());
    case ObjectKind::kImageTransfer: return image_method(method, tree.root());
    case ObjectKind::kActivityCalendar: return activate_calendar();
    case ObjectKind::kPushSetup: m_.push_requested_ = true; return Action::kSuccess;
    case ObjectKind::kSecuritySetup: return security_method(method, tree.root());
    case ObjectKind::kDisconnector: return switch_relay(method == 2);
    default: return Action::kObjectUnavailable;
  }
}

// The meter itself: who may do what, and which part answers.

namespace {

constexpr std::uint16_t kManagementSap = 1;

bool is_management(const dlms::AssociationContext& association) { return association.client_sap == kManagementSap; }

}  // namespace

Access VirtualMeter::get(const dlms::AssociationContext& association, const dlms::AttributeRef& attribute,
                         const std::optional<dlms::SelectiveAccess>& access, Bytes& out) {
  bool same_name = false;
  const ObjectSpec* spec = find_object(attribute.class_id, attribute.instance, &same_name);
  if (spec != nullptr && !has(*spec)) return Access::kObjectUndefined;
  if (spec == nullptr) return same_name ? Access::kObjectClassInconsistent : Access::kObjectUndefined;
  if (!spec->is_public && !is_management(association)) return Access::kReadWriteDenied;
  if (spec->class_id == 7 && attribute.attribute > 1) {
    return MeterProfiles(*this).get(*spec, attribute.attribute, access, out);
  }
  if (access) return Access::kScopeOfAccessViolated;
  return MeterValues(*this).get(*spec, attribute.attribute, out);
}

Access VirtualMeter::set(const dlms::AssociationContext& association, const dlms::AttributeRef& attribute,
                         const std::optional<dlms::SelectiveAccess>& access, ByteView data) {
  const ObjectSpec* spec = find_object(attribute.class_id, attribute.instance);
  if (spec == nullptr || !has(*spec)) return Access::kObjectUndefined;
  if (access || !is_management(association)) return Access::kReadWriteDenied;
  return MeterSettings(*this).set(*spec, attribute.attribute, data);
}

Action VirtualMeter::action(const dlms::AssociationContext& association, const dlms::MethodRef& method,
                            const std::optional<ByteView>& parameters, Bytes& out) {
  const ObjectSpec* spec = find_object(method.class_id, method.instance);
  if (spec == nullptr || !has(*spec)) return Action::kObjectUndefined;
  if (!is_management(association)) return Action::kReadWriteDenied;
  return MeterSettings(*this).action(*spec, method.method, parameters, out);
}

void VirtualMeter::list(const dlms::AssociationContext& association, std::vector<dlms::ObjectEntry>& out) {
  for (const ObjectSpec& spec : meter_objects()) {
    if (!spec.is_public && !is_management(association)) continue;
    if (!has(spec)) continue;
    dlms::ObjectEntry entry;
    entry.class_id = spec.class_id;
    entry.version = spec.version;
    entry.instance = spec.obis;
    entry.attributes = spec.attributes;
    entry.methods = spec.methods;
    entry.writable = is_management(association) ? spec.writable : 0;
    out.push_back(entry);
  }
}

}  // namespace amity::world
