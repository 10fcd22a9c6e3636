#include "app/simulation/platform.h"

#include "app/simulation/limits.h"
#include "intake/make_intake.h"

namespace amity::simulation {

namespace {

const Bytes kMasterSecret(headend::KeyRing::kSecretSize, 0x5A);

headend::HeadEndConfig head_end_config(const TimeZone& zone) {
  headend::HeadEndConfig config;
  config.zone = zone;
  config.push.tcp = Endpoint{"0.0.0.0", kPushPort};
  config.push.udp = Endpoint{"0.0.0.0", kPushPort};
  return config;
}

void add(headend::HeadEndStats& sum, const headend::HeadEndStats& s) {
  sum.contacts_ok += s.contacts_ok;
  sum.contacts_failed += s.contacts_failed;
  sum.security_failures += s.security_failures;
  sum.readings_accepted += s.readings_accepted;
  sum.events_accepted += s.events_accepted;
  sum.commands_done += s.commands_done;
  sum.commands_failed += s.commands_failed;
  sum.pushes_accepted += s.pushes_accepted;
  sum.pushes_refused += s.pushes_refused;
  sum.bytes_sent += s.bytes_sent;
  sum.bytes_received += s.bytes_received;
}

}  // namespace

Platform::Platform(world::VirtualWorld& world, world::VirtualProcess& process, const Config& config,
                   Witness& witness, std::function<void()> on_fatal,
                   std::function<void()> on_delicate)
    : world_(world),
      process_(process),
      runtime_(process.runtime()),
      config_(config),
      witness_(witness),
      on_fatal_(std::move(on_fatal)),
      on_delicate_(std::move(on_delicate)) {}

Platform::~Platform() {
  crash(true);
}

Status Platform::open_store() {
  AMITY_TRY(memory_, store::open_memory(disk_));
  replayed_ += memory_->stats().replayed_facts;
  const auto on_append = [this] { pump_soon(); };
  if (config_.rule_broken == Break::kAckBeforeDurable) {
    journal_ = std::make_unique<HastyJournal>(memory_->journal(), on_append);
  } else {
    journal_ = std::make_unique<TimedJournal>(memory_->journal(), on_append);
  }
  store_ = std::make_unique<SimulatedStore>(*memory_, *journal_);
  return {};
}

Status Platform::install(const store::MasterData& master,
                         std::span<const std::pair<DeviceId, headend::DeviceKeys>> keys) {
  AMITY_CHECK(open_store());
  AMITY_CHECK(store_->registry().add(master));
  AMITY_TRY(const auto ring,
            headend::KeyRing::open(store_->registry(), kMasterSecret, runtime_.random, false));
  AMITY_CHECK(ring->put_all(keys));
  return {};
}

Status Platform::start() {
  if (!memory_) AMITY_CHECK(open_store());
  store::Registry& registry = store_->registry();
  AMITY_TRY(intake_, intake::make_intake(*store_, runtime_.clock));
  witnessed_ = std::make_unique<WitnessedIntake>(*intake_, witness_);
  AMITY_TRY(keys_, headend::KeyRing::open(registry, kMasterSecret, runtime_.random, false));

  if (config_.rule_broken == Break::kNoDedupe) {
    operations_ = std::make_unique<NaiveOperations>(registry, store_->readings(), runtime_.clock);
  } else {
    operations_ = std::make_unique<Operations>(registry, store_->readings(), runtime_.clock);
  }
  AMITY_CHECK(operations_->load());
  operations_follower_ = std::make_unique<roles::JournalFollower>(
      *journal_, roles::OpsRole::kDepartment,
      [this](const store::JournalEntry& e) { operations_->handle(e); },
      [this] { return operations_->save(); });
  AMITY_CHECK(operations_follower_->begin());

  commands_ =
      std::make_unique<roles::CommandRole>(registry, *journal_, runtime_.clock, ops::DeskLimits{});
  commands_follower_ = std::make_unique<roles::JournalFollower>(
      *journal_, roles::CommandRole::kDepartment,
      [this](const store::JournalEntry& e) { commands_->handle(e); },
      [this] { return commands_->save(); });
  AMITY_CHECK(commands_follower_->begin());

  AMITY_CHECK(start_validation());

  const auto emit = [this](Fact fact) {
    const auto* changed = std::get_if<CommandChanged>(&fact);
    if (changed != nullptr && changed->state == CommandState::kRunning) on_delicate_();
    journal_->append(fact, [](Result<store::Sequence>) {});
  };
  AMITY_TRY(const TimeZone zone, TimeZone::find(kTownZone));
  head_end_ =
      std::make_unique<headend::HeadEnd>(runtime_, registry, store_->readings(), store_->events(),
                                         *witnessed_, *keys_, head_end_config(zone), emit);
  commands_->set_execute([this](const Command& command) { head_end_->submit(command); });
  AMITY_CHECK(head_end_->start());
  AMITY_CHECK(start_listening());
  follow();
  AMITY_CHECK(commands_->resume());
  if (config_.rule_broken == Break::kRepeatCommands) repeat_commands();
  every_minute();
  return {};
}

// Radio telegrams, as collectors forward them.
Status Platform::start_listening() {
  AMITY_TRY(TimeZone zone, TimeZone::find(kTownZone));
  heard_reports_ = std::make_unique<headend::ReportIntake>(store_->registry(), no_models_,
                                                           std::move(zone), "heard");
  const auto emit = [this](Fact fact) { journal_->append(fact, [](Result<store::Sequence>) {}); };
  heard_ = std::make_unique<heard::Sink>(
      heard::SinkContext{runtime_, store_->registry(), *keys_, *heard_reports_, *witnessed_, emit});
  frames_ = std::make_unique<heard::FrameListener>(*heard_, nullptr);
  return frames_->listen_tcp(Endpoint{"0.0.0.0", kFramesPort});
}

Status Platform::start_validation() {
  AMITY_TRY(const TimeZone zone, TimeZone::find(kTownZone));
  roles::MdmOptions options;
  options.reread.give_up_after_s = kRereadGiveUp_s;
  validation_ = std::make_unique<roles::MdmRole>(*store_, runtime_.clock, zone, std::move(options));
  validation_->set_request_read([this](DeviceId device, UtcSeconds after, UtcSeconds until) {
    read_again(device, after, until);
  });
  AMITY_CHECK(validation_->load());
  validation_follower_ = std::make_unique<roles::JournalFollower>(
      *journal_, roles::MdmRole::kDepartment,
      [this](const store::JournalEntry& e) { validation_->handle(e); },
      [this] { return validation_->save(); });
  return validation_follower_->begin();
}

void Platform::read_again(DeviceId device, UtcSeconds after, UtcSeconds until) {
  const auto id = store_->registry().next_command_id();
  if (!id.ok()) return;
  ++rereads_;
  Command command;
  command.id = *id;
  command.device = device;
  command.kind = CommandKind::kReadProfile;
  command.argument = to_iso(after) + "/" + to_iso(until);
  command.requested_by = roles::MdmRole::kDepartment;
  command.requested = runtime_.clock.utc();
  commands_->submit(command, [this](Result<Command> promised) {
    if (promised.ok()) witness_.accepted(*promised);
  });
}

void Platform::crash(bool silently) {
  if (head_end_) add(stats_before_, head_end_->stats());
  process_.crash(silently);
  frames_.reset();
  heard_.reset();
  heard_reports_.reset();
  head_end_.reset();
  validation_follower_.reset();
  validation_.reset();
  operations_follower_.reset();
  commands_follower_.reset();
  commands_.reset();
  operations_.reset();
  if (keys_) dead_rings_.push_back(std::move(keys_));
  witnessed_.reset();
  intake_.reset();
  if (config_.rule_broken == Break::kReuseCounters && store_)
    (void)forget_counters(store_->registry());
  store_.reset();
  journal_.reset();
  memory_.reset();
  disk_->crash();
  pump_planned_ = false;
}

// A group commit: whatever is queued until the sync returns goes with it.
void Platform::pump_soon() {
  if (pump_planned_) return;
  pump_planned_ = true;
  const auto delay = 1'000 + runtime_.random.below(static_cast<std::uint64_t>(kSyncDelay_us_max));
  runtime_.timers.at(runtime_.clock.now() + Duration(static_cast<std::int64_t>(delay)), [this] {
    pump_planned_ = false;
    pump();
  });
}

void Platform::pump() {
  memory_->pump();
  if (memory_->pending()) pump_soon();
  if (head_end_) follow();
}

void Platform::follow() {
  for (auto* follower :
       {operations_follower_.get(), commands_follower_.get(), validation_follower_.get()}) {
    while (true) {
      const auto handled = follower->step(kFactsPerStep);
      if (!handled.ok())
        return witness_.violated(world_.utc(), DeviceId(), "the journal can be read",
                                 to_string(handled.error()));
      if (*handled < kFactsPerStep) break;
    }
  }
}

void Platform::every_minute() {
  runtime_.timers.at(runtime_.clock.now() + std::chrono::seconds(kSaveCursorsEvery_s), [this] {
    // A disk that is full for a while is no reason to stop.
    (void)operations_follower_->save();
    (void)commands_follower_->save();
    validation_->tick();
    (void)validation_follower_->save();
    if (++minutes_ % (kCheckpointEvery_s / kSaveCursorsEvery_s) == 0) checkpoint();
    every_minute();
  });
}

void Platform::checkpoint() {
  const auto reached = memory_->readings().checkpoint();
  if (!reached.ok() && reached.error().code == ErrorCode::kClosed) on_fatal_();
}

void Platform::command(DeviceId device, CommandKind kind) {
  if (!running()) return;
  const auto id = store_->registry().next_command_id();
  if (!id.ok()) return;
  Command command;
  command.id = *id;
  command.device = device;
  command.kind = kind;
  command.requested_by = "operator";
  command.requested = runtime_.clock.utc();
  ++told_[{device.value, kind}];
  commands_->submit(command, [this](Result<Command> promised) {
    if (promised.ok()) witness_.accepted(*promised);
  });
}

std::uint32_t Platform::told(DeviceId device, CommandKind kind) const {
  const auto at = told_.find({device.value, kind});
  return at == told_.end() ? 0 : at->second;
}

void Platform::repeat_commands() {
  for (const auto& [id, command] : witness_.commands()) {
    const bool switching =
        command.kind == CommandKind::kDisconnect || command.kind == CommandKind::kConnect;
    if (!switching) continue;
    Command again = command;
    again.state = CommandState::kQueued;
    again.deadline = runtime_.clock.utc() + 300;
    head_end_->submit(again);
  }
}

headend::HeadEndStats Platform::stats() const {
  headend::HeadEndStats sum = stats_before_;
  if (head_end_) add(sum, head_end_->stats());
  return sum;
}

}  // namespace amity::simulation
