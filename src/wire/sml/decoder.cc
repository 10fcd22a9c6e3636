#include "wire/sml/decoder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/civil.h"
#include "base/units.h"
#include "wire/obis/quantity.h"

namespace amity::sml {
namespace {

using wire::MeterTime;
using wire::Reading;
using wire::Report;

constexpr dlms::Obis kOwner{1, 0, 96, 50, 1, 1}, kOldOwner{129, 129, 199, 130, 3, 255},
    kPublicKey{129, 129, 199, 130, 5, 255}, kServerId{1, 0, 96, 1, 0, 255},
    kOldServerId{1, 0, 0, 0, 9, 255}, kOldSerial{1, 0, 0, 0, 0, 255},
    kSerial{0, 0, 96, 1, 255, 255};
constexpr std::int64_t kSecondsPerMinute = 60;
constexpr int kExponentMax = 18;

MeterTime meter_time(std::int64_t seconds, std::optional<std::int16_t> offset_minutes) {
  MeterTime time = wire::to_meter_time(civil_from_utc(UtcSeconds(seconds)));
  time.utc_offset_minutes = offset_minutes;
  return time;
}

// Second indices are no wall clock: they are left to the report's details.
MeterTime meter_time(const Time& time) {
  if (time.kind == Time::Kind::kTimestamp) return meter_time(time.value, std::int16_t{0});
  if (time.kind != Time::Kind::kLocalTimestamp) return {};
  const int offset = time.local_offset_minutes + time.season_offset_minutes;
  MeterTime local = meter_time(std::int64_t{time.value} + offset * kSecondsPerMinute,
                               static_cast<std::int16_t>(offset));
  local.daylight_saving = time.season_offset_minutes != 0;
  return local;
}

void append_obis(const dlms::Obis& obis, std::string& out) {
  char text[32];
  char* at = text;
  static constexpr char kBehind[] = {'-', ':', '.', '.', '*'};
  for (std::size_t i = 0; i < dlms::Obis::kSize; ++i) {
    const std::uint8_t group = obis.bytes[i];
    if (group >= 100) *at++ = static_cast<char>('0' + group / 100);
    if (group >= 10) *at++ = static_cast<char>('0' + group / 10 % 10);
    *at++ = static_cast<char>('0' + group % 10);
    if (i + 1 < dlms::Obis::kSize) *at++ = kBehind[i];
  }
  out.append(text, at);
}

void append_status(std::uint64_t status, std::string& out) {
  char text[16];
  out += "status ";
  char* at = std::end(text);
  do {
    *--at = "0123456789ABCDEF"[status & 15];
    status >>= 4;
  } while (status != 0);
  out.append(at, std::end(text));
}

bool is_text(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::uint8_t c) { return c >= 0x20 && c < 0x7F; });
}

std::string text_or_hex(ByteView bytes) {
  return is_text(bytes) ? std::string(as_text(bytes)) : to_hex(bytes);
}

bool is_number(const Value& value) {
  return value.kind == Value::Kind::kSigned || value.kind == Value::Kind::kUnsigned ||
         value.kind == Value::Kind::kBool;
}

bool is_power(const dlms::Obis& obis) {
  return obis.a() == 1 && obis.d() == 7 &&
         (obis.c() % 20 == 1 || obis.c() % 20 == 15 || obis.c() % 20 == 16);
}

void add_unknown(const dlms::Obis& name, ByteView bytes, std::size_t offset, Report& report) {
  std::string id;
  append_obis(name, id);
  report.unknown.push_back({offset, std::move(id), to_hex(bytes)});
}

void set_value(const Value& value, int scaler, Reading& reading) {
  const bool fits = scaler >= -kExponentMax && scaler <= kExponentMax;
  if (value.kind == Value::Kind::kUnsigned && value.number < 0) {
    // Above 2^63: only a double holds it.
    double real = static_cast<double>(static_cast<std::uint64_t>(value.number));
    for (int i = 0; i < scaler; ++i) real *= 10;
    for (int i = 0; i > scaler; --i) real /= 10;
    reading.value = real;
  } else if (fits) {
    reading.value = Decimal{value.number, scaler};
  } else {
    reading.value = fmt::format("{}e{}", value.number, scaler);
  }
}

