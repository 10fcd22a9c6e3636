#include <gtest/gtest.h>

#include "app/vee_run.h"
#include "mdm/validate/rules_toml.h"

namespace amity::app {
namespace {

// Two days of quarter hours in Madrid, the second with a gap of three hours, and the register at
// each midnight.
TEST(Vee, FindsTheGapAndClosesItOnTheRegister) {
  VeeOptions options;
  options.rules = *mdm::rules_from_toml(mdm::default_rules_text());
  options.zone = *TimeZone::find("Europe/Madrid");
  VeeRun run(options);
  const UtcSeconds midnight = *from_iso("2026-06-01T22:00:00Z");
  std::int64_t dial = 1'000'000;
  for (int i = -96; i <= 96; ++i) {
    if (i != -96) {
      const std::int64_t value = 100 + (i + 96) % 7;
      dial += value;
      if (i <= 40 || i > 52)
        run.add({"AMY1", 1, "import", Unit::kWattHour, midnight + i * 900, {value, 0}, {}});
    }
    if (i % 96 == 0)
      run.add({"AMY1", 2, "import", Unit::kWattHour, midnight + i * 900, {dial, 0}, {}});
  }
  std::string text;
  std::int64_t sum = 0;
  ASSERT_TRUE(run.run([&](const VeeRecord& r) {
                   if (r.record == std::string("interval"))
                     sum += std::stoll(r.final);
                   else
                     text += std::string(r.record) + " " + r.rule + " " + r.outcome + ": " +
                             r.text + "\n";
                 })
                  .ok());
  EXPECT_EQ(
      text,
      "finding count fail: fail: 84 of 96 intervals are there, the longest gap is 12 intervals, at "
      "2026-06-02T10:15:00+02:00\n"
      "closure  exact: register 9885, actual 8648, estimated 1237\n");
  EXPECT_EQ(sum, 1'237);
  EXPECT_EQ(run.summary().estimated, 12u);
  EXPECT_EQ(run.summary().days_failed, 1u);
  EXPECT_EQ(run.summary().days_failed_after, 0u);
}

}  // namespace
}  // namespace amity::app
