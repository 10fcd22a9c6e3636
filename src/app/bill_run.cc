#include "app/bill_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "mdm/rate/tariff_toml.h"
#include "mdm/rate/toml_fields.h"
#include "mdm/registers/reconcile.h"

namespace amity::app {
namespace {

using mdm::SlotQuality;

SlotQuality slot_quality(Quality quality) {
  switch (quality_letter(quality)) {
    case 'A':
      return SlotQuality::kActual;
    case 'E':
      return SlotQuality::kEstimated;
    case 'F':
      return SlotQuality::kEdited;
    default:
      return SlotQuality::kFailed;
  }
}

Result<BillAccount> read_account(mdm::TomlFields& f) {
  BillAccount account;
  AMITY_TRY(account.id, f.text("id"));
  AMITY_TRY(account.serial, f.text("serial", ""));
  AMITY_TRY(account.import, f.text("import", "import"));
  AMITY_TRY(account.exported, f.text("export", ""));
  AMITY_TRY(account.reactive, f.text("reactive", ""));
  AMITY_TRY(account.registers, f.text("register", ""));
  AMITY_TRY(const std::int64_t digits, f.whole("register_digits", 0, 0, 12));
  account.register_digits = static_cast<int>(digits);
  AMITY_TRY(account.multiplier, f.whole("multiplier", 1, 1, 1'000'000));
  AMITY_TRY(account.from, f.text("from", ""));
  AMITY_TRY(account.to, f.text("to", ""));
  if (const toml::node* peaks = f.find("earlier_peaks")) {
    if (!peaks->is_array() || peaks->as_array()->size() > mdm::kEarlierPeaksMax)
      return mdm::toml_error(*peaks, "'earlier_peaks' is a list of at most 60 decimals");
    for (const toml::node& one : *peaks->as_array()) {
      AMITY_TRY(const Decimal peak, mdm::TomlFields::decimal_of(one, "earlier_peaks"));
      account.earlier_peaks.push_back(peak);
    }
  }
  AMITY_CHECK(f.nothing_else("[[account]]"));
  return account;
}

}  // namespace

Result<std::vector<BillAccount>> accounts_from_toml(std::string_view text) {
  AMITY_TRY(const toml::table table, mdm::parse_toml(text));
  mdm::TomlFields top(table);
  AMITY_TRY(const std::int64_t version, top.whole("version", 0, 1, 1));
  if (version != 1) return make_error(ErrorCode::kMalformed, "line 1: 'version = 1' is missing");
  std::vector<BillAccount> accounts;
  if (const toml::node* list = top.find("account")) {
    if (!list->is_array()) return mdm::toml_error(*list, "'account' is a list: [[account]]");
    for (const toml::node& one : *list->as_array()) {
      AMITY_TRY(mdm::TomlFields fields, mdm::TomlFields::of(one, "account"));
      AMITY_TRY(BillAccount account, read_account(fields));
      const auto again = [&account](const BillAccount& a) {
        return a.id == account.id && a.from == account.from && a.to == account.to;
      };
      if (std::ranges::any_of(accounts, again))
        return mdm::toml_error(one,
                               fmt::format("the account '{}' twice for one period", account.id));
      accounts.push_back(std::move(account));
    }
  }
  AMITY_CHECK(top.nothing_else("a file of accounts"));
  return accounts;
}

// A channel's intervals over the period, from its rows.
struct BillRun::Series {
  std::vector<std::int64_t> value;
  std::vector<SlotQuality> quality;
  mdm::IntervalView view;

