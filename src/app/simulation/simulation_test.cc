// Small towns, one day each: the rules hold under every fault, one seed is one history, and whoever
// breaks a rule is caught.
#include "app/simulation/simulation.h"

#include <gtest/gtest.h>

namespace amity::simulation {
namespace {

Report run(std::uint64_t seed, std::uint32_t meters, Break rule = Break::kNone,
           std::uint32_t faults = ~0u) {
  Config config;
  config.seed = seed;
  config.meters = meters;
  config.radio_meters = 3;
  config.days = 1;
  config.rule_broken = rule;
  config.faults = faults;
  auto report = Simulation(config).run();
  EXPECT_TRUE(report.ok()) << (report.ok() ? "" : to_string(report.error()));
  return report.ok() ? std::move(report).value() : Report{};
}

std::string text(const Report& report) {
  if (!report.violation) return "";
  return report.violation->rule + ": " + report.violation->what;
}

TEST(Simulation, WithoutFaultsEverythingArrivesAtOnce) {
  const Report report = run(1, 4, Break::kNone, 0);
  EXPECT_EQ(text(report), "");
  EXPECT_EQ(report.crashes, 0u);
  EXPECT_EQ(report.head_end.contacts_failed, 0u);
  // Two days before and one of the simulation, four channels, four meters; what is still on its way
  // is not compared.
  EXPECT_GE(report.checked.rows_compared, 4u * 4 * 3 * 96);
  EXPECT_GT(report.nonces, 1'000u);
  // Two whole local days of three channels of four meters; nothing was missing.
  EXPECT_GE(report.finals.days, 2u * 3 * 4);
  EXPECT_EQ(report.finals.estimated, 0u);
  EXPECT_EQ(report.finals.corrections, 0u);
  EXPECT_EQ(report.finals.decisions, report.finals.days);
}

TEST(Simulation, UnderEveryFaultTheRulesHold) {
  Report sum;
  for (std::uint64_t seed = 1; seed <= 9; ++seed) {
    const Report report = run(seed, 5);
    EXPECT_EQ(text(report), "") << "seed " << seed;
    sum.crashes += report.crashes;
    sum.disk_faults += report.disk_faults;
    sum.town.reboots += report.town.reboots;
    sum.town.clock_jumps += report.town.clock_jumps;
    sum.town.pushes_doubled += report.town.pushes_doubled;
    sum.network.breaks += report.network.breaks;
    sum.switchings += report.switchings;
    sum.finals.corrections += report.finals.corrections;
    sum.finals.values += report.finals.values;
    sum.rereads += report.rereads;
  }
  // That it held means something only where something happened.
  EXPECT_GT(sum.crashes, 10u);
  EXPECT_GT(sum.disk_faults, 5u);
  EXPECT_GT(sum.town.reboots, 2u);
  EXPECT_GT(sum.town.clock_jumps, 2u);
  EXPECT_GT(sum.town.pushes_doubled, 10u);
  EXPECT_GT(sum.network.breaks, 1u);
  EXPECT_GT(sum.switchings, 5u);
  EXPECT_GT(sum.finals.values, 9u * 5 * 3 * 96);
  EXPECT_GT(sum.rereads, 5u);
}

// The collector's connection goes silent, is broken, or cut for an hour, and its telegrams come all
// the same.
TEST(Simulation, RadioMetersAreHeardAgainOnWhateverLink) {
  std::uint64_t half_open = 0, breaks = 0;
  for (std::uint64_t seed = 21; seed <= 26; ++seed) {
    Config config;
    config.seed = seed;
    config.meters = 2;
    config.radio_meters = 20;
    const auto report = Simulation(config).run();
    ASSERT_TRUE(report.ok()) << to_string(report.error());
    EXPECT_EQ(text(*report), "") << "seed " << seed;
    half_open += report->network.half_open;
    breaks += report->network.breaks;
  }
  EXPECT_GT(half_open, 6u);
  EXPECT_GT(breaks, 12u);
}

TEST(Simulation, OneSeedOneHistory) {
  const Report a = run(5, 3), b = run(5, 3), c = run(6, 3);
  EXPECT_EQ(a.history_hash, b.history_hash);
  EXPECT_EQ(a.events, b.events);
  EXPECT_NE(a.history_hash, c.history_hash);
}

// Each rule is broken by a stand-in; some seed of a few must show it, by the check that is there
// for it.
std::string first_caught(Break rule) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const Report report = run(seed, 5, rule);
    if (report.violation) return report.violation->rule;
  }
  return "";
}

TEST(Simulation, CatchesAnAcknowledgementBeforeTheSync) {
  EXPECT_EQ(first_caught(Break::kAckBeforeDurable), "nothing acknowledged is lost");
}

TEST(Simulation, CatchesCountersForgottenInACrash) {
  EXPECT_EQ(first_caught(Break::kReuseCounters), "no invocation counter is used twice");
}

TEST(Simulation, CatchesADepartmentThatCountsTwice) {
  EXPECT_EQ(first_caught(Break::kNoDedupe), "nothing is counted twice");
}

TEST(Simulation, CatchesARepeatedCommand) {
  EXPECT_EQ(first_caught(Break::kRepeatCommands), "no switching command is repeated");
}

TEST(Config, NamesOfFaultsAndRules) {
  EXPECT_EQ(*fault_from("crashes"), Fault::kCrashes);
  EXPECT_EQ(*break_from("no-dedupe"), Break::kNoDedupe);
  EXPECT_FALSE(fault_from("").ok());
  EXPECT_FALSE(break_from("none").ok());
}

}  // namespace
}  // namespace amity::simulation
