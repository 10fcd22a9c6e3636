#include "roles/billing_role.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "base/varint.h"
#include "roles/meter_exchange.h"
#include "roles/ratio_change.h"

namespace amity::roles {
namespace {

constexpr const char* kDirtyName = "billing/dirty";
constexpr std::int64_t kSweepEvery_s = 60;
constexpr std::int64_t kSettleAfter_s = 60;  // late data come in bursts
constexpr Duration kTickMax = std::chrono::milliseconds(300);
constexpr std::size_t kStepsPerTickMax = 5'000;
constexpr std::size_t kRunsKept = 100;
constexpr std::int32_t kAgainDaysMax = 400;  // of a prepaid account

}  // namespace

BillingRole::BillingRole(store::Store& store, const Clock& clock, TimeZone zone,
                         BillingOptions options)
    : store_(store),
      clock_(clock),
      zone_(zone),
      options_(std::move(options)),
      tariffs_(options_.tariff_directory, zone.name()),
      rater_(store) {}

Status BillingRole::load() {
  const std::lock_guard lock(mutex_);
  AMITY_CHECK(tariffs_.refresh(store_.billing(), clock_.utc()));
  refreshed_ = clock_.utc();
  AMITY_CHECK(load_points());
  AMITY_TRY(auto accounts, store_.billing().accounts());
  for (BillingAccount& account : accounts) (void)load_account(std::move(account));
  AMITY_TRY(const auto in_force, store_.billing().in_force());
  for (const store::InForce& f : in_force) {
    if (const auto at = accounts_.find(f.account); at != accounts_.end())
      at->second.billed[f.first_day] = f;
  }
  AMITY_TRY(const auto holds, store_.billing().holds());
  for (const BillHold& hold : holds) {
    if (const auto at = accounts_.find(hold.account); at != accounts_.end())
      at->second.held[hold.first_day] = hold;
  }
  for (auto& [id, account] : accounts_) {
    if (account.data.prepaid) AMITY_CHECK(load_ledger(account));
  }
  AMITY_CHECK(load_dirty());
  return take_tariffs();
}

Status BillingRole::load_points() {
  AMITY_TRY(const auto points, store_.registry().service_points());
  for (const ServicePoint& p : points) address_of_[p.id] = p.address;
  AMITY_TRY(const auto customers, store_.registry().customers());
  for (const Customer& c : customers) customer_[c.id] = c.name;
  return load_installations();
}

Status BillingRole::load_installations() {
  AMITY_TRY(const auto installations, store_.registry().installations());
  installations_.clear();
  for (const Installation& i : installations) {
    installations_[i.service_point].push_back(i);
    point_of_device_[i.device] = i.service_point;
  }
  return {};
}

BillingRole::Account& BillingRole::load_account(BillingAccount data) {
  auto& at = at_point_[data.service_point];
  if (std::ranges::find(at, data.id) == at.end()) at.push_back(data.id);
  Account& account = accounts_[data.id];
  account.data = std::move(data);
  waiting_.insert(account.data.id);
  return account;
}

// Varint count, then each: account varint, day zigzag, a byte (0: final values of the billed period
// changed, 1: a day of a prepaid account, 2: the tariff of the billed period changed, 3: its meter
// or a multiplier did).
Status BillingRole::load_dirty() {
  AMITY_TRY(const auto bytes, store_.registry().value(kDirtyName));
  if (!bytes) return {};
  ByteReader in(*bytes);
  AMITY_TRY(const std::uint64_t count, get_varint(in));
  for (std::uint64_t i = 0; i < count; ++i) {
    AMITY_TRY(const std::uint64_t id, get_varint(in));
    AMITY_TRY(const std::int64_t day, get_zigzag(in));
    AMITY_TRY(const std::uint8_t kind, in.u8());
    if (kind > 3) return in.malformed("days to be done again of an unknown kind");
    const auto at = accounts_.find(AccountId(static_cast<std::uint32_t>(id)));
    if (at == accounts_.end()) continue;
    Account& a = at->second;
    (kind == 0   ? a.dirty
     : kind == 1 ? a.days
     : kind == 2 ? a.retariffed
                 : a.remetered)
        .insert(static_cast<std::int32_t>(day));
    waiting_.insert(at->first);
  }
  return {};
}

// What is to be done again must not be forgotten with the facts that said so.
Status BillingRole::save() {
  const std::lock_guard lock(mutex_);
  return keep_dirty();
}

Status BillingRole::keep_dirty() {
  if (!dirty_changed_) return {};
  Bytes list;
  std::uint64_t count = 0;
  for (const auto& [id, account] : accounts_) {
    std::uint8_t kind = 0;
    for (const auto* days :
         {&account.dirty, &account.days, &account.retariffed, &account.remetered}) {
      for (const std::int32_t day : *days) {
        put_varint(list, id.value);
        put_zigzag(list, day);
        list.push_back(kind);
        ++count;
      }
      ++kind;
    }
  }
  Bytes bytes;
  put_varint(bytes, count);
  append(bytes, list);
  AMITY_CHECK(store_.registry().put_value(kDirtyName, bytes));
  dirty_changed_ = false;
  return {};
}

void BillingRole::handle(const store::JournalEntry& entry) {
  if (const auto* final = std::get_if<ReadingsFinal>(&entry.fact)) {
    const std::lock_guard lock(mutex_);
    take(*final);
  } else if (const auto* events = std::get_if<EventsArrived>(&entry.fact)) {
    if (events->source != kExchangeSource && events->source != kRatioSource) return;
    const std::lock_guard lock(mutex_);
    take_exchange(*events);
  }
}

// Which meter's values count changed, or what they are multiplied by, whether or not they did.
void BillingRole::take_exchange(const EventsArrived& exchanged) {
  if (const Status read = load_installations(); !read.ok()) {
    ++counts_.errors;
    spdlog::error("billing: installations: {}", to_string(read.error()));
  }
  for (const Event& event : exchanged.events) {
    const auto point = point_of_device_.find(event.device);
    if (point == point_of_device_.end()) continue;
    const auto at = at_point_.find(point->second);
    if (at == at_point_.end()) continue;
    const auto day = static_cast<std::int32_t>(event.time.value / 86'400);
    const auto today = static_cast<std::int32_t>(clock_.utc().value / 86'400);
    for (const AccountId id : at->second) {
      Account& account = accounts_.at(id);
      for (const auto& [first, billed] : account.billed) {
        if (billed.last_day + 1 >= day) account.remetered.insert(first);
      }
      const std::int32_t from = std::max({day - 1, account.data.opened, today - kAgainDaysMax});
      for (std::int32_t d = from; account.data.prepaid && d < today; ++d) account.days.insert(d);
      dirty_changed_ = true;
      account.try_at = UtcSeconds();
      waiting_.insert(id);
    }
  }
}

std::optional<ServicePointId> BillingRole::point_of(ChannelId channel) {
  const auto known = point_of_channel_.find(channel);
  if (known != point_of_channel_.end()) return known->second;
  const auto found = store_.registry().channel(channel);
  if (!found.ok() || !*found) return std::nullopt;
  const auto device = point_of_device_.find((*found)->device);
  if (device == point_of_device_.end()) return std::nullopt;
  point_of_channel_[channel] = device->second;
  return device->second;
}

// Days of the utility's zone and of a tariff's are at most one apart.
void BillingRole::take(const ReadingsFinal& fact) {
  if (at_point_.empty()) return;
  const auto point = point_of(fact.day.channel);
  if (!point) return;
  const auto at = at_point_.find(*point);
  if (at == at_point_.end()) return;
  const std::int32_t day = fact.day.day;
  const UtcSeconds soon = clock_.utc() + kSettleAfter_s;
  for (const AccountId id : at->second) {
    Account& account = accounts_.at(id);
    if (account.data.prepaid) {
      account.days.insert(day);
      dirty_changed_ = true;
      waiting_.insert(id);
      continue;
    }
    for (const auto& [first, billed] : account.billed) {
      if (day < first - 1 || day > billed.last_day + 1) continue;
      account.dirty.insert(first);
      dirty_changed_ = true;
      waiting_.insert(id);
    }
    for (const auto& [first, hold] : account.held) {
      if (day >= first - 1 && day <= hold.last_day + 1)
        account.try_at = std::min(account.try_at, soon);
    }
  }
}

bool BillingRole::over(std::int32_t last_day, UtcSeconds now) const {
  return now - start_of_date(zone_, last_day + 1) >= options_.bill_after_s;
}

std::optional<DayRange> BillingRole::next_due(const Account& account, std::int32_t from,
                                              UtcSeconds now) const {
  if (account.data.prepaid) return std::nullopt;
  from = std::max(from, account.data.opened);
  auto billed = account.billed.lower_bound(from);
  while (billed != account.billed.end() && billed->first == from)
    from = (billed++)->second.last_day + 1;
  if (account.data.closed && from > *account.data.closed) return std::nullopt;
  DayRange days = billing_period(account.data, from);
  days.first = from;
  if (billed != account.billed.end()) days.last = std::min(days.last, billed->first - 1);
  if (!over(days.last, now)) return std::nullopt;
  return days;
}

void BillingRole::sweep(UtcSeconds now) {
  if (now - swept_ < kSweepEvery_s) return;
  swept_ = now;
  if (const Status read = tariffs_.refresh(store_.billing(), now); !read.ok()) {
    ++counts_.errors;
    spdlog::error("billing: tariffs: {}", to_string(read.error()));
  }
  if (const Status taken = take_tariffs(); !taken.ok()) {
    ++counts_.errors;
    spdlog::error("billing: tariffs: {}", to_string(taken.error()));
  }
  for (auto& [id, account] : accounts_) {
    if (account.data.prepaid || (account.try_at <= now && next_due(account, account.covered, now)))
      waiting_.insert(id);
  }
}

void BillingRole::tick() {
  const Instant until = clock_.now() + kTickMax;
  {
    const std::lock_guard lock(mutex_);
    sweep(clock_.utc());
  }
  // The lock is free between accounts: whoever asks does not wait for the cycle.
  for (std::size_t i = 0; i < kStepsPerTickMax && clock_.now() <= until; ++i) {
    const std::lock_guard lock(mutex_);
    if (!step(clock_.utc())) return;
  }
}

bool BillingRole::step(UtcSeconds now) {
  if (!waiting_.empty()) {
    const AccountId id = *waiting_.begin();
    waiting_.erase(waiting_.begin());
    step_account(accounts_.at(id), now);
    return true;
  }
  const auto run = std::ranges::find_if(runs_, [](const Run& r) { return !r.left.empty(); });
  if (run == runs_.end()) return false;
  step_run(*run, now);
  return true;
}

void BillingRole::step_account(Account& account, UtcSeconds now) {
  if (account.data.prepaid) return step_prepaid(account, now);
  std::set<std::int32_t> again = account.dirty;
  again.insert(account.retariffed.begin(), account.retariffed.end());
  again.insert(account.remetered.begin(), account.remetered.end());
  for (const std::int32_t first : again) {
    const auto billed = account.billed.find(first);
    const char* cause = account.retariffed.contains(first)  ? "the tariff changed"
                        : account.remetered.contains(first) ? "meter or multiplier changed"
                                                            : "final values changed";
    if (billed != account.billed.end() &&
        bill(account, {first, billed->second.last_day}, cause) == Outcome::kFailed) {
      account.try_at = now + options_.try_again_after_s;
      return;
    }
    account.dirty.erase(first);
    account.retariffed.erase(first);
    account.remetered.erase(first);
    dirty_changed_ = true;
  }
  if (account.try_at > now) return;
  bool all = true;
  const bool kept = bill_due(account, now, "cycle",
                             [&all](Outcome outcome) { all = all && outcome == Outcome::kIssued; });
  if (!kept || !all) account.try_at = now + options_.try_again_after_s;
}

void BillingRole::step_run(Run& run, UtcSeconds now) {
  Account& account = accounts_.at(run.left.front());
  run.left.pop_front();
  api::BillingRun& shown = run.shown;
  const auto tally = [&shown](Outcome outcome) {
    shown.issued += outcome == Outcome::kIssued || outcome == Outcome::kCorrected;
    shown.corrected += outcome == Outcome::kCorrected;
    shown.unchanged += outcome == Outcome::kUnchanged;
    shown.held += outcome == Outcome::kHeld;
    shown.failed += outcome == Outcome::kFailed;
    return outcome;
  };
  if (run.again) {
    for (const auto& [first, billed] : std::map(account.billed))
      tally(bill(account, {first, billed.last_day}, "rated again by " + shown.who));
  }
  (void)bill_due(account, now, "cycle run by " + shown.who, tally);
  ++shown.done;
  if (run.left.empty()) shown.finished = now;
}

api::BillingRun BillingRole::start_run(AccountId wanted, bool again, std::string who) {
  const std::lock_guard lock(mutex_);
  Run run;
  run.again = again;
  run.shown.id = next_run_++;
  run.shown.who = std::move(who);
  run.shown.account = wanted;
  run.shown.again = again;
  run.shown.started = clock_.utc();
  for (const auto& [id, account] : accounts_) {
    if ((!wanted.valid() || id == wanted) && !account.data.prepaid) run.left.push_back(id);
  }
  run.shown.accounts = run.left.size();
  if (run.left.empty()) run.shown.finished = run.shown.started;
  runs_.push_front(std::move(run));
  if (runs_.size() > kRunsKept && runs_.back().left.empty()) runs_.pop_back();
  swept_ = UtcSeconds();  // tariffs are read again first
  return runs_.front().shown;
}

std::vector<api::BillingRun> BillingRole::runs() const {
  const std::lock_guard lock(mutex_);
  std::vector<api::BillingRun> shown;
  for (const Run& run : runs_) shown.push_back(run.shown);
  return shown;
}

Result<BillingAccount> BillingRole::put_account(BillingAccount data) {
  const std::lock_guard lock(mutex_);
  if (const auto known = accounts_.find(data.id); data.id.valid() && known != accounts_.end()) {
    const BillingAccount& before = known->second.data;
    if (!known->second.billed.empty() &&
        (before.opened != data.opened || before.prepaid != data.prepaid))
      return make_error(ErrorCode::kConflict, "it was billed already: its first day stays");
  }
  AMITY_CHECK(load_points());
  if (!address_of_.contains(data.service_point))
    return make_error(ErrorCode::kInvalid, "there is no such service point");
  const auto tariff = tariffs_.find(data.tariff);
  if (data.prepaid && tariff.ok()) AMITY_CHECK(mdm::check_daily((*tariff)->tariff));
  AMITY_TRY(data.id, store_.billing().put_account(data));
  Account& account = load_account(data);
  account.try_at = UtcSeconds();
  if (data.prepaid && !account.ledger) AMITY_CHECK(load_ledger(account));
  return data;
}

Result<api::TariffMoney> BillingRole::tariff_money(const std::string& tariff) const {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(const auto found, tariffs_.find(tariff));
  return api::TariffMoney{found->tariff.currency, found->tariff.decimals};
}

std::vector<std::string> BillingRole::tariff_names() const {
  const std::lock_guard lock(mutex_);
  return tariffs_.names();
}

BillingCounts BillingRole::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::size_t BillingRole::held() const {
  const std::lock_guard lock(mutex_);
  std::size_t held = 0;
  for (const auto& [id, account] : accounts_) held += account.held.size();
  return held;
}

}  // namespace amity::roles
