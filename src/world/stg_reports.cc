#include "world/stg_reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace amity::world {
namespace {

constexpr std::int64_t kHour = 3'600;

// Local midnights in (after, until], the first of a month alone where `months`.
std::vector<UtcSeconds> midnights(const TimeZone& zone, UtcSeconds after, UtcSeconds until,
                                  bool months) {
  std::vector<UtcSeconds> out;
  // Half a day into each day is surely within it, also when the clock changes.
  for (UtcSeconds at = zone.start_of_day(after); at <= until;
       at = zone.start_of_day(at + 36 * kHour)) {
    if (at > after && (!months || zone.local(at).day == 1)) out.push_back(at);
  }
  return out;
}

std::string values(const Totals& t, char kind, std::int64_t unit) {
  return fmt::format(R"(AI{0}="{1}" AE{0}="{2}" R1{0}="{3}" R2{0}="0" R3{0}="0" R4{0}="{4}")", kind,
                     t.import_wh / unit, t.export_wh / unit, t.reactive_import_varh / unit,
                     t.reactive_export_varh / unit);
}

// The registers at an instant, as the meter shows them.
Totals shown(const VirtualMeter& meter, UtcSeconds at) {
  const Totals offset = meter.register_offset(), passed = meter.totals_at(at);
  return {offset.import_wh + passed.import_wh, offset.export_wh + passed.export_wh,
          offset.reactive_import_varh + passed.reactive_import_varh,
          offset.reactive_export_varh + passed.reactive_export_varh};
}

std::string curve(const VirtualMeter& meter, const TimeZone& zone, UtcSeconds after,
                  UtcSeconds until) {
  std::string out;
  for (const StgHour& hour : stg_hours(meter, after, until)) {
    fmt::format_to(std::back_inserter(out),
                   "<S02 Fh=\"{}\" Bc=\"00\" AI=\"{}\" AE=\"{}\" R1=\"{}\" R2=\"0\" R3=\"0\" "
                   "R4=\"{}\"/>\n",
                   stg_time(zone, hour.end), hour.energy.import_wh, hour.energy.export_wh,
                   hour.energy.reactive_import_varh, hour.energy.reactive_export_varh);
  }
  return out;
}

std::string qualities(const VirtualMeter& meter, const TimeZone& zone, UtcSeconds after,
                      UtcSeconds until) {
  std::string out;
  for (const StgHour& hour : stg_hours(meter, after, until)) {
    const std::int64_t wh = std::max(hour.energy.import_wh, hour.energy.export_wh);
    fmt::format_to(std::back_inserter(out),
                   "<S14 Fh=\"{}\" Bc=\"00\" V1=\"{}\" V2=\"0\" V3=\"0\" I1=\"{}\" I2=\"0\" "
                   "I3=\"0\" In=\"0\" Simp=\"0\" Sexp=\"0\"/>\n",
                   stg_time(zone, hour.end), hour.mean_voltage_dv / 10,
                   hour.mean_voltage_dv == 0 ? 0 : wh * 10 / hour.mean_voltage_dv);
  }
  return out;
}

std::string daily(const VirtualMeter& meter, const TimeZone& zone, UtcSeconds after,
                  UtcSeconds until) {
  std::string out;
  for (const UtcSeconds midnight : midnights(zone, after, until, false)) {
    fmt::format_to(std::back_inserter(out), "<S05 Fh=\"{}\" Ctr=\"1\" Pt=\"0\"><Value {}/></S05>\n",
                   stg_time(zone, midnight), values(shown(meter, midnight), 'a', 1'000));
  }
  return out;
}

std::string monthly(const VirtualMeter& meter, const TimeZone& zone, UtcSeconds after,
                    UtcSeconds until) {
  std::string out;
  for (const UtcSeconds end : midnights(zone, after, until, true)) {
    const CivilTime last = zone.local(end - 1);
    const UtcSeconds begin = zone.instants(last.year, last.month, 1, 0, 0, 0).front();
    std::uint32_t maximum_w = 0;
    UtcSeconds maximum_at = end;
    for (const ProfileRow& row : meter.rows(begin, end)) {
      const std::uint32_t mean_w = row.interval.import_wh * 3'600 / meter.interval_s();
      if (mean_w <= maximum_w) continue;
      maximum_w = mean_w;
      maximum_at = row.stamp;
    }
    const Totals at_end = shown(meter, end), at_begin = shown(meter, begin);
    const Totals within{at_end.import_wh - at_begin.import_wh,
                        at_end.export_wh - at_begin.export_wh,
                        at_end.reactive_import_varh - at_begin.reactive_import_varh,
                        at_end.reactive_export_varh - at_begin.reactive_export_varh};
    fmt::format_to(std::back_inserter(out),
                   "<S04 Fhi=\"{}\" Fhf=\"{}\" Ctr=\"1\" Pt=\"0\" Mx=\"{}\" Fx=\"{}\">"
                   "<Value {}/><Value {}/></S04>\n",
                   stg_time(zone, begin), stg_time(zone, end), maximum_w,
                   stg_time(zone, maximum_at), values(at_end, 'a', 1'000),
                   values(within, 'i', 1'000));
  }
  return out;
}

std::string events(const VirtualMeter& meter, const TimeZone& zone, UtcSeconds after,
                   UtcSeconds until) {
  std::string out;
  for (std::uint8_t log = 0; log < kLogCount; ++log) {
    for (const LogEntry& entry : meter.log(log, after, until)) {
      fmt::format_to(std::back_inserter(out), "<S09 Fh=\"{}\" Et=\"{}\" C=\"{}\"/>\n",
                     stg_time(zone, entry.time), log + 1, entry.code);
    }
  }
  return out;
}

}  // namespace

std::string stg_time(const TimeZone& zone, UtcSeconds time) {
  const CivilTime c = zone.local(time);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}000{}", c.year, c.month, c.day, c.hour,
                     c.minute, c.second, c.daylight_saving ? 'S' : 'W');
}

std::vector<StgHour> stg_hours(const VirtualMeter& meter, UtcSeconds after, UtcSeconds until) {
  std::vector<StgHour> out;
  const std::size_t whole = static_cast<std::size_t>(kHour) / meter.interval_s();
  const UtcSeconds from(after.value / kHour * kHour), to(until.value / kHour * kHour);
  StgHour hour;
  std::size_t rows = 0;
  std::uint32_t voltages_dv = 0;
  for (const ProfileRow& row : meter.rows(from, to)) {
    const UtcSeconds end((row.stamp.value + kHour - 1) / kHour * kHour);
    if (end != hour.end) {
      hour = {end, {}, 0};
      rows = 0;
      voltages_dv = 0;
    }
    hour.energy.add(row.interval);
    voltages_dv += row.interval.voltage_dv;
    if (++rows < whole || end <= after) continue;
    hour.mean_voltage_dv = voltages_dv / static_cast<std::uint32_t>(whole);
    out.push_back(hour);
  }
  return out;
}

std::string_view to_string(StgType type) {
  constexpr std::string_view kNames[] = {"S02", "S04", "S05", "S09", "S14"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string stg_elements(StgType type, const VirtualMeter& meter, const TimeZone& zone,
                         UtcSeconds after, UtcSeconds until) {
  switch (type) {
    case StgType::kS02:
      return curve(meter, zone, after, until);
    case StgType::kS04:
      return monthly(meter, zone, after, until);
    case StgType::kS05:
      return daily(meter, zone, after, until);
    case StgType::kS09:
      return events(meter, zone, after, until);
    case StgType::kS14:
      return qualities(meter, zone, after, until);
  }
  return {};
}

namespace {

std::string head(std::string_view type, std::string_view concentrator) {
  return fmt::format("<Report IdRpt=\"{}\" IdPet=\"0\" Version=\"3.1.c\">\n<Cnc Id=\"{}\">\n", type,
                     concentrator);
}
constexpr std::string_view kTail = "</Cnc>\n</Report>\n";

}  // namespace

std::string stg_members(std::string_view concentrator, const TimeZone& zone, UtcSeconds now,
                        const std::vector<StgMember>& members) {
  std::string out =
      head("S24", concentrator) + fmt::format("<S24 Fh=\"{}\">\n", stg_time(zone, now));
  for (const StgMember& m : members) {
    fmt::format_to(std::back_inserter(out),
                   "<Meter MeterId=\"{}\" ComStatus=\"{}\" Date=\"{}\" Active=\"{}\"/>\n", m.meter,
                   m.present ? 2 : 0, stg_time(zone, m.heard), m.present ? 'Y' : 'N');
  }
  return out + "</S24>\n" + std::string(kTail);
}

std::string stg_incidents(std::string_view type, std::string_view concentrator,
                          const TimeZone& zone, const std::vector<StgIncident>& incidents) {
  std::string out = head(type, concentrator);
  for (const StgIncident& i : incidents) {
    fmt::format_to(std::back_inserter(out),
                   "<{0} Fh=\"{1}\" Et=\"5\" C=\"{2}\"><D1>{3}</D1></{0}>\n", type,
                   stg_time(zone, i.at), i.back ? 2 : 1, i.meter);
  }
  return out + std::string(kTail);
}

StgReport::StgReport(StgType type, std::string_view concentrator)
    : type_(type), xml_(head(to_string(type), concentrator)) {}

void StgReport::add(const VirtualMeter& meter, const std::string& elements) {
  if (elements.empty()) return;
  ++meters_;
  const char* magnitude = type_ == StgType::kS02 ? " Magn=\"1\"" : "";
  fmt::format_to(std::back_inserter(xml_), "<Cnt Id=\"{}\"{}>\n{}</Cnt>\n", meter.serial(),
                 magnitude, elements);
}

std::string StgReport::finish() && {
  xml_ += kTail;
  return std::move(xml_);
}

}  // namespace amity::world
