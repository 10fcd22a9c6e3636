// What the API asks of validation, and its figures.
#include "roles/services_mdm.h"

#include "roles/services.h"

namespace amity::roles {
namespace {

double d(std::uint64_t v) {
  return static_cast<double>(v);
}

void add_rules(std::vector<api::Metric>& out, const MdmCounts& counts) {
  for (std::size_t r = 0; r < mdm::kRules; ++r) {
    const std::string rule(mdm::to_string(static_cast<mdm::Rule>(r)));
    const std::string help = "Channel-days that a rule remarked on at their first validation.";
    out.push_back({"amity_vee_rule_total",
                   help,
                   true,
                   {{"rule", rule}, {"outcome", "fail"}},
                   d(counts.failures[r])});
    out.push_back({"amity_vee_rule_total",
                   help,
                   true,
                   {{"rule", rule}, {"outcome", "warn"}},
                   d(counts.warnings[r])});
  }
}

}  // namespace

void add_mdm_metrics(std::vector<api::Metric>& out, const MdmRole& mdm) {
  const MdmCounts counts = mdm.counts();
  const auto total = [&out](const char* name, const char* help, std::uint64_t value) {
    out.push_back({name, help, true, {}, d(value)});
  };
  total("amity_vee_days_total", "Channel-days validated since the start.", counts.days_validated);
  total("amity_vee_decisions_total", "Decisions about channel-days since the start.",
        counts.decisions);
  total("amity_vee_corrections_total", "Intervals that were given out and changed.",
        counts.corrections);
  total("amity_vee_rereads_total", "Reads asked for because intervals were missing.",
        counts.rereads);
  total("amity_vee_edits_total", "Edits carried out.", counts.edits_applied);
  total("amity_vee_errors_total", "Days that could not be settled and are tried again.",
        counts.errors);
  add_rules(out, counts);
  for (const auto& [method, intervals] : counts.estimates) {
    const std::string name(mdm::to_string(static_cast<mdm::Method>(method)));
    out.push_back({"amity_vee_estimates_total",
                   "Intervals estimated, by method.",
                   true,
                   {{"method", name}},
                   d(intervals)});
  }
  const auto lengths = mdm.queue_lengths();
  for (const VeeState state : {VeeState::kWaiting, VeeState::kEstimated, VeeState::kFailed}) {
    out.push_back({"amity_vee_queue",
                   "Channel-days that ask for a person.",
                   false,
                   {{"state", std::string(to_string(state))}},
                   d(lengths[static_cast<std::size_t>(state)])});
  }
  out.push_back({"amity_vee_storm_areas",
                 "Areas where estimation is suspended.",
                 false,
                 {},
                 d(mdm.areas_in_storm())});
}

std::vector<api::VeeException> PlatformServices::vee_queue() {
  return mdm_ == nullptr ? std::vector<api::VeeException>() : mdm_->queue();
}

Result<std::vector<api::VeeExplained>> PlatformServices::explain(const VeeDay& day) {
  return mdm_ == nullptr ? api::Services::explain(day) : mdm_->explain(day);
}

void PlatformServices::propose_edit(Edit edit, OnEdit done) {
  if (mdm_ == nullptr) return api::Services::propose_edit(std::move(edit), std::move(done));
  mdm_->propose(std::move(edit), std::move(done));
}

void PlatformServices::decide_edit(EditDecision decision, OnEdit done) {
  if (mdm_ == nullptr) return api::Services::decide_edit(std::move(decision), std::move(done));
  mdm_->decide(decision, std::move(done));
}

}  // namespace amity::roles
