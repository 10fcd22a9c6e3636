#include "headend/known_meters.h"

#include <algorithm>
#include <cctype>

#include "headend/event_codes.h"
#include "headend/limits.h"

namespace amity::headend {

namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::string looks_of(const wire::MeterIdentity& meter) {
  return meter.version.empty() && meter.medium.empty() ? std::string()
                                                       : meter.version + '/' + meter.medium;
}

std::string looks_name(DeviceId device) {
  return "headend/looks/" + std::to_string(device.value);
}

std::string describe(std::string_view protocol, const wire::MeterIdentity& meter) {
  std::string text(protocol);
  for (const std::string* part : {&meter.manufacturer, &meter.id, &meter.medium}) {
    if (!part->empty()) text += ' ' + *part;
  }
  return text;
}

}  // namespace

std::string plain_number(std::string_view number) {
  std::string out;
  for (const char c : number) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) continue;
    if (c == '0' && out.empty()) continue;
    out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return out;
}

bool same_number(std::string_view printed, std::string_view given) {
  const std::string a = plain_number(printed), b = plain_number(given);
  if (a == b) return true;
  const std::string &longer = a.size() > b.size() ? a : b, &shorter = a.size() > b.size() ? b : a;
  return shorter.size() >= kNumberTailMin && longer.ends_with(shorter);
}

KnownMeters::KnownMeters(store::Registry& registry, const driver::ModelSet& models)
    : registry_(registry), models_(models) {}

Status KnownMeters::load() {
  if (loaded_) return {};
  AMITY_TRY(const auto devices, registry_.devices());
  for (const Device& device : devices) insert(device);
  for (const driver::MeterModel& model : models_.models()) {
    for (const driver::Detection& d : model.detections)
      makers_.emplace(upper(d.manufacturer), upper(model.manufacturer));
  }
  loaded_ = true;
  return {};
}

void KnownMeters::insert(const Device& device) {
  if (device.state != DeviceState::kActive) return;
  Entry& entry = entries_[device.id];
  entry.device = device;
  entry.numbers = {plain_number(device.serial)};
  // "KAM12345678" is also the number 12345678 of KAM.
  const std::string maker = upper(device.manufacturer);
  if (!maker.empty() && entry.numbers[0].starts_with(maker))
    entry.numbers.push_back(plain_number(entry.numbers[0].substr(maker.size())));
  for (const std::string& number : entry.numbers) by_number_.emplace(number, device.id);
  if (const auto looks = registry_.value(looks_name(device.id)); looks.ok() && *looks)
    entry.looks.assign((*looks)->begin(), (*looks)->end());
}

void KnownMeters::erase(DeviceId device) {
  const auto at = entries_.find(device);
  if (at == entries_.end()) return;
  for (const std::string& number : at->second.numbers) {
    const auto [first, last] = by_number_.equal_range(number);
    const auto listed =
        std::find_if(first, last, [&](const auto& l) { return l.second == device; });
    if (listed != last) by_number_.erase(listed);
  }
  entries_.erase(at);
}

void KnownMeters::refresh(DeviceId id) {
  if (!loaded_) return;
  erase(id);
  const auto device = registry_.device(id);
  if (device.ok() && *device) insert(**device);
}

bool KnownMeters::same_maker(const std::string& registered, const std::string& given) const {
  if (registered.empty() || given.empty()) return true;
  const std::string a = upper(registered), b = upper(given);
  return a == b || makers_.contains({b, a}) || makers_.contains({a, b});
}

std::vector<KnownMeters::Entry*> KnownMeters::candidates(std::string_view protocol,
                                                         const wire::MeterIdentity& meter) {
  std::vector<Entry*> found;
  const std::string number = plain_number(meter.id);
  if (number.empty()) return found;
  const auto [first, last] = by_number_.equal_range(number);
  for (auto at = first; at != last; ++at) {
    Entry& entry = entries_.at(at->second);
    const bool listed = std::find(found.begin(), found.end(), &entry) != found.end();
    if (!listed && same_maker(entry.device.manufacturer, meter.manufacturer))
      found.push_back(&entry);
  }
  if (found.size() < 2) return found;
  // The manufacturer by name counts more than none, the protocol more than another.
  const auto narrow = [&found](auto fits) {
    if (std::any_of(found.begin(), found.end(), fits))
      found.erase(std::remove_if(found.begin(), found.end(), std::not_fn(fits)), found.end());
  };
  narrow([](const Entry* e) { return !e->device.manufacturer.empty(); });
  narrow([&](const Entry* e) { return e->device.protocol == protocol; });
  return found;
}

