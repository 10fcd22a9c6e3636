// What a concentrator writes is read back by the parser of the product: hours, closings and events
// are the meters' own, also over a clock change.
#include "world/stg_reports.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "wire/stg/report.h"
#include "world/fleet.h"
#include "world/virtual_world.h"

namespace amity::world {
namespace {

// The day after summer time has ended in Sydney: 02:00 to 03:00 came twice on 2026-04-05.
const UtcSeconds kStart = from_iso("2026-04-05T20:00:00Z").value();

struct PrimeTown {
  explicit PrimeTown(FaultRates faults = FaultRates::none())
      : world(1, kStart), process(world.add_process("127.0.0.1")) {
    FleetConfig config;
    config.meters = 6;
    config.mix = DeviceMix::parse("dlms=1,stg=5").value();
    config.history_days = 40;
    config.faults = faults;
    auto made = Fleet::make(process.runtime(), config);
    EXPECT_TRUE(made.ok()) << to_string(made.error());
    fleet = std::move(made).value();
  }
  const TimeZone& zone() { return fleet->book().zone(); }
  stg::ConcentratorReport report(StgType type, const VirtualMeter& meter, UtcSeconds after) {
    StgReport report(type, "PRX0000000001");
    report.add(meter, stg_elements(type, meter, zone(), after, kStart));
    const std::string xml = std::move(report).finish();
    auto parsed = stg::parse_report(as_bytes(xml));
    EXPECT_TRUE(parsed.ok()) << xml.substr(0, 400);
    return parsed.ok() ? std::move(parsed).value() : stg::ConcentratorReport{};
  }
  VirtualWorld world;
  VirtualProcess& process;
  std::unique_ptr<Fleet> fleet;
};

TEST(StgReports, TheCurveNamesEveryHourOnceAlsoTheOneThatCameTwice) {
  PrimeTown town;
  const VirtualMeter& meter = town.fleet->meter(1);
  const UtcSeconds after = from_iso("2026-04-04T13:00:00Z").value();  // midnight in summer time
  const auto hours = stg_hours(meter, after, after + 25 * 3'600);
  ASSERT_EQ(hours.size(), 25u);
  std::set<std::string> names;
  for (const StgHour& hour : hours) names.insert(stg_time(town.zone(), hour.end));
  EXPECT_EQ(names.size(), 25u);
  EXPECT_TRUE(names.contains("20260405020000000S"));
  EXPECT_TRUE(names.contains("20260405020000000W"));
  const auto parsed = town.report(StgType::kS02, meter, after);
  ASSERT_EQ(parsed.subjects.size(), 1u);
  EXPECT_EQ(parsed.subjects[0].report.meter.id, meter.serial());
  std::map<std::string, std::int64_t> said;
  for (const wire::Reading& r : parsed.subjects[0].report.readings) {
    if (r.id != "AI") continue;
    said[to_string(r.time) + (r.time.daylight_saving ? "S" : "W")] =
        rescale(std::get<Decimal>(r.value), 0).value();
  }
  std::int64_t sum = 0, expected = 0;
  for (const auto& [time, wh] : said) sum += wh;
  for (const ProfileRow& row : meter.rows(after, kStart)) expected += row.interval.import_wh;
  EXPECT_EQ(said.size(), 31u);
  EXPECT_EQ(sum, expected);
}

TEST(StgReports, ClosingsAreTheRegistersInWholeKilowattHours) {
  PrimeTown town;
  const VirtualMeter& meter = town.fleet->meter(2);
  const auto total = [&](UtcSeconds at) {
    return (meter.register_offset().import_wh + meter.totals_at(at).import_wh) / 1'000;
  };
  const UtcSeconds first = from_iso("2026-03-31T13:00:00Z").value();  // 1 April, 00:00
  std::map<std::string, std::int64_t> daily;
  const auto closings = town.report(StgType::kS05, meter, first - 1).subjects[0].report;
  for (const wire::Reading& r : closings.readings) {
    if (r.id == "AIa") daily[to_string(r.time)] = rescale(std::get<Decimal>(r.value), 3).value();
  }
  EXPECT_EQ(daily.size(), 6u) << "1 to 6 April";
  EXPECT_EQ(daily["2026-04-01T00:00:00"], total(first));
  EXPECT_EQ(daily["2026-04-06T00:00:00"], total(from_iso("2026-04-05T14:00:00Z").value()));
  const auto monthly = town.report(StgType::kS04, meter, first - 1).subjects[0].report;
  bool maximum = false;
  for (const wire::Reading& r : monthly.readings) {
    if (r.id == "AIa") {
      EXPECT_EQ(rescale(std::get<Decimal>(r.value), 3).value(), total(first));
    }
    maximum |= r.id == "Mx" && std::get<Decimal>(r.value).value > 0;
  }
  EXPECT_TRUE(maximum);
}

TEST(StgReports, EventsAreThoseOfTheMetersLogs) {
  FaultRates faults = FaultRates::none();
  faults.covers_opened = 0.5;
  PrimeTown town(faults);
  std::size_t told = 0, logged = 0;
  for (std::uint32_t i = 1; i < 6; ++i) {
    const VirtualMeter& meter = town.fleet->meter(i);
    for (std::uint8_t log = 0; log < kLogCount; ++log)
      logged += meter.log(log, kStart - 20 * 86'400, kStart).size();
    const auto parsed = town.report(StgType::kS09, meter, kStart - 20 * 86'400);
    for (const stg::Subject& subject : parsed.subjects) told += subject.report.events.size();
  }
  EXPECT_GT(told, 0u);
  EXPECT_EQ(told, logged);
}

TEST(StgReports, WhoIsBehindTheConcentratorAndWhoWasLost) {
  PrimeTown town;
  const std::string members =
      stg_members("PRX0000000001", town.zone(), kStart,
                  {{"A1", kStart - 60, true}, {"A2", kStart - 9'000, false}});
  const auto list = stg::parse_report(as_bytes(members));
  ASSERT_TRUE(list.ok() && list->known) << members;
  std::vector<std::string> ids;
  for (const auto& [name, value] : list->subjects[0].attributes) {
    if (name == "Meter.MeterId") ids.push_back(value);
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"A1", "A2"}));
  EXPECT_EQ(list->subjects[0].report.meter.id, "PRX0000000001");
  for (const std::string type : {"S15", "S17"}) {
    const auto parsed = stg::parse_report(as_bytes(stg_incidents(
        type, "PRX0000000001", town.zone(), {{kStart, "A2", false}, {kStart + 60, "A2", true}})));
    ASSERT_TRUE(parsed.ok() && parsed->known);
    ASSERT_EQ(parsed->subjects[0].report.events.size(), 2u);
    EXPECT_EQ(parsed->subjects[0].report.events[0].id, "5.1");
    EXPECT_EQ(parsed->subjects[0].report.events[1].id, "5.2");
  }
}

TEST(StgConcentrators, DeliverWholeFilesAndNothingTwice) {
  std::string folder = (std::filesystem::temp_directory_path() / "amity-prime-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  PrimeTown town;
  town.fleet->start_reports(folder);
  town.world.run_for(std::chrono::hours(30));
  town.fleet->stop();
  std::map<std::string, std::multiset<std::string>> hours;  // by meter
  int lists = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(name.starts_with("PRX0000000001_0_S")) << name;
    lists += name.find("_S24_") != name.npos ? 1 : 0;
    if (name.find("_S02_") == name.npos) continue;
    std::ifstream in(entry.path());
    const std::string xml{std::istreambuf_iterator<char>(in), {}};
    const auto parsed = stg::parse_report(as_bytes(xml));
    ASSERT_TRUE(parsed.ok()) << name;
    for (const stg::Subject& subject : parsed->subjects) {
      for (const wire::Reading& r : subject.report.readings) {
        if (r.id == "AI")
          hours[subject.report.meter.id].insert(to_string(r.time) +
                                                (r.time.daylight_saving ? "S" : "W"));
      }
    }
  }
  std::filesystem::remove_all(folder);
  EXPECT_EQ(hours.size(), 5u);
  EXPECT_EQ(lists, 30) << "once an hour";
  const std::size_t expected =
      static_cast<std::size_t>((kStart + 30 * 3'600 - town.fleet->born()) / 3'600);
  for (const auto& [meter, times] : hours) {
    EXPECT_EQ(std::set<std::string>(times.begin(), times.end()).size(), times.size()) << meter;
    EXPECT_GE(times.size() + 1, expected) << meter;
  }
}

}  // namespace
}  // namespace amity::world
