// One meter, day by day: what validation gives out, what it takes back, and that a crash anywhere
// repeats nothing.
#include "roles/mdm_role.h"

#include <gtest/gtest.h>

#include "roles/journal_follower.h"
#include "roles/test_meter.h"
#include "store/memory.h"

namespace amity::roles {
namespace {

struct MdmTest : ::testing::Test, MortalPlatform {
  MdmOptions options;
  std::unique_ptr<MdmRole> role;
  std::unique_ptr<JournalFollower> follower;
  std::vector<std::string> asked;  // reads

  MdmTest() {
    EXPECT_TRUE(store->registry().add(one_meter()).ok());
    options.reread.give_up_after_s = 86'400;
    start();
  }
  void start() override {
    role = std::make_unique<MdmRole>(*store, clock, TimeZone::utc(), options);
    role->set_request_read([this](DeviceId device, UtcSeconds after, UtcSeconds until) {
      asked.push_back(std::to_string(device.value) + " " + to_iso(after) + "/" + to_iso(until));
    });
    ASSERT_TRUE(role->load().ok());
    follower = std::make_unique<JournalFollower>(
        store->journal(), MdmRole::kDepartment,
        [this](const store::JournalEntry& e) { role->handle(e); }, [this] { return role->save(); });
    ASSERT_TRUE(follower->begin().ok());
  }
  void forget() override {
    follower.reset();
    role.reset();
  }
  void step() {
    store->pump();
    did();
    ASSERT_TRUE(follower->step(1'000).ok());
    did();
    role->tick();
    did();
    store->pump();
    did();
    ASSERT_TRUE(follower->save().ok());
    did();
  }
  void settle() {
    for (int i = 0; i < 8; ++i) step();
  }
  void day_arrives(std::int32_t day, const std::vector<int>& without = {}) {
    arrive(readings_of(day, without));
  }
  void first_register() { arrive({{kTotal, kBegin, register_at(kFirst), {}}}); }

  VeeDay day(std::int32_t number) {
    const auto found = store->finals().day(kImport, number).value();
    return found ? found->day : VeeDay{};
  }
  std::string told(std::int32_t number) {
    const VeeDay d = day(number);
    return std::string(to_string(d.state)) + " " + std::string(to_string(d.closure)) + " " +
           std::to_string(d.total) + " estimated " + std::to_string(d.estimated) + " open " +
           std::to_string(d.open_count()) + " revision " + std::to_string(d.revision);
  }
  // Every decision in the journal, as text.
  std::vector<std::string> decisions() {
    std::vector<std::string> out;
    const auto entries = store->journal().read(0, 100'000).value();
    for (const auto& entry : entries) {
      const auto* f = std::get_if<ReadingsFinal>(&entry.fact);
      if (f == nullptr) continue;
      std::string text = std::to_string(f->day.day - kFirst) + "r" +
                         std::to_string(f->day.revision) + " " +
                         std::string(to_string(f->day.state)) + " " + std::to_string(f->day.total);
      for (const FinalVersion& v : f->versions) {
        text += " " + to_iso(v.time).substr(11, 2) + "v" + std::to_string(v.version) +
                code_of(v.now) + std::to_string(v.now.value);
      }
      out.push_back(text);
    }
    return out;
  }
  std::int64_t sum_of(std::int32_t number) { return register_at(number + 1) - register_at(number); }
};

TEST_F(MdmTest, AWholeDayIsValidatedOnceAndCostsNoVersion) {
  first_register();
  day_arrives(kFirst);
  at(kFirst + 1, 1);
  settle();
  EXPECT_EQ(day(kFirst).revision, 0u) << "two hours after its end";
  at(kFirst + 1, 2);
  settle();
  EXPECT_EQ(told(kFirst),
            "clean exact " + std::to_string(sum_of(kFirst)) + " estimated 0 open 0 revision 1");
  EXPECT_EQ(decisions().size(), 1u);
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(role->counts().days_validated, 1u);
}

TEST_F(MdmTest, TheMeterIsAskedAgainBeforeAnythingIsEstimated) {
  first_register();
  day_arrives(kFirst);
  day_arrives(kFirst + 1, {10, 11, 12, 13, 14});
  at(kFirst + 2, 2);
  settle();
  EXPECT_EQ(told(kFirst + 1).substr(0, 12), "waiting open");
  EXPECT_EQ(day(kFirst + 1).open, (decltype(VeeDay::open){{9, 14}}));
  EXPECT_EQ(asked, (std::vector<std::string>{"1 2024-10-05T00:00:00Z/2024-10-06T00:00:00Z"}));
  settle();
  EXPECT_EQ(asked.size(), 1u) << "the first wait is an hour";
  at(kFirst + 2, 4);
  settle();
  EXPECT_EQ(asked.size(), 2u);
  ASSERT_EQ(role->queue().size(), 1u);
  EXPECT_EQ(role->queue()[0].bill_day, 20'028) << "2024-11-01";

  day_arrives(kFirst + 2);
  at(kFirst + 3, 2);
  settle();
  EXPECT_EQ(told(kFirst + 1), "estimated exact " + std::to_string(sum_of(kFirst + 1)) +
                                  " estimated 5 open 0 revision 2");
  EXPECT_EQ(role->queue()[0].day.state, VeeState::kEstimated);
  EXPECT_GT(role->queue()[0].day.at_stake, 0);
}

TEST_F(MdmTest, LateActualsReplaceEstimatesAsACorrection) {
  first_register();
  day_arrives(kFirst);
  day_arrives(kFirst + 1, {10, 11});
  at(kFirst + 3, 3);
  settle();
  EXPECT_EQ(day(kFirst + 1).estimated, 2u);
  arrive({{kImport, UtcDay(kFirst + 1).start() + 10 * 3'600, use_of(kFirst + 1, 10), {}}});
  settle();
  // One is the meter's now; what is left of the register is the other's, exactly.
  EXPECT_EQ(told(kFirst + 1).substr(0, 15), "estimated exact");
  const auto steps = store::version_history(store->readings(), store->finals(), kImport,
                                            UtcDay(kFirst + 1).start() + 10 * 3'600)
                         .value();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].version.now.origin, FinalOrigin::kEstimated);
  EXPECT_EQ(steps[1].version.now,
            (FinalValue{use_of(kFirst + 1, 10), FinalOrigin::kActual, 0, false}));
  EXPECT_EQ(steps[1].decision.why, "late readings");
  EXPECT_GE(role->counts().corrections, 1u);
  const std::size_t before = decisions().size();
  arrive({{kImport, UtcDay(kFirst + 1).start() + 10 * 3'600, use_of(kFirst + 1, 10), {}}});
  settle();
  EXPECT_EQ(decisions().size(), before) << "the same again is no news";
}

TEST_F(MdmTest, ALaterRawValueIsACorrection) {
  first_register();
  day_arrives(kFirst);
  at(kFirst + 1, 2);
  settle();
  arrive({{kImport, kBegin + 3'600, 999, {}}});
  settle();
  const auto steps =
      store::version_history(store->readings(), store->finals(), kImport, kBegin + 3'600).value();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].version.now.value, use_of(kFirst, 1));
  EXPECT_EQ(steps[1].version.now.value, 999);
  EXPECT_EQ(told(kFirst).substr(0, 14), "failed differs") << "the register says otherwise";
}

// The whole walk, dying once after each single thing that the platform does.
TEST_F(MdmTest, ACrashAnywhereRepeatsNothingAndLosesNothing) {
  const auto walk = [](MdmTest& t) {
    t.first_register();
    t.day_arrives(kFirst);
    t.at(kFirst + 1, 2);
    t.settle();
    t.day_arrives(kFirst + 1, {10, 11, 12, 13});
    t.at(kFirst + 2, 2);
    t.settle();
    t.day_arrives(kFirst + 2);
    t.at(kFirst + 3, 3);
    t.settle();
    t.arrive({{kImport, UtcDay(kFirst + 1).start() + 11 * 3'600, use_of(kFirst + 1, 11), {}}});
    t.settle();
  };
  struct Walked : MdmTest {
    void TestBody() override {}
  };
  Walked undisturbed;
  walk(undisturbed);
  const auto expected = undisturbed.decisions();
  ASSERT_GE(expected.size(), 5u);
  for (int at = 0; at < 4 * 8 * 5; ++at) {
    Walked t;
    t.crash_in = at;
    walk(t);
    EXPECT_EQ(t.decisions(), expected) << "died after step " << at;
  }
}

TEST_F(MdmTest, EditsNeedASecondPersonAndAreKeptThroughVee) {
  first_register();
  day_arrives(kFirst);
  day_arrives(kFirst + 1, {10});
  at(kFirst + 3, 3);
  settle();
  const UtcSeconds ten = UtcDay(kFirst + 1).start() + 10 * 3'600;
  std::vector<std::string> answers;
  const auto answer = [&answers](Result<Edit> e) {
    answers.push_back(e.ok() ? std::to_string(e->id.value) + " " + std::string(to_string(e->state))
                             : e.error().reason);
  };
  Edit edit;
  edit.kind = EditKind::kValues;
  edit.days = {{kImport, 0}};
  edit.values = {{ten, 250}};
  edit.requested_by = "ana";
  role->propose(edit, answer);
  edit.reason = "read from a photo";
  role->propose(edit, answer);
  settle();
  role->decide({EditId(1), true, "ana", ""}, answer);
  EXPECT_EQ(day(kFirst + 1).edited, 0u);
  role->decide({EditId(1), true, "ben", "agreed"}, answer);
  settle();
  EXPECT_EQ(answers, (std::vector<std::string>{"a reason is required", "1 proposed",
                                               "whoever proposed an edit does not approve it",
                                               "1 approved"}));
  EXPECT_EQ(store->finals().edit(EditId(1)).value()->state, EditState::kApplied);
  EXPECT_EQ(day(kFirst + 1).state, VeeState::kAccepted);
  crash();
  settle();
  EXPECT_EQ(day(kFirst + 1).revision, 3u) << "carried out once";
  // A late actual does not replace what a person decided.
  arrive({{kImport, ten, use_of(kFirst + 1, 10), {}}});
  settle();
  auto steps = store::version_history(store->readings(), store->finals(), kImport, ten).value();
  EXPECT_EQ(steps.back().version.now, (FinalValue{250, FinalOrigin::kEdited, 16, false}));
  EXPECT_EQ(steps.back().decision.approved_by, "ben");

  Edit undo;
  undo.kind = EditKind::kUndo;
  undo.undoes = EditId(1);
  undo.days = {{kImport, kFirst + 1}};
  undo.reason = "the photo was of another meter";
  undo.requested_by = "ben";
  role->propose(undo, answer);
  settle();
  role->decide({EditId(2), true, "ana", ""}, answer);
  settle();
  steps = store::version_history(store->readings(), store->finals(), kImport, ten).value();
  EXPECT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps.back().version.now, steps.front().version.now);
  role->propose(undo, answer);
  EXPECT_EQ(answers.back(), "the interval that ends 2024-10-05T10:00:00Z has a later version 3");
}

TEST_F(MdmTest, DaysAreAcceptedInBulkAndRunAgain) {
  first_register();
  day_arrives(kFirst);
  day_arrives(kFirst + 1, {10});
  day_arrives(kFirst + 2, {11});
  at(kFirst + 4, 3);
  day_arrives(kFirst + 3);
  settle();
  settle();
  EXPECT_EQ(role->queue().size(), 2u);
  Edit accept;
  accept.kind = EditKind::kAccept;
  accept.days = {{kImport, kFirst + 2}, {kImport, kFirst + 1}};
  accept.reason = "small";
  accept.requested_by = "ana";
  std::string answer;
  const auto keep = [&answer](Result<Edit> e) { answer = e.ok() ? "ok" : e.error().reason; };
  role->propose(accept, keep);
  settle();
  role->decide({EditId(1), true, "ben", ""}, keep);
  settle();
  EXPECT_EQ(role->queue().size(), 0u);
  EXPECT_EQ(day(kFirst + 2).state, VeeState::kAccepted);
  Edit rerun = accept;
  rerun.kind = EditKind::kRerun;
  role->propose(rerun, keep);
  settle();
  role->decide({EditId(2), true, "ben", ""}, keep);
  settle();
  EXPECT_EQ(day(kFirst + 2).state, VeeState::kEstimated);
  EXPECT_EQ(store->finals().edit(EditId(2)).value()->state, EditState::kApplied);
  accept.days = {{kImport, kFirst + 9}};
  role->propose(accept, keep);
  EXPECT_EQ(answer, "channel 1, 2024-10-13 is not validated yet");
}

TEST_F(MdmTest, TheDayAMeterBeginsOnIsTakenAsRead) {
  day_arrives(kFirst, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  day_arrives(kFirst + 1);
  at(kFirst + 2, 3);
  settle();
  std::int64_t sum = 0;
  for (int h = 10; h <= 24; ++h) sum += use_of(kFirst, h);
  EXPECT_EQ(told(kFirst),
            "clean unbounded " + std::to_string(sum) + " estimated 0 open 0 revision 1");
  EXPECT_EQ(to_iso(day(kFirst).start), "2024-10-04T09:00:00Z");
  const auto series = store::final_series(store->readings(), store->finals(), kImport, kBegin,
                                          UtcDay(kFirst + 2).start())
                          .value();
  EXPECT_EQ(series.points.size(), 15u + 24u);
  EXPECT_EQ(series.pending, 0u);
  crash();
  settle();
  EXPECT_EQ(decisions().size(), 2u);
}

// A meter that came on at six in the morning.
struct MdmBegunAtSix : MdmTest {
  MdmBegunAtSix() {
    forget();
    disk = std::make_shared<store::MemoryDisk>();
    store = std::move(store::open_memory(disk)).value();
    auto data = one_meter();
    data.devices[0].commissioned = kBegin + 6 * 3'600;
    EXPECT_TRUE(store->registry().add(data).ok());
    start();
  }
  void hours_arrive(std::initializer_list<int> hours) {
    std::vector<Reading> readings;
    for (const int h : hours)
      readings.push_back({kImport, kBegin + h * 3'600, use_of(kFirst, h), {}});
    arrive(std::move(readings));
  }
};

TEST_F(MdmBegunAtSix, WhatIsLateOfThatDayIsTakenAsReadToo) {
  std::int64_t sum = 0;
  const auto and_hours = [&](std::initializer_list<int> hours) {
    for (const int h : hours) sum += use_of(kFirst, h);
    return std::to_string(sum);
  };
  day_arrives(kFirst, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13});
  day_arrives(kFirst + 1);
  at(kFirst + 2, 3);
  settle();
  EXPECT_EQ(told(kFirst), "failed open " +
                              and_hours({10, 11, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24}) +
                              " estimated 0 open 2 revision 1");
  const auto why = role->explain(day(kFirst)).value();
  ASSERT_EQ(why.size(), 1u);
  EXPECT_EQ(why[0].text,
            "fail: 13 of 15 intervals are there, the longest gap is 2 intervals, "
            "at 2024-10-04T12:00:00+00:00");
  hours_arrive({12, 13});
  settle();
  EXPECT_TRUE(role->explain(day(kFirst)).value().empty());
  EXPECT_EQ(told(kFirst),
            "clean unbounded " + and_hours({12, 13}) + " estimated 0 open 0 revision 2");
  hours_arrive({5, 6, 7, 8, 9});  // the first two were counted elsewhere
  settle();
  EXPECT_EQ(told(kFirst),
            "clean unbounded " + and_hours({7, 8, 9}) + " estimated 0 open 0 revision 3");
  EXPECT_EQ(to_iso(day(kFirst).start), "2024-10-04T06:00:00Z");
  const auto series =
      store::final_series(store->readings(), store->finals(), kImport, kBegin, kBegin + 86'400)
          .value();
  EXPECT_EQ(series.points.size(), 18u);
  hours_arrive({7, 12});  // again
  crash();
  settle();
  EXPECT_EQ(decisions().size(), 4u);
}

TEST_F(MdmTest, WhatIsNotValidatedYetIsToldApart) {
  first_register();
  day_arrives(kFirst);
  day_arrives(kFirst + 1);
  at(kFirst + 1, 2);
  settle();
  const auto series =
      store::final_series(store->readings(), store->finals(), kImport, kBegin + 86'400 - 3'600,
                          UtcDay(kFirst + 1).start() + 7'200)
          .value();
  ASSERT_EQ(series.points.size(), 1u);
  ASSERT_EQ(series.unsettled.size(), 2u);
  EXPECT_EQ(series.unsettled[1].value, use_of(kFirst + 1, 2));
  EXPECT_EQ(series.pending, 2u);
}

TEST_F(MdmTest, AnAcceptanceIsUndone) {
  first_register();
  day_arrives(kFirst);
  day_arrives(kFirst + 1, {10});
  at(kFirst + 3, 3);
  settle();
  ASSERT_EQ(day(kFirst + 1).state, VeeState::kEstimated);
  const auto ok = [](Result<Edit> e) { EXPECT_TRUE(e.ok()) << e.error().reason; };
  Edit accept;
  accept.kind = EditKind::kAccept;
  accept.days = {{kImport, kFirst + 1}};
  accept.reason = "small";
  accept.requested_by = "ana";
  role->propose(accept, ok);
  settle();
  role->decide({EditId(1), true, "ben", ""}, ok);
  settle();
  ASSERT_EQ(day(kFirst + 1).state, VeeState::kAccepted);
  Edit undo = accept;
  undo.kind = EditKind::kUndo;
  undo.undoes = EditId(1);
  role->propose(undo, ok);
  settle();
  role->decide({EditId(2), true, "ben", ""}, ok);
  settle();
  EXPECT_EQ(day(kFirst + 1).state, VeeState::kEstimated);
  EXPECT_EQ(role->queue().size(), 2u);
  std::string why;
  role->propose(undo, [&why](Result<Edit> e) { why = e.ok() ? "ok" : e.error().reason; });
  EXPECT_EQ(why, "channel 1, 2024-10-05 was decided again since");
}

// Two days between the same two registers lack hours; one is run again after it was accepted, both
// have other estimates then, and the undo puts both back as they were.
TEST_F(MdmTest, ARerunIsUndoneOnEveryDayThatItDecided) {
  first_register();
  auto without_dial = [this](std::int32_t number, const std::vector<int>& without) {
    auto readings = readings_of(number, without);
    readings.pop_back();
    arrive(readings);
  };
  without_dial(kFirst, {10});
  day_arrives(kFirst + 1, {10});
  at(kFirst + 4, 3);
  settle();
  ASSERT_EQ(day(kFirst).estimated + day(kFirst + 1).estimated, 2);
  const auto ok = [](Result<Edit> e) { EXPECT_TRUE(e.ok()) << e.error().reason; };
  const auto edit = [&](EditKind kind, std::vector<EditDay> days, EditId undoes = {}) {
    Edit e;
    e.kind = kind;
    e.days = std::move(days);
    e.undoes = undoes;
    e.reason = "a test";
    e.requested_by = "ana";
    role->propose(e, ok);
    settle();
    role->decide({store->finals().newest_edit().value(), true, "ben", ""}, ok);
    settle();
  };
  edit(EditKind::kAccept, {{kImport, kFirst}});
  ASSERT_EQ(day(kFirst).state, VeeState::kAccepted);
  const auto values = [&] {
    std::string text;
    for (const std::int32_t d : {kFirst, kFirst + 1}) {
      const auto s = store::final_series(store->readings(), store->finals(), kImport,
                                         UtcDay(d).start(), UtcDay(d + 1).start())
                         .value();
      text += std::string(to_string(day(d).state)) + " " + std::to_string(day(d).total) + " ";
      for (const auto& p : s.points) text += std::to_string(p.reading.value) + " ";
    }
    return text;
  };
  const std::string before = values();
  // No line between neighbours any more: both hours share evenly what is left of the register.
  options.estimate.linear_max_s = 0;
  crash();
  edit(EditKind::kRerun, {{kImport, kFirst}});
  EXPECT_NE(values(), before);
  const auto rerun = store->finals().newest_edit().value();
  EXPECT_EQ(rerun, EditId(2));
  edit(EditKind::kUndo, {{kImport, kFirst}}, rerun);
  EXPECT_EQ(values(), before);
  EXPECT_EQ(store->finals().edit(EditId(3)).value()->days.size(), 2u);
  crash();
  settle();
  EXPECT_EQ(values(), before);
  // What changed when, of one interval: the line between its neighbours, closed on the register
  // once the second day was there, the rerun's, and what was before it again.
  const auto steps =
      store::version_history(store->readings(), store->finals(), kImport, kBegin + 10 * 3'600)
          .value();
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[3].version.now, steps[1].version.now);
  EXPECT_NE(steps[2].version.now, steps[1].version.now);
  for (std::size_t i = 1; i < 4; ++i)
    EXPECT_EQ(steps[i].version.before, steps[i - 1].version.now) << i;
  EXPECT_EQ(steps[2].decision.edit, EditId(2));
  EXPECT_EQ(steps[3].decision.edit, EditId(3));
}

TEST_F(MdmTest, FindingsAreToldInWords) {
  first_register();
  day_arrives(kFirst, {5});
  at(kFirst + 1, 2);
  settle();
  const auto explained = role->explain(day(kFirst)).value();
  ASSERT_FALSE(explained.empty());
  EXPECT_EQ(explained[0].rule, "count");
  EXPECT_NE(explained[0].text.find("23 of 24"), std::string::npos) << explained[0].text;
}

// The meter was set to other intervals than master data says.
TEST_F(MdmTest, IntervalsOfAnotherLengthThanMasterDataSaysFailTheDayAndAreQueued) {
  struct Case {
    int step_s;
    const char* says;
  };
  std::int32_t number = kFirst;
  first_register();
  for (const Case& told : {Case{7'200, "intervals of 7200 s delivered, 3600 s in master data"},
                           Case{1'800, "intervals of 1800 s delivered, 3600 s in master data"}}) {
    std::vector<Reading> readings;
    const UtcSeconds start = UtcDay(number).start();
    for (int end = told.step_s; end <= 86'400; end += told.step_s)
      readings.push_back({kImport, start + end, 100 * told.step_s / 3'600, {}});
    readings.push_back(
        {kTotal, start + 86'400, register_at(kFirst) + 2'400 * (number - kFirst + 1), {}});
    arrive(readings);
    at(number + 1, 2);
    settle();
    at(number + 3, 3);  // nothing more comes
    settle();
    const VeeDay d = day(number);
    EXPECT_EQ(d.state, VeeState::kFailed);
    // A half hour's energy is no hour's: nothing of it is given out, and nothing made up beside it.
    EXPECT_EQ(d.estimated, 0);
    EXPECT_EQ(d.total, 0);
    EXPECT_EQ(d.closure, DayClosure::kOpen);
    EXPECT_EQ(d.open, (std::vector<std::pair<std::uint16_t, std::uint16_t>>{{0, 24}}));
    EXPECT_GT(d.at_stake, 0) << "it is not at the end of the queue";
    const auto given =
        store::final_series(store->readings(), store->finals(), kImport, start, start + 86'400)
            .value();
    EXPECT_TRUE(given.points.empty());
    EXPECT_EQ(given.pending, 24u);
    const auto explained = role->explain(d).value();
    ASSERT_FALSE(explained.empty());
    EXPECT_EQ(explained[0].rule, "identity");
    EXPECT_NE(explained[0].text.find(told.says), std::string::npos) << explained[0].text;
    EXPECT_TRUE(std::ranges::any_of(role->queue(),
                                    [&](const auto& item) { return item.day.day == number; }));
    number += 4;
  }
}

TEST_F(MdmTest, NorIsThePartOfADayThatAChannelBeginsOnGivenOut) {
  std::vector<Reading> readings;
  for (int half = 20; half <= 48; ++half)
    readings.push_back({kImport, kBegin + half * 1'800, 50, {}});
  arrive(readings);
  day_arrives(kFirst + 1);
  at(kFirst + 2, 2);
  settle();
  const VeeDay d = day(kFirst);
  EXPECT_EQ(d.state, VeeState::kFailed);
  EXPECT_EQ(d.total, 0);
  EXPECT_EQ(d.open_count(), d.slots());
  EXPECT_EQ(role->explain(d).value().at(0).rule, "identity");
}

// Lost hours are no other length; the rule has nothing to say of what a delivery does not tell.
TEST_F(MdmTest, GapsAreNotTakenForIntervalsOfAnotherLength) {
  first_register();
  day_arrives(kFirst, {2, 4, 6, 8, 10, 12, 14});
  at(kFirst + 1, 2);
  settle();
  const auto explained = role->explain(day(kFirst)).value();
  ASSERT_FALSE(explained.empty());
  for (const auto& finding : explained) EXPECT_NE(finding.rule, "identity");
}

TEST(MdmMemory, ComesBackWholeOrNotAtAll) {
  MdmMemory memory;
  memory.first_day = kFirst;
  memory.next_day = kFirst + 9;
  memory.state.add_day(kFirst, 4, 4'321, 99);
  memory.waiting = {{kFirst + 3, 2, kBegin, kBegin + 86'400}};
  memory.dirty = {kFirst + 1, kFirst + 5};
  Bytes bytes;
  encode_memory(memory, bytes);
  EXPECT_EQ(decode_memory(bytes).value(), memory);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(decode_memory(ByteView(bytes).first(n)).ok()) << n;
}

TEST(BillDate, TheNextOneOnOrAfter) {
  EXPECT_EQ(bill_date(20'000, 1), 20'028);   // 2024-10-04 -> 2024-11-01
  EXPECT_EQ(bill_date(20'000, 4), 20'000);   // the day itself
  EXPECT_EQ(bill_date(20'088, 15), 20'103);  // 2024-12-31 -> 2025-01-15
}

}  // namespace
}  // namespace amity::roles
