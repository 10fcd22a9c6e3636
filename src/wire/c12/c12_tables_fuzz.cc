// A meter with any formats and dimensions, and any bytes as its tables: what decodes is encoded
// again to bytes that decode to the same values.
#include "wire/c12/meter_tables.h"

namespace {

using namespace amity;
using namespace amity::c12;

void there_and_back(std::uint16_t table, ByteView bytes, const TableContext& known) {
  TableContext context = known;
  TableData first;
  const Status decoded = decode_table(table, bytes, 0, true, context, first);
  if (!decoded.ok()) return;
  std::size_t next = 0;
  const Feed feed = [&](const Item&) -> Result<Value> { return first.items.at(next++).value; };
  context = known;
  Bytes again;
  AMITY_ASSERT(encode_table(table, context, feed, again).ok());
  TableData second;
  context = known;
  AMITY_ASSERT(decode_table(table, again, 0, true, context, second).ok());
  AMITY_ASSERT(first.items.size() == second.items.size());
  for (std::size_t i = 0; i < first.items.size(); ++i)
    AMITY_ASSERT(to_string(first.items[i].value) == to_string(second.items[i].value));
}

}  // namespace

// Input: formats, then tables: number, length (16 bits), flags, bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(ByteView(data, size));
  MeterTables meter;
  wire::Report report;
  while (!reader.empty() && report.readings.size() < 2000) {
    const auto table = reader.u8();
    const auto length = reader.u16();
    const auto flags = reader.u8();
    if (!length.ok() || !flags.ok()) break;
    const auto bytes = reader.take(std::min<std::size_t>(*length, reader.remaining()));
    const std::uint32_t offset = (*flags & 1) != 0 ? *flags : 0;
    meter.add(*table, *bytes, offset, (*flags & 2) != 0, report);
    // Without ST0 identifications are told by the table's end alone, which writing cannot.
    if (bytes->size() < 512 && meter.context.has_st0())
      there_and_back(*table, *bytes, meter.context);
  }
  std::string json;
  append_json(report, json);
  return 0;
}
