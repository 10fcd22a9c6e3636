// Image transfer against a meter that loses blocks, restarts, takes its time, or finds the image wrong.
#include "headend/image_transfer.h"

#include <gtest/gtest.h>

#include <set>

#include "headend/test_meter.h"
#include "headend/test_walk.h"

namespace amity::headend {
namespace {

const dlms::Obis kImageObis{0, 0, 44, 0, 0, 255};
const Endpoint kAt{"meter", 4059};
constexpr std::uint32_t kBlockBytes = 50;

class ImageMeter : public TestMeter {
 public:
  ImageMeter(TestLoop& loop, const Endpoint& at) : TestMeter(loop, at, DeviceKeys{}), loop_(loop) {}

  bool enabled = false;
  std::uint8_t status = 0;
  Bytes image;
  std::vector<bool> have;
  std::uint32_t received = 0, initiated = 0;
  std::set<std::uint32_t> lose;       // these blocks are accepted and forgotten, once
  std::uint32_t power_off_after = 0;  // blocks; 0: never
  unsigned polls_until_verified = 0;
  bool image_is_wrong = false, restarts_into_image = false;

  dlms::DataAccessResult get(const dlms::AssociationContext& c, const dlms::AttributeRef& a,
                             const std::optional<dlms::SelectiveAccess>& access, Bytes& bytes) override {
    if (a.instance != kImageObis) return TestMeter::get(c, a, access, bytes);
    dlms::DataWriter out(bytes);
    switch (a.attribute) {
      case 2: out.uint32(kBlockBytes); break;
      case 3: out.bit_string(bits(), have.size()); break;
      case 4: out.uint32(static_cast<std::uint32_t>(std::ranges::find(have, false) - have.begin())); break;
      case 5: out.boolean(enabled); break;
      case 6:
        if (status == 2 && polls_until_verified-- == 0) status = image_is_wrong ? 4 : 3;
        out.enumeration(status);
        break;
      case 7:
        out.array(1);
        out.structure(3);
        out.uint32(static_cast<std::uint32_t>(image.size()));
        out.octet_string(as_bytes("fw"));
        out.octet_string(Bytes{0xAB, 0xCD});
        break;
      default: return dlms::DataAccessResult::kObjectUndefined;
    }
    return dlms::DataAccessResult::kSuccess;
  }

  dlms::DataAccessResult set(const dlms::AssociationContext& c, const dlms::AttributeRef& a,
                             const std::optional<dlms::SelectiveAccess>& access, ByteView data) override {
    if (a.instance != kImageObis) return TestMeter::set(c, a, access, data);
    enabled = data.size() == 2 && data[1] != 0;
    return dlms::DataAccessResult::kSuccess;
  }

  dlms::ActionResult action(const dlms::AssociationContext& c, const dlms::MethodRef& m,
                            const std::optional<ByteView>& parameters, Bytes& out) override {
    if (m.instance != kImageObis) return TestMeter::action(c, m, parameters, out);
    using R = dlms::ActionResult;
    dlms::DataTree tree;
    EXPECT_TRUE(tree.parse(*parameters).ok());
    if (m.method == 1) {
      if (!enabled) return R::kTemporaryFailure;
      image.assign(*tree.root().at(1)->as_uint(), 0);
      have.assign((image.size() + kBlockBytes - 1) / kBlockBytes, false);
      status = 1;
      ++initiated;
    } else if (m.method == 2) {
      if (status != 1) return R::kTemporaryFailure;
      const auto block = static_cast<std::uint32_t>(*tree.root().at(0)->as_uint());
      const ByteView bytes = *tree.root().at(1)->as_bytes();
      if (++received == power_off_after) power_off_soon();
      if (lose.erase(block) != 0) return R::kSuccess;
      std::ranges::copy(bytes, image.begin() + std::ptrdiff_t{block} * kBlockBytes);
      have[block] = true;
    } else if (m.method == 3) {
      if (!std::ranges::all_of(have, [](bool b) { return b; })) return R::kOtherReason;
      status = 2;
      return R::kTemporaryFailure;
    } else {
      if (status != 3) return R::kTemporaryFailure;
      status = 6;
      if (restarts_into_image) power_off_soon();
    }
    return R::kSuccess;
  }

 private:
  // Not in the middle of a call of the server that goes away.
  void power_off_soon() {
    loop_.post([this] { power_off(); });
  }
  Bytes bits() const {
    Bytes out((have.size() + 7) / 8, 0);
    for (std::size_t i = 0; i < have.size(); ++i) {
      if (have[i]) out[i / 8] |= static_cast<std::uint8_t>(0x80 >> i % 8);
    }
    return out;
  }

