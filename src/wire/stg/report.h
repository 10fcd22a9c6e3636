// Reports of PRIME concentrators in the format of the Spanish STG 3.1.c: XML files that a
// concentrator delivers by web service or FTP.
//
//   <Report IdRpt="S02" IdPet="0" Version="3.1.c"><Cnc Id="..."><Cnt Id="..." Magn="1"><S02
//   Fh="20150831020000000S" .../>
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "wire/report/report.h"
#include "wire/stg/limits.h"

namespace amity::stg {

// What one meter, line supervisor or the concentrator itself says. Readings are named by their XML
// attribute (`id`).
//   S02 (curve), S52: energy per interval, Wh times Magn, `time` is the interval's end, quality
//   bits in the note S04 (monthly), S05 (daily), S27 (on demand): kWh; kind "total" (..a) or
//   "period" (..i); tariff = Pt, subunit = Ctr;
//     maximum power Mx with its time Fx
//   S01, S21, S26: instantaneous values; S14: mean voltages and currents
//   S09, S13 (meter), S15, S17 (concentrator): events, id "group.code"
struct Subject {
  wire::Report report;
  std::size_t offset = 0;  // of its element in the file; 0 where the file's encoding hides it
  // What is no reading and no event, in the file's order: configuration, contracts, calendars,
  // states. Attributes of elements within are named by their path: "PCact.Contrato1.TR1".
  std::vector<std::pair<std::string, std::string>> attributes;
};

struct ConcentratorReport {
  std::string type;     // "S02"
  std::string request;  // IdPet; "0": unasked
  std::string version;
  std::string concentrator;
  bool known = true;  // false: the type's readings are not known here; all is in the attributes
  std::vector<Subject> subjects;
};

Result<ConcentratorReport> parse_report(ByteView xml);

// YYYYMMDDhhmmssmmm and S or W; nullopt for anything else (unset times are zeros or hexadecimal
// digits).
std::optional<wire::MeterTime> parse_time(std::string_view text);

// Orders to a concentrator (B02, B03 disconnection, B04, B05, B07, B09, B11, B12, ...): no public
// text gives what they contain, so that every one answers kUnsupported with this reason.
Result<std::string> encode_order(std::string_view order);

}  // namespace amity::stg
