// Final values and their versions: what is written once is there once, whatever crashes; the
// format's sample; what a clean day costs.
#include <gtest/gtest.h>

#include "store/directory.h"
#include "store/fact_codec.h"
#include "store/kv_finals.h"
#include "store/memory.h"
#include "store/test_directory.h"
#include "store/test_random.h"

namespace amity::store {
namespace {

constexpr std::int32_t kDay = 20'000;  // 2024-10-04
const UtcSeconds kStart(kDay * 86'400LL);
const UtcSeconds kNoon = kStart + 43'200;

FinalValue actual(std::int64_t v) { return {v, FinalOrigin::kActual, 0, false}; }
FinalValue linear(std::int64_t v) { return {v, FinalOrigin::kEstimated, 17, false}; }

ReadingsFinal estimated_day() {
  ReadingsFinal f;
  f.day.channel = ChannelId(7);
  f.day.day = kDay;
  f.day.start = kStart;
  f.day.length_s = 86'400;
  f.day.interval_s = 6 * 3'600;
  f.day.revision = 1;
  f.day.state = VeeState::kEstimated;
  f.day.worst = 3;
  f.day.total = 105;
  f.day.at_stake = 25;
  f.day.estimated = 1;
  f.day.findings = {{2, 3, 12, 1, 1, {3, 4, 1, 0}}};
  f.decision = {kStart + 93'600, "vee", "the meter was asked 3 times", "", {}};
  f.versions = {{kNoon, 1, linear(25), std::nullopt}};
  return f;
}

ReadingsFinal late_day() {
  ReadingsFinal f = estimated_day();
  f.day.revision = 2;
  f.day.state = VeeState::kClean;
  f.day.total = 101;
  f.day.at_stake = f.day.estimated = 0;
  f.day.findings.clear();
  f.decision = {kStart + 180'000, "vee", "late readings", "", {}};
  f.versions = {{kNoon, 2, actual(21), linear(25)}};
  return f;
}

std::string hex(const std::string& bytes) { return to_hex(as_bytes(bytes)); }

FinalDay both() {
  return {late_day().day,
          {{estimated_day().decision, estimated_day().versions},
           {late_day().decision, late_day().versions}}};
}

TEST(FinalDay, GoldenVersion1) {
  const std::string golden =
      "0107C0B80200C016D005020003CA01C901000000000002C070001B746865206D65746572207761732061736B65"
      "6420332074696D6573000001010101110132C0B60B000D6C6174652072656164696E677300000101010000022A"
      "9ED199C4";
  EXPECT_EQ(hex(encode_final_day(both())), golden);
  const Bytes bytes = from_hex(golden).value();
  const FinalDay day = decode_final_day(ChannelId(7), kDay, bytes).value();
  EXPECT_EQ(day.day, both().day);
  ASSERT_EQ(day.steps.size(), 2u);
  EXPECT_EQ(day.steps[1].versions, late_day().versions);
  EXPECT_EQ(day.steps[1].decision, late_day().decision);
}

TEST(FinalDay, EveryDamagedBitIsNoticed) {
  const std::string bytes = encode_final_day(both());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_final_day(ChannelId(7), kDay, as_bytes(damaged)).ok()) << "bit " << bit;
  }
  EXPECT_FALSE(decode_final_day(ChannelId(8), kDay, as_bytes(bytes)).ok()) << "another channel";
  EXPECT_FALSE(decode_final_day(ChannelId(7), kDay + 1, as_bytes(bytes)).ok()) << "another day";
}

TEST(FinalDay, ACleanDayTakesThirtyBytesWhateverItsIntervals) {
  FinalDay day;
  day.day = late_day().day;
  day.day.interval_s = 900;
  day.day.revision = 1;
  day.day.total = day.day.advance = 14'211;
  day.day.closure = DayClosure::kExact;
  day.steps = {{{day.day.end() + 7'260, "vee", "", "", {}}, {}}};
  EXPECT_LE(encode_final_day(day).size(), 34u);
}

TEST(FinalFacts, ComeBackWhole) {
  Edit edit;
  edit.id = EditId(9);
  edit.state = EditState::kApproved;
  edit.days = {{ChannelId(7), kDay}, {ChannelId(8), -1}};
  edit.values = {{kNoon, -5}, {kNoon + 900, INT64_MAX}};
  edit.reason = "meter test";
  edit.requested_by = "ana";
  edit.decided_by = "ben";
  edit.comment = "seen";
  edit.result = "done";
  for (const Fact& fact : {Fact(estimated_day()), Fact(late_day()), Fact(EditChanged{edit})}) {
    Bytes bytes;
    ASSERT_TRUE(encode_fact(fact, bytes).ok());
    const Fact again = decode_fact(bytes).value();
    Bytes second;
    ASSERT_TRUE(encode_fact(again, second).ok());
    EXPECT_EQ(bytes, second);
    for (std::size_t n = 0; n < bytes.size(); ++n)
      EXPECT_FALSE(decode_fact(ByteView(bytes).first(n)).ok()) << n;
    if (const auto* final = std::get_if<ReadingsFinal>(&fact)) {
      EXPECT_EQ(std::get<ReadingsFinal>(again).day, final->day);
      EXPECT_EQ(std::get<ReadingsFinal>(again).versions, final->versions);
    } else {
      EXPECT_EQ(std::get<EditChanged>(again).edit, edit);
    }
  }
}

struct Stored : ::testing::Test {
  std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>();
  std::unique_ptr<MemoryStore> store = std::move(open_memory(disk)).value();

  void append(const Fact& fact) {
    store->journal().append(fact, [](Result<Sequence> r) { EXPECT_TRUE(r.ok()); });
  }
  void crash() {
    store.reset();
    disk->crash();
    store = std::move(open_memory(disk)).value();
  }
  void arrive(int quarter, std::int64_t value) {
    append(ReadingsArrived{"test", kStart, {{ChannelId(7), kStart + quarter * 21'600LL, value, {}}}});
  }
  std::string final_text() {
    const auto series = final_series(store->readings(), store->finals(), ChannelId(7), kStart, kStart + 86'400).value();
    std::string text;
    for (const FinalPoint& p : series.points) {
      text += to_iso(p.reading.time).substr(11, 5) + "=" + std::to_string(p.reading.value) + code_of(p.final) + " v" +
              std::to_string(p.version) + " ";
    }
    return text + "pending " + std::to_string(series.pending);
  }
};

TEST_F(Stored, RawThenEstimatedThenLateAndNothingTwice) {
  arrive(1, 10), arrive(3, 30), arrive(4, 40);
  store->pump();
  EXPECT_EQ(final_text(), "pending 3") << "not validated yet";
  append(estimated_day());
  store->pump();
  EXPECT_EQ(final_text(), "06:00=10A v1 12:00=25E17 v1 18:00=30A v1 00:00=40A v1 pending 0");
  arrive(2, 21);
  append(late_day());
  append(late_day());  // again
  append(estimated_day());
  store->pump();
  const std::string late = "06:00=10A v1 12:00=21A v2 18:00=30A v1 00:00=40A v1 pending 0";
  EXPECT_EQ(final_text(), late);
  crash();
  EXPECT_EQ(final_text(), late);
  ASSERT_TRUE(store->readings().checkpoint().ok());
  crash();
  EXPECT_EQ(final_text(), late);
  EXPECT_EQ(store->finals().day(ChannelId(7), kDay).value()->steps.size(), 2u);
}

TEST_F(Stored, ALaterRawValueChangesNoFinalOneByItself) {
  arrive(1, 10), arrive(2, 20), arrive(3, 30), arrive(4, 40);
  ReadingsFinal clean = late_day();
  clean.day.revision = 1;
  clean.versions.clear();
  append(clean);
  arrive(2, 22);  // a correction that nobody has looked at
  store->pump();
  EXPECT_EQ(store->readings().read(ChannelId(7), kStart, kStart + 86'400).value()[1].value, 22);
  EXPECT_EQ(final_text(), "06:00=10A v1 12:00=20A v1 18:00=30A v1 00:00=40A v1 pending 0");
}

TEST_F(Stored, WhoChangedThisAndWhy) {
  arrive(1, 10), arrive(2, 20), arrive(3, 30), arrive(4, 40);
  ReadingsFinal clean = late_day();
  clean.day.revision = 1;
  clean.decision.why = "validated";
  clean.versions.clear();
  append(clean);
  ReadingsFinal edit = clean;
  edit.day.revision = 2;
  edit.decision = {kStart + 200'000, "ana", "meter test of the lab", "ben", EditId(3)};
  edit.versions = {{kNoon, 2, {19, FinalOrigin::kEdited, 16, false}, actual(20)}};
  append(edit);
  store->pump();
  const auto steps = version_history(store->readings(), store->finals(), ChannelId(7), kNoon).value();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].version.now, actual(20));
  EXPECT_EQ(steps[0].decision.why, "validated");
  EXPECT_EQ(steps[1].version.version, 2u);
  EXPECT_EQ(steps[1].decision.who + " / " + steps[1].decision.approved_by + ": " + steps[1].decision.why,
            "ana / ben: meter test of the lab");
}

TEST_F(Stored, ExceptionsAndEditsThatAreOpenAreFound) {
  append(estimated_day());
  Edit edit;
  edit.id = EditId(1);
  edit.days = {{ChannelId(7), kDay}};
  append(EditChanged{edit});
  store->pump();
  std::size_t exceptions = 0;
  ASSERT_TRUE(store->finals().each_exception([&](const VeeDay&) { ++exceptions; }).ok());
  EXPECT_EQ(exceptions, 1u);
  EXPECT_EQ(store->finals().open_edits().value().size(), 1u);
  append(late_day());
  edit.state = EditState::kRejected;
  append(EditChanged{edit});
  edit.state = EditState::kProposed;  // an old fact again
  append(EditChanged{edit});
  store->pump();
  exceptions = 0;
  ASSERT_TRUE(store->finals().each_exception([&](const VeeDay&) { ++exceptions; }).ok());
  EXPECT_EQ(exceptions, 0u);
  EXPECT_TRUE(store->finals().open_edits().value().empty());
  EXPECT_EQ(store->finals().edits({}, 10).value().front().state, EditState::kRejected);
  EXPECT_EQ(store->finals().newest_edit().value(), EditId(1));
}

TEST(FinalsOnDisk, CheckBackupAndRestoreCoverThem) {
  const TestDirectory at;
  {
    auto store = open_embedded(at / "data", {}).value();
    std::atomic<int> open{2};
    for (const Fact& fact : {Fact(estimated_day()), Fact(late_day())})
      store->journal().append(fact, [&](Result<Sequence>) { --open; });
    while (open > 0) std::this_thread::yield();
    ASSERT_TRUE(store->backup(at / "backup").ok());
  }
  ASSERT_TRUE(restore_backup(at / "backup", at / "restored", kStart).ok());
  for (const std::string name : {"data", "backup", "restored"}) {
    const auto report = check_directory(at / name).value();
    EXPECT_EQ(report.damage, std::vector<std::string>{}) << name;
    EXPECT_EQ(report.final_days, 1u) << name;
    EXPECT_EQ(report.final_versions, 2u) << name;
  }
}

}  // namespace
}  // namespace amity::store
