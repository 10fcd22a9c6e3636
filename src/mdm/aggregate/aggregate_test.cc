#include <gtest/gtest.h>

#include "mdm/aggregate/board.h"
#include "mdm/aggregate/calendar_sums.h"
#include "mdm/aggregate/loss_balance.h"
#include "mdm/profile/test_numbers.h"

namespace amity::mdm {
namespace {

using Q = SlotQuality;

ChannelId ch(std::uint64_t id) {
  return ChannelId(static_cast<std::uint32_t>(id));
}

TEST(VirtualGraph, CirclesAreRefusedWithTheirPath) {
  const auto told = [](std::vector<VirtualMeter> meters) {
    const auto graph = VirtualGraph::make(std::move(meters));
    if (!graph.ok()) return graph.error().reason;
    std::string order;
    for (const VirtualMeter& meter : graph->meters()) order += meter.name + " ";
    return order;
  };
  EXPECT_EQ(told({{ch(11), "feeder", {{ch(12)}, {ch(13)}}},
                  {ch(12), "north", {{ch(1)}, {ch(2)}}},
                  {ch(13), "south", {{ch(3)}, {ch(12)}}}}),
            "north south feeder ");
  EXPECT_EQ(told({{ch(11), "A", {{ch(12)}}},
                  {ch(12), "B", {{ch(1)}, {ch(13)}}},
                  {ch(13), "C", {{ch(12)}}}}),
            "virtual meters form a circle: B -> C -> B");
  EXPECT_EQ(told({{ch(11), "A", {{ch(11)}}}}), "virtual meters form a circle: A -> A");
  EXPECT_EQ(told({{ch(11), "A", {}}, {ch(11), "B", {}}}), "B: its channel is defined twice");
}

TEST(Board, SumsDifferencesAndTheWorstQuality) {
  // Total less the heat pump, and half of what both tenants use.
  const auto graph = VirtualGraph::make({{ch(10), "rest", {{ch(1)}, {ch(2), -kUnitCoefficient}}},
                                         {ch(11), "half", {{ch(10), kUnitCoefficient / 2}}}});
  auto board = Board::make(*graph, UtcSeconds(0), 900, 3, 0);
  ASSERT_TRUE(board
                  ->set(ch(1), 0, std::vector<std::int64_t>{100, 101, 102},
                        std::vector<Q>{Q::kActual, Q::kActual, Q::kActual})
                  .ok());
  ASSERT_TRUE(board
                  ->set(ch(2), 0, std::vector<std::int64_t>{30, 40},
                        std::vector<Q>{Q::kActual, Q::kEstimated})
                  .ok());
  const auto told = [&](std::uint32_t channel) {
    const IntervalView v = board->view(ch(channel));
    std::string text;
    for (std::size_t i = 0; i < v.slots(); ++i)
      text += std::to_string(v.value[i]) + "AFEfN"[static_cast<std::size_t>(v.quality[i])] + " ";
    return text;
  };
  EXPECT_EQ(told(10), "70A 61E 102N ");
  EXPECT_EQ(told(11), "35A 31E 51N ");  // 30.5 away from zero
  const std::uint64_t before = board->reckoned();
  ASSERT_TRUE(board->set(ch(2), 1, std::vector<std::int64_t>{41}, std::vector<Q>{Q::kActual}).ok());
  EXPECT_EQ(told(10), "70A 60A 102N ");
  EXPECT_EQ(board->reckoned() - before, 2u) << "one interval of each";
  EXPECT_FALSE(
      board->set(ch(10), 0, std::vector<std::int64_t>{1}, std::vector<Q>{Q::kActual}).ok());
}

struct RandomWorld {
  std::vector<VirtualMeter> meters;
  std::uint64_t real = 0;
};

RandomWorld random_world(Numbers& n) {
  RandomWorld w;
  w.real = 3 + n.below(20);
  for (std::uint64_t m = 0; m < 2 + n.below(12); ++m) {
    VirtualMeter meter{ch(100 + m), "V" + std::to_string(m), {}};
    for (std::uint64_t t = 0; t < 1 + n.below(6); ++t) {
      const bool nested = m > 0 && n.below(3) == 0;
      const auto coefficient = std::array<std::int64_t, 4>{kUnitCoefficient, -kUnitCoefficient,
                                                           333'333, 1'500'000}[n.below(4)];
      meter.terms.push_back({nested ? ch(100 + n.below(m)) : ch(1 + n.below(w.real)), coefficient});
    }
    w.meters.push_back(std::move(meter));
  }
  return w;
}

TEST(BoardProperty, LateDataGiveWhatReckoningAnewGives) {
  constexpr std::size_t kSlots = 24;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Numbers n(seed);
    const RandomWorld w = random_world(n);
    auto board = Board::make(*VirtualGraph::make(w.meters), UtcSeconds(0), 3'600, kSlots, 0);
    for (int step = 0; step < 60; ++step) {
      const std::size_t first = n.below(kSlots), count = 1 + n.below(kSlots - first);
      std::vector<std::int64_t> values;
      std::vector<Q> quality;
      for (std::size_t i = 0; i < count; ++i) {
        quality.push_back(static_cast<Q>(n.below(5)));
        values.push_back(
            quality.back() == Q::kMissing ? 0 : static_cast<std::int64_t>(n.below(2'000)) - 500);
      }
      ASSERT_TRUE(board->set(ch(1 + n.below(w.real)), first, values, quality).ok());
    }
    auto anew = Board::make(*VirtualGraph::make(w.meters), UtcSeconds(0), 3'600, kSlots, 0);
    for (std::uint64_t r = 1; r <= w.real; ++r) {
      const IntervalView v = board->view(ch(r));
      if (v.slots() > 0) {
        ASSERT_TRUE(anew->set(ch(r), 0, v.value, v.quality).ok());
      }
    }
    for (const VirtualMeter& meter : w.meters) {
      const IntervalView a = board->view(meter.id), b = anew->view(meter.id);
      ASSERT_TRUE(std::ranges::equal(a.value, b.value) && std::ranges::equal(a.quality, b.quality))
          << "seed " << seed << " " << meter.name;
      // And by the definition, interval by interval.
      for (std::size_t i = 0; i < kSlots; ++i) {
        __int128 sum = 0;
        Q worst = Q::kActual;
        for (const Term& term : meter.terms) {
          const IntervalView in = board->view(term.input);
          sum += in.slots() == 0 ? 0 : __int128{in.value[i]} * term.coefficient;
          worst = std::max(worst, in.slots() == 0 ? Q::kMissing : in.quality[i]);
        }
        const __int128 half = sum < 0 ? -500'000 : 500'000;
        ASSERT_EQ(a.value[i], static_cast<std::int64_t>((sum + half) / 1'000'000))
            << "seed " << seed;
        ASSERT_EQ(a.quality[i], worst) << "seed " << seed;
      }
    }
  }
}

TEST(CalendarSums, DaysWeeksAndMonthsOverClockChanges) {
  const DayCalendar calendar(*TimeZone::find("Europe/Madrid"));
  // From 00:00 on 23 March 2026 (a Monday), 2 weeks of quarter hours of 1.
  const UtcSeconds start = *from_iso("2026-03-22T23:00Z");
  const std::size_t slots = 14 * 96 - 4;
  const std::vector<std::int64_t> ones(slots, 1);
  std::vector<Q> quality(slots, Q::kActual);
  quality[96] = Q::kEstimated;
  const IntervalView view{ch(1), start, 900, 0, ones, quality};
  const auto told = [&](Span span) {
    std::string text;
    const auto sums = calendar_sums(view, calendar, span);
    if (!sums.ok()) return sums.error().reason;
    for (const CalendarSum& sum : *sums) {
      text += to_iso(sum.from).substr(5, 8) + " " + std::to_string(sum.sum) + "/" +
              std::to_string(sum.expected) + (sum.worst == Q::kEstimated ? "E" : "") + ", ";
    }
    return text;
  };
  EXPECT_EQ(told(Span::kWeek), "03-22T23 668/668E, 03-29T22 672/672, ");
  EXPECT_EQ(told(Span::kMonth), "02-28T23 860/2972E, 03-31T22 480/2880, ");
  EXPECT_EQ(told(Span::kDay).substr(0, 60),
            "03-22T23 96/96, 03-23T23 96/96E, 03-24T23 96/96, 03-25T23 96");
  const auto days = calendar_sums(view, calendar, Span::kDay);
  EXPECT_EQ((*days)[6].expected, 92u);  // Sunday 29 March
  EXPECT_EQ(days->size(), 14u);
}

// 100 kWh in, 97 out: 3 % lost. U = 2 sqrt((0.5 % x 100)^2 + (1 % x 50)^2 + (1 % x 47)^2) / sqrt 3
// = 2 x sqrt(0.25 + 0.25 + 0.2209) / 1.732 = 0.98 kWh.
TEST(LossBalance, WithItsUncertainty) {
  const std::vector<std::int64_t> in{60'000, 40'000, 9'999}, a{30'000, 20'000, 1},
      b{27'000, 20'000, 1};
  const std::vector<Q> fine(3, Q::kActual), gap{Q::kActual, Q::kActual, Q::kMissing};
  std::vector<BalanceMeter> meters{{{ch(1), UtcSeconds(0), 900, 0, in, fine}, 5, true},
                                   {{ch(2), UtcSeconds(0), 900, 0, a, gap}, 10, false},
                                   {{ch(3), UtcSeconds(0), 900, 0, b, fine}, 10, false}};
  const auto balance = loss_balance(meters);
  ASSERT_TRUE(balance.ok());
  EXPECT_EQ(balance->supplied, 100'000);
  EXPECT_EQ(balance->delivered, 97'000);
  EXPECT_EQ(balance->loss, 3'000);
  EXPECT_EQ(balance->loss_permyriad, 300);
  EXPECT_EQ(balance->uncertainty, 981);
  EXPECT_TRUE(balance->significant());
  EXPECT_EQ(balance->slots, 2u);
  EXPECT_EQ(balance->left_out, 1u);
  const std::vector<Q> guessed{Q::kEstimated, Q::kActual, Q::kActual};
  meters[2].view.quality = guessed;
  EXPECT_EQ(loss_balance(meters, 300)->uncertainty, 9'405);  // 30 % of 27 kWh outweighs all
  EXPECT_FALSE(loss_balance(meters, 300)->significant());
  meters[1].view.start = UtcSeconds(900);
  EXPECT_FALSE(loss_balance(meters).ok());
}

}  // namespace
}  // namespace amity::mdm
