#include "roles/balance_book.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "mdm/aggregate/loss_balance.h"
#include "roles/meter_exchange.h"
#include "roles/ratio_change.h"
#include "store/finals.h"

namespace amity::roles {
namespace {

using mdm::SlotQuality;

constexpr std::uint32_t kDay_s = 86'400;  // a slot is a local day, however long
constexpr std::int64_t kClassPermille = 10, kSupplyClassPermille = 5;

SlotQuality quality_of(const VeeDay& day) {
  if (!day.open.empty()) return SlotQuality::kMissing;
  if (day.state == VeeState::kFailed) return SlotQuality::kFailed;
  if (day.estimated > 0) return SlotQuality::kEstimated;
  return day.edited > 0 ? SlotQuality::kEdited : SlotQuality::kActual;
}

std::int32_t date_at(const TimeZone& zone, UtcSeconds now) {
  const CivilTime c = zone.local(now);
  return static_cast<std::int32_t>(utc_from_civil(c.year, c.month, c.day, 0, 0, 0).value / kDay_s);
}

std::string made_beside(const std::string& file) {
  const std::filesystem::path path(file);
  return (path.parent_path() / ("made_" + path.filename().string())).string();
}

// The first day of the week or month that `day` lies in, and the last.
std::pair<std::int32_t, std::int32_t> stretch_of(std::int32_t day, api::SumSpan span) {
  if (span == api::SumSpan::kDay) return {day, day};
  if (span == api::SumSpan::kWeek) {
    const std::int32_t monday = day - ((day + 3) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
    return {monday, monday + 6};
  }
  const CivilTime c = civil_from_utc(UtcDay(day).start());
  const auto number = [](int year, int month) {
    return static_cast<std::int32_t>(utc_from_civil(year, month, 1, 0, 0, 0).value / kDay_s);
  };
  return {number(c.year, c.month),
          (c.month == 12 ? number(c.year + 1, 1) : number(c.year, c.month + 1)) - 1};
}

}  // namespace

BalanceBook::BalanceBook(store::Store& store, const Clock& clock, TimeZone zone, std::string file)
    : store_(store),
      clock_(clock),
      zone_(std::move(zone)),
      file_(std::move(file)),
      made_file_(made_beside(file_)) {}

Result<BalanceDefinitions> BalanceBook::definitions() const {
  BalanceDefinitions all;
  AMITY_CHECK(read_definitions(file_, true, all));
  AMITY_CHECK(read_definitions(made_file_, false, all));
  return all;
}

Status BalanceBook::put(ChannelId channel, std::int32_t day, std::int64_t value,
                        SlotQuality quality) {
  return board_->set(channel, static_cast<std::size_t>(day - first_day_), {&value, 1},
                     {&quality, 1});
}

Status BalanceBook::set(const VeeDay& day) {
  const auto input = inputs_.find(day.channel);
  if (input == inputs_.end() || day.day < first_day_ || day.day >= first_day_ + kBalanceDays)
    return {};
  const BalanceInput& in = input->second;
  const std::int64_t multiplier = in.channel.multiplier_at(day.start);
  std::int64_t units = in_units(in, day.total, multiplier);
  if (day.slots() > 0 && in.channel.multiplier_of(day.end()) != multiplier) {
    AMITY_TRY(const auto series, store::final_series(store_.readings(), store_.finals(),
                                                     day.channel, day.start, day.end()));
    std::map<std::int64_t, std::int64_t> by_multiplier;
    for (const store::FinalPoint& p : series.points)
      by_multiplier[in.channel.multiplier_of(p.reading.time)] += p.final.value;
    units = 0;
    for (const auto& [with, sum] : by_multiplier) units += in_units(in, sum, with);
  }
  return put(day.channel, day.day, units, quality_of(day));
}

Status BalanceBook::build(std::int32_t first) {
  board_.reset();
  stale_.clear();
  summed_registers_.clear();
  AMITY_TRY(const BalanceDefinitions all, definitions());
  AMITY_TRY(BalanceGraph made, build_balance_graph(store_.registry(), all));
  nodes_ = std::move(made.nodes);
  inputs_ = std::move(made.inputs);
  std::set<ChannelId> supplies;
  for (const BalanceNode& node : nodes_) {
    for (const auto& [id, out] : node.supplies) supplies.insert(id);
  }
  first_day_ = first;
  std::erase_if(inputs_, [&](const auto& one) {
    return made.graph.uses_of(one.first).empty() && !supplies.contains(one.first);
  });
  AMITY_TRY(board_, mdm::Board::make(std::move(made.graph), UtcDay(first).start(), kDay_s,
                                     kBalanceDays, 0));
  for (const auto& [id, input] : inputs_) {
    if (input.channel.kind == ChannelKind::kRegister) {
      summed_registers_.insert(id);
      AMITY_CHECK(set_registers(input, first, first + kBalanceDays - 1));
      continue;
    }
    AMITY_TRY(const auto days, store_.finals().days(id, first, first + kBalanceDays - 1));
    for (const store::FinalDay& day : days) AMITY_CHECK(set(day.day));
  }
  return {};
}

// The window ends a week from now: it is moved now and then, not every day.
Status BalanceBook::prepare() {
  const std::int32_t today = date_at(zone_, clock_.utc());
  if (board_ && today < first_day_ + kBalanceDays - 1) return catch_up();
  return build(today - kBalanceDays + 8);
}

void BalanceBook::handle(const store::JournalEntry& entry) {
  const std::lock_guard lock(mutex_);
  if (!board_) return;
  if (const auto* fact = std::get_if<ReadingsFinal>(&entry.fact)) {
    if (!set(fact->day).ok()) board_.reset();  // it is made anew when somebody asks
  } else if (const auto* arrived = std::get_if<ReadingsArrived>(&entry.fact)) {
    note_arrivals(*arrived);
  } else if (const auto* events = std::get_if<EventsArrived>(&entry.fact)) {
    if (events->source == kExchangeSource || events->source == kRatioSource) board_.reset();
  }
}

std::uint64_t BalanceBook::reckoned() {
  const std::lock_guard lock(mutex_);
  return board_ ? board_->reckoned() : 0;
}

mdm::IntervalView BalanceBook::days_of(ChannelId id, std::size_t first, std::size_t last) const {
  mdm::IntervalView v = board_->view(id);
  if (v.slots() == 0) return v;
  v.start = v.end_of(first) - std::int64_t{kDay_s};
  v.value = v.value.subspan(first, last - first);
  v.quality = v.quality.subspan(first, last - first);
  return v;
}

// What feeds in beneath it is not counted: a home that exports imports too.
std::uint64_t BalanceBook::unread(const BalanceNode& node, std::size_t first,
                                  std::size_t last) const {
  std::uint64_t count = node.without;
  for (const auto& [input, feeds_in] : node.inputs) {
    const mdm::IntervalView v = days_of(input, first, last);
    count += !feeds_in && std::ranges::all_of(
                              v.quality, [](SlotQuality q) { return q == SlotQuality::kMissing; });
  }
  return count;
}

api::BalanceRow BalanceBook::row(const BalanceNode& node, std::size_t first,
                                 std::size_t last) const {
  api::BalanceRow out = node.about;
  const mdm::IntervalView whole = days_of(node.id, first, last);
  for (const std::int64_t v : whole.value) out.delivered += v;
  for (const SlotQuality q : whole.quality) {
    out.worst = std::max(out.worst, static_cast<std::uint8_t>(q));
    out.days_incomplete += q >= SlotQuality::kFailed;
  }
  out.days = static_cast<std::uint32_t>(whole.slots());
  out.unread = unread(node, first, last);
  for (const auto& [input, feeds_in] : node.inputs) {
    for (const std::int64_t v : days_of(input, first, last).value)
      (feeds_in ? out.exported : out.imported) += v;
  }
  if (node.supplies.empty()) return out;
  std::vector<mdm::BalanceMeter> meters;
  for (const auto& [supply, feeds_in] : node.supplies)
    meters.push_back({days_of(supply, first, last), kSupplyClassPermille, feeds_in});
  for (const auto& [input, feeds_in] : node.inputs)
    meters.push_back({days_of(input, first, last), kClassPermille, feeds_in});
  if (node.about.kind == "meter") meters.push_back({whole, kClassPermille, false});
  // What a meter without values took cannot be told from a loss.
  const bool silent =
      std::ranges::any_of(meters, [](const auto& m) { return m.view.slots() == 0; });
  const auto balance = mdm::loss_balance(meters);
  if (out.unread > 0 || silent || !balance.ok() || balance->left_out >= out.days) {
    out.days_left_out = out.days;
    return out;
  }
  out.balanced = true;
  for (std::size_t i = 0; i < node.supplies.size(); ++i)
    (node.supplies[i].second ? out.fed_in : out.fed_back) += balance->sums[i];
  out.supplied = out.fed_in - out.fed_back;
  out.loss = balance->loss;
  out.loss_permyriad = balance->loss_permyriad;
  out.uncertainty = balance->uncertainty;
  out.significant = balance->significant();
  out.days_left_out = balance->left_out;
  return out;
}

Status BalanceBook::check_range(const api::BalanceQuery& query) const {
  const std::int32_t end = first_day_ + kBalanceDays;
  if (query.first <= query.last && query.first >= first_day_ && query.last < end) return {};
  return make_error(ErrorCode::kInvalid,
                    "days from " + to_iso(UtcDay(first_day_).start()).substr(0, 10) + " to " +
                        to_iso(UtcDay(end - 1).start()).substr(0, 10) + " are kept");
}

Result<std::vector<api::BalanceRow>> BalanceBook::balances(const api::BalanceQuery& query) {
  const std::lock_guard lock(mutex_);
  AMITY_CHECK(prepare());
  AMITY_CHECK(check_range(query));
  std::vector<api::BalanceRow> rows;
  for (const BalanceNode& node : nodes_) {
    if (node.about.kind != query.kind) continue;
    if (!query.commodity.empty() && node.about.commodity != query.commodity) continue;
    rows.push_back(row(node, static_cast<std::size_t>(query.first - first_day_),
                       static_cast<std::size_t>(query.last - first_day_ + 1)));
  }
  std::ranges::stable_sort(rows, [](const api::BalanceRow& a, const api::BalanceRow& b) {
    if (a.significant != b.significant) return a.significant;
    if (a.balanced != b.balanced) return a.balanced;
    if (std::abs(a.loss_permyriad) != std::abs(b.loss_permyriad))
      return std::abs(a.loss_permyriad) > std::abs(b.loss_permyriad);
    return a.delivered > b.delivered;
  });
  return rows;
}

Result<api::Sums> BalanceBook::sums(const api::SumsQuery& query) {
  const std::lock_guard lock(mutex_);
  AMITY_CHECK(prepare());
  AMITY_CHECK(check_range(query.range));
  const auto node = std::ranges::find_if(nodes_, [&](const BalanceNode& n) {
    return n.about.kind == query.range.kind && n.about.name == query.name &&
           (query.range.commodity.empty() || n.about.commodity == query.range.commodity);
  });
  if (node == nodes_.end())
    return make_error(ErrorCode::kNotFound, "no " + query.range.kind + " '" + query.name + "'");
  const mdm::IntervalView days = board_->view(node->id);
  api::Sums out;
  out.unit = node->about.unit;
  for (std::int32_t day = query.range.first; day <= query.range.last; ++day) {
    const auto [first, last] = stretch_of(day, query.span);
    if (out.rows.empty() || out.rows.back().last < day) {
      api::SumRow& fresh = out.rows.emplace_back();
      fresh.first = first;
      fresh.last = last;
    }
    api::SumRow& sum = out.rows.back();
    const auto slot = static_cast<std::size_t>(day - first_day_);
    sum.sum += days.value[slot];
    ++sum.days;
    sum.days_incomplete += days.quality[slot] >= SlotQuality::kFailed;
    sum.worst = std::max(sum.worst, static_cast<std::uint8_t>(days.quality[slot]));
  }
  return out;
}

}  // namespace amity::roles
