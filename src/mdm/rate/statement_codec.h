// A statement as it is kept: docs/formats/statement.md. Besides the lines it says what they are
// called and which days of which channels, in which revision, they were made of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "mdm/rate/statement.h"
#include "model/channel.h"

namespace amity::mdm {

// Final days that a bill was made of, of one channel: revision of first_day, of the day after, ...;
// 0: the day was not validated.
struct BillInput {
  ChannelId channel;
  std::int64_t multiplier = 1;  // that its values were multiplied by
  std::int32_t first_day = 0;   // local date, days since 1970
  std::vector<std::uint32_t> revisions;
  std::vector<MultiplierStep> steps = {};  // within the period; none in formats 1 and 2

  // Of an interval, by where it begins.
  std::int64_t multiplier_at(UtcSeconds begin) const {
    std::int64_t in_force = multiplier;
    for (const MultiplierStep& s : steps) in_force = s.from <= begin ? s.multiplier : in_force;
    return in_force;
  }

  friend bool operator==(const BillInput&, const BillInput&) = default;
};

// A meter that hung there for a part of the period, with one multiplier, and what its register
// showed at both ends of that; nothing where it was not read.
struct BillMeter {
  std::string serial;
  ChannelId channel;  // of its intervals
  UtcSeconds from, to;
  std::optional<std::int64_t> first, last;  // x 10^exponent of the channel's unit, as it is read
  std::int8_t exponent = 0;
  std::int64_t multiplier = 1;

  friend bool operator==(const BillMeter&, const BillMeter&) = default;
};

struct StatementBody {
  Statement statement;
  std::string customer, address;  // as master data had them
  std::string tariff;             // its name
  Bytes tariff_digest;            // SHA-256 of its text
  std::string currency, zone;
  int decimals = 2;
  // Of each line: what it is called, the unit of its quantity, how it was reckoned.
  struct LineText {
    std::string name, unit, reckoning;
    friend bool operator==(const LineText&, const LineText&) = default;
  };
  std::vector<LineText> texts;
  std::vector<BillInput> inputs;
  std::vector<BillMeter> meters;  // none in statements of format 1

  friend bool operator==(const StatementBody&, const StatementBody&) = default;
};

Bytes encode_statement(const StatementBody& body);
// kCorrupt where the checksum is wrong; else what does not fit the format.
Result<StatementBody> decode_statement(ByteView bytes);

// The same with every quantity and amount negated.
Statement reversal_of(Statement statement);

}  // namespace amity::mdm