  TestLoop& loop_;
};

struct ImageBench {
  TestLoop loop{UtcSeconds(1'790'000'000)};
  ImageMeter meter{loop, kAt};
  std::vector<std::uint32_t> steps;

  static ImageTransfer firmware() {
    ImageTransfer t;
    t.identification = {'f', 'w'};
    for (int i = 0; i < 1'234; ++i) t.image.push_back(static_cast<std::uint8_t>(i * 13));
    return t;
  }
  Result<ImageOutcome> run(const ImageTransfer& transfer) {
    Result<ImageOutcome> outcome = make_error(ErrorCode::kInvalid, "the task never ended");
    on_link(loop, kAt, [&](DeviceLink& link) -> Task<void> {
      outcome = co_await transfer_image(loop.runtime(), link, transfer,
                                        [this](std::uint32_t done, std::uint32_t) { steps.push_back(done); });
    });
    return outcome;
  }
};

TEST(ImageTransfer, TheWholeWay) {
  ImageBench b;
  b.meter.polls_until_verified = 3;
  const auto outcome = b.run(ImageBench::firmware());
  ASSERT_TRUE(outcome.ok()) << to_string(outcome.error());
  EXPECT_EQ(outcome->state, ImageOutcome::State::kActivated);
  EXPECT_EQ(outcome->blocks, 25u);
  EXPECT_EQ(outcome->blocks_sent, 25u);
  EXPECT_EQ(outcome->signature_hex, "ABCD");
  EXPECT_EQ(b.meter.image, ImageBench::firmware().image);
  EXPECT_EQ(b.steps.back(), 25u);
}

TEST(ImageTransfer, BlocksThatTheMeterLostAreSentAgain) {
  ImageBench b;
  b.meter.lose = {0, 7, 24};
  ImageTransfer later = ImageBench::firmware();
  later.activate = false;
  const auto outcome = b.run(later);
  ASSERT_TRUE(outcome.ok()) << to_string(outcome.error());
  EXPECT_EQ(outcome->state, ImageOutcome::State::kVerified);
  EXPECT_EQ(outcome->blocks_sent, 28u);
  EXPECT_EQ(b.meter.status, 3);
}

TEST(ImageTransfer, GoesOnWhereItWasInterrupted) {
  ImageBench b;
  b.meter.power_off_after = 10;
  const auto first = b.run(ImageBench::firmware());
  ASSERT_FALSE(first.ok());
  b.meter.listen();
  ImageTransfer again = ImageBench::firmware();
  again.resume = true;
  const auto second = b.run(again);
  ASSERT_TRUE(second.ok()) << to_string(second.error());
  EXPECT_EQ(second->blocks_sent, 15u);  // the tenth had arrived, its answer had not
  EXPECT_EQ(b.meter.initiated, 1u);
  EXPECT_EQ(b.meter.image, again.image);
  EXPECT_EQ(second->state, ImageOutcome::State::kActivated);
}

TEST(ImageTransfer, NothingToResumeBeginsAnew) {
  ImageBench b;
  ImageTransfer again = ImageBench::firmware();
  again.resume = true;
  const auto outcome = b.run(again);
  ASSERT_TRUE(outcome.ok()) << to_string(outcome.error());
  EXPECT_EQ(b.meter.initiated, 1u);
  EXPECT_EQ(outcome->blocks_sent, 25u);
}

TEST(ImageTransfer, AnImageThatTheMeterFindsWrongIsNotActivated) {
  ImageBench b;
  b.meter.image_is_wrong = true;
  const auto outcome = b.run(ImageBench::firmware());
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(to_string(outcome.error()), "refused: the meter finds the image wrong");
  EXPECT_EQ(b.meter.status, 4);
}

TEST(ImageTransfer, AMeterThatRestartsIntoItsImage) {
  ImageBench b;
  b.meter.restarts_into_image = true;
  const auto outcome = b.run(ImageBench::firmware());
  ASSERT_TRUE(outcome.ok()) << to_string(outcome.error());
  EXPECT_EQ(outcome->state, ImageOutcome::State::kActivating);
}

TEST(ImageTransfer, WhatCannotBeSentIsRefusedBeforehand) {
  ImageBench b;
  EXPECT_EQ(to_string(b.run(ImageTransfer{}).error()), "invalid: the image is empty");
  ImageTransfer nameless = ImageBench::firmware();
  nameless.identification.clear();
  EXPECT_EQ(b.run(nameless).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace amity::headend
