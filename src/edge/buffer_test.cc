#include "edge/buffer.h"

#include <gtest/gtest.h>

#include <fstream>

#include "edge/marks.h"
#include "store/test_directory.h"

namespace amity::edge {
namespace {

struct CountingRandom : Random {
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = ++next;
  }
  std::uint64_t u64() override { return ++next; }
  std::uint8_t next = 0;
};

struct Buffered : ::testing::Test {
  store::TestDirectory directory;
  CountingRandom random;
  std::unique_ptr<Buffer> buffer;

  void open(std::uint64_t bytes_max = 1u << 20) {
    buffer.reset();
    auto opened = Buffer::open(directory.path(), {bytes_max, false}, random);
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    buffer = std::move(*opened);
  }
  static Bytes body(Sequence n, std::size_t size = 100) {
    Bytes b(size, static_cast<std::uint8_t>(n));
    return b;
  }
  void add(Sequence count, std::size_t size = 100) {
    for (Sequence i = 0; i < count; ++i)
      ASSERT_TRUE(buffer->append(body(buffer->last() + 1, size)).ok());
    ASSERT_TRUE(buffer->sync().ok());
  }
  std::string numbers(Sequence after) {
    std::string all;
    while (true) {
      auto records = buffer->read(after, 250, 10);
      EXPECT_TRUE(records.ok()) << to_string(records.error());
      if (!records.ok() || records->empty()) return all;
      for (const auto& record : *records) {
        EXPECT_EQ(record.body, body(record.sequence, record.body.size()));
        all += std::to_string(record.sequence) + " ";
        after = record.sequence;
      }
    }
  }
};

TEST_F(Buffered, GivesBackInOrderWhatIsDurableAcrossRestarts) {
  open();
  add(5);
  EXPECT_EQ(numbers(0), "1 2 3 4 5 ");
  EXPECT_EQ(numbers(3), "4 5 ");
  ASSERT_TRUE(buffer->append(body(6)).ok());
  EXPECT_EQ(numbers(3), "4 5 ");  // 6 is not durable
  const BufferId id = buffer->id();
  open();
  EXPECT_EQ(buffer->id(), id);
  EXPECT_EQ(numbers(0), "1 2 3 4 5 6 ");
}

TEST_F(Buffered, ForgetsFileByFileAndNeverUsesANumberTwice) {
  open(64 << 10);
  add(200, 300);  // files of 8 kB
  ASSERT_TRUE(buffer->acknowledge(150).ok());
  EXPECT_EQ(buffer->first(), 151u);
  EXPECT_LT(buffer->bytes(), 64u << 10);
  EXPECT_EQ(numbers(150).substr(0, 8), "151 152 ");
  ASSERT_TRUE(buffer->acknowledge(200).ok());
  EXPECT_LT(buffer->bytes(), 12u << 10);
  EXPECT_FALSE(buffer->acknowledge(201).ok());
  open(64 << 10);
  EXPECT_EQ(buffer->last(), 200u);
  add(1);
  EXPECT_EQ(numbers(200), "201 ");
}

TEST_F(Buffered, IsFullAndSaysSoAndTakesAgainWhenTheServerHasIt) {
  open(16 << 10);
  while (true) {
    const auto taken = buffer->append(body(buffer->last() + 1, 1000));
    if (taken.ok()) continue;
    EXPECT_EQ(taken.error().code, ErrorCode::kBusy);
    break;
  }
  EXPECT_TRUE(buffer->append(body(buffer->last() + 1, 1000), true).ok());  // that it is full
  ASSERT_TRUE(buffer->sync().ok());
  const Sequence kept = buffer->last();
  EXPECT_GE(kept, 15u);
  EXPECT_EQ(buffer->first(), 1u);  // nothing was dropped
  ASSERT_TRUE(buffer->acknowledge(kept).ok());
  EXPECT_TRUE(buffer->append(body(kept + 1, 1000)).ok());
}

// A crash in the middle of a write leaves any part of the record.
TEST_F(Buffered, ATornEndIsCutOffAtEveryByte) {
  open();
  add(3);
  const std::string path = directory / "00000000000000000001";
  std::ifstream in(path, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  const std::size_t record = whole.size() / 3;
  for (std::size_t size = 2 * record; size < whole.size(); ++size) {
    buffer.reset();
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
    open();
    ASSERT_EQ(numbers(0), "1 2 ") << size;
    add(1);
    ASSERT_EQ(numbers(0), "1 2 3 ") << size;
  }
}

TEST_F(Buffered, ADamagedFileIsToldAndTheOthersGoOn) {
  open(64 << 10);
  add(100, 300);
  buffer.reset();
  std::fstream file(directory / "00000000000000000001",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(5 * (300 + 16) + 20);
  file.put('!');
  file.close();
  open(64 << 10);
  ASSERT_EQ(buffer->damage().size(), 1u);
  EXPECT_EQ(buffer->damage()[0].substr(0, 15), "batches 6 to 26") << buffer->damage()[0];
  EXPECT_EQ(numbers(0).substr(0, 19), "1 2 3 4 5 27 28 29 ");
  EXPECT_EQ(buffer->last(), 100u);
}

TEST(Marks, EachNumberOnceAndTheMarkOnlyWithoutHoles) {
  Marks marks(10);
  EXPECT_FALSE(marks.begin(10));
  EXPECT_TRUE(marks.begin(11));
  EXPECT_TRUE(marks.begin(12));
  EXPECT_TRUE(marks.begin(13));
  EXPECT_FALSE(marks.begin(12));  // under way
  marks.done(12);
  EXPECT_EQ(marks.mark(), 10u);
  marks.failed(11);
  marks.done(13);
  EXPECT_EQ(marks.mark(), 10u);
  EXPECT_FALSE(marks.begin(12));
  EXPECT_TRUE(marks.begin(11));  // sent again
  marks.done(11);
  EXPECT_EQ(marks.mark(), 13u);
  marks.done(15);  // found in the journal after a crash
  EXPECT_EQ(marks.mark(), 13u);
  EXPECT_TRUE(marks.begin(14));
  marks.done(14);
  EXPECT_EQ(marks.mark(), 15u);
  marks.lost(16, 99);
  EXPECT_EQ(marks.mark(), 99u);
  EXPECT_EQ(marks.open(), 0u);
}

}  // namespace
}  // namespace amity::edge
