// A writer for each format. They take series one after the other, values ascending, and keep a day
// (NEM12), a record (CMEP) or a row group (Parquet) at most.
#pragma once

#include <memory>
#include <optional>

#include "base/civil.h"
#include "exchange/meter_series.h"

namespace amity::exchange {

enum class WriteFormat : std::uint8_t { kNem12, kCmep, kEspi, kMscons, kCim, kParquet };

struct WriteOptions {
  TimeZone market_zone = TimeZone::utc();  // NEM12's days; without daylight saving
  UtcSeconds created;                      // stands in the header
  std::string sender = "AMITY", receiver = "UNKNOWN";
};

std::optional<WriteFormat> write_format_from(std::string_view name);
std::unique_ptr<SeriesWriter> make_writer(WriteFormat format, const WriteOptions& options);

std::unique_ptr<SeriesWriter> make_nem12_writer(const WriteOptions& options);
std::unique_ptr<SeriesWriter> make_cmep_writer(const WriteOptions& options);
std::unique_ptr<SeriesWriter> make_espi_writer(const WriteOptions& options);
std::unique_ptr<SeriesWriter> make_mscons_writer(const WriteOptions& options);
std::unique_ptr<SeriesWriter> make_cim_writer(const WriteOptions& options);
std::unique_ptr<SeriesWriter> make_parquet_writer(const WriteOptions& options);

// EndDeviceEvents of IEC 61968-9: head, events, end. False, and nothing written, of an event that
// has no code there.
void append_cim_events_head(std::string& out);
bool append_cim_event(std::string& out, const MeterEvent& event);
void append_cim_events_end(std::string& out);

// "YYYYMMDDhhmm" of a wall clock.
std::string minute_digits(const CivilTime& civil);
// `&`, `<`, `>` and quotes of XML.
std::string xml_escaped(std::string_view text);

}  // namespace amity::exchange
