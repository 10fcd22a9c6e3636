#include "wire/mbus/records.h"

#include <algorithm>

#include "wire/mbus/value.h"
#include "wire/mbus/vendor_blocks.h"

namespace amity::mbus {
namespace {

constexpr char kHexDigits[] = "0123456789ABCDEF";

class RecordDecoder {
 public:
  RecordDecoder(ByteView data, std::size_t base, Layout& layout, RecordScratch& scratch,
                wire::Report& report)
      : data_(data),
        base_(base),
        layout_(layout),
        q_(scratch.qualifiers),
        points_(scratch.points),
        heads_(scratch.heads),
        report_(report) {
    heads_.clear();
  }

  Status run() {
    const std::size_t first_reading = report_.readings.size();
    const Status status = all();
    if (!status.ok()) unknown_rest(at_, "undecoded");
    for (std::size_t i = 0; i < points_count_; ++i) spread(points_[i], first_reading);
    return status;
  }

 private:
  Status all() {
    while (at_ < data_.size()) {
      const std::uint8_t dif = data_[at_];
      if (dif == kDifFiller) {
        filler();
      } else if (dif == kDifManufacturer || dif == kDifManufacturerMore) {
        manufacturer_rest(dif);
      } else if (dif == kDifGlobalReadout) {
        layout_.leaf(base_ + at_, 1, "request for all data");
        ++at_;
      } else if ((dif & 0x0F) == 0x0F) {
        return make_error(ErrorCode::kMalformed,
                          "the DIF " + to_hex(data_.subspan(at_, 1)) + " is reserved", base_ + at_);
      } else {
        AMITY_CHECK(record());
      }
    }
    return {};
  }

  void filler() {
    const std::size_t start = at_;
    while (at_ < data_.size() && data_[at_] == kDifFiller) ++at_;
    layout_.leaf(base_ + start, at_ - start, "idle filler");
  }

  void manufacturer_rest(std::uint8_t dif) {
    layout_.leaf(base_ + at_, 1,
                 dif == kDifManufacturer ? "DIF: manufacturer's data follow"
                                         : "DIF: manufacturer's data, and another telegram follow");
    if (dif == kDifManufacturerMore) report_.details.emplace_back("more_records_follow", "yes");
    unknown_rest(at_ + 1, "manufacturer");
    at_ = data_.size();
  }

  void unknown_rest(std::size_t from, const char* id) {
    if (from >= data_.size()) return;
    report_.unknown.push_back({layout_.original(base_ + from), id, to_hex(data_.subspan(from))});
    layout_.leaf_hex(base_ + from, data_.subspan(from), id);
  }

  Status record() {
    AMITY_CHECK(parse_record_head(data_.subspan(at_), base_ + at_, head_));
    const std::size_t value_at = at_ + head_.size;
    AMITY_TRY(const std::size_t size,
              value_bytes(head_.field, data_.subspan(value_at), base_ + value_at));
    append(heads_, data_.subspan(at_, head_.size));
    const ByteView value = data_.subspan(value_at, size);
    if (is_block(value)) {
      block(value_at, value);
    } else {
      emit(value);
      explain(value_at, size);
    }
    at_ = value_at + size;
    return {};
  }

  // Bytes of the manufacturer's, or a compact profile: no text, whatever the LVAR says.
  bool is_block(ByteView value) const {
    if (head_.field != DataField::kVariable || value.size() < 2) return false;
    if (head_.manufacturer_vif) {
      return std::ranges::any_of(value.subspan(1),
                                 [](std::uint8_t c) { return c < 0x20 || c > 0x7E; });
    }
    return std::ranges::any_of(head_.extensions, [](std::uint8_t code) {
      return (code & 0x7F) == 0x13 || (code & 0x7F) == 0x1E || (code & 0x7F) == 0x1F;
    });
  }

