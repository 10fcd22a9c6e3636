#include "wire/mm/attribute.h"

namespace amity::mm {
namespace {

struct Entry {
  Attribute attribute;
  std::string_view name, why_not;
};
constexpr std::string_view kOperands = "its operands are in no public text";
constexpr std::string_view kIcTables =
    "the tables of the interface classes (IC) are in no public text";
constexpr Entry kEntries[] = {
    {Attribute::kRead, "READ", {}},
    {Attribute::kReadAnswer, "READ answer", {}},
    {Attribute::kWrite, "WRITE", {}},
    {Attribute::kReadTableSelected, "READTAB_SEL", {}},
    {Attribute::kReadTableSelectedAnswer, "READTAB_SEL answer", {}},
    {Attribute::kReadTable, "READTAB", {}},
    {Attribute::kReadTableAnswer, "READTAB answer", {}},
    {Attribute::kWriteTable, "WRITETAB", {}},
    {Attribute::kSetTable, "SETTAB", kOperands},
    {Attribute::kResetTable, "RESETTAB", {}},
    {Attribute::kBufferSelect, "BUFF_SELECT", kOperands},
    {Attribute::kBufferSelectAnswer, "BUFF_SELECT answer", kOperands},
    {Attribute::kGetTable, "GETTAB", kOperands},
    {Attribute::kGetTableAnswer, "GETTAB answer", kOperands},
    {Attribute::kSetIc, "SETIC", kIcTables},
    {Attribute::kWriteTableIc, "WRITETABIC", kIcTables},
    {Attribute::kAddress, "ADDRESS", {}},
    {Attribute::kAddressAnswer, "ADDRESS answer", {}},
};

const Entry* find(std::uint8_t code) {
  for (const Entry& entry : kEntries)
    if (static_cast<std::uint8_t>(entry.attribute) == code) return &entry;
  return nullptr;
}

}  // namespace

std::string_view to_string(Attribute attribute) {
  const Entry* const entry = find(static_cast<std::uint8_t>(attribute));
  return entry == nullptr ? std::string_view() : entry->name;
}

bool is_published(std::uint8_t code) {
  return find(code) != nullptr;
}

Attribute answer_of(Attribute request) {
  const auto next = static_cast<std::uint8_t>(static_cast<std::uint8_t>(request) + 1);
  const bool pair = !is_answer(request) && is_published(next);
  return pair ? static_cast<Attribute>(next) : request;
}

bool is_answer(Attribute attribute) {
  return static_cast<std::uint8_t>(attribute) % 2 != 0;
}

std::string_view why_not(Attribute request) {
  const Entry* const entry = find(static_cast<std::uint8_t>(request));
  return entry == nullptr ? "no such code is published" : entry->why_not;
}

}  // namespace amity::mm
