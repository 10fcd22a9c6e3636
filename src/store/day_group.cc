#include "store/day_group.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace amity::store {
namespace {

constexpr std::uint32_t kMinute = 60;
constexpr std::size_t kMapNodeBytes = 80;

bool same(const BlockReading& a, const BlockReading& b) {
  return a.value == b.value && a.quality == b.quality;
}
std::uint64_t bit(unsigned lane) {
  return std::uint64_t{1} << lane;
}

}  // namespace

DayGroup::Page& DayGroup::page_at(std::uint32_t minute) {
  std::uint16_t& index = page_of_minute_[minute];
  if (index == 0) {
    pages_.push_back(std::make_unique<Page>());
    index = static_cast<std::uint16_t>(pages_.size());
    const std::pair<std::uint16_t, std::uint16_t> entry(static_cast<std::uint16_t>(minute),
                                                        index - 1);
    minutes_.insert(std::upper_bound(minutes_.begin(), minutes_.end(), entry), entry);
    bytes_ += sizeof(Page) + 16;
  }
  return *pages_[index - 1u];
}

void DayGroup::set_value(Page& page, unsigned lane, std::int64_t value) {
  if (page.wide) {
    (*page.wide)[lane] = value;
  } else if (std::in_range<std::int32_t>(value)) {
    page.values[lane] = static_cast<std::int32_t>(value);
  } else {
    page.wide = std::make_unique<WideLanes>();
    for (std::uint64_t lanes = page.present; lanes != 0; lanes &= lanes - 1) {
      const auto there = static_cast<unsigned>(std::countr_zero(lanes));
      (*page.wide)[there] = page.values[there];
    }
    (*page.wide)[lane] = value;
    bytes_ += sizeof(WideLanes);
  }
}

void DayGroup::set_quality(Page& page, unsigned lane, std::uint16_t quality) {
  if (!page.qualities) {
    if (quality == 0) return;
    page.qualities = std::make_unique<Lanes>();
    bytes_ += sizeof(Lanes);
  }
  (*page.qualities)[lane] = quality;
}

DayGroup::Outcome DayGroup::replace(unsigned lane, const BlockReading& current,
                                    const BlockReading& reading) {
  if (same(current, reading)) return Outcome::kRepeated;
  auto& versions = older_[{lane, reading.offset_s}];
  if (std::any_of(versions.begin(), versions.end(),
                  [&](const auto& v) { return same(v, reading); })) {
    return Outcome::kRepeated;
  }
  // The first is what the final values start from: it is never forgotten.
  if (versions.size() >= kVersionsPerReadingMax) versions.erase(versions.begin() + 1);
  versions.push_back(current);
  bytes_ += kMapNodeBytes;
  return Outcome::kCorrected;
}

DayGroup::Outcome DayGroup::put_on_minute(unsigned lane, const BlockReading& reading) {
  Page& page = page_at(reading.offset_s / kMinute);
  Outcome outcome = Outcome::kAdded;
  if ((page.present & bit(lane)) != 0) {
    const std::uint16_t quality = page.qualities ? (*page.qualities)[lane] : std::uint16_t{0};
    outcome = replace(lane, {reading.offset_s, quality, page.value(lane)}, reading);
    if (outcome == Outcome::kRepeated) return outcome;
  }
  page.present |= bit(lane);
  set_value(page, lane, reading.value);
  set_quality(page, lane, reading.quality);
  return outcome;
}

DayGroup::Outcome DayGroup::put_odd(unsigned lane, const BlockReading& reading) {
  const auto [entry, added] = odd_.try_emplace({lane, reading.offset_s}, reading);
  if (added) {
    bytes_ += kMapNodeBytes;
    return Outcome::kAdded;
  }
  const Outcome outcome = replace(lane, entry->second, reading);
  if (outcome == Outcome::kCorrected) entry->second = reading;
  return outcome;
}

DayGroup::Outcome DayGroup::put(unsigned lane, const BlockReading& reading) {
  const Outcome outcome =
      reading.offset_s % kMinute == 0 ? put_on_minute(lane, reading) : put_odd(lane, reading);
  if (outcome != Outcome::kRepeated) dirty_ |= bit(lane);
  return outcome;
}

void DayGroup::load(unsigned lane, const Block& block) {
  const std::uint64_t dirty = dirty_;
  for (const BlockReading& r : block.readings) (void)put(lane, r);
  for (const BlockReading& r : block.older) {
    older_[{lane, r.offset_s}].push_back(r);
    bytes_ += kMapNodeBytes;
  }
  dirty_ = dirty;
}

void DayGroup::extract(unsigned lane, Block& out) const {
  out.clear();
  for (const auto& [minute, index] : minutes_) add_page(minute, *pages_[index], lane, out);
  add_rare(lane, out);
}

void DayGroup::extract_row(unsigned row, LaneRow& out) const {
  const unsigned first = row * kLanesPerRow;
  for (Block& block : out) block.clear();
  for (const auto& [minute, index] : minutes_) {
    const Page& page = *pages_[index];
    for (unsigned i = 0; i < kLanesPerRow; ++i) add_page(minute, page, first + i, out[i]);
  }
  for (unsigned i = 0; i < kLanesPerRow; ++i) add_rare(first + i, out[i]);
}

void DayGroup::add_page(std::uint32_t minute, const Page& page, unsigned lane, Block& out) {
  if ((page.present & bit(lane)) == 0) return;
  const std::uint16_t quality = page.qualities ? (*page.qualities)[lane] : std::uint16_t{0};
  out.readings.push_back({minute * kMinute, quality, page.value(lane)});
}

// What is off the whole minute, and replaced versions.
void DayGroup::add_rare(unsigned lane, Block& out) const {
  const auto odd = odd_.lower_bound({lane, 0});
  if (odd != odd_.end() && odd->first.first == lane) {
    for (auto it = odd; it != odd_.end() && it->first.first == lane; ++it)
      out.readings.push_back(it->second);
    std::sort(out.readings.begin(), out.readings.end(),
              [](const auto& a, const auto& b) { return a.offset_s < b.offset_s; });
  }
  for (auto it = older_.lower_bound({lane, 0}); it != older_.end() && it->first.first == lane;
       ++it) {
    out.older.insert(out.older.end(), it->second.begin(), it->second.end());
  }
}

}  // namespace amity::store
