// Data records alone, and back: numbers that were decoded with a VIF of the tables are encoded and
// decoded again to the same number.
#include "wire/mbus/encoder.h"
#include "wire/mbus/records.h"

using namespace amity;

namespace {

Status decode(ByteView records, wire::Report& report) {
  static mbus::RecordScratch scratch;
  report.clear();
  mbus::Layout layout(report);
  return mbus::decode_records(records, 0, layout, scratch, report);
}

void check_back(const wire::Reading& reading) {
  const auto* value = std::get_if<Decimal>(&reading.value);
  if (value == nullptr || !reading.note.empty()) return;
  // Codes are unsigned, and eight bytes of an enhanced identification are an address.
  if ((value->value < 0 && reading.kind != "total" && reading.kind != "instantaneous") ||
      reading.quantity == "enhanced identification")
    return;
  Bytes again;
  const mbus::RecordPlace place{mbus::Function::kInstantaneous, reading.storage, reading.tariff,
                                reading.subunit};
  if (!mbus::append_number(reading.quantity, reading.unit, *value, mbus::DataField::kInt64, place,
                           again)
           .ok())
    return;  // units that are sent by another factor
  wire::Report report;
  AMITY_ASSERT(decode(again, report).ok());
  AMITY_ASSERT(report.readings.size() == 1);
  AMITY_ASSERT(report.readings[0].value == reading.value);
  AMITY_ASSERT(report.readings[0].quantity == reading.quantity);
  AMITY_ASSERT(report.readings[0].storage == reading.storage);
  AMITY_ASSERT(report.readings[0].tariff == reading.tariff);
  AMITY_ASSERT(report.readings[0].subunit == reading.subunit);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 512) return 0;
  wire::Report report;
  const Status status = decode(ByteView(data, size), report);
  if (!status.ok()) AMITY_ASSERT(status.error().offset <= size);
  for (const wire::Reading& reading : report.readings) check_back(reading);
  return 0;
}
