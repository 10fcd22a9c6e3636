// The door: what is kept, what is refused and why, and that nothing that arrived is lost.
#include <gtest/gtest.h>

#include "intake/make_intake.h"
#include "store/memory.h"

namespace amity::intake {
namespace {

constexpr UtcSeconds kNow(1'700'049'600);  // 2023-11-15T12:00:00Z
constexpr ChannelId kImport(1), kExport(2), kUnknown(99);
constexpr DeviceId kMeter(1);

class StoppedClock : public Clock {
 public:
  UtcSeconds utc() const override { return kNow; }
  std::int64_t utc_us() const override { return kNow.value * 1'000'000; }
  Instant now() const override { return {}; }
};

class IntakeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    disk_ = std::make_shared<store::MemoryDisk>();
    store_ = store::open_memory(disk_).value();
    store::MasterData data;
    Device meter;
    meter.id = kMeter;
    meter.serial = "AMY00000001";
    data.devices.push_back(meter);
    for (const ChannelId id : {kImport, kExport}) {
      Channel c;
      c.id = id;
      c.device = kMeter;
      data.channels.push_back(c);
    }
    ASSERT_TRUE(store_->registry().add(data).ok());
    intake_ = make_intake(*store_, clock_).value();
  }

  Result<Receipt> deliver(std::vector<Reading> readings) {
    std::optional<Result<Receipt>> answer;
    int answers = 0;
    intake_->accept(ReadingsArrived{"push", kNow, std::move(readings)}, [&](Result<Receipt> r) {
      answer = std::move(r);
      ++answers;
    });
    store_->pump();
    EXPECT_EQ(answers, 1);
    return std::move(*answer);
  }
  std::vector<Reading> stored(ChannelId channel) {
    return store_->readings().read(channel, UtcSeconds(0), kNow + 400 * 86'400).value();
  }

  StoppedClock clock_;
  std::shared_ptr<store::MemoryDisk> disk_;
  std::unique_ptr<store::MemoryStore> store_;
  std::unique_ptr<Intake> intake_;
};

TEST_F(IntakeTest, AnswersWhenTheDeliveryIsDurableAndStored) {
  bool answered = false;
  intake_->accept(ReadingsArrived{"push", kNow, {{kImport, kNow, 42, {}}}}, [&](Result<Receipt> r) {
    answered = true;
    ASSERT_TRUE(r.ok());
    EXPECT_EQ(r->sequence, 1u);
    EXPECT_EQ(r->accepted, 1u);
    EXPECT_EQ(stored(kImport).size(), 1u);
  });
  EXPECT_FALSE(answered);
  store_->pump();
  EXPECT_TRUE(answered);
}

TEST_F(IntakeTest, DropsExactRepeatsInADeliveryButKeepsCorrectionsInOrder) {
  const Reading a{kImport, kNow, 42, {}}, b{kExport, kNow, 7, {}}, corrected{kImport, kNow, 41, {}};
  const auto receipt = deliver({a, b, a, corrected, b});
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(receipt->accepted, 3u);
  EXPECT_EQ(stored(kImport), std::vector<Reading>{corrected});
  EXPECT_EQ(store_->readings().versions(kImport, kNow).value(), (std::vector<Reading>{a, corrected}));
}

TEST_F(IntakeTest, RejectsTheFutureAndTheUnknownAndKeepsThemAsEvents) {
  const Reading good{kImport, kNow, 1, {}}, just_possible{kImport, kNow + 86'400, 2, {}};
  const Reading future{kExport, kNow + 86'401, 3, Quality{}.with(QualityFlag::kClockInvalid)};
  const Reading unknown{kUnknown, kNow, 4, {}}, ancient{kImport, UtcSeconds(-5), 5, {}};
  const auto receipt = deliver({good, just_possible, future, unknown, ancient});
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(receipt->accepted, 2u);
  ASSERT_EQ(receipt->rejected.size(), 3u);
  EXPECT_EQ(receipt->rejected[0].reason, "the time is more than a day in the future");
  EXPECT_EQ(receipt->rejected[1].reason, "the channel is unknown");
  EXPECT_EQ(receipt->rejected[2].reason, "the time is before 1970");
  EXPECT_EQ(stored(kImport), (std::vector<Reading>{good, just_possible}));
  EXPECT_TRUE(stored(kExport).empty());
  EXPECT_TRUE(stored(kUnknown).empty());
  const auto of_meter = store_->events().of_device(kMeter, UtcSeconds(0), kNow, 10).value();
  ASSERT_EQ(of_meter.size(), 2u);
  std::string text = of_meter[0].text + of_meter[1].text;
  EXPECT_NE(text.find("rejected from push, the time is more than a day in the future: "
                      "channel 2 at 2023-11-16T12:00:01Z = 3 (clock_invalid)"),
            std::string::npos)
      << text;
  EXPECT_EQ(store_->events().of_device(DeviceId(), UtcSeconds(0), kNow, 10).value().size(), 1u);
}

TEST_F(IntakeTest, ADeliveryOfNothingGoodIsStillAcknowledgedOnceItsQuarantineIsDurable) {
  const auto receipt = deliver({{kUnknown, kNow, 4, {}}});
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(receipt->accepted, 0u);
  EXPECT_EQ(receipt->sequence, 1u);
}

TEST_F(IntakeTest, AChannelAddedLaterIsKnownAtOnce) {
  Channel c;
  c.id = kUnknown;
  c.device = kMeter;
  ASSERT_TRUE(store_->registry().add_channel(c).ok());
  EXPECT_EQ(deliver({{kUnknown, kNow, 4, {}}})->accepted, 1u);
}

TEST_F(IntakeTest, SaysWhyADeliveryIsNotDurable) {
  disk_->kv().set_fault([](const auto&, auto) { return store::KvFault::kDiskFull; });
  auto receipt = deliver({{kImport, kNow, 42, {}}});
  ASSERT_FALSE(receipt.ok());
  EXPECT_NE(receipt.error().reason.find("disk full"), std::string::npos);
  EXPECT_TRUE(stored(kImport).empty());
  receipt = deliver({{kImport, kNow, 42, {}}, {kUnknown, kNow, 1, {}}});  // two facts, one answer
  EXPECT_FALSE(receipt.ok());
  disk_->kv().set_fault({});
  EXPECT_TRUE(deliver({{kImport, kNow, 42, {}}}).ok());
  EXPECT_EQ(stored(kImport).size(), 1u);
}

TEST_F(IntakeTest, TheSameDeliveryTwiceIsStoredOnce) {
  (void)deliver({{kImport, kNow, 42, {}}});
  EXPECT_EQ(deliver({{kImport, kNow, 42, {}}})->accepted, 1u);
  EXPECT_EQ(stored(kImport).size(), 1u);
  EXPECT_EQ(store_->readings().versions(kImport, kNow).value().size(), 1u);
}

TEST_F(IntakeTest, EventsOfUnknownDevicesAreKeptWithTheirNumber) {
  Event e;
  e.device = DeviceId(1234);
  e.time = kNow;
  e.text = "power down";
  intake_->accept(EventsArrived{"push", kNow, {e}}, {});
  store_->pump();
  const auto kept = store_->events().of_device(DeviceId(), UtcSeconds(0), kNow, 10).value();
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].text, "of unknown device 1234: power down");
}

}  // namespace
}  // namespace amity::intake
