#include "roles/platform.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/civil.h"
#include "intake/make_intake.h"
#include "roles/billing_role.h"
#include "roles/command_role.h"
#include "roles/headend_role.h"
#include "roles/heard_role.h"
#include "roles/journal_follower.h"
#include "roles/master_secret.h"
#include "roles/ops_role.h"
#include "roles/services.h"
#include "runtime/system.h"

namespace amity::roles {
namespace {

constexpr Duration kOpsSaveInterval = std::chrono::seconds(5);
constexpr Duration kCommandSaveInterval = std::chrono::seconds(2);
constexpr Duration kMdmTickInterval = std::chrono::seconds(1);
constexpr Duration kMdmSaveInterval = std::chrono::seconds(30);
constexpr auto kHousekeepingInterval = std::chrono::seconds(60);
// Facts that stay in the journal although everyone has read them: the live stream resumes from
// them.
constexpr store::Sequence kFactsKept = 20'000;

}  // namespace

struct Platform::Parts {
  explicit Parts(PlatformOptions o) : options(std::move(o)) {}

  PlatformOptions options;
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  std::unique_ptr<HeardRole> heard;  // before the store: deliveries end on its loop
  std::unique_ptr<EdgeRole> edge;    // likewise
  std::unique_ptr<store::Store> store;
  std::unique_ptr<headend::KeyRing> keys;
  std::unique_ptr<intake::Intake> intake;
  std::unique_ptr<OpsRole> ops;
  std::unique_ptr<CommandRole> commands;
  std::unique_ptr<MdmRole> mdm;  // null where this process does not validate
  std::unique_ptr<BillingRole> billing;  // null where it does not bill
  std::unique_ptr<BalanceBook> balances;  // with it
  std::unique_ptr<HeadEndRole> headends;
  std::unique_ptr<PlatformServices> services;
  std::unique_ptr<JournalFollower> ops_follower, command_follower, mdm_follower, billing_follower;
  std::unique_ptr<api::Server> server;
  std::optional<std::string> first_password;

  std::mutex mutex;
  std::condition_variable stop_asked;
  bool stopping = false, started = false;
  std::thread housekeeper;

