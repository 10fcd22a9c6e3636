// Series for the tests of this room, as text: one line a day, "." an open interval.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "mdm/estimate/estimate.h"
#include "mdm/profile/limits.h"

namespace amity::mdm {

// Days of intervals of `interval_s`; "o" behind a value marks an outage, "e" a delivered estimate.
inline SeriesWindow window_of(const DayCalendar& calendar, UtcSeconds first_noon,
                              std::uint32_t interval_s, const std::vector<std::string>& days) {
  SeriesWindow window;
  LocalDay day = calendar.day_at(first_noon);
  for (const std::string& text : days) {
    std::vector<Reading> readings;
    std::istringstream words(text);
    std::string word;
    std::vector<std::uint8_t> open;
    for (std::int64_t i = 1; words >> word; ++i) {
      open.push_back(word == "." ? 1 : 0);
      if (word == ".") continue;
      Quality quality;
      if (word.back() == 'o') quality = quality.with(QualityFlag::kPowerDown);
      if (word.back() == 'e') quality = quality.with(QualityFlag::kEstimated);
      readings.push_back({ChannelId(1), day.start + i * interval_s, std::stoll(word), quality});
    }
    DayGrid grid;
    if (!lay_out(readings, day, interval_s, grid).ok() || !window.add(grid, open).ok()) return {};
    day = calendar.day_at(day.start + day.length_s + 43'200);
  }
  return window;
}

// "2 linear 150, 3 linear 160 scaled", then the stretches: "| 0-4 exact 700 = 400 + 300".
inline std::string told(const Estimates& estimates) {
  std::string text;
  for (const SlotEstimate& s : estimates.slots) {
    text += (text.empty() ? "" : ", ") + std::to_string(s.slot) + " " +
            std::string(to_string(s.method)) + " " + std::to_string(s.value) +
            (s.scaled ? " scaled" : "");
  }
  for (const SegmentReport& r : estimates.segments) {
    text += " | " + std::to_string(r.first) + "-" + std::to_string(r.last) + " " +
            std::string(to_string(r.closure));
    if (r.closure != Closure::kUnbounded) text += " " + std::to_string(r.advance);
    text += " = " + std::to_string(r.actual) + " + " + std::to_string(r.estimated);
  }
  return text;
}

}  // namespace amity::mdm
