// Readings as rows of a file: CSV (RFC 4180, CRLF) or JSON Lines. Every row stands alone: whose,
// what, unit, exact value, quality, UTC and local time.
#pragma once

#include <string>
#include <string_view>

#include "base/civil.h"
#include "model/channel.h"
#include "model/reading.h"

namespace amity::exchange {

enum class RowFormat { kCsv, kJsonLines };

// The first line of a file; nothing for JSON Lines.
void append_header(std::string& out, RowFormat format);
void append_row(std::string& out, RowFormat format, std::string_view serial, const Channel& channel,
                const Reading& reading, const TimeZone& zone);

// The same of a final value: with its code (A, E15, F16) and version.
void append_final_header(std::string& out, RowFormat format);
void append_final_row(std::string& out, RowFormat format, std::string_view serial,
                      const Channel& channel, const Reading& reading, std::string_view code,
                      std::uint32_t version, const TimeZone& zone);

// What stands at the end of a file that broke off, so that it does not look whole.
void append_error(std::string& out, RowFormat format, std::string_view what);

// A field as RFC 4180 has it. What a spreadsheet would run as a formula is given as text.
void append_csv_field(std::string& out, std::string_view text);

}  // namespace amity::exchange
