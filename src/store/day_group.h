// The readings of 64 neighbouring channels on one UTC day, in memory: pages of one minute each,
// dense by channel, so that the four channels of a pushed message meet in one cache line. Not
// thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "store/block.h"
#include "store/limits.h"

namespace amity::store {

class DayGroup {
 public:
  enum class Outcome : std::uint8_t { kAdded, kRepeated, kCorrected };

  // `lane`: the channel's place in the group, 0..63. A value that any kept version already has
  // changes nothing.
  Outcome put(unsigned lane, const BlockReading& reading);
  // Fills an empty lane with what is stored.
  void load(unsigned lane, const Block& block);
  // Everything of one lane; empty when there is nothing.
  void extract(unsigned lane, Block& out) const;
  // The same of the eight lanes whose values share a cache line of each page; `row`: 0..7.
  static constexpr unsigned kLanesPerRow = 8;
  using LaneRow = std::array<Block, kLanesPerRow>;
  void extract_row(unsigned row, LaneRow& out) const;

  std::uint64_t dirty_lanes() const { return dirty_; }
  void mark(std::uint64_t lanes) { dirty_ = lanes; }
  // About what it takes in memory.
  std::size_t memory_bytes() const { return bytes_; }

 private:
  using Lanes = std::array<std::uint16_t, kChannelsPerGroup>;
  using WideLanes = std::array<std::int64_t, kChannelsPerGroup>;
  // Almost every value of a meter fits 32 bits; a page with one that does not holds all of them
  // wide.
  struct Page {
    std::uint64_t present = 0;
    std::unique_ptr<WideLanes> wide;   // none: `values` count
    std::unique_ptr<Lanes> qualities;  // none: all zero
    std::array<std::int32_t, kChannelsPerGroup> values;

    std::int64_t value(unsigned lane) const { return wide ? (*wide)[lane] : values[lane]; }
  };
  // Times off the whole minute, and replaced versions, are few: (lane, offset) in order.
  using OddKey = std::pair<unsigned, std::uint32_t>;

  Page& page_at(std::uint32_t minute);
  static void add_page(std::uint32_t minute, const Page& page, unsigned lane, Block& out);
  void add_rare(unsigned lane, Block& out) const;
  Outcome put_on_minute(unsigned lane, const BlockReading& reading);
  Outcome put_odd(unsigned lane, const BlockReading& reading);
  // Whether `reading` is new against `current`; keeps the replaced one.
  Outcome replace(unsigned lane, const BlockReading& current, const BlockReading& reading);
  void set_value(Page& page, unsigned lane, std::int64_t value);
  void set_quality(Page& page, unsigned lane, std::uint16_t quality);

  std::array<std::uint16_t, kMinutesPerDay + 1> page_of_minute_{};  // index + 1, 0 = none
  std::vector<std::pair<std::uint16_t, std::uint16_t>> minutes_;    // (minute, index) ascending
  std::vector<std::unique_ptr<Page>> pages_;
  std::map<OddKey, BlockReading> odd_;
  std::map<OddKey, std::vector<BlockReading>> older_;
  std::uint64_t dirty_ = 0;
  std::size_t bytes_ = sizeof(std::array<std::uint16_t, kMinutesPerDay + 1>) + 256;
};

}  // namespace amity::store
