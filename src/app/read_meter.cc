#include "app/read_meter.h"

#include <fmt/core.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "app/exit_codes.h"
#include "base/json_text.h"
#include "driver/embedded_models.h"
#include "headend/driver.h"
#include "headend/limits.h"
#include "store/memory.h"

namespace amity::app {

namespace {

constexpr DeviceId kMeter{1};
constexpr std::int64_t kDay_s = 86'400;

// Keeps what is delivered, to be printed.
class Kept : public intake::Intake {
 public:
  std::vector<Reading> readings;
  std::vector<Event> events;

  void accept(ReadingsArrived delivery, OnDone on_done) override {
    intake::Receipt receipt;
    receipt.accepted = delivery.readings.size();
    readings.insert(readings.end(), delivery.readings.begin(), delivery.readings.end());
    on_done(receipt);
  }
  void accept(EventsArrived delivery, OnDone on_done) override {
    intake::Receipt receipt;
    receipt.accepted = delivery.events.size();
    events.insert(events.end(), delivery.events.begin(), delivery.events.end());
    on_done(receipt);
  }
};

// The shipped models, and the file that the address names where it is one.
Result<std::shared_ptr<const driver::ModelSet>> models_for(const headend::Address& address) {
  const std::string path = address.option("map");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  std::vector<driver::ModelText> others;
  const std::string name = path.substr(path.rfind('/') + 1);  // of no slash: all of it
  if (!path.empty() && file) {
    text << file.rdbuf();
  }
  const std::string toml = text.str();
  if (!toml.empty()) others.push_back({name, toml});
  AMITY_TRY(driver::ModelSet set, driver::load_models(others));
  return std::make_shared<const driver::ModelSet>(std::move(set));
}

std::string number_text(const Channel& channel, const Reading& reading) {
  return to_string(Decimal{reading.value, channel.exponent});
}

void print_reading(const Channel& channel, const Reading& reading, bool json) {
  const std::string value = number_text(channel, reading);
  if (json) {
    fmt::print(
        "{{\"time\":\"{}\",\"channel\":{},\"value\":{},\"unit\":{},\"interval_s\":{},\"quality\":{}"
        "}}\n",
        to_iso(reading.time), json_string(channel.name), value, json_string(symbol(channel.unit)),
        channel.interval_s, json_string(to_string(reading.quality)));
    return;
  }
  const std::string unit(symbol(channel.unit));
  fmt::print("{:<20} {} {:<32} {}{}\n", to_iso(reading.time), quality_letter(reading.quality),
             channel.name, value, unit.empty() ? "" : " " + unit);
}

void print_event(const Event& event, bool json) {
  if (json) {
    fmt::print("{{\"time\":\"{}\",\"event\":{},\"text\":{}}}\n", to_iso(event.time), event.code,
               json_string(event.text));
  } else {
    fmt::print("{:<20} ! {}\n", to_iso(event.time), event.text);
  }
}

// Protocols whose meters show the time of day where they stand, without an offset.
bool shows_wall_clock(const headend::Address& address) {
  switch (address.scheme) {
    case headend::Scheme::kC1222:
    case headend::Scheme::kMbus:
    case headend::Scheme::kIec62056:
    case headend::Scheme::kP1:
      return true;
    default:
      return false;
  }
}

struct Session {
  headend::DriverContext& context;
  headend::Meter& meter;
  Command command;
  headend::CommandOutcome outcome;
};

Task<void> run(Session& session, runtime::Reactor& reactor) {
  const auto driver = headend::make_driver(session.context, session.meter);
  const Status opened = co_await driver->open();
  if (opened.ok()) {
    session.outcome = co_await driver->run(session.command, false, [](const std::string&) {});
    if (session.outcome.state == CommandState::kDone) co_await driver->close();
  } else {
    session.outcome = {CommandState::kFailed, to_string(opened.error())};
  }
  session.context.runtime.timers.post([&reactor] { reactor.stop(); });
}

Result<Command> command_of(const ReadOptions& options, UtcSeconds now) {
  Command command;
  command.device = kMeter;
  if (options.profile.empty()) return command;
  UtcSeconds to = now;
  if (!options.to.empty()) {
    AMITY_TRY(to, from_iso(options.to));
  }
  UtcSeconds from = to - kDay_s;
  if (!options.from.empty()) {
    AMITY_TRY(from, from_iso(options.from));
  }
  command.kind = CommandKind::kReadProfile;
  command.argument = to_iso(from) + '/' + to_iso(to);
  return command;
}

Result<int> read(const headend::Address& address, const ReadOptions& options,
                 runtime::Reactor& reactor) {
  const Runtime runtime = reactor.runtime();
  AMITY_TRY(Command command, command_of(options, runtime.clock.utc()));
  AMITY_TRY(const auto store, store::open_memory(std::make_shared<store::MemoryDisk>()));
  store::MasterData data;
  Device& device = data.devices.emplace_back();
  device.id = kMeter;
  device.serial = "";  // whoever answers
  device.address = options.url;
  AMITY_CHECK(store->registry().add(data));
  Bytes secret(headend::KeyRing::kSecretSize);
  runtime.random.fill(secret);
  AMITY_TRY(const auto keys,
            headend::KeyRing::open(store->registry(), secret, runtime.random, false));

  headend::HeadEndConfig config;
  config.clock.set = false;
  config.clock.quarantine_above_s = INT32_MAX;  // it is a person who looks at it
  config.read.backfill_s = 0;                   // the profile is read where it is asked for
  AMITY_TRY(config.models, models_for(address));
  Kept kept;
  headend::LayoutCache layouts;
  headend::ConnectionPool pool(runtime);
  headend::HeadEndStats stats;
  headend::ReportIntake reports(store->registry(), *config.models, config.zone, "read");
  headend::DriverContext context{runtime,
                                 store->registry(),
                                 store->readings(),
                                 store->events(),
                                 kept,
                                 *keys,
                                 config,
                                 layouts,
                                 pool,
                                 stats,
                                 reports};
  headend::Meter meter;
  meter.device = device;
  meter.address = address;
  headend::Bearer& patience = meter.address.bearer;
  if (options.timeout_given) {  // a person's, in place of the path's
    patience.connect_timeout_ms = patience.reply_timeout_ms = patience.line_answer_ms =
        std::int64_t{options.timeout_s} * 1'000;
  }
  Session session{context, meter, std::move(command), {}};
  TaskScope scope;
  scope.spawn(run(session, reactor));
  reactor.run();
  AMITY_TRY(const auto channels, store->registry().channels());
  for (const Reading& reading : kept.readings) {
    for (const Channel& channel : channels) {
      if (channel.id == reading.channel) print_reading(channel, reading, options.json);
    }
  }
  for (const Event& event : kept.events) print_event(event, options.json);
  if (shows_wall_clock(address) && !address.zone && !kept.readings.empty()) {
    fmt::print(stderr,
               "amity read: the meter's clock was taken for UTC; where it shows local time, give "
               "zone=NAME in the URL\n");
  }
  if (session.outcome.state == CommandState::kDone) return kExitDone;
  fmt::print(stderr, "amity read: {}\n", session.outcome.result);
  return kExitFailed;
}

}  // namespace

int read_meter_of(const headend::Address& address, const ReadOptions& options,
                  runtime::Reactor& reactor) {
  const auto code = read(address, options, reactor);
  if (code.ok()) return *code;
  fmt::print(stderr, "amity read: {}\n", to_string(code.error()));
  return kExitBadInput;
}

}  // namespace amity::app
