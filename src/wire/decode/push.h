// Reads values out of what a meter pushes: OBIS-value structures, flat OBIS-value lists, lists that
// describe themselves (push object list first), and vendors' lists without OBIS codes or units,
// which are data (obis/value_list.h). What no list knows is kept as unknown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/civil.h"
#include "wire/dlms/data.h"
#include "wire/dlms/datetime.h"
#include "wire/dlms/obis.h"
#include "wire/obis/value_list.h"
#include "wire/report/report.h"

namespace amity::decode {

// How meters write what they leave open.
struct PushConventions {
  dlms::DeviationSign sign = dlms::DeviationSign::kStandard;
  const TimeZone* zone = nullptr;           // of date-times without deviation; null: wall clock
  const obis::ValueLists* lists = nullptr;  // vendors'; null: none
};

// The scaler and unit of a value, where they were sent; or neither.
struct ScalerUnit {
  int scaler = 0;
  std::uint8_t unit = 255;  // DLMS unit; 255: none
  bool guessed = false;     // from the OBIS code alone
};

class PushReader {
 public:
  // Fills `report`; a manufacturer that stands there already tells which vendor's lists count.
  PushReader(const PushConventions& conventions, wire::Report& report);

  void set_time(ByteView date_time);  // of the notification; ignored unless 12 bytes
  void read(dlms::DataView body);
  // One attribute's value, e.g. of an EventNotification.
  void read_value(const dlms::Obis& obis, dlms::DataView value);
  // One value; `time` that it belongs to, where it has its own.
  void add(const dlms::Obis& obis, dlms::DataView value, std::optional<ScalerUnit> scaler_unit,
           const wire::MeterTime& time = {});
  void add_unknown(std::string obis, dlms::DataView value);
  // Precision kNone where the bytes are no date-time.
  wire::MeterTime time_of(ByteView date_time) const;

 private:
  using Items = std::vector<dlms::DataView>;

  bool read_positional(const Items& items);
  bool read_self_described(const Items& items);
  void read_items(const Items& items);
  void read_without_obis(dlms::DataView item, bool first);
  bool use_list_named(std::string_view text);
  void add_text(const dlms::Obis& obis, dlms::DataView value, const wire::MeterTime& time);
  void add_number(const dlms::Obis& obis, dlms::DataView value, ScalerUnit scaler_unit,
                  const wire::MeterTime& time);
  void note_identity(const dlms::Obis& obis, const std::string& text);

  const PushConventions& conventions_;
  wire::Report& report_;
  const obis::ValueList* list_ = nullptr;  // the vendor's units for values without any
  std::string list_name_, type_;           // as the push gives them
};

// What a DataNotification says; adds to `report`.
Status read_push(ByteView date_time, ByteView body, const PushConventions& conventions,
                 wire::Report& report);
// Three letters of a system title or none.
std::string maker_of(ByteView system_title);

// {scaler int8, unit enum}, as Register objects and pushes have it.
std::optional<ScalerUnit> scaler_unit_of(dlms::DataView value);
// Twelve bytes that are a date and a time of day.
std::optional<ByteView> as_date_time(dlms::DataView value);
// {class uint16, name octet-string[6], attribute int8, index uint16, ...}.
struct ObjectDefinition {
  std::uint16_t class_id = 0;
  dlms::Obis obis;
  std::int8_t attribute = 0;
};
std::optional<ObjectDefinition> object_definition_of(dlms::DataView value);

}  // namespace amity::decode
