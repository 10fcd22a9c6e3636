// Reads values out of what a meter pushes: OBIS-value structures, flat OBIS-value lists, lists that
// describe themselves (push object list first), and vendors' positional lists.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/civil.h"
#include "wire/decode/push_lists.h"
#include "wire/dlms/data.h"
#include "wire/dlms/datetime.h"
#include "wire/dlms/obis.h"

namespace amity::decode {

struct Reading {
  dlms::Obis obis;
  std::string quantity, unit, kind;
  std::string value;  // an exact decimal number, or text
  bool is_text = false;
  std::string time;  // ISO 8601; with Z where the instant is known, else the meter's wall clock
};

struct Event {
  dlms::Obis obis;
  std::int64_t code = 0;
  std::string time;
};

struct Unknown {
  std::string obis;  // empty where none is known
  std::string data;  // as to_text prints it
};

struct PushContents {
  std::string meter_id, manufacturer, medium, model;
  std::string time;  // of the push
  std::vector<Reading> readings;
  std::vector<Event> events;
  std::vector<Unknown> unknown;
};

class PushReader {
 public:
  // `zone` serves date-times without deviation; may be null.
  PushReader(dlms::DeviationSign sign, const TimeZone* zone) : sign_(sign), zone_(zone) {}

  void set_time(ByteView date_time);  // of the notification; ignored unless 12 bytes
  void read(dlms::DataView body);
  // One attribute's value, e.g. of an EventNotification.
  void read_value(const dlms::Obis& obis, dlms::DataView value);
  PushContents& contents() { return contents_; }

 private:
  using Items = std::vector<dlms::DataView>;

  bool read_positional(const Items& items);
  bool read_self_described(const Items& items);
  void read_items(const Items& items);
  void add(const dlms::Obis& obis, dlms::DataView value, std::optional<dlms::DataView> scaler_unit);
  void add_text(const dlms::Obis& obis, dlms::DataView value);
  void add_number(const dlms::Obis& obis, dlms::DataView value, int scaler, std::uint8_t unit);
  void add_unknown(std::string obis, dlms::DataView value);
  void note_identity(const dlms::Obis& obis, const std::string& text);
  std::string time_text(ByteView date_time) const;

  dlms::DeviationSign sign_;
  const TimeZone* zone_;
  const PairList* pairs_ = nullptr;  // the vendor's units for pairs without any
  PushContents contents_;
};

}  // namespace amity::decode