  void block(std::size_t value_at, ByteView value) {
    std::string id;
    set_id(id);
    layout_.leaf_hex(base_ + at_, data_.subspan(at_, head_.dib_size), "DIF");
    layout_.leaf_hex(base_ + at_ + head_.dib_size,
                     data_.subspan(at_ + head_.dib_size, head_.size - head_.dib_size), "VIF");
    layout_.leaf_hex(base_ + value_at, value.first(1), "LVAR");
    layout_.leaf_hex(base_ + value_at + 1, value.subspan(1), "block");
    (void)read_vendor_record(report_.meter.manufacturer, id, value.subspan(1), report_);
    report_.unknown.push_back(
        {layout_.original(base_ + value_at + 1), std::move(id), to_hex(value.subspan(1))});
  }

  void emit(ByteView value) {
    wire::Reading& reading = report_.readings.emplace_back();
    reading.storage = head_.storage;
    reading.tariff = head_.tariff;
    reading.subunit = head_.subunit;
    set_id(reading.id);
    ValueRules rules;
    if (head_.vif != nullptr && head_.vif->value_class != ValueClass::kReserved) {
      reading.quantity = head_.vif->quantity;
      reading.unit = head_.vif->unit;
      rules = {head_.vif->value_class, head_.vif->exponent, head_.vif->factor, {}};
    }
    if (!head_.extensions.empty()) qualify(rules, reading);
    if (!head_.text.empty()) note_first(reading, reversed_text(head_.text));
    set_kind(rules.value_class, reading);
    const auto time = read_value(head_.field, value, rules, reading);
    // What the meter itself calls no data is kept in sight, but never under a usual kind.
    if (!head_.extensions.empty() && q_.error) reading.kind = "value during error";
    if (time) remember(*time);
  }

  void set_id(std::string& id) const {
    for (const std::uint8_t byte : data_.subspan(at_, head_.size)) {
      id.push_back(kHexDigits[byte >> 4]);
      id.push_back(kHexDigits[byte & 0xF]);
    }
  }

  static void note_first(wire::Reading& reading, std::string words) {
    if (!reading.note.empty()) words += ", " + reading.note;
    reading.note = std::move(words);
  }

  void qualify(ValueRules& rules, wire::Reading& reading) {
    read_qualifiers(head_, q_);
    reading.note = q_.note;
    if (q_.value_class) {  // a count, duration or date about the quantity
      if (!reading.quantity.empty()) {
        if (!reading.note.empty()) reading.note += ", ";
        reading.note += reading.quantity;
      }
      reading.quantity = q_.quantity;
      reading.unit = q_.unit;
      rules = {*q_.value_class, 0, q_.factor, {}};
    }
    rules.exponent += q_.exponent;
    rules.additive_exponent = q_.additive_exponent;
    if (!q_.per.empty()) per(reading);
  }

  // A unit per something: the report's own word for it, or words in the note and no unit at all,
  // so that nobody takes it for what it is not.
  void per(wire::Reading& reading) const {
    struct Known {
      std::string_view unit, per, result;
    };
    constexpr Known kKnown[] = {{"m3", "h", "m3/h"},
                                {"Wh", "h", "W"},
                                {"J", "h", "J/h"},
                                {"kg", "h", "kg/h"},
                                {"m3", "d", "m3/d"}};
    for (const Known& known : kKnown) {
      if (known.unit == reading.unit && known.per == q_.per) {
        reading.unit = known.result;
        return;
      }
    }
    std::string words = "in " + std::string(reading.unit.empty() ? "1" : reading.unit) + "/";
    words += q_.per;
    note_first(reading, std::move(words));
    reading.unit = {};
  }

  void set_kind(ValueClass value_class, wire::Reading& reading) const {
    switch (head_.function) {
      case Function::kMaximum:
        reading.kind = "maximum";
        return;
      case Function::kMinimum:
        reading.kind = "minimum";
        return;
      case Function::kError:
        reading.kind = "value during error";
        return;
      case Function::kInstantaneous:
        break;
    }
    if (value_class == ValueClass::kTotal) reading.kind = "total";
    if (value_class == ValueClass::kNumber) reading.kind = "instantaneous";
  }

