// Any text as a tariff in TOML and as a URDB rate: reading ends; what was read rates a day without
// overflow, and its total is the sum of its lines.
#include <cstdlib>

#include "base/bytes.h"
#include "mdm/rate/rate.h"
#include "mdm/rate/tariff_toml.h"
#include "mdm/rate/urdb.h"

namespace {

using namespace amity;
using namespace amity::mdm;

void rate_a_day(const Tariff& tariff) {
  const DayCalendar calendar(TimeZone::utc(), tariff.holidays);
  const UtcSeconds noon(1'774'785'600);
  const auto period = bill_period(calendar, noon, noon);
  const auto plan = make_plan(tariff, *period, 900, 0);
  if (!plan.ok()) return;
  const std::vector<std::int64_t> values(96, 10'000'000'000'000);
  const std::vector<SlotQuality> quality(96, SlotQuality::kActual);
  AccountUse use{"a", {ChannelId(1), period->start, 900, 0, values, quality}, nullptr, nullptr, {},
                 0};
  use.exported = use.reactive = &use.import;
  Statement statement;
  if (!rate(*plan, use, statement).ok()) return;
  std::int64_t sum = 0;
  for (const BillLine& line : statement.lines) sum += line.amount;
  if (sum != statement.total) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(ByteView(data, size));
  if (const auto toml = tariff_from_toml(text); toml.ok()) rate_a_day(*toml);
  if (const auto urdb = tariff_from_urdb(text, "UTC"); urdb.ok()) rate_a_day(*urdb);
  return 0;
}
