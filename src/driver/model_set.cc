#include "driver/model_set.h"

#include <algorithm>

#include "driver/limits.h"

namespace amity::driver {
namespace {

std::string maker_key(std::string_view protocol, std::string_view manufacturer) {
  std::string key(protocol);
  key += '/';
  key += manufacturer;
  return key;
}

bool agrees(const std::vector<std::string>& any_of, const std::string& value) {
  return any_of.empty() || std::find(any_of.begin(), any_of.end(), value) != any_of.end();
}

bool agrees(const Detection& d, const wire::Report& report) {
  return agrees(d.versions, report.meter.version) && agrees(d.mediums, report.meter.medium) &&
         report.meter.model.starts_with(d.model_prefix) && report.meter.id.starts_with(d.id_prefix);
}

// How much a detection says: the more, the sooner it is believed.
std::size_t weight(const Detection& d) {
  return (d.manufacturer.empty() ? 0 : 1) + (d.versions.empty() ? 0 : 1'000) +
         (d.mediums.empty() ? 0 : 100) + 2 * (d.model_prefix.size() + d.id_prefix.size());
}

bool overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty();
  return std::any_of(a.begin(), a.end(), [&](const std::string& x) { return agrees(b, x); });
}

bool same(const Detection& a, const Detection& b) {
  return overlap(a.versions, b.versions) && overlap(a.mediums, b.mediums) &&
         a.model_prefix == b.model_prefix && a.id_prefix == b.id_prefix;
}

}  // namespace

Status ModelSet::add(MeterModel model) {
  if (models_.size() == kModelsMax) {
    return make_error(ErrorCode::kLimit,
                      "more than " + std::to_string(kModelsMax) + " meter models");
  }
  for (const Detection& d : model.detections) {
    for (const Entry& entry : by_maker_[maker_key(d.protocol, d.manufacturer)]) {
      const MeterModel& other = models_[entry.model];
      if (!same(d, other.detections[entry.detection])) continue;
      return make_error(ErrorCode::kConflict, model.file + " and " + other.file +
                                                  " both claim a meter of " + d.protocol + " " +
                                                  d.manufacturer);
    }
  }
  for (const obis::ValueList& list : model.lists) {
    if (const Status added = value_lists_.add(list); !added.ok())
      return make_error(added.error().code, model.file + ": " + added.error().reason);
  }
  for (std::size_t i = 0; i < model.detections.size(); ++i) {
    const Detection& d = model.detections[i];
    by_maker_[maker_key(d.protocol, d.manufacturer)].push_back({models_.size(), i});
  }
  models_.push_back(std::move(model));
  return {};
}

const MeterModel* ModelSet::find(const wire::Report& report) const {
  const MeterModel* best = nullptr;
  std::size_t best_weight = 0;
  for (const std::string_view manufacturer :
       {std::string_view(report.meter.manufacturer), std::string_view()}) {
    const auto found = by_maker_.find(maker_key(report.protocol, manufacturer));
    if (found == by_maker_.end()) continue;
    for (const Entry& entry : found->second) {
      const MeterModel& model = models_[entry.model];
      const Detection& d = model.detections[entry.detection];
      if (!agrees(d, report) || weight(d) <= best_weight) continue;
      best = &model;
      best_weight = weight(d);
    }
    if (report.meter.manufacturer.empty()) break;
  }
  return best;
}

}  // namespace amity::driver