// Words, unit and id of a value of this name.
Reading& add_reading(const dlms::Obis& name, std::uint8_t unit, Report& report) {
  const obis::Quantity quantity = obis::quantity_of(name);
  Reading& reading = report.readings.emplace_back();
  reading.quantity = quantity.name;
  reading.kind = quantity.kind;
  reading.unit = dlms_unit_symbol(unit);
  append_obis(name, reading.id);
  const bool energy = name.a() == 1 && (name.d() == 8 || name.d() == 9 || name.d() == 29);
  if (energy && name.e() < 64) reading.tariff = name.e();
  if (name.f() < 100) reading.storage = name.f();
  if (report.meter.medium.empty()) report.meter.medium = obis::medium_of(name);
  return reading;
}

}  // namespace

Status Decoder::decode(ByteView frame, Report& report) {
  report.clear();
  report.protocol = "sml";
  AMITY_TRY(const Payload payload, open_frame(frame, scratch_));
  if (payload.crc != Crc::kX25) report.details.emplace_back("frame_crc", to_string(payload.crc));
  return decode_payload(payload.bytes, report);
}

Status Decoder::decode_payload(ByteView payload, Report& report) {
  report.protocol = "sml";
  server_id_ = {};
  server_ = {};
  status_.reset();
  TlvReader reader(payload);
  for (std::size_t count = 0; !reader.at_end(); ++count) {
    if (count == kMessagesMax)
      return make_error(ErrorCode::kLimit, "too many messages in a frame", reader.offset());
    read_message(reader, report);
  }
  if (!reader.ok()) return reader.error();
  return {};
}

void Decoder::read_message(TlvReader& reader, Report& report) {
  const std::size_t start = reader.position();
  const MessageHead head = read_head(reader);
  const std::size_t body_offset = reader.offset();
  if (!reader.ok()) return;
  // A body is used once the CRC behind it was found right.
  const auto read_whole = [&](auto& body) {
    read_body(reader, body);
    return is_whole(reader, start, report);
  };
  switch (static_cast<MessageType>(head.type)) {
    case MessageType::kOpenResponse: {
      OpenResponse open;
      if (read_whole(open)) note_server(open.server_id, report);
      return;
    }
    case MessageType::kListResponse:
      if (read_whole(list_)) add_list(body_offset, report);
      return;
    case MessageType::kAttention: {
      Attention attention;
      if (read_whole(attention)) add_attention(attention, report);
      return;
    }
    case MessageType::kProfilePackResponse: {
      ProfilePackResponse pack;
      if (read_whole(pack)) add_profile(pack, report);
      return;
    }
    case MessageType::kProfileListResponse: {
      ProfileListResponse profile;
      if (read_whole(profile)) add_profile(profile, report);
      return;
    }
    case MessageType::kParameterResponse: {
      ParameterResponse parameters;
      if (!read_whole(parameters)) return;
      note_server(parameters.server_id, report);
      add_parameters(parameters.tree, report);
      return;
    }
    default:
      break;
  }
  reader.skip();
  if (is_whole(reader, start, report) && head.type != std::uint32_t(MessageType::kCloseResponse))
    report.details.emplace_back("message", name_of(head.type));
}

bool Decoder::is_whole(TlvReader& reader, std::size_t start, Report& report) {
  const Crc crc = read_tail(reader, start);
  if (reader.ok() && crc != Crc::kX25) report.details.emplace_back("message_crc", to_string(crc));
  return reader.ok();
}

void Decoder::add_attention(const Attention& attention, Report& report) {
  note_server(attention.server_id, report);
  report.events.push_back({static_cast<std::int64_t>(unsigned_of(attention.number.last(
                               std::min<std::size_t>(attention.number.size(), 4)))),
                           text_or_hex(attention.message),
                           {},
                           to_hex(attention.number)});
  add_parameters(attention.details, report);
}

void Decoder::note_server(ByteView id, Report& report) {
  if (id.empty()) return;
  server_id_ = id;
  server_ = parse_server_id(id);
  report.meter.id.clear();
  append_server_id(id, report.meter.id);
  if (report.meter.manufacturer.empty()) report.meter.manufacturer = server_.manufacturer;
}

void Decoder::note_time(const Time& time, Report& report) {
  if (time.kind == Time::Kind::kSecIndex) {
    report.details.emplace_back("second_index", std::to_string(time.value));
  } else {
    report.time = meter_time(time);
  }
}

