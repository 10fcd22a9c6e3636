#include "roles/edge_agent.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>

#include "base/civil.h"
#include "driver/embedded_models.h"
#include "edge/file.h"
#include "headend/headend.h"
#include "roles/master_secret.h"
#include "runtime/tls.h"
#include "store/directory.h"

namespace amity::roles {
namespace {

using edge::io_error;

constexpr Duration kSaveInterval = std::chrono::seconds(60);
constexpr std::string_view kVersionMark = "# version ";
constexpr std::int64_t kClockRemark_s = 60;

enum class AgentEvent : std::uint32_t {
  kBufferFull = 101,
  kBufferTakes = 102,
  kBufferDamaged = 103,
  kRolledBack = 104,
  kConfigurationTaken = 105,
  kConfigurationRefused = 106,
  kClockApart = 107,
  kRolledBackProgram = 108,
};
std::uint32_t code(AgentEvent event) {
  return static_cast<std::uint32_t>(event);
}

std::uint32_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return static_cast<std::uint32_t>(resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) /
                                    1'024);
}

}  // namespace

// What reads: made anew for each configuration.
struct EdgeAgent::Readers {
  std::unique_ptr<headend::ReportIntake> reports;
  std::unique_ptr<heard::Sink> sink;
  std::unique_ptr<heard::FrameListener> listener;
  std::vector<std::unique_ptr<heard::FrameSource>> sources;
  std::unique_ptr<headend::HeadEnd> headend;
};

EdgeAgent::EdgeAgent(EdgeAgentOptions options) : options_(std::move(options)) {}
EdgeAgent::~EdgeAgent() {
  stop();
}

Result<std::unique_ptr<EdgeAgent>> EdgeAgent::open(EdgeAgentOptions options) {
  std::unique_ptr<EdgeAgent> agent(new EdgeAgent(std::move(options)));
  EdgeAgent& a = *agent;
  const std::string& data = a.options_.config.data;
  std::error_code error;
  std::filesystem::create_directories(data, error);
  if (error) return make_error(ErrorCode::kIo, data + ": " + error.message());
  AMITY_TRY(a.models_, driver::load_models());
  AMITY_TRY(a.registry_, store::SqliteRegistry::open(store::registry_path(data), {}));
  Random& random = a.reactor_.runtime().random;
  AMITY_TRY(Bytes secret, master_secret_of(*a.registry_, data + "/master.key", random));
  auto keys = headend::KeyRing::open(*a.registry_, secret, random, false);
  crypto::wipe(secret);
  AMITY_TRY(a.keys_, std::move(keys));
  a.readings_ = std::make_unique<edge::LocalReadings>(*a.registry_);
  AMITY_CHECK(a.readings_->load());
  a.events_ = std::make_unique<edge::LocalEvents>(*a.registry_);
  AMITY_CHECK(a.events_->load());
  AMITY_TRY(a.buffer_,
            edge::Buffer::open(data + "/buffer", {a.options_.config.buffer_bytes, true}, random));
  a.durable_ = a.buffer_->durable();
  return agent;
}

Status EdgeAgent::start() {
  std::promise<Status> begun;
  auto result = begun.get_future();
  reactor_.runtime().timers.post([&] { begun.set_value(begin()); });
  thread_ = std::thread([this] { reactor_.run(); });
  Status status = result.get();
  if (!status.ok()) stop();
  return status;
}

void EdgeAgent::stop() {
  if (!thread_.joinable()) return;
  reactor_.runtime().timers.post([this] {
    readers_.reset();
    uplink_.reset();
    tls_.reset();
    orders_.reset();
    intake_.reset();
    if (const Status saved = readings_->save(); !saved.ok())
      spdlog::error("edge: {}", to_string(saved.error()));
    if (const Status saved = events_->save(); !saved.ok())
      spdlog::error("edge: {}", to_string(saved.error()));
    reactor_.stop();
  });
  thread_.join();
}

std::optional<Error> EdgeAgent::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

void EdgeAgent::end(Error why) {
  spdlog::error("edge: {}", to_string(why));
  const std::lock_guard lock(mutex_);
  if (!ended_) ended_ = std::move(why);
}

