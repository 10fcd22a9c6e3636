// What validation found, day by day; the queue of what asks for a person; the versions of an
// interval.
#include <algorithm>
#include <cmath>

#include "api/handler_support.h"
#include "api/limits.h"

namespace amity::api {

namespace {

std::optional<VeeState> state_from(std::string_view text) {
  for (std::uint8_t i = 0; i < kVeeStates; ++i) {
    if (to_string(static_cast<VeeState>(i)) == text) return static_cast<VeeState>(i);
  }
  return std::nullopt;
}

// In the unit itself, whatever the channel's exponent: only for the order.
double at_stake(const VeeException& e) {
  return static_cast<double>(e.day.at_stake) * std::pow(10.0, e.channel.exponent);
}

// "" and "bill_date": as the services give them, by bill date, then the largest amount.
Result<std::vector<VeeException>> sorted(std::vector<VeeException> items, std::string_view by) {
  if (by == "-at_stake") {
    std::ranges::stable_sort(items, std::greater<>(), at_stake);
  } else if (by == "date") {
    std::ranges::stable_sort(items, {}, [](const VeeException& e) { return e.day.day; });
  } else if (!by.empty() && by != "bill_date") {
    return make_error(ErrorCode::kInvalid, "\"sort\" is bill_date, -at_stake or date");
  }
  return items;
}

Result<std::vector<VeeException>> queue_of(Api& api, const Call& call) {
  const Target& uri = call.request.uri;
  std::vector<VeeException> items = api.services.vee_queue();
  if (const auto text = uri.parameter("state"); !text.empty()) {
    const auto state = state_from(text);
    if (!state) return make_error(ErrorCode::kInvalid, "no such state: " + std::string(text));
    std::erase_if(items, [&](const VeeException& e) { return e.day.state != *state; });
  }
  if (const auto text = uri.parameter("bill_date"); !text.empty()) {
    AMITY_TRY(const std::int32_t day, date_from(text, "bill_date"));
    std::erase_if(items, [&](const VeeException& e) { return e.bill_day != day; });
  }
  if (const auto text = uri.parameter("device"); !text.empty()) {
    AMITY_TRY(const auto id, id_from(text, "device"));
    std::erase_if(items, [&](const VeeException& e) { return e.device.value != id; });
  }
  if (const auto rule = uri.parameter("rule"); !rule.empty()) {
    std::erase_if(items, [&](const VeeException& e) {
      return std::ranges::find(e.rules, rule) == e.rules.end();
    });
  }
  if (uri.has("class")) {
    const auto wanted = uri.parameter("class");
    std::erase_if(items, [&](const VeeException& e) { return e.customer_class != wanted; });
  }
  AMITY_CHECK(keep_area(api, call, items));
  return sorted(std::move(items), uri.parameter("sort"));
}

Response queue(Api& api, const Call& call) {
  const auto limit = limit_parameter(call);
  if (!limit.ok()) return failure(limit.error(), call);
  const auto offset = offset_from_cursor(call, "vee");
  if (!offset.ok()) return failure(offset.error(), call);
  const auto items = queue_of(api, call);
  if (!items.ok()) return failure(items.error(), call);
  const std::size_t from = std::min(*offset, items->size());
  const std::size_t to = std::min(from + *limit, items->size());
  const auto directory = api.directory.now();
  Json json;
  json.open().key("total").number(std::uint64_t{items->size()}).key("items").open_list();
  for (std::size_t i = from; i < to; ++i) {
    const VeeException& e = (*items)[i];
    json.open().key("bill_date").text(date_text(e.bill_day));
    json.key("serial").text(directory->serial(e.device));
    json.key("class").text(e.customer_class).key("rules").open_list();
    for (const std::string_view rule : e.rules) json.text(rule);
    json.close_list();
    put_vee_day(json, e.day, e.channel);
    json.close();
  }
  json.close_list();
  put_next(json, to < items->size() ? offset_cursor("vee", to) : "");
  json.close();
  return ok(json);
}

struct DateRange {
  std::int32_t from = 0, to = 0;
};

Result<DateRange> dates_of(Api& api, const Call& call, std::int64_t days_max) {
  DateRange range;
  const UtcSeconds now = api.clock.utc();
  const CivilTime today = api.zone().local(now);
  range.to =
      day_of_interval_end(utc_from_civil(today.year, today.month, today.day, 0, 0, 0) + 1).value;
  if (const auto text = call.request.uri.parameter("to"); !text.empty()) {
    AMITY_TRY(range.to, date_from(text, "to"));
  }
  range.from = range.to - 30;
  if (const auto text = call.request.uri.parameter("from"); !text.empty()) {
    AMITY_TRY(range.from, date_from(text, "from"));
  }
  if (range.from > range.to)
    return make_error(ErrorCode::kInvalid, "\"from\" must not be after \"to\"");
  if (std::int64_t{range.to} - range.from >= days_max) {
    return make_error(ErrorCode::kInvalid, "at most " + std::to_string(days_max) + " days at once");
  }
  return range;
}

Response days(Api& api, const Call& call) {
  const auto channel = channel_of(api, call);
  if (!channel.ok()) return failure(channel.error(), call);
  const auto range = dates_of(api, call, kVeeDaysMax);
  if (!range.ok()) return failure(range.error(), call);
  const auto found = api.store.finals().days(channel->id, range->from, range->to);
  if (!found.ok()) return failure(found.error(), call);
  Json json;
  json.open().key("channel").number(channel->id.value);
  json.key("from").text(date_text(range->from)).key("to").text(date_text(range->to));
  json.key("items").open_list();
  for (const store::FinalDay& day : *found) {
    json.open();
    put_vee_day(json, day.day, *channel);
    json.close();
  }
  json.close_list().close();
  return ok(json);
}

void put_findings(Json& json, const std::vector<VeeExplained>& findings) {
  json.key("findings").open_list();
  for (const VeeExplained& e : findings) {
    json.open().key("rule").text(e.rule).key("outcome").text(e.outcome).key("text").text(e.text);
    json.key("first_interval");
    e.finding.slot < 0 ? json.null() : json.number(std::int64_t{e.finding.slot});
    json.key("intervals").number(std::uint32_t{e.finding.slots}).key("numbers").open_list();
    for (const std::int64_t n : e.finding.n) json.number(n);
    json.close_list().close();
  }
  json.close_list();
}

void put_decision(Json& json, const Decision& d) {
  json.key("at").time(d.at).key("who").text(d.who).key("why").text(d.why);
  json.key("approved_by").text(d.approved_by).key("edit");
  d.edit.valid() ? json.number(d.edit.value) : json.null();
}

void put_value(Json& json, std::string_view key, const FinalValue& value, int exponent) {
  json.key(key);
  if (value.origin == FinalOrigin::kWithdrawn) {
    json.null();
    return;
  }
  std::string text;
  append_decimal(text, value.value, exponent);
  json.raw(text);
}

void put_version(Json& json, const FinalVersion& v, const Decision& d, int exponent) {
  json.open().key("time").time(v.time).key("version").number(v.version);
  put_value(json, "value", v.now, exponent);
  json.key("code").text(code_of(v.now)).key("origin").text(to_string(v.now.origin));
  json.key("scaled").boolean(v.now.scaled);
  if (v.before) {
    put_value(json, "before", *v.before, exponent);
    json.key("before_code").text(code_of(*v.before));
  } else {
    json.key("before").null().key("before_code").null();
  }
  put_decision(json, d);
  json.close();
}

// Raw beside final, interval by interval.
Status put_intervals(Json& json, Api& api, const store::FinalDay& day, const Channel& channel) {
  const VeeDay& d = day.day;
  AMITY_TRY(const auto raw, api.store.readings().read(channel.id, d.start, d.end()));
  AMITY_TRY(const auto final, store::final_series(api.store.readings(), api.store.finals(),
                                                  channel.id, d.start, d.end()));
  auto reading = raw.begin();
  auto point = final.points.begin();
  json.key("values").open_list();
  for (std::size_t i = 0; i < d.slots(); ++i) {
    const UtcSeconds time = d.start + static_cast<std::int64_t>(i + 1) * d.interval_s;
    while (reading != raw.end() && reading->time < time) ++reading;
    while (point != final.points.end() && point->reading.time < time) ++point;
    json.open().key("time").time(time).key("raw");
    if (reading != raw.end() && reading->time == time) {
      std::string text;
      append_decimal(text, reading->value, channel.exponent);
      json.raw(text).key("flags").text(to_string(reading->quality));
    } else {
      json.null().key("flags").text("");
    }
    if (point != final.points.end() && point->reading.time == time) {
      put_value(json, "final", point->final, channel.exponent);
      json.key("code").text(code_of(point->final)).key("version").number(point->version);
    } else {
      json.key("final").null().key("code").text("N").key("version").number(0);
    }
    json.close();
  }
  json.close_list();
  return {};
}

Response one_day(Api& api, const Call& call) {
  const auto channel = channel_of(api, call);
  if (!channel.ok()) return failure(channel.error(), call);
  const auto date = date_from(call.path.at(1), "date");
  if (!date.ok()) return failure(date.error(), call);
  const auto found = api.store.finals().day(channel->id, *date);
  if (!found.ok()) return failure(found.error(), call);
  if (!*found) return failure(404, "that day is not validated yet", call);
  const auto explained = api.services.explain((*found)->day);
  if (!explained.ok()) return failure(explained.error(), call);
  Json json;
  json.open();
  put_vee_day(json, (*found)->day, *channel);
  put_findings(json, *explained);
  json.key("decisions").open_list();
  for (const auto& step : (*found)->steps) {
    json.open();
    put_decision(json, step.decision);
    json.key("intervals").number(std::uint64_t{step.versions.size()}).close();
  }
  json.close_list();
  if (const Status put = put_intervals(json, api, **found, *channel); !put.ok())
    return failure(put.error(), call);
  json.close();
  return ok(json);
}

// Every version of one interval, or every change in a range of time.
Response history(Api& api, const Call& call) {
  const auto channel = channel_of(api, call);
  if (!channel.ok()) return failure(channel.error(), call);
  Json json;
  json.open().key("channel").number(channel->id.value).key("unit").text(symbol(channel->unit));
  json.key("items").open_list();
  if (call.request.uri.has("time")) {
    const auto time = time_parameter(call, "time", UtcSeconds());
    if (!time.ok()) return failure(time.error(), call);
    const auto steps =
        store::version_history(api.store.readings(), api.store.finals(), channel->id, *time);
    if (!steps.ok()) return failure(steps.error(), call);
    for (const auto& step : *steps)
      put_version(json, step.version, step.decision, channel->exponent);
  } else {
    const auto range = range_parameters(api, call, 7 * 86'400, kHistorySpanMaxS);
    if (!range.ok()) return failure(range.error(), call);
    const auto found =
        api.store.finals().days(channel->id, day_of_interval_end(range->from).value - 1,
                                day_of_interval_end(range->to).value + 1);
    if (!found.ok()) return failure(found.error(), call);
    for (const auto& day : *found) {
      for (const auto& step : day.steps) {
        for (const FinalVersion& v : step.versions) {
          if (v.time > range->from && v.time <= range->to)
            put_version(json, v, step.decision, channel->exponent);
        }
      }
    }
  }
  json.close_list().close();
  return ok(json);
}

}  // namespace

void add_vee_routes(std::vector<Route>& routes) {
  const auto get = [&routes](std::string_view pattern, Response (*handle)(Api&, const Call&)) {
    routes.push_back({Method::kGet, pattern, Access::kViewer, Place::kWorker, handle, nullptr});
  };
  get("/api/v1/vee/queue", queue);
  get("/api/v1/channels/{id}/days", days);
  get("/api/v1/channels/{id}/days/{date}", one_day);
  get("/api/v1/channels/{id}/history", history);
}

}  // namespace amity::api
