// What an account owes for a period, line by line; every line says from which intervals.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mdm/rate/tariff.h"

namespace amity::mdm {

// Where a line's quantity comes from: so many intervals of a channel in a range, and their sum.
struct Trace {
  ChannelId channel;        // none: no intervals (fixed, minimum, tax)
  ChannelId against;        // the channel it was netted with
  UtcSeconds from, to;      // the period, or the window of the highest demand
  std::uint32_t slots = 0;  // intervals of the line's buckets, or of the window
  std::int64_t sum = 0;     // of them, raw integers x 10^exponent of the channel's unit
  std::int64_t netted = 0;  // what netting took off
  std::int8_t exponent = 0;
  std::int64_t earlier_peak = 0;  // demand: the ratchet's, in the unit of the quantity; 0: none

  friend bool operator==(const Trace&, const Trace&) = default;
};

struct BillLine {
  LineKind kind = LineKind::kEnergy;
  std::uint16_t item = 0;  // of its kind in the tariff
  std::uint16_t tier = 0;
  // kWh, kW, kvarh; days for fixed per day; the base amount for a tax.
  std::int64_t quantity = 0;
  std::int8_t exponent = 0;
  std::int64_t month_shares = 0;  // not 0: x this / kMonthShares
  Decimal price;                  // percent for a tax
  std::int64_t amount = 0;        // smallest unit of the currency
  Trace trace;

  friend bool operator==(const BillLine&, const BillLine&) = default;
};

enum class HoldReason : std::uint8_t { kMissing, kEstimated, kFailed, kUnreconciled };
enum class Measured : std::uint8_t { kImport, kExport, kReactive };
struct Hold {
  HoldReason reason = HoldReason::kMissing;
  std::int64_t value = 0, of = 0,
               limit = 0;  // intervals (or days), of so many; limit as configured
  Measured measured = Measured::kImport;

  friend bool operator==(const Hold&, const Hold&) = default;
};
std::string explain(const Hold& hold);

struct Statement {
  std::string account;
  UtcSeconds from, to;
  std::uint32_t days = 0;
  std::vector<BillLine> lines;
  std::int64_t total = 0;
  std::vector<Hold> holds;  // not empty: to the exception queue, not to the customer
  std::int64_t peak = 0;    // highest demand of all items, for the next periods' ratchet
  std::int8_t peak_exponent = 0;
  std::int64_t power_factor_permille = -1;  // -1: reactive energy is not known

  friend bool operator==(const Statement&, const Statement&) = default;
};

}  // namespace amity::mdm