Status EdgeAgent::begin() {
  const Runtime runtime = reactor_.runtime();
  edge::BufferIntake::Events on;
  on.durable = [this] {
    durable_ = buffer_->durable();
    if (uplink_) uplink_->wake();
  };
  on.failed = [this](const Error& why) { end(why); };
  on.full = [this](bool full, std::uint64_t refused) {
    const std::string text =
        full ? "the buffer of " + std::to_string(options_.config.buffer_bytes >> 20) +
                   " MiB is full: new readings are refused until the server takes what is kept"
             : "the buffer takes readings again; " + std::to_string(refused) +
                   " deliveries were refused meanwhile";
    spdlog::warn("edge: {}", text);
    intake_->tell(full ? Severity::kHigh : Severity::kInfo,
                  code(full ? AgentEvent::kBufferFull : AgentEvent::kBufferTakes), text);
  };
  intake_ = std::make_unique<edge::BufferIntake>(runtime, *buffer_, *registry_, *readings_,
                                                 *events_, std::move(on));
  orders_ = std::make_unique<edge::Orders>(
      *registry_, runtime.clock,
      edge::Orders::Events{[this](const Command& command) {
                             if (readers_) readers_->headend->submit(command);
                           },
                           [this](CommandChanged changed, std::function<void(Status)> done) {
                             spdlog::info("edge: command {} is {}: {}", changed.id.value,
                                          to_string(changed.state), changed.result);
                             intake_->accept(std::move(changed), std::move(done));
                           }});
  AMITY_CHECK(orders_->load());
  for (const std::string& damage : buffer_->damage()) {
    spdlog::error("edge: the buffer was damaged: {}", damage);
    intake_->tell(Severity::kHigh, code(AgentEvent::kBufferDamaged),
                  "the buffer was damaged: " + damage);
  }
  auto kept = kept_configuration();
  if (kept.ok()) {
    const Status applied = apply(*kept);
    if (!applied.ok()) kept = applied.error();
  }
  if (!kept.ok()) {
    if (kept.error().code != ErrorCode::kNotFound)
      spdlog::error("edge: the server's configuration is left out: {}", to_string(kept.error()));
    configuration_ = 0;
    AMITY_CHECK(apply(options_.config.reading));
  }
  save_later();
  AMITY_CHECK(connect());
  begin_trial();
  return {};
}

// A program that was put in place a moment ago has so long to reach the server.
void EdgeAgent::begin_trial() {
  const auto state = edge::load_program_state(program_directory());
  if (!state.ok() || !state->trial || options_.program.empty() ||
      state->current != options_.program)
    return;
  const Runtime runtime = reactor_.runtime();
  spdlog::info("edge: this program is on trial");
  trial_ = runtime.timers.at(
      runtime.clock.now() + std::chrono::minutes(options_.config.update_confirm_min),
      [this] { end_trial(false); });
}

void EdgeAgent::end_trial(bool reached) {
  if (trial_ == 0) return;
  reactor_.runtime().timers.cancel(std::exchange(trial_, 0));
  auto state = edge::load_program_state(program_directory());
  Status saved = state.ok() ? Status{} : Status(state.error());
  if (saved.ok()) {
    state->trial = false;
    saved =
        edge::save_program_state(program_directory(), reached ? *state : edge::rolled_back(*state));
  }
  if (!saved.ok()) return end(saved.error());
  if (reached) return spdlog::info("edge: the trial is over: this program reaches the server");
  const std::string text =
      "this program did not reach the server: the one before it is started again";
  spdlog::error("edge: {}", text);
  intake_->tell(Severity::kHigh, code(AgentEvent::kRolledBackProgram), text);
  restart_ = true;
}

// What the server sent last and was taken.
Result<edge::ReadingConfig> EdgeAgent::kept_configuration() {
  const std::string path = options_.config.data + "/configuration.toml";
  AMITY_TRY(const Bytes bytes, edge::read_file(path, edge::kConfigurationBytesMax + 64));
  const std::string_view text = as_text(bytes);
  std::uint64_t version = 0;
  const char* const end = text.data() + text.size();
  if (!text.starts_with(kVersionMark) ||
      std::from_chars(text.data() + kVersionMark.size(), end, version).ec != std::errc())
    return make_error(ErrorCode::kCorrupt, path + " does not begin with its version");
  AMITY_TRY(auto reading, edge::parse_reading_config(text.substr(text.find('\n') + 1), path));
  configuration_ = version;
  return reading;
}

Status EdgeAgent::register_meter(const edge::MeterEntry& entry, std::set<DeviceId>& active) {
  AMITY_TRY(const auto known, registry_->device_by_serial(entry.serial));
  Device device = known.value_or(Device{});
  device.serial = entry.serial;
  device.manufacturer = entry.manufacturer;
  device.model = entry.model;
  device.protocol = entry.protocol;
  device.address = entry.address;
  device.interval_s = entry.interval_s;
  device.commissioned = entry.since;
  device.state = DeviceState::kActive;
  if (known) {
    AMITY_CHECK(registry_->update_device(device));
  } else {
    store::MasterData data;
    data.devices.push_back(device);
    AMITY_CHECK(registry_->add(data));
    AMITY_TRY(const auto added, registry_->device_by_serial(entry.serial));
    device.id = added->id;
  }
  active.insert(device.id);
  const bool wanted =
      !entry.key.empty() || !entry.authentication_key.empty() || !entry.password.empty();
  if (!wanted && !keys_->has(device.id)) return {};
  headend::DeviceKeys keys;
  if (keys_->has(device.id)) {
    AMITY_TRY(keys, keys_->keys(device.id));
  }
  keys.mechanism = entry.mechanism;
  keys.policy = entry.policy;
  keys.client_title = entry.client_title;
  keys.current = {entry.key, entry.authentication_key};
  keys.password.assign(entry.password.begin(), entry.password.end());
  return keys_->put(device.id, keys);
}

