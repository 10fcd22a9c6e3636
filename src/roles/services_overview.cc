// What is abnormal now: the overview's tiles and cards, one meter's status strip, and the metrics.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "roles/services.h"
#include "roles/services_mdm.h"

namespace amity::roles {
namespace {

constexpr double kCompletenessTarget = 99;  // % of the intervals of the last 24 h
constexpr double kReachableTarget = 99;
constexpr double kClockTarget = 99;
constexpr std::size_t kFactsShown = 10;
constexpr std::int64_t kFactsPeriod_s = 30 * 86'400;
constexpr std::int64_t kPendingTooLong_s = 120;

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 100 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// Below target: p3; two points below: p2; ten below: p1.
api::Attention against_target(double value, double target) {
  if (value >= target) return api::Attention::kNormal;
  if (value >= target - 2) return api::Attention::kP3;
  return value >= target - 10 ? api::Attention::kP2 : api::Attention::kP1;
}

struct CardText {
  const char* title_one;
  const char* title_many;
  const char* detail;
};

CardText card_text(ops::AbnormalKind kind) {
  switch (kind) {
    case ops::AbnormalKind::kSecurity:
      return {"meter refuses our keys", "meters refuse our keys",
              "check the key ring before anything is retried"};
    case ops::AbnormalKind::kTamper:
      return {"meter reports tampering", "meters report tampering", "events of the last 24 h"};
    case ops::AbnormalKind::kPower:
      return {"meter lost supply", "meters lost supply", "no return of supply seen yet"};
    case ops::AbnormalKind::kSilent:
      return {"meter is silent", "meters are silent", "no successful contact for a day"};
    case ops::AbnormalKind::kClock:
      return {"clock is wrong", "clocks are wrong", "beyond what may be set automatically"};
    case ops::AbnormalKind::kLate:
      return {"meter is late", "meters are late", "newest reading is older than it should be"};
    case ops::AbnormalKind::kIncomplete:
      return {"meter has gaps", "meters have gaps", "intervals of the last 24 h are missing"};
  }
  return {"", "", ""};
}

std::string contact_word(ops::DeviceStatus status) {
  switch (status) {
    case ops::DeviceStatus::kOk:
      return "answering";
    case ops::DeviceStatus::kLate:
      return "late";
    case ops::DeviceStatus::kSilent:
      return "silent";
    case ops::DeviceStatus::kSecurity:
      return "refused";
    case ops::DeviceStatus::kNew:
      return "not contacted yet";
  }
  return "?";
}

api::Attention contact_state(ops::DeviceStatus status) {
  switch (status) {
    case ops::DeviceStatus::kSecurity:
      return api::Attention::kP1;
    case ops::DeviceStatus::kSilent:
      return api::Attention::kP2;
    case ops::DeviceStatus::kLate:
      return api::Attention::kP3;
    default:
      return api::Attention::kNormal;
  }
}

std::vector<api::StripItem> strip(const ops::DeviceHealth& h, ops::DeviceStatus status,
                                  const ops::Tally& tally, const ops::StatusRules& rules) {
  using api::Attention;
  std::vector<api::StripItem> items;
  const UtcSeconds contact_since = h.failures_in_row > 0 ? h.last_contact : h.last_success;
  items.push_back({"communication", contact_word(status), contact_since, contact_state(status)});
  items.push_back(h.power_since.value != 0
                      ? api::StripItem{"supply", "lost", h.power_since, Attention::kP2}
                      : api::StripItem{"supply", "on", {}, Attention::kNormal});
  const bool off = h.relay == ops::Relay::kDisconnected;
  items.push_back(
      {"relay", std::string(to_string(h.relay)), {}, off ? Attention::kP3 : Attention::kNormal});
  const bool whole = tally.received >= tally.expected;
  items.push_back(
      {"data_quality",
       whole ? "complete" : fmt::format("{} intervals missing", tally.expected - tally.received),
       {},
       whole ? Attention::kNormal : Attention::kP3});
  const bool clock_bad = h.clock_known && std::abs(h.clock_offset_s) > rules.clock_limit_s;
  items.push_back({"clock",
                   h.clock_known ? fmt::format("{:+} s", h.clock_offset_s) : "not read yet",
                   {},
                   clock_bad ? Attention::kP3 : Attention::kNormal});
  const bool refused = h.security_since.value != 0;
  items.push_back({"security", refused ? "refused" : "in order", h.security_since,
                   refused ? Attention::kP1 : Attention::kNormal});
  return items;
}

}  // namespace

PlatformServices::Counts PlatformServices::count() const {
  const UtcSeconds now = clock_.utc();
  return ops_.read([&](const ops::FleetState& fleet, const ops::Completeness& completeness,
                       const auto&) {
    Counts counts;
    const std::int64_t limit_s = fleet.rules().clock_limit_s;
    for (const auto& [id, health] : fleet.all()) {
      ++counts.devices;
      const ops::DeviceStatus status = fleet.status(health, now);
      counts.reachable +=
          status == ops::DeviceStatus::kOk || status == ops::DeviceStatus::kLate ? 1 : 0;
      counts.clock_known += health.clock_known ? 1 : 0;
      counts.clock_good += health.clock_known && std::abs(health.clock_offset_s) <= limit_s ? 1 : 0;
    }
    const ops::Tally last = completeness.fleet(now - 86'400, now);
    const ops::Tally before = completeness.fleet(now - 2 * 86'400, now - 86'400);
    counts.completeness_known = last.expected != 0;
    counts.before_known = before.expected != 0;
    if (last.expected != 0) counts.completeness_now = percent(last.received, last.expected) / 100;
    if (before.expected != 0)
      counts.completeness_before = percent(before.received, before.expected) / 100;
    return counts;
  });
}

std::vector<api::Tile> PlatformServices::tiles(const Counts& c) const {
  using api::Attention;
  std::vector<api::Tile> tiles;
  const auto add = [&tiles](const char* key, const char* title, std::optional<double> value,
                            const char* unit, std::optional<double> target,
                            std::optional<double> previous, bool higher, Attention state,
                            const char* link) {
    tiles.push_back({key, title, value, unit, target, previous, higher, state, link});
  };
  const double complete = 100 * c.completeness_now;
  add("completeness", "Read completeness, 24 h",
      c.completeness_known ? std::optional(complete) : std::nullopt, "%", kCompletenessTarget,
      c.before_known ? std::optional(100 * c.completeness_before) : std::nullopt, true,
      c.completeness_known ? against_target(complete, kCompletenessTarget) : Attention::kNormal,
      "/completeness");
  const double reachable = percent(c.reachable, c.devices);
  add("reachable", "Meters reachable", reachable, "%", kReachableTarget, std::nullopt, true,
      against_target(reachable, kReachableTarget), "/meters");
  const ArrivalCounts arrivals = ops_.arrivals();
  add("read_rate", "Readings arriving", arrivals.readings_per_s, "1/s", std::nullopt, std::nullopt,
      true, Attention::kNormal, "/system");
  const double clocks = percent(c.clock_good, c.clock_known);
  add("clock", "Clocks in tolerance", c.clock_known == 0 ? std::nullopt : std::optional(clocks),
      "%", kClockTarget, std::nullopt, true,
      c.clock_known == 0 ? Attention::kNormal : against_target(clocks, kClockTarget), "/meters");
  const UtcSeconds oldest = commands_.oldest_pending();
  const bool stuck = oldest.value != 0 && clock_.utc() - oldest > kPendingTooLong_s;
  add("commands_pending", "Commands under way", static_cast<double>(commands_.pending()), "",
      std::nullopt, std::nullopt, false, stuck ? Attention::kP2 : Attention::kNormal, "/commands");
  const UtcSeconds today = about_.zone.start_of_day(clock_.utc());
  add("events_today", "Events today", static_cast<double>(ops_.events_today(today)), "",
      std::nullopt, std::nullopt, false, Attention::kNormal, "/events");
  return tiles;
}

std::vector<api::Card> PlatformServices::cards() const {
  std::map<ops::AbnormalKind, api::Card> by_kind;
  for (const ops::AbnormalItem& item : ops_.abnormal()) {
    api::Card& card = by_kind[item.kind];
    if (card.count++ == 0 || item.since < card.since) card.since = item.since;
  }
  std::vector<api::Card> cards;
  for (auto& [kind, card] : by_kind) {
    const CardText text = card_text(kind);
    card.priority = static_cast<api::Attention>(ops::priority(kind));
    card.kind = to_string(kind);
    card.title =
        fmt::format("{} {}", card.count, card.count == 1 ? text.title_one : text.title_many);
    card.detail = text.detail;
    card.link = fmt::format("/abnormal?kind={}", card.kind);
    cards.push_back(std::move(card));
  }
  std::stable_sort(cards.begin(), cards.end(),
                   [](const auto& a, const auto& b) { return a.priority < b.priority; });
  return cards;
}

api::Overview PlatformServices::overview() {
  api::Overview overview;
  const Counts counts = count();
  const ArrivalCounts arrivals = ops_.arrivals();
  overview.now = clock_.utc();
  overview.tiles = tiles(counts);
  overview.cards = cards();
  overview.readings_per_s = arrivals.readings_per_s;
  overview.meters_per_s = arrivals.meters_per_s;
  if (counts.completeness_known) overview.completeness_24h = counts.completeness_now;
  return overview;
}

api::DeviceDetail PlatformServices::detail(DeviceId device) {
  api::DeviceDetail detail;
  const UtcSeconds now = clock_.utc();
  ops_.read([&](const ops::FleetState& fleet, const ops::Completeness& completeness, const auto&) {
    const ops::DeviceHealth* health = fleet.health(device);
    if (health == nullptr) return;
    const ops::Tally tally = completeness.device(device, now - 86'400, now);
    detail.status_strip = strip(*health, fleet.status(*health, now), tally, fleet.rules());
    detail.relay = to_string(health->relay);
    if (health->failures_in_row > 0) {
      detail.facts.push_back({health->last_contact, "could not be read: " + health->last_error});
    }
    if (health->last_success.value != 0)
      detail.facts.push_back({health->last_success, "last answered"});
    if (health->last_reading.value != 0)
      detail.facts.push_back({health->last_reading, "newest interval ends"});
  });
  if (const auto events =
          store_.events().of_device(device, now - kFactsPeriod_s, now + 86'400, kFactsShown);
      events.ok()) {
    for (const Event& event : *events) detail.facts.push_back({event.time, event.text});
  }
  if (const auto commands = store_.registry().commands(device, kFactsShown); commands.ok()) {
    for (const Command& command : *commands) {
      detail.facts.push_back(
          {command.changed, fmt::format("{} by {}: {}", to_string(command.kind),
                                        command.requested_by, to_string(command.state))});
    }
  }
  std::stable_sort(detail.facts.begin(), detail.facts.end(),
                   [](const auto& a, const auto& b) { return a.time > b.time; });
  if (detail.facts.size() > kFactsShown) detail.facts.resize(kFactsShown);
  return detail;
}

namespace {

double d(std::uint64_t v) {
  return static_cast<double>(v);
}

// By direction or result: the same name, told apart by one label.
void add_pair(std::vector<api::Metric>& out, const char* name, const char* help, const char* label,
              std::pair<const char*, std::uint64_t> first,
              std::pair<const char*, std::uint64_t> second) {
  out.push_back({name, help, true, {{label, first.first}}, d(first.second)});
  out.push_back({name, help, true, {{label, second.first}}, d(second.second)});
}

void add_headend_metrics(std::vector<api::Metric>& out, const headend::HeadEndStats& s) {
  out.push_back(
      {"amity_headend_conversations", "Conversations in flight.", false, {}, d(s.in_flight)});
  out.push_back(
      {"amity_headend_connections", "Connections open.", false, {}, d(s.connections_open)});
  add_pair(out, "amity_headend_contacts_total", "Conversations that ended.", "result",
           {"ok", s.contacts_ok}, {"failed", s.contacts_failed});
  out.push_back({"amity_headend_security_failures_total",
                 "Refused keys, counters and proofs.",
                 true,
                 {},
                 d(s.security_failures)});
  out.push_back({"amity_headend_locked_out",
                 "Meters left alone after security failures.",
                 false,
                 {},
                 d(s.locked_out)});
  add_pair(out, "amity_headend_pushes_total", "Pushes received.", "result",
           {"accepted", s.pushes_accepted}, {"refused", s.pushes_refused});
  add_pair(out, "amity_headend_bytes_total", "Bytes on the meters' side.", "direction",
           {"sent", s.bytes_sent}, {"received", s.bytes_received});
}

}  // namespace

std::vector<api::Metric> PlatformServices::metrics() {
  const ArrivalCounts arrivals = ops_.arrivals();
  const Counts counts = count();
  std::vector<api::Metric> out = {
      {"amity_devices", "Meters in service.", false, {}, d(counts.devices)},
      {"amity_devices_reachable",
       "Meters that answered or reported lately.",
       false,
       {},
       d(counts.reachable)},
      {"amity_completeness_ratio",
       "Intervals received of those due, last 24 h.",
       false,
       {},
       counts.completeness_now},
      {"amity_readings_total",
       "Readings that arrived since the start.",
       true,
       {},
       d(arrivals.readings_total)},
      {"amity_journal_last_sequence",
       "Newest fact in the journal.",
       true,
       {},
       d(store_.journal().last())},
      {"amity_commands_pending", "Commands queued or running.", false, {}, d(commands_.pending())},
  };
  add_headend_metrics(out, totals_());
  if (heard_totals_) add_heard_metrics(out, heard_totals_());
  if (edge_metrics_) edge_metrics_(out);
  if (mdm_ != nullptr) add_mdm_metrics(out, *mdm_);
  if (billing_ != nullptr) add_billing_metrics(out, *billing_);
  return out;
}

}  // namespace amity::roles