  // A plain date of a storage is the time of that storage's values.
  void remember(const wire::MeterTime& time) {
    const bool plain = head_.vif != nullptr && head_.extensions.empty() &&
                       (head_.vif == &vif(VifTable::kPrimary, 0x6C) ||
                        head_.vif == &vif(VifTable::kPrimary, 0x6D));
    if (!plain || head_.function != Function::kInstantaneous || head_.tariff != 0) return;
    if (head_.storage == 0 && head_.subunit == 0) {
      if (report_.time.precision < time.precision) report_.time = time;
    } else if (head_.storage != 0 && points_count_ < kPointsInTimeMax) {
      points_[points_count_++] = {head_.storage, head_.subunit, report_.readings.size() - 1, time};
    }
  }

  void spread(const PointInTime& point, std::size_t first_reading) {
    for (std::size_t i = first_reading; i < report_.readings.size(); ++i) {
      wire::Reading& reading = report_.readings[i];
      if (i == point.reading || reading.storage != point.storage ||
          reading.subunit != point.subunit)
        continue;
      if (reading.note.find("future") != std::string::npos) continue;
      reading.time = point.time;
    }
  }

  void explain(std::size_t value_at, std::size_t value_size) {
    if (!layout_.on()) return;
    const wire::Reading& reading = report_.readings.back();
    const std::size_t size = value_at + value_size - at_;
    layout_.container(base_ + at_, size, "data record " + std::to_string(++number_));
    layout_.leaf_hex(base_ + at_, data_.subspan(at_, head_.dib_size), "DIF");
    layout_.leaf(base_ + at_ + head_.dib_size, head_.size - head_.dib_size, "VIF",
                 to_hex(data_.subspan(at_ + head_.dib_size, head_.size - head_.dib_size)) + " " +
                     std::string(reading.quantity));
    std::string value;
    if (const auto* exact = std::get_if<Decimal>(&reading.value)) {
      value = to_string(*exact);
    } else if (const auto* text = std::get_if<std::string>(&reading.value)) {
      value = *text;
    } else {
      value = std::to_string(std::get<double>(reading.value));
    }
    if (!reading.unit.empty()) value += " " + std::string(reading.unit);
    layout_.leaf(base_ + value_at, value_size, "value", std::move(value));
  }

  ByteView data_;
  std::size_t base_;
  Layout& layout_;
  Qualifiers& q_;
  std::array<PointInTime, kPointsInTimeMax>& points_;
  Bytes& heads_;
  wire::Report& report_;
  std::size_t at_ = 0;
  int number_ = 0;
  RecordHead head_;
  std::size_t points_count_ = 0;
};

}  // namespace

Status decode_records(ByteView data, std::size_t base_offset, Layout& layout,
                      RecordScratch& scratch, wire::Report& report) {
  return RecordDecoder(data, base_offset, layout, scratch, report).run();
}

bool more_records_follow(ByteView user_data) {
  constexpr std::size_t kLongHeaderBytes = 13;
  if (user_data.size() < kLongHeaderBytes || user_data[0] != 0x72) return false;
  ByteView records = user_data.subspan(kLongHeaderBytes);
  RecordHead head;
  while (!records.empty()) {
    const std::uint8_t dif = records[0];
    if (dif == kDifManufacturerMore) return true;
    if (dif == kDifFiller) {
      records = records.subspan(1);
      continue;
    }
    if ((dif & 0x0F) == 0x0F || !parse_record_head(records, 0, head).ok()) return false;
    const ByteView after = records.subspan(head.size);
    const auto size = value_bytes(head.field, after, 0);
    if (!size.ok()) return false;
    records = after.subspan(*size);
  }
  return false;
}

}  // namespace amity::mbus