Status EdgeAgent::register_meters(const edge::ReadingConfig& reading) {
  std::set<DeviceId> active;
  for (const edge::MeterEntry& entry : reading.meters) AMITY_CHECK(register_meter(entry, active));
  AMITY_TRY(const auto devices, registry_->devices());
  for (Device device : devices) {
    if (active.contains(device.id) || device.state != DeviceState::kActive) continue;
    device.state = DeviceState::kRemoved;
    AMITY_CHECK(registry_->update_device(device));
  }
  intake_->forget_names();
  for (const edge::MeterEntry& entry : reading.meters) {
    if (entry.service_point.empty()) continue;
    AMITY_TRY(const auto device, registry_->device_by_serial(entry.serial));
    if (device) intake_->set_service_point(device->id, entry.service_point);
  }
  failing_.clear();
  return {};
}

Status EdgeAgent::apply(const edge::ReadingConfig& reading) {
  AMITY_TRY(const TimeZone zone, TimeZone::find(reading.zone));
  readers_.reset();  // conversations end where they stand; what was delivered is kept
  AMITY_CHECK(register_meters(reading));
  const Runtime runtime = reactor_.runtime();
  auto readers = std::make_unique<Readers>();
  const auto emit = [this](Fact fact) {
    if (const auto* command = std::get_if<CommandChanged>(&fact)) orders_->changed(*command);
    auto* const contact = std::get_if<ContactMade>(&fact);
    if (contact == nullptr) return;
    contact->ok ? failing_.erase(contact->device) : failing_.insert(contact->device).second;
    if (!contact->ok) spdlog::warn("edge: meter {}: {}", contact->device.value, contact->error);
    intake_->accept(std::move(*contact));
  };
  readers->reports = std::make_unique<headend::ReportIntake>(*registry_, models_, zone, "heard");
  readers->sink = std::make_unique<heard::Sink>(
      heard::SinkContext{runtime, *registry_, *keys_, *readers->reports, *intake_, emit});
  readers->listener = std::make_unique<heard::FrameListener>(
      *readers->sink, [](const Endpoint& peer, const std::string& why) {
        spdlog::warn("edge: receiver {} was cut off: {}", peer.to_string(), why);
      });
  for (const std::string& url : reading.receivers) {
    const std::string stream = edge::stream_address_of(url);
    const bool udp = url.starts_with("udp://");
    AMITY_TRY(headend::Address address, headend::parse_address(!stream.empty() ? stream
                                                               : udp ? "sml+tcp" + url.substr(3)
                                                                     : "sml+" + url.substr(7)));
    if (stream.empty()) {
      AMITY_CHECK(udp ? readers->listener->listen_udp(address.endpoint)
                      : readers->listener->listen_tcp(address.endpoint));
      continue;
    }
    readers->sources.push_back(std::make_unique<heard::FrameSource>(
        *readers->sink, std::move(address), "frames",
        [](const std::string& what) { spdlog::warn("edge: receiver {}", what); }));
  }
  headend::HeadEndConfig config;
  config.read.interval_s = reading.read_every_s;
  config.read.offset_s = 0;
  config.read.spread_s = std::min(30u, reading.read_every_s / 10);
  config.read.catch_up_s = 2;
  config.clock.set = reading.set_clocks;
  config.zone = zone;
  config.tls_folder = options_.config.data + "/tls";
  config.models = std::shared_ptr<const driver::ModelSet>(&models_, [](const driver::ModelSet*) {});
  readers->headend = std::make_unique<headend::HeadEnd>(runtime, *registry_, *readings_, *events_,
                                                        *intake_, *keys_, std::move(config), emit);
  AMITY_CHECK(readers->headend->start());
  for (const auto& source : readers->sources) source->start();
  listening_ = readers->listener->listening();
  readers_ = std::move(readers);
  reading_ = reading;
  orders_->resume();
  return {};
}

