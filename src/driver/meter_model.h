// A meter model as data: how it is recognised, which of its values go to which channel, what its
// status bits mean, and frames of its own with what they must give. One file of meters/ each;
// format: docs/formats/meter_model.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/units.h"
#include "model/channel.h"
#include "model/event.h"
#include "wire/obis/value_list.h"

namespace amity::driver {

// All that is given must agree; what is not given agrees with anything.
struct Detection {
  std::string protocol;                 // "wmbus", "mbus", "sml", "p1", ...
  std::string manufacturer;             // as the report has it: "KAM"
  std::vector<std::string> versions;    // as the report has it
  std::vector<std::string> mediums;     // "water", "warm water"
  std::string model_prefix, id_prefix;  // of the report's model and id
};

// The first rule that agrees with a reading takes it, one in its unit before the others.
struct ChannelRule {
  std::string name;  // of the channel
  ChannelKind kind = ChannelKind::kRegister;
  std::string quantity, reading_kind,
      id;  // of the reading; empty: any, but quantity or id is given
  // Of the reading: all of it, or how it begins. Absent: any; an empty one: the reading has none.
  std::optional<std::string> note;
  std::string note_prefix;
  std::optional<std::uint64_t> storage;  // absent: any
  std::optional<std::uint32_t> tariff, subunit;
  Unit unit = Unit::kNone;   // must be the reading's
  std::int8_t exponent = 0;  // of the channel's integers
};

struct StatusRule {
  // Id of the reading that holds the word; empty: the status of the frame, where the rule takes the
  // place of what the protocol itself says of these bits.
  std::string reading;
  std::uint32_t mask = 0;   // bits of the status word that mean this
  std::uint32_t value = 0;  // of those bits; the mask itself where not given
  std::string text;
  EventCategory category = EventCategory::kDevice;
  Severity severity = Severity::kLow;
};

enum class FieldType : std::uint8_t {
  kUnsignedLe,
  kUnsignedBe,
  kSignedLe,
  kSignedBe,
  kBcdLe,
  kBcdBe
};

// A value inside a block that the protocol leaves to the manufacturer.
struct VendorField {
  std::string block;            // id of the report's unknown part that holds it
  std::size_t block_bytes = 0;  // the block must have this many; 0: any
  std::size_t offset = 0, size = 0;
  FieldType type = FieldType::kUnsignedLe;
  int exponent = 0;
  std::string quantity, unit, kind;
  std::uint64_t storage = 0;
};

// A value inside a table that C12.19 leaves to the manufacturer.
struct TableRule {
  std::string table;  // "MT5"
  // `block` is not used; the offset is from the table's start, so that partial reads are found,
  // too.
  VendorField field;
  std::uint32_t tariff = 0;
};

// What the manufacturer means by a record, where that is not what the protocol's codes say.
struct ReadingRule {
  std::string id;  // of the reading
  std::string quantity, unit, kind;
  // What the protocol's unit multiplied the meter's number by: it is taken back. A value that it
  // does not divide stays as it was read.
  std::int64_t divisor = 1;
};

// A value of a meter that has registers instead of names: what the register map of its protocol
// (Modbus) says.
struct RegisterRule {
  bool input = false;         // function 4 instead of 3
  std::uint16_t address = 0;  // from 0
  std::string type;           // "u16", "s32", "float32", ...
  bool low_word_first = false;
  int exponent = 0;  // the integer is in 10^exponent of the unit; floats are multiplied by it
  std::string quantity, unit, kind;
  std::uint32_t tariff = 0;
};

struct TestFrame {
  std::string name;
  Bytes request;  // of a meter with registers: what `frame` answers
  // Of a meter with tables (C12.19), in the order in which they are read: number (manufacturer's:
  // 2048 and above) and contents. `frame` is empty then.
  std::vector<std::pair<std::uint16_t, Bytes>> tables;
  Bytes frame;
  Bytes key;                 // empty: none needed
  Bytes authentication_key;  // of DLMS; likewise
  std::string meter_id;
  std::vector<std::string> channels;  // "volume 12.345 m3", "volume_due 11.000 m3 2026-10-31"
  std::vector<std::string> events;    // texts
};

struct MeterModel {
  std::string file;  // for messages
  std::string name, manufacturer, medium;
  std::string facts;  // where what is written here comes from
  std::vector<Detection> detections;
  std::vector<ChannelRule> channels;
  std::vector<StatusRule> statuses;
  std::vector<ReadingRule> readings;
  std::vector<VendorField> fields;
  std::vector<RegisterRule> registers;
  std::vector<TableRule> tables;
  std::vector<obis::ValueList> lists;  // of DLMS pushes
  std::vector<TestFrame> frames;
};

// From the text of a file. The error names file, line and column, the key and the reason; unknown
// keys are errors.
Result<MeterModel> parse_model(std::string_view toml, std::string_view file);

}  // namespace amity::driver
