// What one data set of a telegram was, so that the next of the same place is read by comparing it:
// a meter sends the same lines over and over, and only their numbers change. Private to the room.
// Nothing depends on it: a line that is not the same but for its number is read in full.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "wire/iec62056_21/data_set.h"
#include "wire/p1/limits.h"
#include "wire/report/report.h"

namespace amity::p1 {

// Readings of a report that is filled anew: those of the report before are overwritten, which keeps
// the memory of their texts.
class ReadingSlots {
 public:
  // Clears all of the report; its readings only seemingly until finish().
  void begin(wire::Report& report);
  wire::Reading& add();           // as new
  wire::Reading& add_unclean() {  // the caller sets every field
    if (size_ == there_) {
      readings_->emplace_back();
      ++there_;
    }
    return (*readings_)[size_++];
  }
  wire::Reading& operator[](std::size_t i) { return (*readings_)[i]; }
  std::size_t size() const { return size_; }
  // Of the reading added last: a value of a meter behind the meter.
  void set_subunit(wire::Reading& reading, std::uint32_t subunit) {
    reading.subunit = subunit;
    if (subunit != 0) first_with_subunit_ = std::min(first_with_subunit_, size_ - 1);
  }
  std::size_t first_with_subunit() const { return first_with_subunit_; }
  // What was not added is gone.
  void finish() { readings_->resize(size_); }

 private:
  std::vector<wire::Reading>* readings_ = nullptr;
  std::size_t size_ = 0, there_ = 0, first_with_subunit_ = 0;
};

class Line {
 public:
  // A data set at the front of `text`, `size` characters of it, was this reading alone; its number
  // stands at `number`. Forgets what was before, and learns nothing where the line is not one that
  // can be compared.
  void learn(std::string_view text, std::size_t size, std::string_view number,
             const wire::Reading& reading);
  // The same of a data set that is read by its words alone.
  void learn(std::string_view text, std::size_t size, const iec62056_21::DataSet& set);
  void forget() { text_.clear(); }
  // Adds the reading where `text` begins with the same line but for its number's digits: the size
  // of the line with its end, 0 where it does not.
  std::size_t read(std::string_view text, ReadingSlots& readings) const;
  // The data set of words that `text` begins with, where only digits behind its address changed: the
  // size of the line with its end, 0 where it is another. `offset`: of the text in the telegram.
  std::size_t repeat(std::string_view text, std::size_t offset, iec62056_21::DataSet& set) const;

 private:
  enum class Kind : std::uint8_t { kNumber, kWords };
  // Where a group stands in the line.
  struct Place {
    std::uint16_t at = 0, size = 0, value_size = 0, unit_at = 0;
  };
  static constexpr std::size_t kPlacesMax = 4;

  bool take_text(std::string_view text, std::size_t size);
  // Whether `text` may begin with this line, and nothing behind it belongs to it.
  bool may_be(std::string_view text) const;

  // What stands before the number and behind it, where it is short: in words, not all of the last
  // one used.
  struct Ends {
    std::uint64_t first = 0, last = 0, behind = 0, behind_mask = 0;
  };

  bool same_ends(std::string_view text) const;

  // All that a known line takes, close together: a telegram's lines are read one after the other.
  std::string text_;  // with its line end; empty: nothing is known
  Kind kind_ = Kind::kWords;
  bool short_ = false;                   // ends_ say it all
  std::uint8_t whole_ = 0, behind_ = 0;  // digits before and behind the point
  std::int8_t exponent_ = 0;
  std::uint16_t address_size_ = 0, number_at_ = 0, rest_at_ = 0;  // the rest follows the number
  std::uint16_t bytes_read_ = 0;  // from the line's start on: words from where digits begin
  std::uint32_t tariff_ = 0, subunit_ = 0;
  std::uint64_t storage_ = 0;
  Ends ends_;
  std::int64_t power_ = 1;  // 10^behind
  std::string_view quantity_, unit_, kind_word_;
  wire::MeterTime time_;
  std::string note_;
  std::array<Place, kPlacesMax> places_;
  std::size_t places_count_ = 0;
};

}  // namespace amity::p1
