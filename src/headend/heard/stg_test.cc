// Concentrator reports: to readings, events and state; the drop folder, that never loses a file.
#include <stdlib.h>

#include <fstream>

#include "headend/heard/drop_folder.h"
#include "headend/heard/stg_reports.h"
#include "headend/heard/test_heard.h"

namespace amity::heard {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCurve =
    R"(<Report IdRpt="S02" IdPet="0" Version="3.1.c"><Cnc Id="CIR4621247027">
<Cnt Id="CIR0141433184" Magn="1">
<S02 Fh="20260920020000000S" Bc="00" AI="19" AE="0" R1="11" R2="0" R3="0" R4="0"/>
<S02 Fh="20260920030000000S" Bc="00" AI="20" AE="0" R1="11" R2="0" R3="0" R4="0"/>
</Cnt></Cnc></Report>)";
constexpr const char* kDaily =
    R"(<Report IdRpt="S05" IdPet="0" Version="3.1.c"><Cnc Id="CIR4621247027"><Cnt Id="CIR0141433184">
<S05 Fh="20260920000000000S" Ctr="1" Pt="0"><Value AIa="308" AEa="0" R1a="185" R2a="0" R3a="0" R4a="2"/>
</S05></Cnt></Cnc></Report>)";
constexpr const char* kMeters =
    R"(<Report IdRpt="S24" IdPet="0" Version="3.1.c"><Cnc Id="CIR4621247027"><S24 Fh="20260920093051000S">
<Meter MeterId="CIR0141433185" ComStatus="2" Date="20260920092508000S" Active="Y"/>
</S24></Cnc></Report>)";
constexpr const char* kConcentratorEvent =
    R"(<Report IdRpt="S15" IdPet="0" Version="3.1.c"><Cnc Id="CIR4621247027">
<S15 Fh="20260920000126000S" Et="5" C="9"><D1>CIR0141433184</D1><D2>81054</D2></S15></Cnc></Report>)";

struct Stg : HeardTest {
  std::unique_ptr<StgReports> stg;
  fs::path folder;
  std::unique_ptr<DropFolder> drop;

  void SetUp() override {
    HeardTest::SetUp();
    stg = std::make_unique<StgReports>(*sink);
    std::string path = (fs::temp_directory_path() / "amity-stg-XXXXXX").string();
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    folder = path;
    start();
  }
  void TearDown() override {
    drop.reset();
    fs::remove_all(folder);
  }
  void start() {
    drop = std::make_unique<DropFolder>(
        loop.runtime(), folder,
        [this](ByteView content, Sink::Done done) { stg->take(content, std::move(done)); });
    ASSERT_TRUE(drop->start().ok());
  }
  void put(const std::string& name, const std::string& content, std::ios::openmode mode = {}) {
    std::ofstream(folder / name, mode | std::ios::out) << content;
  }
  std::string where(const std::string& name) {
    for (const char* place : {"", "done", "failed"}) {
      if (fs::exists(folder / place / name)) return place;
    }
    return "lost";
  }
};

