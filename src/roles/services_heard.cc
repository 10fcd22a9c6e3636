// What was heard, as metrics: one line per source and outcome.
#include "roles/services.h"

namespace amity::roles {

void add_heard_metrics(std::vector<api::Metric>& out,
                       const std::map<std::string, heard::Counters>& totals) {
  struct Column {
    const char *name, *help;
    std::uint64_t heard::Counters::*value;
  };
  constexpr Column kColumns[] = {
      {"amity_heard_frames_total", "Whole frames and reports that came by themselves.",
       &heard::Counters::frames},
      {"amity_heard_undecodable_total", "Of those, broken ones.", &heard::Counters::undecodable},
      {"amity_heard_unknown_meters_total", "Of those, from meters that are not registered.",
       &heard::Counters::unknown_meters},
      {"amity_heard_failed_security_total",
       "Of those, with a wrong MAC, without a key, unprotected or replayed.",
       &heard::Counters::failed_security},
      {"amity_heard_duplicates_total", "Of those, heard before by another receiver.",
       &heard::Counters::duplicates},
      {"amity_heard_readings_total", "Readings kept.", &heard::Counters::readings},
      {"amity_heard_events_total", "Events kept.", &heard::Counters::events},
      {"amity_heard_not_kept_total", "Deliveries that the intake refused.",
       &heard::Counters::not_kept},
      {"amity_heard_cut_off_total", "Connections that were too slow or sent nonsense.",
       &heard::Counters::cut_off}};
  for (const Column& column : kColumns) {
    for (const auto& [source, counters] : totals) {
      out.push_back({column.name,
                     column.help,
                     true,
                     {{"source", source}},
                     static_cast<double>(counters.*column.value)});
    }
  }
}

}  // namespace amity::roles
