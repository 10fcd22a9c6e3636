// What is known of one meter from the tables read so far, and how its values become readings and
// events.
#pragma once

#include "wire/c12/names.h"
#include "wire/c12/table.h"

namespace amity::c12 {

class MeterTables {
 public:
  TableContext context;

  // Decodes a window of a table, learns from it, and adds what it says to `report`. What cannot be
  // interpreted (another table is needed first, no layout) is added as unknown, with the reason as
  // a detail.
  void add(std::uint16_t table, ByteView bytes, std::uint32_t offset, bool whole,
           wire::Report& report);

 private:
  struct ProfileSet {
    std::vector<std::uint8_t> sources;
    std::vector<std::uint16_t> scalars, divisors;
    bool status_known = false, descending = false;
    std::uint16_t last_block = 0, valid_intervals = 0;
  };
  struct Block {
    wire::MeterTime end;
    ByteView valid;   // SIMPLE_INT_STATUS
    ByteView status;  // EXTENDED_INT_STATUS of the interval
  };

  void learn(std::uint16_t table, const TableData& data);
  void learn_profile(const Item& item);
  void learn_status(const Item& item);
  const Uom* uom_of(std::size_t source) const;
  void describe(std::uint16_t table, const TableData& data, wire::Report& report) const;
  void reading(std::uint16_t table, const Item& item, const wire::MeterTime& time,
               wire::Report& report) const;
  void interval(std::uint16_t table, const Item& item, const Block& block,
                wire::Report& report) const;
  std::optional<std::size_t> source_of_item(const Item& item) const;
  void event(std::uint16_t table, const TableData& data, std::size_t code,
             wire::Report& report) const;

  std::vector<Uom> uom_;
  std::vector<std::uint8_t> links_;  // ST16
  std::vector<std::uint8_t> summations_, demands_, coincidents_, present_demands_, present_values_;
  std::array<ProfileSet, 4> sets_;
};

}  // namespace amity::c12
