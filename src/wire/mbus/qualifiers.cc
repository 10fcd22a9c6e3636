#include "wire/mbus/qualifiers.h"

namespace amity::mbus {
namespace {

constexpr std::uint8_t kExtensionTable = 0x7C;  // the next VIFE is of table 17

// Table 16, those that need nothing but words. Empty: handled apart, or reserved.
constexpr std::array<std::string_view, 128> make_words() {
  std::array<std::string_view, 128> w{};
  w[0x01] = "error: too many DIFE";
  w[0x02] = "error: storage number not implemented";
  w[0x03] = "error: unit number not implemented";
  w[0x04] = "error: tariff number not implemented";
  w[0x05] = "error: function not implemented";
  w[0x06] = "error: data class not implemented";
  w[0x07] = "error: data size not implemented";
  w[0x0B] = "error: too many VIFE";
  w[0x0C] = "error: illegal VIF group";
  w[0x0D] = "error: illegal VIF exponent";
  w[0x0E] = "error: VIF and DIF do not match";
  w[0x0F] = "error: unimplemented action";
  w[0x12] = "average";
  w[0x13] = "inverse compact profile";
  w[0x14] = "relative deviation";
  w[0x15] = "error: no data available";
  w[0x16] = "error: data overflow";
  w[0x17] = "error: data underflow";
  w[0x18] = "error: data error";
  w[0x1C] = "error: premature end of record";
  w[0x1D] = "standard conform data content";
  w[0x1E] = "compact profile with registers";
  w[0x1F] = "compact profile";
  w[0x28] = "increment per input pulse on channel 0";
  w[0x29] = "increment per input pulse on channel 1";
  w[0x2A] = "increment per output pulse on channel 0";
  w[0x2B] = "increment per output pulse on channel 1";
  w[0x36] = "multiplied by s";
  w[0x37] = "multiplied by s/V";
  w[0x38] = "multiplied by s/A";
  w[0x3A] = "uncorrected";
  w[0x3B] = "forward";
  w[0x3C] = "backward";
  w[0x3D] = "non-metric units";
  w[0x3E] = "at base conditions";
  w[0x40] = "lower limit";
  w[0x48] = "upper limit";
  w[0x68] = "during lower limit exceed";
  w[0x69] = "leakage";
  w[0x6C] = "during upper limit exceed";
  w[0x6D] = "overflow";
  w[0x7E] = "future";
  return w;
}
constexpr auto kWords = make_words();

constexpr std::string_view kPer[] = {"s",   "min", "h",  "d",   "week", "mo", "a",  "measurement",
                                     {},    {},    {},   {},    "l",    "m3", "kg", "K",
                                     "kWh", "GJ",  "kW", "K l", "V",    "A"};

// Table 17.
constexpr std::array<std::string_view, 0x20> make_extension_words() {
  std::array<std::string_view, 0x20> w{};
  w[0x01] = "phase L1";
  w[0x02] = "phase L2";
  w[0x03] = "phase L3";
  w[0x04] = "neutral";
  w[0x05] = "L1 to L2";
  w[0x06] = "L2 to L3";
  w[0x07] = "L3 to L1";
  w[0x08] = "quadrant Q1";
  w[0x09] = "quadrant Q2";
  w[0x0A] = "quadrant Q3";
  w[0x0B] = "quadrant Q4";
  w[0x0C] = "import minus export";
  w[0x10] = "absolute, both directions";
  w[0x11] = "as type C";
  w[0x12] = "as type D";
  w[0x13] = "to the meter";
  w[0x14] = "from the meter";
  return w;
}
constexpr auto kExtensionWords = make_extension_words();

constexpr std::int32_t kDurationFactors[] = {1, 60, 3'600, 86'400};

void add_note(Qualifiers& q, std::string_view words) {
  if (!q.note.empty()) q.note += ", ";
  q.note += words;
}

void add_raw(Qualifiers& q, std::string_view what, std::uint8_t code) {
  std::string words(what);
  words += to_hex(ByteView(&code, 1));
  add_note(q, words);
}

void becomes(Qualifiers& q, std::string_view quantity, std::string_view unit,
             ValueClass value_class, std::int32_t factor) {
  q.quantity = quantity;
  q.unit = unit;
  q.value_class = value_class;
  q.factor = factor;
}

// 40 to 6F: counts, durations and dates of limits and of the first or last occurrence.
bool limits_and_durations(std::uint8_t code, Qualifiers& q) {
  const bool upper = (code & 0x08) != 0, last = (code & 0x04) != 0;
  if (code == 0x41 || code == 0x49) {
    becomes(q, "exceeds of limit", "", ValueClass::kNumber, 1);
    add_note(q, upper ? "upper limit" : "lower limit");
  } else if ((code & 0x72) == 0x42) {  // E100 uf1b
    becomes(q, "date and time", "", ValueClass::kDateTime, 1);
    add_note(q, code & 1 ? "end of" : "begin of");
    add_note(q, last ? "last exceed" : "first exceed");
    add_note(q, upper ? "upper limit" : "lower limit");
  } else if ((code & 0x70) == 0x50) {  // E101 ufnn
    becomes(q, "duration of limit exceed", "s", ValueClass::kNumber, kDurationFactors[code & 3]);
    add_note(q, last ? "last" : "first");
    add_note(q, upper ? "upper limit" : "lower limit");
  } else if ((code & 0x78) == 0x60) {  // E110 0fnn
    becomes(q, "duration", "s", ValueClass::kNumber, kDurationFactors[code & 3]);
    add_note(q, last ? "last" : "first");
  } else if ((code & 0x7A) == 0x6A) {  // E110 1f1b
    becomes(q, "date and time", "", ValueClass::kDateTime, 1);
    add_note(q, code & 1 ? "end of" : "begin of");
    add_note(q, last ? "last" : "first");
  } else {
    return false;
  }
  return true;
}

void corrections(std::uint8_t code, Qualifiers& q) {
  if ((code & 0x78) == 0x70) {
    q.exponent += (code & 7) - 6;
  } else if ((code & 0x7C) == 0x78) {
    q.additive_exponent = (code & 3) - 3;
  } else {
    q.exponent += 3;  // 7D
  }
}

void combinable(std::uint8_t code, Qualifiers& q) {
  if (code == 0) return;  // no error
  if (code >= 0x70 && code <= 0x7D && code != kExtensionTable) return corrections(code, q);
  if (code >= 0x20 && code <= 0x35 && !kPer[code - 0x20].empty()) {
    q.per = kPer[code - 0x20];
    return;
  }
  if (code == 0x39) {
    becomes(q, "date and time", "", ValueClass::kDateTime, 1);
    return add_note(q, "start of");
  }
  if (limits_and_durations(code, q)) return;
  if (kWords[code].empty()) return add_raw(q, "VIFE ", code);
  add_note(q, kWords[code]);
  q.error |= kWords[code].starts_with("error");
  q.future |= code == 0x7E;
}

}  // namespace

void read_qualifiers(const RecordHead& head, Qualifiers& out) {
  out.exponent = 0;
  out.additive_exponent.reset();
  out.quantity = out.unit = out.per = {};
  out.factor = 1;
  out.value_class.reset();
  out.note.clear();
  out.error = out.future = false;
  bool manufacturer = head.manufacturer_vif;
  for (std::size_t i = 0; i < head.extensions.size(); ++i) {
    const std::uint8_t code = head.extensions[i] & 0x7F;
    if (manufacturer) {
      add_raw(out, "manufacturer ", code);
    } else if (code == kVifManufacturer) {
      manufacturer = true;  // of the VIFEs that follow
      if (i + 1 == head.extensions.size()) add_note(out, "manufacturer");
    } else if (code == kExtensionTable && i + 1 < head.extensions.size()) {
      const std::uint8_t next = head.extensions[++i] & 0x7F;
      const bool known = next < kExtensionWords.size() && !kExtensionWords[next].empty();
      known ? add_note(out, kExtensionWords[next]) : add_raw(out, "VIFE 7C", next);
    } else {
      combinable(code, out);
    }
  }
}

}  // namespace amity::mbus