Status KnownMeters::check_looks(Entry& entry, const std::string& looks) {
  if (looks.empty() || looks == entry.looks) return {};
  if (!entry.looks.empty()) {
    return make_error(ErrorCode::kConflict, "another meter with the number of " +
                                                entry.device.serial + " (version/medium " + looks +
                                                " instead of " + entry.looks + ")");
  }
  AMITY_CHECK(registry_.put_value(looks_name(entry.device.id), Bytes(looks.begin(), looks.end())));
  entry.looks = looks;
  return {};
}

// What the utility's data do not say, the meter does.
Status KnownMeters::note_commodity(Entry& entry, const std::string& medium) {
  if (entry.device.commodity != Commodity::kUnknown || medium.empty()) return {};
  AMITY_TRY(auto device, registry_.device(entry.device.id));
  if (!device) return {};
  device->commodity = commodity_of_medium(medium);
  AMITY_CHECK(registry_.update_device(*device));
  entry.device.commodity = device->commodity;
  return {};
}

Result<Found> KnownMeters::find(std::string_view protocol, const wire::MeterIdentity& meter,
                                UtcSeconds now) {
  AMITY_CHECK(load());
  const std::vector<Entry*> fit = candidates(protocol, meter);
  if (fit.empty()) return unknown(protocol, meter, now, "not registered");
  const std::string who = describe(protocol, meter);
  Found found;
  if (fit.size() > 1) {
    found = unknown(protocol, meter, now, std::to_string(fit.size()) + " devices have this number");
  } else {
    const Status looks = check_looks(*fit[0], looks_of(meter));
    if (looks.ok()) {
      AMITY_CHECK(note_commodity(*fit[0], meter.medium));
      found.device = fit[0]->device.id;
      return found;
    }
    if (looks.error().code != ErrorCode::kConflict) return looks.error();
    found = unknown(protocol, meter, now, looks.error().reason);
  }
  if (!conflicts_.insert(who + looks_of(meter)).second) return found;
  for (const Entry* entry : fit) {
    found.events.push_back(headend_event(entry->device.id, now, HeadEndEvent::kNumberConflict,
                                         who + ": " + found.why));
  }
  return found;
}

Found KnownMeters::unknown(std::string_view protocol, const wire::MeterIdentity& meter,
                           UtcSeconds now, std::string why) {
  ++frames_unknown_;
  Found found;
  found.why = std::move(why);
  const std::string key =
      std::string(protocol) + '\n' + meter.manufacturer + '\n' + meter.id + '\n' + looks_of(meter);
  const bool fresh = !heard_.contains(key);
  const bool full = heard_.size() >= kHeardMetersMax;
  if (fresh && full) make_room();
  HeardMeter& heard = heard_[key];
  if (fresh) {
    heard = {std::string(protocol),
             meter.manufacturer,
             meter.id,
             meter.medium,
             meter.version,
             now,
             now,
             0,
             {}};
  }
  if (fresh && !full) {  // a flood of made-up numbers is no flood of events
    found.events.push_back(headend_event(DeviceId(), now, HeadEndEvent::kUnknownMeter,
                                         describe(protocol, meter) + ", " + found.why));
  }
  heard.last = now;
  ++heard.frames;
  heard.why = found.why;
  return found;
}

void KnownMeters::make_room() {
  const auto longest =
      std::min_element(heard_.begin(), heard_.end(),
                       [](const auto& a, const auto& b) { return a.second.last < b.second.last; });
  heard_.erase(longest);
}

std::vector<HeardMeter> KnownMeters::heard() const {
  std::vector<HeardMeter> out;
  for (const auto& [key, meter] : heard_) out.push_back(meter);
  return out;
}

}  // namespace amity::headend
