// What master data and the utility's facts say of each channel: when its meter hung there, what it
// can measure, who measures the same.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "roles/mdm_role.h"
#include "roles/meter_exchange.h"

namespace amity::roles {
namespace {

constexpr std::int32_t kDaysBackMax = 400;

}  // namespace

Status MdmRole::load_channels() {
  store::Registry& registry = store_.registry();
  AMITY_TRY(const auto all, registry.channels());
  std::unordered_map<DeviceId, std::vector<Channel>> of;
  for (const Channel& channel : all) of[channel.device].push_back(channel);
  for (const Channel& channel : all) (void)add_channel(channel, of[channel.device]);
  AMITY_TRY(const auto customers, registry.customers());
  for (const Customer& c : customers) class_of_[c.id] = c.customer_class;
  AMITY_TRY(const auto points, registry.service_points());
  std::unordered_map<ServicePointId, const ServicePoint*> point_of;
  for (const ServicePoint& p : points) point_of[p.id] = &p;
  AMITY_TRY(const auto installations, registry.installations());
  std::unordered_map<ServicePointId, std::vector<Installation>> hung_at;
  for (const Installation& i : installations) hung_at[i.service_point].push_back(i);
  AMITY_TRY(const auto devices, registry.devices());
  std::unordered_map<DeviceId, const Device*> by_id;
  for (const Device& d : devices) by_id[d.id] = &d;
  for (MdmChannel* c : order_) {
    const auto device = by_id.find(c->device);
    if (device == by_id.end()) continue;
    Place place{*device->second, "", {}, {}};
    const ServicePointId at = place.device.service_point;
    if (const auto point = point_of.find(at); point != point_of.end()) {
      place.point = point->second->name;
      place.customer = point->second->customer;
      place.installations = hung_at[at];
    }
    learn(*c, place, of[c->device]);
  }
  return {};
}

Result<std::optional<MdmRole::Place>> MdmRole::place_of(DeviceId device) {
  AMITY_TRY(const auto row, store_.registry().device_row(device));
  if (!row) return std::optional<Place>();
  Place place{row->device, row->service_point.name, row->service_point.customer, {}};
  AMITY_TRY(place.installations, store_.registry().installations());
  std::erase_if(place.installations, [&](const Installation& i) {
    return i.service_point != row->device.service_point;
  });
  return std::optional(std::move(place));
}

void MdmRole::learn(MdmChannel& c, const Place& place, const std::vector<Channel>& siblings) {
  const Device& device = place.device;
  c.active = device.state == DeviceState::kActive;
  c.area = device.segment.empty() ? std::string(api::kDirectSegment) : device.segment;
  c.commissioned = device.commissioned;
  if (const auto known = class_of_.find(place.customer); known != class_of_.end())
    c.customer_class = known->second;
  c.tariffs.clear();
  c.reactive.reset();
  for (const Channel& other : siblings) {
    if (is_tariff_of(other, c.channel)) c.tariffs.push_back(other);
    if (is_reactive_of(other, c.channel)) c.reactive = other;
  }
  learn_rules(c);
  learn_facts(c, place);
  learn_life(c, place);
}

void MdmRole::learn_rules(MdmChannel& c) {
  const mdm::RuleSet* rules = options_.rules.find(c.customer_class, c.channel.unit);
  if (rules == nullptr) return;
  const mdm::RuleSet*& scaled = scaled_[{rules, c.channel.exponent}];
  if (scaled == nullptr) {
    rule_sets_.push_back(
        std::make_unique<mdm::RuleSet>(mdm::scaled_to(*rules, c.channel.exponent)));
    scaled = rule_sets_.back().get();
  }
  c.rules = scaled;
}

void MdmRole::learn_facts(MdmChannel& c, const Place& place) {
  const mdm::UtilityFacts& facts = options_.facts;
  const Device& device = place.device;
  const auto rating = [&](std::int64_t multiplier) {
    return facts.rating(place.point, c.customer_class, device.serial, device.model, c.channel.unit,
                        c.channel.exponent, multiplier);
  };
  c.rating_per_hour = {rating(c.channel.multiplier)};
  for (const MultiplierStep& step : c.channel.steps)
    c.rating_per_hour.push_back(rating(step.multiplier));
  c.dial = facts.dial(device.serial, device.model, c.channel.unit);
  c.profile = nullptr;
  if (const mdm::UseProfile* use = facts.profile(c.customer_class, c.channel.unit)) {
    const std::pair key{use, c.channel.interval_s};
    auto made = profiles_.find(key);
    if (made == profiles_.end()) {
      auto profile = mdm::class_profile(*use, c.channel.interval_s);
      made = profiles_.emplace(key, profile ? std::move(*profile) : mdm::ClassProfile()).first;
    }
    if (!made->second.weight.empty()) c.profile = &made->second;
    c.profile_daily = mdm::raw_amount(use->daily, c.channel.exponent);
  }
  c.check.reset();
  const auto pair = facts.checks.find({device.serial, c.channel.name});
  if (pair == facts.checks.end()) return;
  const auto meter = store_.registry().device_by_serial(pair->second.meter);
  if (meter.ok() && *meter) {
    const auto channels = store_.registry().channels_of((*meter)->id);
    for (const Channel& channel : channels.ok() ? *channels : std::vector<Channel>()) {
      if (channel.name == pair->second.channel && channel.unit == c.channel.unit &&
          channel.kind == ChannelKind::kInterval)
        c.check = channel;
    }
  }
  if (!c.check)
    spdlog::warn("mdm: {}/{}, which checks {}/{}, is no interval channel of the same unit",
                 pair->second.meter, pair->second.channel, device.serial, c.channel.name);
}

// The register was read at that very instant.
bool MdmRole::bounded_at(const MdmChannel& c, UtcSeconds time) {
  if (!c.total || time.value == 0) return false;
  const auto read = store_.readings().read(c.total->id, time - 1, time);
  return read.ok() && !read->empty();
}

// Of the interval that `time` lies in, (begin, end].
UtcSeconds MdmRole::interval_begin(const MdmChannel& c, UtcSeconds time) const {
  const UtcSeconds start = calendar_.day_at(time).start;
  return time - (time - start) % c.channel.interval_s;
}

void MdmRole::learn_life(MdmChannel& c, const Place& place) {
  const auto& at_point = place.installations;
  const auto mine = std::find_if(at_point.rbegin(), at_point.rend(),
                                 [&](const Installation& i) { return i.device == c.device; });
  c.before.reset();
  c.removed = c.ends = UtcSeconds();
  if (mine == at_point.rend()) return;
  if (mine->to) {
    c.removed = *mine->to;
    c.ends = interval_begin(c, c.removed);
    if (c.ends != c.removed && bounded_at(c, c.removed))
      c.ends = c.ends + std::int64_t{c.channel.interval_s};
  }
  const auto old = std::ranges::find_if(
      at_point, [&](const Installation& i) { return i.to == mine->from && i.device != c.device; });
  if (old == at_point.end()) return;
  const auto channels = store_.registry().channels_of(old->device);
  if (!channels.ok()) return;
  const auto same = std::ranges::find_if(
      *channels, [&](const Channel& channel) { return measures_same(channel, c.channel); });
  if (same != channels->end()) c.before = *same;
}

bool MdmRole::waits_for_predecessor(const MdmChannel& c) {
  const auto old = c.before ? channels_.find(c.before->id) : channels_.end();
  if (old == channels_.end() || old->second->rules == nullptr) return false;
  const MdmChannel& o = *old->second;
  return o.memory.next_day != kNoDay && o.ends.value != 0 && o.next_start < o.ends;
}

void MdmRole::each_meter(const EventsArrived& of, const LearnMeter& learn_meter) {
  for (const Event& event : of.events) {
    const auto place = place_of(event.device);
    const auto channels = store_.registry().channels_of(event.device);
    if (place.ok() && *place && channels.ok()) {
      learn_meter(event, **place, *channels);
    } else {
      ++counts_.errors;
    }
  }
}

// An exchange is mostly told after the fact: days that were looked at without knowing of it are
// looked at again.
void MdmRole::learn_exchange(const EventsArrived& exchanged) {
  each_meter(exchanged,
             [this](const Event&, const Place& place, const std::vector<Channel>& channels) {
               for (const Channel& channel : channels) {
                 const auto found = channels_.find(channel.id);
                 if (found == channels_.end()) continue;
                 learn(*found->second, place, channels);
                 cut_short(*found->second);
               }
             });
}

// Days [from, to) that were decided.
void MdmRole::look_again(MdmChannel& c, std::int32_t from, std::int32_t to) {
  std::vector<std::int32_t>& dirty = c.memory.dirty;
  for (std::int32_t day = std::max(from, to - kDaysBackMax); day < to; ++day) {
    const auto at = std::ranges::lower_bound(dirty, day);
    if (at == dirty.end() || *at != day) dirty.insert(at, day);
  }
  c.changed = true;
}

// Ratios are others from an instant on: what was estimated and judged by use is done again from
// there, with statistics stated anew. Raw values and what they add up to stay.
void MdmRole::learn_ratios(const EventsArrived& changed) {
  each_meter(changed, [this](const Event& event, const Place& place,
                             const std::vector<Channel>& channels) {
    for (const Channel& known : channels) {
      for (MdmChannel* other : order_) {
        for (std::optional<Channel>* copy : {&other->before, &other->check, &other->total}) {
          if (*copy && (*copy)->id == known.id) *copy = known;
        }
      }
      const auto found = channels_.find(known.id);
      if (found == channels_.end()) continue;
      MdmChannel& c = *found->second;
      multiply_anew(c, known);
      learn(c, place, channels);
      if (c.memory.next_day == kNoDay) continue;
      const std::int32_t day = calendar_.day_at(event.time).number;
      // Also the day that the channel begins on, a part of one.
      look_again(c, std::max(day, c.memory.first_day - 1), c.memory.next_day);
    }
  });
}

void MdmRole::multiply_anew(MdmChannel& c, const Channel& known) {
  const Channel before = std::exchange(c.channel, known);
  if (c.memory.next_day == kNoDay || before.steps == known.steps) return;
  const UtcSeconds now = settler_.local_day(c.memory.next_day).start;
  const std::int64_t was = before.multiplier_at(now), is = known.multiplier_at(now);
  c.memory.state = restated(c.memory.state, [&](UtcSeconds of) {
    return Ratio{known.multiplier_at(of) * was, before.multiplier_at(of) * is};
  });
}

void MdmRole::cut_short(MdmChannel& c) {
  MdmMemory& memory = c.memory;
  if (memory.next_day == kNoDay) return;
  const auto again = [&](std::int32_t from, std::int32_t to) { look_again(c, from, to); };
  if (c.removed.value != 0) again(calendar_.day_of_end(c.ends).number, memory.next_day);
  if (c.commissioned > settler_.local_day(memory.first_day).start - 86'400 &&
      memory.begins.value == 0 && bounded_at(c, c.commissioned)) {
    memory.begins = interval_begin(c, c.commissioned);
    const std::int32_t day = calendar_.day_at(memory.begins).number;
    const std::int32_t earliest = std::min(memory.first_day - 1, day);
    memory.first_day = day;
    memory.next_day = std::max(memory.next_day, day);
    again(earliest, std::min(memory.next_day, day + 1));
  }
  set_next_end(c);
  c.changed = true;
}

}  // namespace amity::roles
