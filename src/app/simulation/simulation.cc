#include "app/simulation/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "app/simulation/hash.h"
#include "app/simulation/limits.h"
#include "world/hash.h"

namespace amity::simulation {

namespace {

constexpr const char* kPlatformHost = "10.0.0.1";

// A third of the seeds begins on the day before a clock change of the town.
UtcSeconds start_of(std::uint64_t seed) {
  constexpr std::int64_t kStarts[] = {1'790'985'600,   // 2026-10-03: summer time begins at 16:00Z
                                      1'784'073'600,   // 2026-07-15
                                      1'775'260'800};  // 2026-04-04: summer time ends at 16:00Z
  return UtcSeconds(kStarts[seed % 3]);
}

world::LinkProfile good_link() {
  return {.delay_us = 20'000, .jitter_us = 5'000};
}

world::LinkProfile bad_link() {
  world::LinkProfile link{.delay_us = 40'000, .jitter_us = 80'000, .chunk_bytes_max = 700};
  link.refuse = 0.01;
  link.blackhole = 0.01;
  link.stream_break = 0.002;
  link.half_open = 0.001;
  link.loss = 0.05;
  link.duplicate = 0.05;
  link.reorder = 0.1;
  return link;
}

}  // namespace

Simulation::Simulation(const Config& config)
    : config_(config),
      world_(config.seed, start_of(config.seed)),
      random_(world::mix(config.seed, 0x6661756Cu)),
      nonces_([this](DeviceId device, const std::string& what) {
        violated(device, "no invocation counter is used twice", what);
      }) {}

Simulation::~Simulation() {
  platform_.reset();
  town_.reset();
}

void Simulation::violated(DeviceId device, std::string rule, std::string what) {
  note(fmt::format("VIOLATION: {}: {}", rule, what));
  witness_.violated(world_.utc(), device, std::move(rule), std::move(what));
  world_.stop();
}

void Simulation::note(const std::string& what) {
  report_.history_hash = hash_bytes(report_.history_hash, as_bytes(what));
  if (config_.trace) config_.trace(fmt::format("{:>14} {}", world_.now().us, what));
}

Duration Simulation::span(std::int64_t from_s, std::int64_t to_s) {
  const auto width = static_cast<std::uint64_t>((to_s - from_s) * 1'000'000);
  return Duration(from_s * 1'000'000 + static_cast<std::int64_t>(random_.below(width + 1)));
}

void Simulation::see(const world::TapRecord& record) {
  std::uint64_t h = hash_word(report_.history_hash, static_cast<std::uint64_t>(record.at.us));
  h = hash_word(h, record.connection << 4 | static_cast<std::uint64_t>(record.kind) << 1 |
                       record.from_connector);
  report_.history_hash = hash_bytes(h, record.bytes);
  if (config_.trace) {
    static constexpr const char* kKinds[] = {"open",     "bytes", "close",
                                             "datagram", "break", "silence"};
    config_.trace(fmt::format("{:>14} {} {} {} > {} {} {:016X}", record.at.us, record.connection,
                              kKinds[static_cast<int>(record.kind)], record.from.to_string(),
                              record.to.to_string(), record.bytes.size(), report_.history_hash));
  }
  nonces_.see(record);
}

Status Simulation::build() {
  process_ = &world_.add_process(kPlatformHost);
  world_.network().set_tap([this](const world::TapRecord& record) { see(record); });
  AMITY_TRY(town_, Town::make(world_, config_, kPlatformHost));
  const auto keys = town_->keys();
  for (std::size_t i = 0; i < town_->size(); ++i) {
    const Device& device = town_->master().devices[i];
    const bool behind = town_->place(i).concentrator != world::kNoConcentrator;
    nonces_.add_meter(device.id, Endpoint{world::meter_host(static_cast<std::uint32_t>(i)), 0},
                      behind, device.serial, *keys[i].second.meter_title);
  }
  platform_ = std::make_unique<Platform>(
      world_, *process_, config_, witness_, [this] { crash(true); },
      [this] { maybe_crash_soon(); });
  AMITY_CHECK(platform_->install(town_->master(), keys));
  platform_->disk().set_fault([this](const store::KvBatch&, store::Sync sync) {
    if (next_write_ && sync == store::Sync::kYes) {
      const store::KvFault fault = *std::exchange(next_write_, std::nullopt);
      ++report_.disk_faults;
      note(fault == store::KvFault::kTorn ? "disk: torn write" : "disk: sync fails");
      crash(true);
      return fault;
    }
    return world_.now() < disk_full_until_ ? store::KvFault::kDiskFull : store::KvFault::kNone;
  });
  AMITY_CHECK(town_->power_up());
  town_->set_links(config_.has(Fault::kLinks) ? bad_link() : good_link());
  AMITY_CHECK(platform_->start());
  if (config_.has(Fault::kPushes)) town_->start_pushes();
  plan_faults();
  return {};
}

void Simulation::recur(std::int64_t mean_s, Action action) {
  const double wait_s = -std::log(1.0 - random_.unit()) * static_cast<double>(mean_s);
  world_.at(world_.now() + Duration(static_cast<std::int64_t>(wait_s * 1e6)),
            [this, mean_s, action = std::move(action)] {
              if (!faults_) return;
              action();
              recur(mean_s, action);
            });
}

void Simulation::plan_faults() {
  constexpr std::int64_t kDay_s = 86'400;
  const auto hosts = static_cast<std::int64_t>(town_->hosts()),
             meters = static_cast<std::int64_t>(town_->size());
  const auto any = [this](std::size_t count) {
    return static_cast<std::size_t>(random_.below(count));
  };
  if (config_.has(Fault::kCrashes)) recur(kDay_s / 8, [this] { crash(random_.chance(0.5)); });
  if (config_.has(Fault::kDisk)) {
    recur(kDay_s / 4, [this] { fill_disk(); });
    recur(kDay_s / 2, [this] { fail_one_write(store::KvFault::kTorn); });
    recur(kDay_s / 2, [this] { fail_one_write(store::KvFault::kSyncFails); });
  }
  if (config_.has(Fault::kPartitions)) {
    recur(kDay_s / hosts, [this, any] { town_->cut(any(town_->hosts()), span(60, 3'600)); });
    recur(kDay_s / 2, [this] {
      ++report_.platform_cuts;
      note("the platform's link is cut");
      process_->cut_link(world_.now() + span(10, 600));
    });
  }
  if (config_.has(Fault::kReboots)) {
    recur(kDay_s / hosts, [this, any] {
      const std::size_t host = any(town_->hosts());
      note(fmt::format("host {} loses power", host));
      town_->reboot(host, span(5, 300), random_.chance(0.5));
    });
  }
  if (config_.has(Fault::kClocks)) {
    recur(kDay_s * 2 / meters, [this, any] {
      const bool far = random_.chance(0.2);
      const std::int64_t by_s =
          span(1, far ? 3 * 3'600 : 900).count() / 1'000'000 * (random_.chance(0.5) ? 1 : -1);
      const std::size_t meter = any(town_->size());
      note(fmt::format("the clock of meter {} jumps by {} s", meter, by_s));
      town_->jump_clock(meter, by_s);
    });
    recur(kDay_s / 2, [this] { jump_platform_clock(); });
  }
  if (config_.has(Fault::kCommands)) recur(kDay_s / (4 * meters), [this] { command_somebody(); });
}

void Simulation::jump_platform_clock() {
  if (process_->clock().error() != Duration(0)) return;
  const Duration by = span(1, 300) * (random_.chance(0.5) ? 1 : -1);
  ++report_.platform_clock_jumps;
  note(fmt::format("the platform's clock is wrong by {} us", by.count()));
  process_->clock().jump(by);
  world_.at(world_.now() + span(60, 1'800), [this, by] {
    if (faults_) process_->clock().jump(-by);
  });
}

void Simulation::command_somebody() {
  static constexpr CommandKind kKinds[] = {CommandKind::kReadNow,    CommandKind::kPing,
                                           CommandKind::kSetClock,   CommandKind::kDisconnect,
                                           CommandKind::kDisconnect, CommandKind::kConnect,
                                           CommandKind::kConnect};
  const DeviceId device(static_cast<std::uint32_t>(1 + random_.below(town_->size())));
  const CommandKind kind = kKinds[random_.below(std::size(kKinds))];
  note(fmt::format("command {} to device {}", to_string(kind), device.value));
  platform_->command(device, kind);
}

void Simulation::fill_disk() {
  ++report_.disk_faults;
  note("disk: full");
  disk_full_until_ = world_.now() + span(5, 300);
}

void Simulation::fail_one_write(store::KvFault how) {
  if (platform_->running()) next_write_ = how;
}

// Between two events, so that nothing of the platform is on the stack.
void Simulation::crash(bool silently) {
  if (recovering_) return;
  recovering_ = true;
  world_.at(world_.now(), [this, silently] {
    note("the platform dies");
    ++report_.crashes;
    check_commands();
    platform_->crash(silently);
    process_->set_down(true);
    next_write_.reset();
    world_.at(world_.now() + span(1, 120), [this] { recover(); });
  });
}

// Right after a command has left and before anything about it is durable, or just after.
void Simulation::maybe_crash_soon() {
  const double chance =
      std::min(0.15, 3.0 / config_.meters);  // a larger town has more commands, not more crashes
  if (!faults_ || !config_.has(Fault::kCrashes) || !random_.chance(chance)) return;
  world_.at(
      world_.now() + Duration(static_cast<std::int64_t>(random_.below(2 * kSyncDelay_us_max))),
      [this] {
        if (faults_) crash(random_.chance(0.5));
      });
}

void Simulation::recover() {
  note("the platform starts again");
  process_->set_down(false);
  recovering_ = false;
  if (const Status started = platform_->start(); !started.ok()) {
    // A full disk may refuse even that: whoever operates it tries again.
    if (world_.now() < disk_full_until_) {
      platform_->crash(true);
      recovering_ = true;
      world_.at(disk_full_until_ + std::chrono::seconds(1), [this] { recover(); });
      return;
    }
    return violated(DeviceId(), "the platform recovers", to_string(started.error()));
  }
  check_life();
}

void Simulation::check_life() {
  witness_.check(platform_->store(), world_.utc(), false);
  if (witness_.violation()) world_.stop();
}

void Simulation::check_commands() {
  for (std::size_t i = 0; i < town_->size(); ++i) {
    const DeviceId device(static_cast<std::uint32_t>(i + 1));
    for (const bool connect : {false, true}) {
      const CommandKind kind = connect ? CommandKind::kConnect : CommandKind::kDisconnect;
      const std::uint32_t executed = town_->meter(i).switchings(connect),
                          told = platform_->told(device, kind);
      ++witness_.counts.commands_checked;
      if (executed <= told) continue;
      return violated(device, "no switching command is repeated",
                      fmt::format("{} was executed {} times and asked for {} times",
                                  to_string(kind), executed, told));
    }
  }
}

void Simulation::check_tallies() {
  const std::int64_t hour = 3'600;
  const UtcSeconds until((world_.utc().value - kNotYetRead_s) / hour * hour);
  const UtcSeconds from = std::max(UtcSeconds(until.value - 2 * 86'400), town_->born());
  for (const Device& device : town_->master().devices) {
    std::uint64_t stored = 0, intervals = 0;
    const auto channels = platform_->store().registry().channels_of(device.id);
    if (!channels.ok())
      return violated(device.id, "the registry can be read", to_string(channels.error()));
    for (const Channel& channel : *channels) {
      if (channel.kind != ChannelKind::kInterval) continue;
      ++intervals;
      const auto readings = platform_->store().readings().read(channel.id, from, until);
      if (readings.ok()) stored += readings->size();
    }
    if (intervals == 0) stored = hours_with_registers(*channels, from, until);
    ++witness_.counts.tallies_checked;
    const std::uint64_t counted = platform_->operations().received(device.id, from, until);
    const std::uint64_t expected = platform_->operations().expected(device.id, from, until);
    if (counted == stored && counted <= expected) continue;
    return violated(
        device.id, "nothing is counted twice",
        fmt::format("operations count {} intervals or hours of {} expected, stored are {}", counted,
                    expected, stored));
  }
}

// Hours in which a register was read: that is how a device without intervals is counted.
std::uint64_t Simulation::hours_with_registers(const std::vector<Channel>& channels,
                                               UtcSeconds from, UtcSeconds until) {
  std::set<std::int64_t> hours;
  for (const Channel& channel : channels) {
    const auto readings = platform_->store().readings().read(channel.id, from, until);
    for (std::size_t i = 0; readings.ok() && i < readings->size(); ++i)
      hours.insert(ops::hour_of_interval_end((*readings)[i].time));
  }
  return hours.size();
}

Simulation::Differs Simulation::differs_of(DeviceId device, bool report) {
  return [this, device, report](const std::string& what) {
    const std::string& serial = town_->master().devices[device.value - 1].serial;
    if (report) violated(device, "the store equals the meter", serial + ": " + what);
    return false;
  };
}

bool Simulation::same_rows(ChannelId channel, const std::vector<world::ProfileRow>& rows,
                           const RowField& field, UtcSeconds until, const Differs& differs) {
  const auto stored = platform_->store().readings().read(channel, town_->born(), until);
  if (!stored.ok()) return differs(to_string(stored.error()));
  auto row = rows.begin();
  for (const Reading& r : *stored) {
    if (row == rows.end() || r.time < row->stamp) {
      return differs(fmt::format("channel {}: {} is stored, the meter has no such row",
                                 channel.value, to_iso(r.time)));
    }
    if (row->stamp < r.time) break;
    if (r.value != field(row->interval)) {
      return differs(fmt::format("channel {}, {}: the meter says {}, the store {}", channel.value,
                                 to_iso(r.time), field(row->interval), r.value));
    }
    ++row;
  }
  if (row == rows.end()) return true;
  return differs(
      fmt::format("channel {}: the row of {} never arrived", channel.value, to_iso(row->stamp)));
}

bool Simulation::same_as_meter(std::size_t index, UtcSeconds until, bool report) {
  const Differs differs = differs_of(town_->master().devices[index].id, report);
  // A meter whose clock is far behind has not made its newest rows yet.
  until = std::min(until, town_->meter(index).meter_time() - kNotYetRead_s);
  const auto rows = town_->meter(index).rows(town_->born(), until);
  static const RowField kFields[] = {
      [](const world::Interval& i) { return std::int64_t{i.import_wh}; },
      [](const world::Interval& i) { return std::int64_t{i.export_wh}; },
      [](const world::Interval& i) { return std::int64_t{i.reactive_import_varh}; },
      [](const world::Interval& i) { return std::int64_t{i.voltage_dv}; }};
  for (std::uint32_t f = 0; f < std::size(kFields); ++f) {
    const ChannelId channel(static_cast<std::uint32_t>(index) * world::kChannelsPerMeter + f + 1);
    if (!same_rows(channel, rows, kFields[f], until, differs)) return false;
    if (report) witness_.counts.rows_compared += rows.size();
  }
  return true;
}

// Its load profile, in channels that were made when it was read.
bool Simulation::same_as_c12(const world::SideDevice& side, UtcSeconds until, bool report) {
  const Differs differs = differs_of(side.device, report);
  const world::VirtualMeter& meter = town_->meter(side.meter);
  const auto rows = meter.rows(town_->born(), until);
  const auto channels = platform_->store().registry().channels_of(side.device);
  if (!channels.ok()) return differs(to_string(channels.error()));
  for (const bool exported : {false, true}) {
    const auto found = std::ranges::find_if(*channels, [exported](const Channel& c) {
      return c.kind == ChannelKind::kInterval && c.name == (exported ? "export" : "import");
    });
    if (found == channels->end()) return differs("its load profile was never read");
    const RowField field = [exported](const world::Interval& i) {
      return std::int64_t{exported ? i.export_wh : i.import_wh};
    };
    if (!same_rows(found->id, rows, field, until, differs)) return false;
    if (report) witness_.counts.rows_compared += rows.size();
  }
  return true;
}

// What was heard is what the meter showed then, and it was heard again after the faults.
bool Simulation::same_as_radio(const world::SideDevice& side, bool report) {
  const Differs differs = differs_of(side.device, report);
  const world::ResourceMeter& meter = town_->side().resource(side.meter);
  const auto channels = platform_->store().registry().channels_of(side.device);
  if (!channels.ok()) return differs(to_string(channels.error()));
  const auto found = std::ranges::find(*channels, std::string("volume"), &Channel::name);
  if (found == channels->end()) return differs("it was never heard");
  const auto stored = platform_->store().readings().read(found->id, town_->born(), world_.utc());
  if (!stored.ok()) return differs(to_string(stored.error()));
  for (const Reading& r : *stored) {
    const std::int64_t least = meter.register_at(r.time - kRadioClock_s),
                       most = meter.register_at(r.time + kRadioClock_s);
    if (r.value < least || r.value > most) {
      return differs(fmt::format("{}: the meter showed {} to {}, the store says {}", to_iso(r.time),
                                 least, most, r.value));
    }
  }
  if (report) witness_.counts.rows_compared += stored->size();
  if (stored->empty() || stored->back().time < world_.utc() - kNotYetRead_s)
    return differs("it was not heard for long");
  return true;
}

bool Simulation::same_as_the_meters(bool report) {
  const UtcSeconds until = world_.utc() - kNotYetRead_s;
  for (std::size_t i = 0; i < town_->size(); ++i) {
    if (!same_as_meter(i, until, report)) return false;
  }
  for (const world::SideDevice& side : town_->side().devices()) {
    const bool radio = side.protocol == world::MeterProtocol::kWmbus;
    if (!(radio ? same_as_radio(side, report) : same_as_c12(side, until, report))) return false;
  }
  return true;
}

void Simulation::end_faults() {
  note("faults end");
  faults_ = false;
  disk_full_until_ = Instant{};
  next_write_.reset();
  town_->stop_pushes();
  town_->set_links(good_link());
  process_->clock().jump(-process_->clock().error());
}

void Simulation::settle() {
  const Instant begun = world_.now();
  while (!witness_.violation()) {
    world_.run_for(std::chrono::seconds(kSettleStep_s));
    report_.settle_s = (world_.now() - begun).count() / 1'000'000;
    if (report_.settle_s < kSettleMin_s || !platform_->running()) continue;
    const bool last = report_.settle_s >= kSettleMax_s;
    if (same_as_the_meters(false) || last) break;
  }
  // What came last is taken into the final values.
  world_.run_for(std::chrono::seconds(kCorrected_s));
  if (witness_.violation()) return;
  witness_.check(platform_->store(), world_.utc(), true);
  if (!witness_.violation()) check_commands();
  if (!witness_.violation()) same_as_the_meters(true);
  if (!witness_.violation()) check_tallies();
  if (!witness_.violation()) check_final_values();
}

void Simulation::check_final_values() {
  const auto zone = TimeZone::find(kTownZone);
  AMITY_ASSERT(zone.ok());
  const auto violation =
      check_finals(platform_->store(), *zone, town_->born(), world_.utc(), report_.finals);
  if (violation) violated(violation->device, violation->rule, violation->what);
}

Result<Report> Simulation::run() {
  AMITY_CHECK(build());
  const Instant end{std::int64_t{config_.days} * 86'400 * 1'000'000};
  while (!witness_.violation() && world_.now() < end) world_.run_until(end);
  if (!witness_.violation()) {
    end_faults();
    settle();
  }
  finish(report_);
  return report_;
}

void Simulation::finish(Report& report) {
  report.violation = witness_.violation();
  report.start = world_.start();
  report.end = world_.utc();
  report.events = world_.queue().executed();
  report.town = town_->stats;
  report.network = world_.network().stats();
  report.head_end = platform_->stats();
  report.replayed_facts = platform_->replayed_facts();
  report.rereads = platform_->rereads();
  report.nonces = nonces_.nonces();
  report.checked = witness_.counts;
  for (std::size_t i = 0; i < town_->size(); ++i) {
    report.switchings += town_->meter(i).switchings(false) + town_->meter(i).switchings(true);
  }
  if (!platform_->running()) return;
  const auto channels = platform_->store().registry().channels();
  if (!channels.ok()) return;
  for (const Channel& channel : *channels) {
    const auto stored =
        platform_->store().readings().read(channel.id, UtcSeconds(0), report.end + 10 * 86'400);
    if (!stored.ok()) continue;
    report.readings_stored += stored->size();
    for (const Reading& r : *stored) {
      report.history_hash =
          hash_word(report.history_hash, std::uint64_t{channel.id.value} << 32 ^
                                             static_cast<std::uint64_t>(r.time.value));
      report.history_hash = hash_word(report.history_hash,
                                      static_cast<std::uint64_t>(r.value) << 16 | r.quality.bits);
    }
  }
}

}  // namespace amity::simulation