void Decoder::add_list(std::size_t offset, Report& report) {
  note_server(list_.server_id, report);
  note_time(list_.time, report);
  status_.reset();
  for (const ListEntry& entry : list_.entries) {
    if (entry.status && !status_ && entry.name.d() == 8) status_ = entry.status;
  }
  for (const ListEntry& entry : list_.entries) add_entry(entry, offset, report);
  if (!list_.signature.empty()) report.details.emplace_back("signature", to_hex(list_.signature));
}

void Decoder::add_entry(const ListEntry& entry, std::size_t offset, Report& report) {
  const dlms::Obis& name = entry.name;
  if (is_number(entry.value)) {
    Value value = entry.value;
    const bool corrected = is_power(name) && correct_power_sign(server_, status_, value);
    Reading& reading = add_reading(name, entry.unit.value_or(255), report);
    set_value(value, entry.scaler.value_or(0), reading);
    reading.time = meter_time(entry.time);
    if (entry.status) append_status(*entry.status, reading.note);
    if (corrected) reading.note += "sign corrected";
    return;
  }
  const ByteView octets = entry.value.octets;
  if (entry.value.kind != Value::Kind::kOctets) return add_unknown(name, {}, offset, report);
  if (name == kOwner || name == kOldOwner) {
    report.meter.manufacturer = text_or_hex(octets);
  } else if (name == kServerId || name == kOldServerId || name == kOldSerial) {
    if (report.meter.id.empty() || name == kOldServerId)
      note_server(octets, report);
    else if (!std::equal(octets.begin(), octets.end(), server_id_.begin(), server_id_.end()))
      report.details.emplace_back("serial", text_or_hex(octets));
  } else if (name == kSerial) {
    report.details.emplace_back("serial", text_or_hex(octets));
  } else if (name == kPublicKey) {
    report.details.emplace_back("public_key", to_hex(octets));
  } else {
    add_unknown(name, octets, offset, report);
  }
}

void Decoder::add_profile(const ProfilePackResponse& profile, Report& report) {
  note_server(profile.server_id, report);
  note_time(profile.time, report);
  report.details.emplace_back("period_s", std::to_string(profile.period_s));
  for (const ProfileRow& row : profile.rows) {
    for (std::size_t i = 0; i < row.cells.size() && i < profile.columns.size(); ++i) {
      const ProfileColumn& column = profile.columns[i];
      const Value& value = row.cells[i].value;
      if (!is_number(value)) {
        add_unknown(column.name, value.octets, 0, report);
        continue;
      }
      Reading& reading = add_reading(column.name, column.unit, report);
      set_value(value, column.scaler, reading);
      reading.time = meter_time(row.time);
      if (row.time.kind == Time::Kind::kSecIndex)
        reading.note = fmt::format("second index {}", row.time.value);
      if (row.status != 0) {
        if (!reading.note.empty()) reading.note += ", ";
        append_status(row.status, reading.note);
      }
    }
  }
}

void Decoder::add_profile(const ProfileListResponse& profile, Report& report) {
  ProfilePackResponse pack;
  pack.server_id = profile.server_id;
  pack.time = profile.time;
  pack.period_s = profile.period_s;
  ProfileRow& row = pack.rows.emplace_back();
  row.time = profile.row_time;
  row.status = profile.status;
  for (const ProfileListItem& item : profile.items) {
    pack.columns.push_back(item.column);
    row.cells.push_back(item.cell);
  }
  add_profile(pack, report);
}

void Decoder::add_parameters(std::span<const Parameter> tree, Report& report) {
  for (const Parameter& parameter : tree) {
    dlms::Obis name;
    if (parameter.name.size() == dlms::Obis::kSize)
      std::copy(parameter.name.begin(), parameter.name.end(), name.bytes.begin());
    if (is_number(parameter.value)) {
      Reading& reading = add_reading(name, 255, report);
      set_value(parameter.value, 0, reading);
      if (parameter.name.size() != dlms::Obis::kSize) reading.id = to_hex(parameter.name);
    } else if (parameter.value.kind == Value::Kind::kOctets) {
      Reading& reading = add_reading(name, 255, report);
      reading.value = text_or_hex(parameter.value.octets);
      if (parameter.name.size() != dlms::Obis::kSize) reading.id = to_hex(parameter.name);
    } else if (!parameter.structured.empty()) {
      report.unknown.push_back({0, to_hex(parameter.name), to_hex(parameter.structured)});
    }
  }
}

}  // namespace amity::sml