void EdgeAgent::take_offer(const edge::ConfigurationOffer& offer) {
  if (offer.version == configuration_) return;
  const Status taken = take_configuration(offer);
  const std::string version = "configuration " + std::to_string(offer.version);
  if (taken.ok()) {
    spdlog::info("edge: {} is in use", version);
    intake_->tell(Severity::kInfo, code(AgentEvent::kConfigurationTaken), version + " is in use");
  } else {
    spdlog::error("edge: {} is refused: {}", version, taken.error().reason);
    intake_->tell(Severity::kMedium, code(AgentEvent::kConfigurationRefused),
                  version + " is refused: " + taken.error().reason);
  }
  uplink_->send(edge::ConfigurationReport{offer.version, taken.ok() ? "" : taken.error().reason});
}

// Read, tried, and only then in the place of the one before.
Status EdgeAgent::take_configuration(const edge::ConfigurationOffer& offer) {
  AMITY_TRY(const auto reading, edge::parse_reading_config(
                                    offer.text, "configuration " + std::to_string(offer.version)));
  const edge::ReadingConfig before = reading_;
  Status applied = apply(reading);
  if (applied.ok()) {
    const std::string content =
        std::string(kVersionMark) + std::to_string(offer.version) + "\n" + offer.text;
    applied = edge::replace_file(options_.config.data + "/configuration.toml", as_bytes(content));
  }
  if (applied.ok()) {
    configuration_ = offer.version;
    return {};
  }
  if (const Status back = apply(before); !back.ok()) end(back.error());
  return applied;
}

Status EdgeAgent::connect() {
  const edge::EdgeConfig& config = options_.config;
  AMITY_TRY(const auto tls,
            runtime::TlsContext::client(config.authority, config.certificate, config.key));
  const Runtime plain = reactor_.runtime();
  tls_ = runtime::make_tls_network(plain, tls);
  edge::Uplink::Events on;
  on.welcomed = [this](const edge::Welcome& welcome) {
    end_trial(true);
    spdlog::info("edge: the server is reached; {} batches wait",
                 buffer_->durable() + 1 - buffer_->first());
    const std::int64_t apart = reactor_.runtime().clock.utc().value - welcome.time;
    if (std::abs(apart) > kClockRemark_s)
      intake_->tell(
          Severity::kMedium, code(AgentEvent::kClockApart),
          "this machine's clock is " + std::to_string(apart) + " s ahead of the server's");
  };
  on.lost = [](const Error& why) {
    spdlog::warn("edge: the server is not reached: {}", to_string(why));
  };
  on.received = [this](const edge::Message& message) {
    if (const auto* offer = std::get_if<edge::ConfigurationOffer>(&message)) take_offer(*offer);
    if (const auto* offer = std::get_if<edge::UpdateOffer>(&message)) updater_->take(*offer);
    if (const auto* piece = std::get_if<edge::UpdatePiece>(&message)) updater_->take(*piece);
    if (const auto* order = std::get_if<edge::CommandOrder>(&message)) orders_->take(*order);
  };
  on.acknowledged = [this](edge::Sequence sequence) { acknowledged_ = sequence; };
  on.configuration = [this] { return configuration_.load(); };
  on.status = [this] { return status(); };
  on.rolled_back = [this](edge::Sequence known) {
    intake_->tell(
        Severity::kHigh, code(AgentEvent::kRolledBack),
        "the buffer was an old copy: the server knows batches up to " + std::to_string(known));
  };
  on.failed = [this](const Error& why) { end(why); };
  uplink_ = std::make_unique<edge::Uplink>(
      Runtime{plain.clock, plain.timers, plain.random, *tls_}, *buffer_,
      edge::UplinkConfig{config.server, options_.version, options_.target}, std::move(on));
  updater_ = std::make_unique<edge::Updater>(
      program_directory(), config.update_key, options_.version, options_.target,
      edge::Updater::Events{[this](const edge::Message& message) { uplink_->send(message); },
                            [this] { restart_ = true; },
                            [](const std::string& what) { spdlog::info("edge: {}", what); }});
  uplink_->start();
  return {};
}

edge::EdgeStatus EdgeAgent::status() {
  edge::EdgeStatus status;
  status.buffered_bytes = buffer_->bytes();
  status.buffered_batches =
      buffer_->durable() + 1 - std::min(buffer_->first(), buffer_->durable() + 1);
  status.resident_kib = resident_kib();
  status.meters = static_cast<std::uint32_t>(reading_.meters.size());
  status.meters_failing = static_cast<std::uint32_t>(failing_.size());
  status.time_ms = reactor_.runtime().clock.utc_us() / 1'000;
  return status;
}

void EdgeAgent::save_later() {
  const Runtime runtime = reactor_.runtime();
  runtime.timers.at(runtime.clock.now() + kSaveInterval, [this] {
    if (!intake_) return;
    Status saved = readings_->save();
    if (saved.ok()) saved = events_->save();
    if (!saved.ok()) spdlog::error("edge: {}", to_string(saved.error()));
    save_later();
  });
}

}  // namespace amity::roles