  Status fill(const Rows& rows, const mdm::BillPeriod& period, std::uint32_t interval_s,
              int exponent, std::int64_t multiplier, ChannelId channel) {
    const auto slots = static_cast<std::size_t>(period.length_s()) / interval_s;
    value.assign(slots, 0);
    quality.assign(slots, SlotQuality::kMissing);
    for (auto row = rows.upper_bound(period.start); row != rows.end() && row->first <= period.end;
         ++row) {
      const std::int64_t offset = row->first - period.start;
      if (offset % interval_s != 0)
        return make_error(ErrorCode::kInvalid, to_iso(row->first) + " lies between two intervals");
      const auto slot = static_cast<std::size_t>(offset / interval_s) - 1;
      AMITY_TRY(const std::int64_t raw, rescale(row->second.value, exponent));
      if (__builtin_mul_overflow(raw, multiplier, &value[slot]) ||
          std::abs(value[slot]) > 10'000'000'000'000)
        return make_error(ErrorCode::kLimit, to_iso(row->first) + ": the value is no measurement");
      quality[slot] = slot_quality(row->second.quality);
    }
    view = {channel, period.start, interval_s, static_cast<std::int8_t>(exponent), value, quality};
    return {};
  }
};

exchange::Problem BillRun::add(const exchange::ParsedRow& row) {
  const Key key{row.serial, row.name};
  const auto title = [&row] { return exchange::quoted(row.serial) + " " + row.name; };
  const auto [unit, first] = units_.try_emplace(key, row.unit);
  if (!first && unit->second != row.unit) {
    return {0, true,
            fmt::format("{}: the unit changes from {} to {}: left out", title(),
                        symbol(unit->second), symbol(row.unit))};
  }
  const auto [at, added] = rows_[key].try_emplace(row.time, Value{row.value, row.quality});
  if (added) return {};
  const Value before = std::exchange(at->second, Value{row.value, row.quality});
  if (before.value == row.value && before.quality == row.quality) return {};
  ++conflicts_;
  return {0, false,
          fmt::format("{}: {} comes again with {} for {}: the later counts", title(),
                      to_iso(row.time), to_string(row.value), to_string(before.value))};
}

std::uint32_t BillRun::interval_of(const Rows& rows) const {
  if (options_.interval_s != 0) return options_.interval_s;
  std::map<std::int64_t, std::size_t> counts;
  const UtcSeconds* before = nullptr;
  for (const auto& [time, value] : rows) {
    if (before != nullptr) ++counts[time - *before];
    before = &time;
  }
  const auto commonest =
      std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
  return commonest == counts.end() ? 0 : static_cast<std::uint32_t>(commonest->first);
}

Result<const BillRun::Rows*> BillRun::rows_of(const BillAccount& account,
                                              const std::string& name) const {
  const auto found = rows_.find({account.serial, name});
  if (found == rows_.end())
    return make_error(ErrorCode::kNotFound,
                      fmt::format("the file has no series '{}' of '{}'", name, account.serial));
  return &found->second;
}

namespace {

// Days whose intervals and register disagree, or that no register bounds.
Result<std::uint32_t> open_days(const mdm::BillPeriod& period, const mdm::IntervalView& view,
                                const std::map<UtcSeconds, Decimal>& registers,
                                const BillAccount& account) {
  int exponent = 0;
  for (const auto& [time, value] : registers) exponent = std::min(exponent, value.exponent);
  std::vector<mdm::RegisterReading> readings;
  for (const auto& [time, value] : registers) {
    AMITY_TRY(const std::int64_t raw, rescale(value, exponent));
    readings.push_back({DeviceId(1), time, raw});
  }
  mdm::PointHistory history;
  history.installations = {{DeviceId(1),
                            ChannelId(1),
                            readings.front().time,
                            {},
                            readings.front().value,
                            {},
                            account.register_digits,
                            static_cast<std::int8_t>(exponent),
                            {{readings.front().time, account.multiplier, 1}}}};
  // The view holds multiplied values already; the history's ratio is the register's alone.
  std::vector<std::int64_t> raw(view.value.begin(), view.value.end());
  for (std::int64_t& v : raw) v /= account.multiplier;
  std::uint32_t open = 0;
  std::size_t first = 0;
  for (const mdm::LocalDay& day : period.days) {
    const std::size_t slots = day.slots(view.interval_s);
    mdm::IntervalView part{view.channel,
                           day.start,
                           view.interval_s,
                           view.exponent,
                           std::span(raw).subspan(first, slots),
                           view.quality.subspan(first, slots)};
    AMITY_TRY(const auto reconciled, mdm::reconcile_day(history, readings, day, part));
    open += is_open(reconciled.kind);
    first += slots;
  }
  return open;
}

}  // namespace

Status BillRun::check_units(const BillAccount& account) const {
  const std::pair<const std::string&, Unit> series[] = {{account.import, options_.tariff.unit},
                                                        {account.exported, options_.tariff.unit},
                                                        {account.reactive, Unit::kVarHour},
                                                        {account.registers, options_.tariff.unit}};
  for (const auto& [name, wanted] : series) {
    const auto found = units_.find({account.serial, name});
    if (found == units_.end() || found->second == wanted || found->second == Unit::kNone) continue;
    if (name == account.reactive)
      return make_error(ErrorCode::kInvalid,
                        fmt::format("'{}' is in {}, reactive energy is in {}", name,
                                    symbol(found->second), symbol(wanted)));
    return make_error(ErrorCode::kInvalid, fmt::format("'{}' is in {}, the tariff in {}", name,
                                                       symbol(found->second), symbol(wanted)));
  }
  return {};
}

Result<Bill> BillRun::bill(const BillAccount& account) {
  const mdm::Tariff& tariff = options_.tariff;
  AMITY_TRY(const TimeZone zone, TimeZone::find(tariff.zone));
  AMITY_TRY(const Rows* import, rows_of(account, account.import));
  AMITY_CHECK(check_units(account));
  const std::uint32_t interval_s = interval_of(*import);
  if (interval_s == 0) return make_error(ErrorCode::kInvalid, "one reading tells no interval");
  const auto bound = [&](const std::string& own, const std::string& all,
                         UtcSeconds otherwise) -> Result<UtcSeconds> {
    const std::string& text = own.empty() ? all : own;
    if (text.empty()) return otherwise;
    AMITY_TRY(const std::int32_t date, mdm::date_from(text));
    const CivilTime day = civil_from_utc(UtcSeconds(std::int64_t{date} * 86'400));
    return zone.instants(day.year, day.month, day.day, 12, 0, 0).front();
  };
  AMITY_TRY(const UtcSeconds first, bound(account.from, options_.from, import->begin()->first - 1));
  AMITY_TRY(const UtcSeconds last, bound(account.to, options_.to, import->rbegin()->first - 1));
  const mdm::DayCalendar calendar(zone, tariff.holidays);
  AMITY_TRY(const mdm::BillPeriod period, mdm::bill_period(calendar, first, last));

  const std::string names[] = {account.import, account.exported, account.reactive};
  const Rows* rows[3] = {import, nullptr, nullptr};
  int exponent = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    if (i > 0 && !names[i].empty()) {
      AMITY_TRY(rows[i], rows_of(account, names[i]));
    }
    if (rows[i] == nullptr) continue;
    for (const auto& [time, value] : *rows[i]) exponent = std::min(exponent, value.value.exponent);
  }
  Series series[3];
  for (std::uint32_t i = 0; i < 3; ++i) {
    if (rows[i] == nullptr) continue;
    AMITY_CHECK(series[i].fill(*rows[i], period, interval_s, exponent, account.multiplier,
                               ChannelId(i + 1)));
  }
  AMITY_TRY(const mdm::RatePlan plan,
            mdm::make_plan(tariff, period, interval_s, static_cast<std::int8_t>(exponent)));
  mdm::AccountUse use{account.id, series[0].view, nullptr, nullptr, {}, 0};
  if (rows[1] != nullptr) use.exported = &series[1].view;
  if (rows[2] != nullptr) use.reactive = &series[2].view;
  std::vector<std::int64_t> peaks;
  for (const Decimal& peak : account.earlier_peaks) {
    AMITY_TRY(const std::int64_t raw,
              rescale({peak.value, peak.exponent + tariff.unit_exponent}, exponent));
    peaks.push_back(raw);
  }
  use.earlier_peaks = peaks;
  if (!account.registers.empty()) {
    AMITY_TRY(const Rows* found, rows_of(account, account.registers));
    std::map<UtcSeconds, Decimal> registers;
    for (const auto& [time, value] : *found) registers.emplace(time, value.value);
    AMITY_TRY(use.unreconciled_days, open_days(period, series[0].view, registers, account));
  }
  Bill bill{{}, {names[0], names[1], names[2]}};
  AMITY_CHECK(mdm::rate(plan, use, bill.statement));
  return bill;
}

Result<std::size_t> BillRun::run(const std::function<void(const Bill&)>& print,
                                 const std::function<void(const std::string&)>& refuse) {
  std::vector<BillAccount> accounts = options_.accounts;
  if (accounts.empty()) {
    for (const auto& [key, rows] : rows_) {
      if (key.name != "import" && !key.name.empty()) continue;
      BillAccount& account = accounts.emplace_back();
      account.id = account.serial = key.serial;
      account.import = key.name;
    }
    if (accounts.empty())
      return make_error(ErrorCode::kNotFound, "the file has no series named 'import'");
  }
  std::size_t refused = 0;
  for (const BillAccount& account : accounts) {
    const auto done = bill(account);
    if (done.ok())
      print(*done);
    else
      ++refused, refuse("account " + account.id + ": " + done.error().reason);
  }
  return refused;
}

}  // namespace amity::app