TEST_F(Stg, ACurveAndADailyClosing) {
  add("CIR0141433184", "CIR", "stg");
  put("CIR4621247027_0_S02_0_20260920111051", kCurve);
  put("CIR4621247027_0_S05_0_20260920111051", kDaily);
  loop.run_for(5s);
  const std::string all = kept();
  const std::int64_t two = from_iso("2026-09-20T00:00:00Z")->value - kStart.value;
  EXPECT_NE(all.find("import 19e0 at " + std::to_string(two) + "; import 20e0 at " +
                     std::to_string(two + 3'600)),
            std::string::npos)
      << all;
  EXPECT_NE(all.find("active_energy_import"), std::string::npos) << all;
  EXPECT_NE(all.find(" 308e3 at " + std::to_string(two - 7'200)), std::string::npos) << all;
  EXPECT_EQ(registry.device_map[1].segment, "CIR4621247027");
  EXPECT_EQ(where("CIR4621247027_0_S02_0_20260920111051"), "done");
  for (const Channel& channel : registry.channel_list) {
    if (channel.kind == ChannelKind::kInterval) {
      EXPECT_EQ(channel.interval_s, 3'600u);
    }
  }
}

TEST_F(Stg, WhoIsBehindAConcentratorAndWhatItSaysOfItself) {
  add("CIR4621247027", "CIR", "stg");
  add("CIR0141433185", "CIR", "stg");
  put("S24", kMeters);
  put("S15", kConcentratorEvent);
  loop.run_for(5s);
  EXPECT_EQ(registry.device_map[2].segment, "CIR4621247027");
  EXPECT_TRUE(registry.values.contains("stg/CIR4621247027/S24"));
  ASSERT_EQ(events.kept.size(), 1u);
  EXPECT_EQ(events.kept[0].device, DeviceId(1));
}

TEST_F(Stg, TheListOfAConcentratorThatNobodyRegisteredIsTaken) {
  add("CIR0141433185", "CIR", "stg");
  put("S24", kMeters);
  loop.run_for(5s);
  EXPECT_EQ(registry.device_map[1].segment, "CIR4621247027");
  EXPECT_FALSE(registry.values.contains("stg/CIR4621247027/S24"));
  EXPECT_EQ(where("S24"), "done");
  EXPECT_EQ(sink->counters("stg").unknown_meters, 0u);
}

TEST_F(Stg, AFileThatGrowsIsWaitedForAndABadOneGetsAReason) {
  add("CIR0141433184", "CIR", "stg");
  const std::string curve(kCurve);
  put("growing", curve.substr(0, 150));
  loop.run_for(1s);
  put("growing", curve.substr(150, 100), std::ios::app);
  loop.run_for(1'500ms);
  EXPECT_EQ(where("growing"), "");
  put("growing", curve.substr(250), std::ios::app);
  put("bad", "<Report IdRpt=\"S02\"><Cnc");
  put("later.tmp", kCurve);
  loop.run_for(6s);
  EXPECT_EQ(where("growing"), "done");
  EXPECT_EQ(where("later.tmp"), "");
  EXPECT_EQ(where("bad"), "failed");
  std::ifstream reason(folder / "failed" / "bad.reason");
  std::string words;
  std::getline(reason, words);
  EXPECT_NE(words, "");
  EXPECT_EQ(sink->counters("stg").undecodable, 1u);
}

TEST_F(Stg, WhatIsNotDurableStaysAndIsTakenAgainAndASecondFileOfThatNameIsKeptToo) {
  add("CIR0141433184", "CIR", "stg");
  intake.fail = true;
  put("curve", kCurve);
  loop.run_for(10s);
  EXPECT_EQ(where("curve"), "");
  drop.reset();  // killed, and started again
  intake.fail = false;
  start();
  loop.run_for(10s);
  EXPECT_EQ(where("curve"), "done");
  EXPECT_NE(kept(), "");
  const std::string once = kept();
  put("curve", kCurve);
  loop.run_for(10s);
  EXPECT_TRUE(fs::exists(folder / "done" / "curve.1"));
  EXPECT_EQ(kept(), once);
}

TEST_F(Stg, RealReportsOfMetersThatAreRegistered) {
  const fs::path data = fs::path(AMITY_SOURCE_DIR) / "../shared/data/frames/stg";
  if (!fs::exists(data)) GTEST_SKIP() << "no reports at " << data;
  std::size_t files = 0;
  std::set<std::string> types;
  for (const auto& entry : fs::directory_iterator(data)) {
    std::ifstream in(entry.path());
    std::string xml{std::istreambuf_iterator<char>(in), {}};
    const auto report = stg::parse_report(as_bytes(xml));
    if (!report.ok() || !report->known) continue;
    for (const stg::Subject& subject : report->subjects) {
      const std::string& id = subject.report.meter.id;
      if (!registry.device_by_serial(id)->has_value()) {
        add(id, subject.report.meter.manufacturer, "stg");
        reports->refresh(DeviceId(static_cast<std::uint32_t>(registry.device_map.size())));
      }
    }
    types.insert(report->type);
    std::ofstream(folder / entry.path().filename()) << xml;
    ++files;
  }
  loop.run_for(60s);
  std::size_t taken = 0;
  for (const auto& entry : fs::directory_iterator(folder / "done"))
    taken += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(taken, files);
  EXPECT_GE(types.size(), 15u);
  EXPECT_GT(sink->counters("stg").readings, 1'000u);
  EXPECT_GT(sink->counters("stg").events, 100u);
  EXPECT_EQ(sink->counters("stg").unknown_meters, 0u);
  std::cout << files << " files of " << types.size() << " types: " << sink->counters("stg").readings
            << " readings, " << sink->counters("stg").events << " events of "
            << registry.device_map.size() << " devices\n";
}

}  // namespace
}  // namespace amity::heard
