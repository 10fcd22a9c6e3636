// From a line of a statement to the intervals it was made of, as they stood when it was rated.
#include <algorithm>

#include "api/billing_json.h"
#include "mdm/determinants/period_map.h"
#include "mdm/rate/tariff_file.h"

namespace amity::api {
namespace {

struct Line {
  StatementRecord record;
  mdm::StatementBody body;
  mdm::BillLine line;
  std::size_t number = 0;
};

Result<Line> line_of(Api& api, const Call& call) {
  const auto number = id_from(call.path.at(0), "statement"), index = id_from(call.path.at(1), "line");
  if (!number.ok() || !index.ok()) return make_error(ErrorCode::kNotFound, "no such line");
  AMITY_TRY(auto record, api.store.billing().statement(StatementNumber(*number)));
  if (!record) return make_error(ErrorCode::kNotFound, "no such statement");
  AMITY_TRY(auto body, mdm::decode_statement(record->body));
  if (*index == 0 || *index > body.statement.lines.size())
    return make_error(ErrorCode::kNotFound, "the statement has no such line");
  const mdm::BillLine line = body.statement.lines[*index - 1];
  if (!line.trace.channel.valid())
    return make_error(ErrorCode::kNotFound, "the line is made of no intervals");
  return Line{std::move(*record), std::move(body), line, *index};
}

// The buckets of the period's intervals that the line counts; all of them for demand and reactive.
struct Counted {
  std::vector<mdm::BucketRun> runs;
  std::uint32_t buckets = UINT32_MAX;
  UtcSeconds start;
  std::uint32_t interval_s = 0;

  bool holds(UtcSeconds end) const {
    const auto slot = static_cast<std::uint32_t>((end - start) / interval_s - 1);
    const auto run = std::ranges::upper_bound(runs, slot, {}, &mdm::BucketRun::last);
    return run != runs.end() && slot >= run->first && (buckets >> run->bucket & 1) != 0;
  }
};

Result<Counted> counted_of(Api& api, const Line& line, std::uint32_t interval_s) {
  Counted counted;
  counted.start = line.body.statement.from;
  counted.interval_s = interval_s;
  if (line.line.kind != mdm::LineKind::kEnergy) {
    counted.runs = {{0, UINT32_MAX, 0}};
    return counted;
  }
  AMITY_TRY(const auto text, api.store.billing().tariff(line.body.tariff_digest));
  if (!text) return make_error(ErrorCode::kCorrupt, "the tariff of the statement is not kept");
  AMITY_TRY(const mdm::Tariff tariff, mdm::tariff_from_file(text->text, line.body.zone));
  if (line.line.item >= tariff.energy.size())
    return make_error(ErrorCode::kCorrupt, "the tariff has no such item");
  counted.buckets = tariff.energy[line.line.item].buckets;
  if (!tariff.schedule) {
    counted.runs = {{0, UINT32_MAX, 0}};
    return counted;
  }
  AMITY_TRY(const TimeZone zone, TimeZone::find(tariff.zone));
  const mdm::DayCalendar calendar(zone, tariff.holidays);
  AMITY_TRY(const auto period, mdm::bill_period(calendar, line.body.statement.from,
                                                line.body.statement.to - 1));
  AMITY_TRY(auto map, mdm::map_period(period, *tariff.schedule, interval_s));
  counted.runs = std::move(map.runs);
  return counted;
}

struct Sums {
  std::int64_t sum = 0;
  std::uint64_t intervals = 0, changed = 0;
};

// The line's channel, day by day in the revision that was billed; other meters of the same point
// that hung there before have their days in `inputs` too.
Status put_days(Json& json, Api& api, const Line& line, const mdm::BillInput& input,
                const Counted& counted, Sums& sums) {
  AMITY_TRY(const auto channel, api.store.registry().channel(input.channel));
  if (!channel) return make_error(ErrorCode::kNotFound, "a channel of the statement is gone");
  const mdm::Trace& trace = line.line.trace;
  for (std::size_t i = 0; i < input.revisions.size(); ++i) {
    const auto day = input.first_day + static_cast<std::int32_t>(i);
    AMITY_TRY(const auto then, store::final_day_at(api.store.readings(), api.store.finals(),
                                                   input.channel, day, input.revisions[i]));
    AMITY_TRY(const auto now, store::final_day_at(api.store.readings(), api.store.finals(),
                                                  input.channel, day, UINT32_MAX));
    for (const store::FinalPoint& p : then.points) {
      const UtcSeconds time = p.reading.time;
      if (time <= trace.from || time > trace.to || !counted.holds(time)) continue;
      const auto current = std::ranges::lower_bound(
          now.points, time, {}, [](const store::FinalPoint& f) { return f.reading.time; });
      const bool same = current != now.points.end() && current->reading.time == time &&
                        current->final.value == p.final.value;
      sums.sum += p.final.value * input.multiplier_at(time - std::int64_t{channel->interval_s});
      ++sums.intervals;
      sums.changed += !same;
      json.open().key("time").time(time);
      put_amount(json, "value", p.final.value, channel->exponent);
      json.key("code").text(code_of(p.final)).key("version").number(p.version);
      json.key("changed").boolean(!same).close();
    }
  }
  return {};
}

Response intervals(Api& api, const Call& call) {
  const auto line = line_of(api, call);
  if (!line.ok()) return failure(line.error(), call);
  const auto channel = api.store.registry().channel(line->line.trace.channel);
  if (!channel.ok()) return failure(channel.error(), call);
  if (!*channel) return failure(404, "the line's channel is gone", call);
  const auto counted = counted_of(api, *line, (*channel)->interval_s);
  if (!counted.ok()) return failure(counted.error(), call);
  const mdm::Trace& t = line->line.trace;
  Json json;
  json.open().key("statement").number(line->record.number.value);
  json.key("line").number(std::uint64_t{line->number});
  json.key("name").text(line->body.texts[line->number - 1].name);
  json.key("channel").number(t.channel.value).key("channel_name").text((*channel)->name);
  json.key("device").number((*channel)->device.value);
  json.key("unit").text(symbol((*channel)->unit)).key("interval_s").number((*channel)->interval_s);
  json.key("from").time(t.from).key("to").time(t.to).key("values").open_list();
  Sums sums;
  for (const mdm::BillInput& input : line->body.inputs) {
    // Of the same quantity: the line's channel, or one of a meter that hung there before.
    const auto other = api.store.registry().channel(input.channel);
    if (!other.ok()) return failure(other.error(), call);
    if (!*other || (*other)->name != (*channel)->name) continue;
    if (const Status put = put_days(json, api, *line, input, *counted, sums); !put.ok())
      return failure(put.error(), call);
  }
  json.close_list().key("intervals").number(sums.intervals).key("changed").number(sums.changed);
  json.key("sum").text(to_string(Decimal{sums.sum, t.exponent}));
  json.key("billed_sum").text(to_string(Decimal{t.sum, t.exponent}));
  json.key("adds_up").boolean(sums.sum == t.sum).close();
  return ok(json);
}

}  // namespace

void add_bill_trace_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kGet, "/api/v1/billing/statements/{number}/lines/{line}/intervals",
                    Access::kViewer, Place::kWorker, intervals, nullptr});
}

}  // namespace amity::api