  void housekeeping();
  void tidy_up();
  void make_mdm(const TimeZone& zone);
  void make_billing(const TimeZone& zone);
  void read_again(DeviceId device, UtcSeconds after, UtcSeconds until);
};

void Platform::Parts::make_mdm(const TimeZone& zone) {
  mdm = std::make_unique<MdmRole>(*store, clock, zone, options.mdm);
  mdm->set_request_read([this](DeviceId device, UtcSeconds after, UtcSeconds until) {
    read_again(device, after, until);
  });
  mdm_follower = std::make_unique<JournalFollower>(
      store->journal(), MdmRole::kDepartment,
      [this](const store::JournalEntry& e) { mdm->handle(e); }, [this] { return mdm->save(); });
  mdm_follower->set_idle([this, ticked = Instant{}]() mutable {
    if (clock.now() - ticked < kMdmTickInterval) return;
    ticked = clock.now();
    mdm->tick();
  });
}

void Platform::Parts::make_billing(const TimeZone& zone) {
  if (options.billing.tariff_directory.empty())
    options.billing.tariff_directory = options.data_directory + "/tariffs";
  billing = std::make_unique<BillingRole>(*store, clock, zone, options.billing);
  balances = std::make_unique<BalanceBook>(*store, clock, zone,
                                           options.data_directory + "/virtual_meters.toml");
  billing_follower = std::make_unique<JournalFollower>(
      store->journal(), BillingRole::kDepartment,
      [this](const store::JournalEntry& e) {
        billing->handle(e);
        balances->handle(e);
      },
      [this] { return billing->save(); });
  billing_follower->set_idle([this] { billing->tick(); });
}

// As a person would ask for it: through the desk, seen by everybody.
void Platform::Parts::read_again(DeviceId device, UtcSeconds after, UtcSeconds until) {
  const auto id = store->registry().next_command_id();
  if (!id.ok()) {
    spdlog::error("mdm: no command to read device {} again: {}", device.value,
                  to_string(id.error()));
    return;
  }
  Command command;
  command.id = *id;
  command.device = device;
  command.kind = CommandKind::kReadProfile;
  command.argument = to_iso(after) + "/" + to_iso(until);
  command.requested_by = MdmRole::kDepartment;
  command.requested = command.changed = clock.utc();
  commands->submit(std::move(command), [device](Result<Command> accepted) {
    if (!accepted.ok())
      spdlog::warn("mdm: device {} is not read again: {}", device.value,
                   to_string(accepted.error()));
  });
}

void Platform::Parts::housekeeping() {
  std::unique_lock lock(mutex);
  while (!stop_asked.wait_for(lock, kHousekeepingInterval, [this] { return stopping; })) {
    lock.unlock();
    tidy_up();
    lock.lock();
  }
}

// Seals what was applied into blocks and forgets the facts that nobody needs any more.
void Platform::Parts::tidy_up() {
  const auto applied = store->readings().checkpoint();
  if (!applied.ok()) {
    spdlog::error("checkpoint: {}", to_string(applied.error()));
    return;
  }
  const store::Sequence last = store->journal().last();
  const store::Sequence keep_from = last > kFactsKept ? last - kFactsKept : 0;
  store::Sequence followed = std::min(ops_follower->position(), command_follower->position());
  for (const auto* follower : {mdm_follower.get(), billing_follower.get()}) {
    if (follower != nullptr) followed = std::min(followed, follower->position());
  }
  const store::Sequence upto = std::min({*applied, keep_from, followed});
  if (upto == 0) return;
  if (const Status trimmed = store->journal().trim(upto);
      !trimmed.ok() && trimmed.error().code != ErrorCode::kConflict) {
    spdlog::error("journal: {}", to_string(trimmed.error()));
  }
}

Result<std::unique_ptr<Platform>> Platform::open(PlatformOptions options) {
  auto parts = std::make_unique<Parts>(std::move(options));
  Parts& p = *parts;
  AMITY_TRY(const TimeZone zone, TimeZone::find(p.options.zone));
  AMITY_TRY(p.store, store::open_embedded(p.options.data_directory, {}));
  if (p.options.edge.quarantine.empty())
    p.options.edge.quarantine = p.options.data_directory + "/edge-quarantine";
  if (p.options.http.backup_root.empty())
    p.options.http.backup_root = p.options.data_directory + "/backups";
  const std::string secret_file = p.options.master_secret_file.empty()
                                      ? p.options.data_directory + "/master.key"
                                      : p.options.master_secret_file;
  AMITY_TRY(Bytes secret, master_secret_of(p.store->registry(), secret_file, p.random));
  auto keys = headend::KeyRing::open(p.store->registry(), secret, p.random, true);
  crypto::wipe(secret);
  AMITY_TRY(p.keys, std::move(keys));
  p.options.headend.zone = zone;
  if (p.options.headend.tls_folder.empty())
    p.options.headend.tls_folder = p.options.data_directory + "/tls";
  AMITY_TRY(p.intake, intake::make_intake(*p.store, p.clock));
  p.ops = std::make_unique<OpsRole>(p.store->registry(), p.store->readings(), p.clock,
                                    p.options.status);
  p.commands = std::make_unique<CommandRole>(p.store->registry(), p.store->journal(), p.clock,
                                             p.options.desk);
  if (p.options.run_mdm) p.make_mdm(zone);
  if (p.options.run_billing) p.make_billing(zone);
  p.headends = std::make_unique<HeadEndRole>(*p.store, *p.intake, *p.keys);
  p.heard = std::make_unique<HeardRole>(*p.store, *p.intake, *p.keys, zone);
  p.edge = std::make_unique<EdgeRole>(*p.store, *p.intake);
  ServicesAbout about{p.options.utility, p.options.version, p.options.commit, zone,
                      p.options.demo,    p.clock.utc()};
  p.services =
      std::make_unique<PlatformServices>(*p.store, *p.ops, *p.commands, p.clock, std::move(about),
                                         [&p] { return p.headends->totals(); });
  p.services->set_heard_totals([&p] { return p.heard->totals(); });
  p.services->set_edge_metrics([&p](std::vector<api::Metric>& out) { p.edge->add_metrics(out); });
  p.services->set_edges(p.edge.get());
  p.services->set_take_uplink([&p](std::string source, std::string body, auto done) {
    p.heard->take_upload(std::move(source), std::move(body), std::move(done));
  });
  p.services->set_mdm(p.mdm.get());
  p.services->set_billing(p.billing.get(), p.balances.get());
  p.ops_follower = std::make_unique<JournalFollower>(
      p.store->journal(), OpsRole::kDepartment,
      [&p](const store::JournalEntry& e) { p.ops->handle(e); }, [&p] { return p.ops->save(); });
  p.command_follower = std::make_unique<JournalFollower>(
      p.store->journal(), CommandRole::kDepartment,
      [&p](const store::JournalEntry& e) { p.commands->handle(e); },
      [&p] { return p.commands->save(); });
  return std::unique_ptr<Platform>(new Platform(std::move(parts)));
}

Platform::Platform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Platform::~Platform() {
  stop();
}

store::Store& Platform::store() {
  return *parts_->store;
}
const std::string& Platform::tariff_directory() const {
  return parts_->options.billing.tariff_directory;
}
headend::KeyRing& Platform::keys() {
  return *parts_->keys;
}
std::uint16_t Platform::http_port() const {
  return parts_->server ? parts_->server->local().port : 0;
}
const std::optional<std::string>& Platform::first_password() const {
  return parts_->first_password;
}
Result<std::string> Platform::add_api_key(const std::string& name, const std::string& role) {
  if (!parts_->server)
    return make_error(ErrorCode::kInvalid, "the API does not run in this process");
  return parts_->server->add_api_key(name, role);
}
std::optional<Endpoint> Platform::push_tcp() const {
  return parts_->headends->push_tcp();
}
std::vector<Endpoint> Platform::frames() const {
  return parts_->heard->frames();
}
std::map<std::string, heard::Counters> Platform::heard_totals() const {
  return parts_->heard->totals();
}
const EdgeRole& Platform::edges() const {
  return *parts_->edge;
}
headend::HeadEndStats Platform::headend_totals() const {
  return parts_->headends->totals();
}

void Platform::submit(const Command& command) {
  parts_->commands->submit(command, [id = command.id](Result<Command> accepted) {
    if (!accepted.ok()) spdlog::warn("command {}: {}", id.value, to_string(accepted.error()));
  });
}

std::optional<double> Platform::completeness() const {
  const UtcSeconds now = parts_->clock.utc();
  const ops::Tally tally =
      parts_->ops->read([now](const auto&, const ops::Completeness& completeness, const auto&) {
        return completeness.fleet(now - 86'400, now);
      });
  if (tally.expected == 0) return std::nullopt;
  return static_cast<double>(tally.received) / static_cast<double>(tally.expected);
}

Status Platform::start() {
  Parts& p = *parts_;
  AMITY_CHECK(p.ops->load());
  AMITY_CHECK(p.ops_follower->begin());
  AMITY_CHECK(p.command_follower->begin());
  if (p.mdm) {
    AMITY_CHECK(p.mdm->load());
    AMITY_CHECK(p.mdm_follower->begin());
  }
  if (p.billing) {
    AMITY_CHECK(p.billing->load());
    AMITY_CHECK(p.billing_follower->begin());
  }
  p.store->journal().on_commit([&p](store::Sequence) {
    p.ops_follower->wake();
    p.command_follower->wake();
    if (p.mdm_follower) p.mdm_follower->wake();
    if (p.billing_follower) p.billing_follower->wake();
  });
  p.ops_follower->start_thread(p.clock, kOpsSaveInterval);
  p.command_follower->start_thread(p.clock, kCommandSaveInterval);
  if (p.mdm_follower) p.mdm_follower->start_thread(p.clock, kMdmSaveInterval);
  if (p.billing_follower) p.billing_follower->start_thread(p.clock, kMdmSaveInterval);
  if (p.options.run_headend) {
    AMITY_CHECK(p.headends->start(p.options.headend, p.options.headends));
    p.commands->set_execute([&p](const Command& command) {
      const auto device = p.store->registry().device(command.device);
      const bool behind_edge =
          device.ok() && *device && (*device)->address.starts_with(edge::address_behind(""));
      behind_edge ? p.edge->submit(command) : p.headends->submit(command);
    });
    AMITY_CHECK(p.heard->start(p.options.heard));
    AMITY_CHECK(p.edge->start(p.options.edge));
  }
  AMITY_CHECK(p.commands->resume());
  if (p.options.run_api) {
    AMITY_TRY(p.server, api::Server::create(*p.store, *p.services, p.options.http));
    AMITY_TRY(p.first_password, p.server->bootstrap(p.options.admin_password));
    p.server->start();
  }
  p.housekeeper = std::thread([&p] { p.housekeeping(); });
  p.started = true;
  p.services->set_not_ready(std::nullopt);
  return {};
}

void Platform::stop() {
  Parts& p = *parts_;
  p.services->set_not_ready("stopping");
  {
    const std::lock_guard lock(p.mutex);
    p.stopping = true;
  }
  p.stop_asked.notify_all();
  if (p.housekeeper.joinable()) p.housekeeper.join();
  p.server.reset();    // no more requests
  p.headends->stop();  // no more readings
  p.heard->stop();
  p.edge->stop();
  if (p.billing_follower) p.billing_follower->stop();
  if (p.mdm_follower) p.mdm_follower->stop();
  p.command_follower->stop();
  p.ops_follower->stop();
  if (p.started) p.store->journal().on_commit({});
  p.started = false;
}

}  // namespace amity::roles
