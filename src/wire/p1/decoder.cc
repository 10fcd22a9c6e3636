#include "wire/p1/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "wire/obis/quantity.h"

namespace amity::p1 {
namespace {

using dlms::Obis;
using iec62056_21::DataGroup;
using iec62056_21::DataSet;
using wire::Reading;
using wire::Report;

constexpr std::uint8_t kDevice = 24;  // group C of M-Bus objects
constexpr std::string_view kCount = "count";

// Objects of their own: what they are in words, by groups A and C to E. Group B is 0 but for
// 1-3:0.2.8.
struct Word {
  std::uint8_t a, c, d, e;
  std::string_view quantity, kind;
};
constexpr Word kWords[] = {
    {0, 96, 14, 0, "tariff indicator", ""},       {0, 96, 3, 10, "switch position", ""},
    {0, 17, 0, 0, "limiter threshold", ""},       {0, 96, 7, 21, "power failures", kCount},
    {0, 96, 7, 9, "long power failures", kCount}, {1, 32, 32, 0, "voltage sags L1", kCount},
    {1, 52, 32, 0, "voltage sags L2", kCount},    {1, 72, 32, 0, "voltage sags L3", kCount},
    {1, 32, 36, 0, "voltage swells L1", kCount},  {1, 52, 36, 0, "voltage swells L2", kCount},
    {1, 72, 36, 0, "voltage swells L3", kCount},  {1, 31, 4, 0, "fuse threshold", ""},
};

const Word* find_word(const Obis& obis) {
  for (const Word& word : kWords) {
    if (word.a == obis.a() && word.c == obis.c() && word.d == obis.d() && word.e == obis.e())
      return &word;
  }
  return nullptr;
}

// M-Bus media (EN 13757-7 table of device types) that stand behind electricity meters.
std::string_view medium_name(unsigned type) {
  switch (type) {
    case 0x02:
      return "electricity";
    case 0x03:
      return "gas";
    case 0x04:
    case 0x0C:
      return "heat";
    case 0x06:
      return "warm water";
    case 0x07:
      return "water";
    case 0x0A:
    case 0x0B:
      return "cooling";
    case 0x15:
      return "hot water";
    case 0x16:
      return "cold water";
    default:
      return "";
  }
}

// Identifiers and messages are hexadecimal digits of ASCII; those that are not stand as they are.
void hex_text(std::string_view hex, std::string& out) {
  static constexpr unsigned kNone = 0x100;
  static constexpr auto kDigits = [] {
    std::array<std::uint16_t, 256> digits{};
    digits.fill(kNone);
    for (unsigned i = 0; i < 16; ++i)
      digits[static_cast<unsigned char>("0123456789ABCDEF"[i])] = static_cast<std::uint16_t>(i);
    return digits;
  }();
  out.assign(hex);
  if (hex.size() % 2 != 0) return;
  char* to = out.data();
  for (const char *at = hex.data(), *end = at + hex.size(); at != end; at += 2) {
    const unsigned value = kDigits[static_cast<unsigned char>(at[0])] * 16u +
                           kDigits[static_cast<unsigned char>(at[1])];
    if (value < 0x20 || value > 0x7E) {
      out.assign(hex);
      return;
    }
    *to++ = static_cast<char>(value);
  }
  out.resize(hex.size() / 2);
}

std::string hex_text(std::string_view hex) {
  std::string text;
  hex_text(hex, text);
  return text;
}

void add_unknown(const DataSet& set, Report& report) {
  std::string text;
  for (std::size_t i = 0; i < set.count; ++i) text += fmt::format("({})", set.group(i).text);
  report.unknown.push_back({set.offset, std::string(set.address), to_hex(as_bytes(text))});
}

// (count)(what)(end)(duration)(end)(duration)...
void read_power_failures(const DataSet& set, Report& report) {
  for (std::size_t i = 2; i + 1 < set.count; i += 2) {
    const auto time = iec62056_21::parse_time(set.group(i).text);
    wire::Event& event = report.events.emplace_back();
    event.text = "power failure of ";
    event.text +=
        std::to_string(iec62056_21::parse_number(set.group(i + 1).value).value_or(Decimal{}).value);
    event.text += " s";
    if (time) event.time = *time;
    event.id.assign(set.address);
  }
}

}  // namespace

Status Decoder::decode(ByteView telegram, Report& report) {
  readings_.begin(report);
  const Status status = decode_any(telegram, report);
  readings_.finish();
  return status;
}

Status Decoder::decode_any(ByteView telegram, Report& report) {
  report.protocol = "p1";
  if (telegram.empty() || telegram[0] != kEncryptedTag) return decode_plain(telegram, report);
  report.security.mode = "aes-gcm";
  report.security.ok = false;
  AMITY_TRY(const auto size, encrypted_frame_size(telegram));
  if (!size || telegram.size() < *size)
    return make_error(ErrorCode::kTruncated, "the encrypted telegram is cut", telegram.size());
  report.security.reason = keys_.empty() ? "no key" : "no key fits";
  for (const SmartyKey& key : keys_) {
    plain_.clear();
    const Status opened = open_encrypted(telegram, key, plain_);
    if (!opened.ok()) continue;
    report.security.ok = true;
    report.security.reason.clear();
    return decode_plain(plain_, report);
  }
  return make_error(ErrorCode::kSecurity, report.security.reason);
}

Status Decoder::decode_plain(ByteView bytes, Report& report) {
  for (Device& device : devices_) {
    device.type = 0;
    device.id.clear();
  }
  AMITY_TRY(const Telegram telegram, parse_telegram(bytes));
  report.meter.medium = "electricity";
  if (telegram.identification.size() >= 3)
    report.meter.manufacturer.assign(telegram.identification.substr(0, 3));
  if (telegram.identification.size() > 4)
    report.meter.model.assign(telegram.identification.substr(4));
  if (!telegram.has_crc) report.details.emplace_back("crc", "none");
  AMITY_CHECK(read_sets(telegram, report));
  name_devices();
  return {};
}

Status Decoder::read_sets(const Telegram& telegram, Report& report) {
  std::string_view rest = telegram.data;
  std::size_t offset = telegram.data_offset;
  const auto skip = [&](std::size_t size) {
    rest.remove_prefix(size);
    offset += size;
  };
  const auto skip_line_ends = [&] { skip(std::min(rest.find_first_not_of("\r\n"), rest.size())); };
  skip_line_ends();
  for (std::size_t place = 0;; ++place) {
    if (place < addresses_.size()) {
      const Address& known = addresses_[place];
      std::size_t size = known.line.read(rest, readings_);
      if (size == 0) {
        size = known.line.repeat(rest, offset, set_);
        if (size != 0) read(known, set_, report);
      }
      if (size != 0) {
        skip(size);
        continue;
      }
    }
    iec62056_21::DataReader reader(rest, offset);
    AMITY_TRY(const bool more, reader.next(set_));
    if (!more) return {};
    Address& address = look_up(set_.address, place);
    const std::size_t before = readings_.size();
    read(address, set_, report);
    const std::size_t start = set_.offset - offset;
    const std::string_view line = rest.substr(start, reader.position() - start + 2);
    const std::size_t size = reader.position() - start;
    if (readings_.size() == before + 1)
      address.line.learn(line, size, number_, readings_[before]);
    else
      address.line.learn(line, size, set_);
    skip(reader.position());
    skip_line_ends();
  }
}

Decoder::Address& Decoder::look_up(std::string_view text, std::size_t place) {
  place = std::min(place, kPlacesMax);
  if (place >= addresses_.size()) addresses_.resize(place + 1);
  Address& address = addresses_[place];
  if (address.text == text && !text.empty()) return address;
  address.text = text;
  address.obis = iec62056_21::parse_address(text);
  address.quantity = address.obis ? obis::quantity_of(*address.obis) : obis::Quantity{};
  return address;
}

Reading& Decoder::add_reading(const DataSet& set, std::string_view quantity, std::string_view kind,
                              const DataGroup& group, std::uint8_t unit) {
  Reading& reading = readings_.add();
  reading.quantity = quantity;
  reading.kind = kind;
  reading.id.assign(set.address);
  set_value(group, unit, reading);
  number_ = group.value;
  return reading;
}

// Belgium: (count)(what)(what)(month)(time)(value)...: maximum demand of the last months.
void Decoder::read_maxima(const DataSet& set) {
  std::uint64_t storage = 1;
  for (std::size_t i = 3; i + 2 < set.count; i += 3, ++storage) {
    Reading& reading = add_reading(set, "active power import", "maximum", set.group(i + 2), 27);
    reading.storage = storage;
    if (const auto time = iec62056_21::parse_time(set.group(i + 1).text)) reading.time = *time;
  }
}

void Decoder::read(const Address& address, const DataSet& set, Report& report) {
  const std::optional<Obis>& obis = address.obis;
  if (!obis || set.count == 0) return add_unknown(set, report);
  if (obis->a() == 0) {
    if (!read_abstract(*obis, set, report)) add_unknown(set, report);
    return;
  }
  if (obis->a() != 1) return add_unknown(set, report);
  if (obis->b() != 0) {
    if (obis->c() == 0 && obis->d() == 2 && obis->e() == 8) {
      report.meter.version.assign(set.group(0).text);
      return;
    }
    return add_unknown(set, report);
  }
  if (obis->c() == 99 && obis->d() == 97) return read_power_failures(set, report);
  // A value may stand behind the time that it belongs to.
  const std::size_t last = set.count - 1;
  // P1 gives 31.4.0 a meaning of its own; of the others no quantity is known.
  const bool own = obis->d() == 4 || obis->d() == 32 || obis->d() == 36;
  if (const Word* word = own ? find_word(*obis) : nullptr) {
    add_reading(set, word->quantity, word->kind, set.group(last), 255);
    return;
  }
  const obis::Quantity& quantity = address.quantity;
  if (!quantity.name.empty() && !quantity.kind.empty()) {
    Reading& reading =
        add_reading(set, quantity.name, quantity.kind, set.group(last), quantity.unit);
    reading.tariff = obis->e();
    if (last == 1) {
      if (const auto time = iec62056_21::parse_time(set.group(0).text)) reading.time = *time;
    }
    return;
  }
  add_unknown(set, report);
}

bool Decoder::read_abstract(const Obis& obis, const DataSet& set, Report& report) {
  const std::string_view text = set.group(0).text;
  if (obis.b() != 0) return read_device(obis, set, report);
  if (obis::is_clock(obis)) {
    const auto time = iec62056_21::parse_time(text);
    if (!time) return false;
    report.time = *time;
    return true;
  }
  if (obis.c() == 42 || (obis.c() == 96 && obis.d() == 1 && obis.e() <= 1)) {
    if (report.meter.id.empty()) hex_text(text, report.meter.id);
    return true;
  }
  if (obis.c() == 96 && obis.d() == 1 && obis.e() == 4) {  // Belgium
    report.meter.version.assign(text);
    return true;
  }
  if (obis.c() == 96 && obis.d() == 13) {
    if (text.empty()) return true;  // no message
    Reading& reading = readings_.add();
    reading.quantity = "text message";
    reading.value = hex_text(text);
    reading.id.assign(set.address);
    return true;
  }
  if (obis.c() == 98 && obis.d() == 1) {
    read_maxima(set);
    return true;
  }
  if (const Word* word = find_word(obis)) {
    add_reading(set, word->quantity, word->kind, set.group(set.count - 1), 255);
    return true;
  }
  return false;
}

bool Decoder::read_device(const Obis& obis, const DataSet& set, Report& report) {
  if (obis.b() >= kDevicesMax) return false;
  Device& device = devices_[obis.b()];
  const std::string_view text = set.group(0).text;
  if (obis.c() == 96 && obis.d() == 1 && obis.e() <= 1) {
    if (device.id.empty()) hex_text(text, device.id);
    return true;
  }
  if (obis.c() == 96 && obis.d() == 1 && obis.e() == 2) {  // Belgium: EAN
    report.details.emplace_back("ean", hex_text(text));
    return true;
  }
  if (obis.c() != kDevice) return false;
  if (obis.d() == 1 && obis.e() == 0) {
    device.type = static_cast<unsigned>(iec62056_21::parse_number(text).value_or(Decimal{}).value);
    return true;
  }
  if (obis.d() == 4) {
    readings_.set_subunit(add_reading(set, "valve position", "", set.group(0), 255), obis.b());
    return true;
  }
  // 24.2.n (time)(value*unit); DSMR 2.2 and 3: 24.3.0 (time)(00)(minutes)(1)(address)(unit)(value)
  const bool old = obis.d() == 3 && set.count == 7;
  if (!old && (obis.d() != 2 || set.count != 2)) return false;
  DataGroup group = set.group(set.count - 1);
  if (old) group.unit = set.group(5).text;
  Reading& reading = add_reading(set, "", "total", group, 255);
  if (reading.unit == "m3") reading.quantity = "volume";
  if (reading.unit == "J" || reading.unit == "Wh") reading.quantity = "energy";
  if (const auto time = iec62056_21::parse_time(text)) reading.time = *time;
  readings_.set_subunit(reading, obis.b());
  return true;
}

// Which meter a value came from: channels are named before or behind their values.
void Decoder::name_devices() {
  for (std::size_t i = readings_.first_with_subunit(); i < readings_.size(); ++i) {
    Reading& reading = readings_[i];
    if (reading.subunit == 0 || reading.subunit >= kDevicesMax) continue;
    const Device& device = devices_[reading.subunit];
    const std::string_view medium = medium_name(device.type);
    if (medium.empty()) {
      if (device.type != 0) reading.note = fmt::format("device type {}", device.type);
    } else {
      reading.note.assign(medium);
    }
    if (!device.id.empty()) reading.note.append(" meter ").append(device.id);
  }
}

}  // namespace amity::p1
