#include "world/c12_meter.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/dlms/data_value.h"
#include "world/limits.h"

namespace amity::world {
namespace {

using c12::ResponseCode;
using c12::Value;

// ST12: dial readings of Wh, quadrants 1 and 4 in, 2 and 3 out.
constexpr std::uint32_t kImportUom = 1u << 14 | 1u << 17, kExportUom = 1u << 15 | 1u << 16;
constexpr std::uint32_t kChannels = 2;
constexpr std::array<std::uint16_t, 20> kTables = {0,  1,  3,  5,  6,  7,  8,  11, 12, 16,
                                                   21, 22, 23, 52, 61, 62, 63, 64, 71, 76};
constexpr std::uint8_t kUsedBytes = 10;
constexpr std::uint8_t kUint16Format = 2;
// Of the invented maker: its procedure 4 with one byte switches the supply, and bit 0 of its table
// 2 shows it. ST0 lists both.
constexpr std::uint16_t kSupplyTable = 2'048 + 2;
constexpr std::uint8_t kSwitchProcedure = 4, kListedBits = 1;
constexpr std::uint8_t kMakersTables = 1 << 2, kMakersProcedures = 1 << kSwitchProcedure,
                       kProcedures[2] = {0, 1 << 2};  // of the standard's: 10
constexpr std::uint8_t kSetClock = 10, kDone = 0, kBadParameter = 2, kConflict = 3,
                       kUnrecognized = 6;

Value bytes_value(ByteView bytes) {
  Value value;
  value.kind = Value::Kind::kBytes;
  value.bytes = bytes;
  return value;
}
Value text_value(std::string_view text) {
  return bytes_value(as_bytes(text));
}

Value blank(const c12::Field& field) {
  switch (field.type) {
    case c12::Type::kText:
    case c12::Type::kBinary:
    case c12::Type::kSet:
    case c12::Type::kId:
    case c12::Type::kRest:
      return bytes_value({});
    case c12::Type::kLongTime:
    case c12::Type::kShortTime:
    case c12::Type::kDate: {
      Value none;
      none.kind = Value::Kind::kTime;
      return none;
    }
    default:
      return c12::number(0);
  }
}

// STD_TBLS_USED, the first table in the low bit of the first byte.
std::array<std::uint8_t, kUsedBytes> used_tables() {
  std::array<std::uint8_t, kUsedBytes> used{};
  for (const std::uint16_t table : kTables)
    used[table / 8] |= static_cast<std::uint8_t>(1u << table % 8);
  return used;
}

// Standard event codes of C12.19; what has none stays with the meter's own number, as a
// manufacturer's event.
std::int64_t event_code(std::uint8_t code) {
  switch (code) {
    case kEventPowerDown:
      return 1;
    case kEventPowerUp:
      return 2;
    case kEventClockOld:
      return 3;
    case kEventClockNew:
      return 4;
    case kEventClockInvalid:
      return 40;
    case kEventUndervoltage:
      return 43;
    case kEventCoverRemoved:
      return 46;
    default:
      return 0x800 | code;
  }
}

// As the disconnect control of its other language does.
std::uint8_t switch_supply(VirtualMeter& meter, ByteView parameters) {
  if (parameters.size() != 1 || parameters[0] > 1) return kBadParameter;
  dlms::AssociationContext management;
  management.client_sap = 1;
  const auto method = static_cast<std::int8_t>(parameters[0] == 0 ? 1 : 2);
  Bytes argument, ignored;
  dlms::DataWriter(argument).int8(0);
  const auto done = meter.action(management, {70, dlms::Obis(0, 0, 96, 3, 10, 255), method},
                                 ByteView(argument), ignored);
  return done == dlms::ActionResult::kSuccess ? kDone : kConflict;
}

}  // namespace

std::string c12_title(std::uint32_t meter) {
  return fmt::format("1.3.6.1.4.1.33507.1.1.{}", meter + 1);
}

C12Meter::C12Meter(VirtualMeter& meter, std::uint64_t seed, const TimeZone& zone)
    : meter_(meter),
      zone_(zone),
      serial_(meter.serial()),
      maker_(meter.model().flag),
      model_("AX4-SD") {
  AMITY_ASSERT(keys_.add(kC12KeyId, device_key(seed, kC12KeyPurpose, meter.index())).ok());
  config_.network = true;
  config_.options.own = *c12::ap_title_from(c12_title(meter.index()));
  config_.options.keys = &keys_;
  config_.options.security = c12::SecurityMode::kEncrypted;
  config_.options.key_id = kC12KeyId;
  config_.identity.standard = 3;
}

// Seconds of UTC, as the standard has it, and never behind what an earlier connection may have
// used.
const c12::ServerConfig& C12Meter::next_server() {
  const auto now = static_cast<std::uint32_t>(meter_.meter_time().value);
  config_.options.first_iv = std::max(now, next_iv_);
  next_iv_ = config_.options.first_iv + kC12MessagesMax;
  return config_;
}

ResponseCode C12Meter::read(std::uint16_t table, Bytes& out) {
  if (table == kSupplyTable) {
    out.push_back(meter_.connected() ? 1 : 0);
    return ResponseCode::kOk;
  }
  if (std::ranges::find(kTables, table) == kTables.end() || table == 7 || table == 8)
    return ResponseCode::kOperationNotPossible;
  // Dimensions are learnt from the tables that state them, in their order.
  if (!context_.has_st0()) {
    for (const std::uint16_t first : {0, 11, 21, 61, 62, 71}) {
      Bytes ignored;
      AMITY_ASSERT(c12::encode_table(
                       first, context_,
                       [&, first](const c12::Item& i) { return value_of(first, i); }, ignored)
                       .ok());
    }
  }
  if (table == 63 || (table == 64 && latched_.value == 0)) latch();
  if (table == 64 && !profile_.empty()) {
    out = profile_;
    return ResponseCode::kOk;
  }
  if (table == 76) events_.clear();
  if (table == 76) {
    for (std::uint8_t log = 0; log < 4; ++log) {
      for (const LogEntry& e : meter_.log(log, UtcSeconds(0), meter_.meter_time()))
        events_.push_back(e);
    }
    std::ranges::stable_sort(events_, {}, &LogEntry::time);
    if (events_.size() > kC12Events) {
      events_.erase(events_.begin(), events_.end() - static_cast<std::ptrdiff_t>(kC12Events));
    }
  }
  const c12::Feed feed = [&](const c12::Item& item) -> Result<Value> {
    return value_of(table, item);
  };
  if (!c12::encode_table(table, context_, feed, out).ok()) return ResponseCode::kError;
  if (table == 64) profile_ = out;
  return ResponseCode::kOk;
}

ResponseCode C12Meter::write(std::uint16_t, std::uint32_t, bool, ByteView) {
  return ResponseCode::kInsufficientSecurity;
}

std::uint8_t C12Meter::run(std::uint16_t number, bool manufacturer, ByteView parameters, Bytes&) {
  if (manufacturer && number == kSwitchProcedure) return switch_supply(meter_, parameters);
  if (manufacturer || number != kSetClock) return kUnrecognized;
  // SET_MASK, LTIME_DATE in minutes since 1970 and seconds, TIME_DATE_QUAL.
  if (parameters.size() != 7) return kBadParameter;
  ByteReader reader(parameters.subspan(1));
  const std::uint32_t minutes = *reader.u32_le();
  const CivilTime civil = civil_from_utc(UtcSeconds(std::int64_t{minutes} * 60 + parameters[5]));
  const auto shown =
      zone_.instants(civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second);
  const bool set = !shown.empty() && meter_.jump_clock(shown.front() - meter_.meter_time());
  return set ? kDone : kBadParameter;
}

void C12Meter::latch() {
  const UtcSeconds turn = meter_.newest_row();
  if (turn == latched_) return;
  latched_ = turn;
  const UtcSeconds hour(turn.value / 3'600 * 3'600);
  rows_ = meter_.rows(hour - (kC12Blocks - 1) * 3'600LL, turn);
  profile_.clear();
}

Value C12Meter::wall_time(UtcSeconds time) const {
  const CivilTime civil = zone_.local(time);
  Value value;
  value.kind = Value::Kind::kTime;
  value.time.year = static_cast<std::int16_t>(civil.year);
  value.time.month = static_cast<std::uint8_t>(civil.month);
  value.time.day = static_cast<std::uint8_t>(civil.day);
  value.time.hour = static_cast<std::uint8_t>(civil.hour);
  value.time.minute = static_cast<std::uint8_t>(civil.minute);
  value.time.second = static_cast<std::uint8_t>(civil.second);
  value.time.precision = wire::MeterTime::Precision::kSecond;
  return value;
}

Value C12Meter::value_of(std::uint16_t table, const c12::Item& item) {
  const std::string_view name = item.field().name;
  if (table == 23 && item.field().role == c12::Role::kSummation) {
    const Totals offset = meter_.register_offset(), totals = meter_.totals_at(meter_.true_time());
    return c12::number(item.index(1) == 0 ? offset.import_wh + totals.import_wh
                                          : offset.export_wh + totals.export_wh);
  }
  if (table == 63 || table == 64) return profile(table, item);
  if (table == 76) return event(item);
  return configuration(table, name, item);
}

Value C12Meter::configuration(std::uint16_t table, std::string_view name, const c12::Item& item) {
  static const auto used = used_tables();
  const std::uint16_t index = item.index(item.depth - 1u);
  struct Constant {
    std::uint16_t table;
    std::string_view name;
    std::int64_t value;
  };
  constexpr Constant kConstants[] = {
      {0, "FORMAT_CONTROL_1", 1 << 1},      // little-endian, ASCII
      {0, "FORMAT_CONTROL_2", 3},           // times as minutes since 1970
      {0, "FORMAT_CONTROL_3", 8 | 8 << 4},  // 32-bit integers
      {0, "MAX_PROC_PARM_LENGTH", 16},
      {0, "STD_VERSION_NO", 2},
      {0, "DIM_STD_TBLS_USED", kUsedBytes},
      {0, "DIM_MFG_TBLS_USED", kListedBits},
      {0, "DIM_STD_PROC_USED", std::size(kProcedures)},
      {0, "DIM_MFG_PROC_USED", kListedBits},
      {1, "FW_VERSION_NUMBER", 4},
      {1, "FW_REVISION_NUMBER", 2},
      {3, "ED_MODE", 1},
      {11, "NBR_UOM_ENTRIES", kChannels},
      {11, "NBR_SOURCES", kChannels},
      {16, "SOURCES_LINK", 1},
      {21, "NBR_SUMMATIONS", kChannels},
      {52, "TIME_DATE_QUAL", 1 << 5 | 1 << 6},  // zone and summer time are in it
      {61, "LP_FLAGS", 1 << 11},
      {61, "LP_FMATS", 1 << 1},
      {61, "NBR_BLKS", kC12Blocks},
      {61, "NBR_CHNS", kChannels},
      {62, "INT_FMT_CDE", kUint16Format},
      {71, "NBR_STD_EVENTS", 6},
      {71, "NBR_MFG_EVENTS", 16},
      {71, "NBR_EVENT_ENTRIES", kC12Events}};
  for (const Constant& c : kConstants) {
    if (c.table == table && c.name == name) return c12::number(c.value);
  }
  if (name == "STD_TBLS_USED") return bytes_value(used);
  if (name == "MFG_TBLS_USED") return bytes_value(ByteView(&kMakersTables, 1));
  if (name == "STD_PROC_USED") return bytes_value(kProcedures);
  if (name == "MFG_PROC_USED") return bytes_value(ByteView(&kMakersProcedures, 1));
  if (name == "MANUFACTURER") return text_value(maker_);
  if (name == "ED_MODEL") return text_value(model_);
  if (name == "MFG_SERIAL_NUMBER" || name == "IDENTIFICATION" || name == "DEVICE_ID")
    return text_value(serial_);
  if (name == "OWNER_NAME") return text_value("simulated utility");
  if (name == "UOM_ENTRY") return c12::number(index == 0 ? kImportUom : kExportUom);
  if (name == "SUMMATION_SELECT") return c12::number(index);
  if (name == "LP_SOURCE_SELECT") return c12::number(item.index(1));
  if (name == "CLOCK_CALENDAR") return wall_time(meter_.meter_time());
  if (name == "NBR_BLK_INTS") return c12::number(per_block());
  if (name == "INT_TIME") return c12::number(meter_.interval_s() / 60);
  return blank(item.field());
}

// Blocks of an hour in a ring: the one of an hour stands at the number of that hour.
Value C12Meter::profile(std::uint16_t table, const c12::Item& item) {
  const std::int64_t length = meter_.interval_s();
  const std::int64_t newest = (latched_.value - 1) / 3'600;  // hour of the last interval
  const std::string_view name = item.field().name;
  if (table == 63) {
    if (name == "LP_SET_STATUS_FLAGS") return c12::number(1 << 2 | 1 << 5);  // circular, active
    if (name == "NBR_VALID_BLOCKS") return c12::number(kC12Blocks);
    if (name == "LAST_BLOCK_ELEMENT") return c12::number(newest % kC12Blocks);
    if (name == "LAST_BLOCK_SEQ_NBR") return c12::number(newest);
    if (name == "NBR_VALID_INT") return c12::number((latched_.value - newest * 3'600) / length);
    return blank(item.field());
  }
  const std::int64_t at = item.index(0);
  const std::int64_t hour = newest - (newest % kC12Blocks - at + kC12Blocks) % kC12Blocks;
  const auto row_at = [&](std::int64_t interval) -> const ProfileRow* {
    const UtcSeconds stamp(hour * 3'600 + (interval + 1) * length);
    const auto row = std::ranges::lower_bound(rows_, stamp, {}, &ProfileRow::stamp);
    return row != rows_.end() && row->stamp == stamp ? &*row : nullptr;
  };
  if (item.field().role == c12::Role::kBlockEnd) {
    return wall_time(UtcSeconds(std::min((hour + 1) * 3'600, latched_.value)));
  }
  if (item.field().role == c12::Role::kIntervalValid) {
    valid_ = 0;
    for (std::uint32_t i = 0; i < per_block(); ++i) {
      valid_ = static_cast<std::uint8_t>(valid_ | (row_at(i) != nullptr ? 1u << i : 0u));
    }
    return bytes_value(ByteView(&valid_, 1));
  }
  const ProfileRow* const row = row_at(item.index(1));
  if (row == nullptr) return c12::number(0);
  return c12::number(item.index(2) == 0 ? row->interval.import_wh : row->interval.export_wh);
}

Value C12Meter::event(const c12::Item& item) {
  const std::string_view name = item.field().name;
  if (name == "EVENT_FLAGS") return c12::number(0);
  if (name == "NBR_VALID_ENTRIES") return c12::number(static_cast<std::int64_t>(events_.size()));
  if (name == "LAST_ENTRY_ELEMENT" || name == "LAST_ENTRY_SEQ_NBR") {
    return c12::number(events_.empty() ? 0 : static_cast<std::int64_t>(events_.size()) - 1);
  }
  const std::size_t index = item.index(0);
  if (item.depth < 2 || index >= events_.size()) return blank(item.field());
  if (item.field().role == c12::Role::kEventTime) return wall_time(events_[index].time);
  if (item.field().role == c12::Role::kEventCode)
    return c12::number(event_code(events_[index].code));
  if (item.field().role == c12::Role::kSequence)
    return c12::number(static_cast<std::int64_t>(index));
  return blank(item.field());
}

}  // namespace amity::world
