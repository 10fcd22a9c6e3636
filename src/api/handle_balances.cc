// Virtual meters and loss balances over local days.
#include <algorithm>

#include "api/handler_support.h"
#include "base/decimal.h"

namespace amity::api {
namespace {

constexpr std::string_view kQualities[] = {"actual", "edited", "estimated", "failed", "missing"};

void put_balance(Json& json, const BalanceRow& r) {
  json.open().key("kind").text(r.kind).key("id").number(r.id).key("name").text(r.name);
  json.key("feeder").text(r.feeder).key("commodity").text(r.commodity).key("unit").text(r.unit);
  json.key("meters").number(r.meters).key("unread").number(r.unread);
  json.key("delivered").number(r.delivered).key("quality").text(kQualities[r.worst]);
  json.key("days").number(r.days).key("days_incomplete").number(r.days_incomplete);
  json.key("days_left_out").number(r.days_left_out).key("significant").boolean(r.significant);
  const auto put = [&](std::string_view key, std::int64_t value) {
    json.key(key);
    r.balanced ? json.number(value) : json.null();
  };
  const auto put_of_meters = [&](std::string_view key, std::int64_t value) {
    json.key(key);
    r.kind == "meter" ? json.null() : json.number(value);
  };
  put_of_meters("imported", r.imported);
  put_of_meters("exported", r.exported);
  put("fed_in", r.fed_in);
  put("fed_back", r.fed_back);
  put("supplied", r.supplied);
  put("loss", r.loss);
  put("uncertainty", r.uncertainty);
  json.key("loss_percent");
  r.balanced ? json.raw(to_string(Decimal{r.loss_permyriad, -2})) : json.null();
  json.close();
}

// Yesterday and the six days before, where nothing is asked for.
Result<BalanceQuery> query_of(Api& api, const Call& call) {
  BalanceQuery query;
  const Target& uri = call.request.uri;
  if (const auto kind = uri.parameter("kind"); !kind.empty()) query.kind = kind;
  static constexpr std::string_view kKinds[] = {"transformer", "feeder", "area", "class", "meter"};
  if (std::ranges::find(kKinds, query.kind) == std::end(kKinds))
    return make_error(ErrorCode::kInvalid, "\"kind\" is transformer, feeder, area, class or meter");
  static constexpr std::string_view kCommodities[] = {"", "electricity", "water", "gas", "heat"};
  query.commodity = uri.parameter("commodity");
  if (std::ranges::find(kCommodities, query.commodity) == std::end(kCommodities))
    return make_error(ErrorCode::kInvalid, "\"commodity\" is electricity, water, gas or heat");
  const CivilTime today = api.zone().local(api.clock.utc());
  query.last = static_cast<std::int32_t>(
                   utc_from_civil(today.year, today.month, today.day, 0, 0, 0).value / 86'400) - 1;
  if (const auto text = uri.parameter("to"); !text.empty()) {
    AMITY_TRY(query.last, date_from(text, "to"));
  }
  query.first = query.last - 6;
  if (const auto text = uri.parameter("from"); !text.empty()) {
    AMITY_TRY(query.first, date_from(text, "from"));
  }
  return query;
}

Response balances(Api& api, const Call& call) {
  const auto query = query_of(api, call);
  if (!query.ok()) return failure(query.error(), call);
  const auto rows = api.services.balances(*query);
  if (!rows.ok()) return failure(rows.error(), call);
  Json json;
  json.open().key("from").text(date_text(query->first)).key("to").text(date_text(query->last));
  json.key("items").open_list();
  for (const BalanceRow& row : *rows) put_balance(json, row);
  json.close_list().close();
  return ok(json);
}

Response sums(Api& api, const Call& call) {
  SumsQuery query;
  const auto range = query_of(api, call);
  if (!range.ok()) return failure(range.error(), call);
  query.range = *range;
  query.name = call.request.uri.parameter("name");
  if (query.name.empty()) return failure(400, "\"name\" says of what", call);
  const std::string_view span = call.request.uri.parameter("span");
  static constexpr std::string_view kSpans[] = {"day", "week", "month"};
  const auto at = std::ranges::find(kSpans, span.empty() ? kSpans[0] : span);
  if (at == std::end(kSpans)) return failure(400, "\"span\" is day, week or month", call);
  query.span = static_cast<SumSpan>(at - kSpans);
  const auto found = api.services.sums(query);
  if (!found.ok()) return failure(found.error(), call);
  Json json;
  json.open().key("kind").text(query.range.kind).key("name").text(query.name).key("span").text(*at);
  json.key("from").text(date_text(query.range.first)).key("to").text(date_text(query.range.last));
  json.key("unit").text(found->unit).key("items").open_list();
  for (const SumRow& row : found->rows) {
    json.open().key("from").text(date_text(row.first)).key("to").text(date_text(row.last));
    json.key("sum").number(row.sum).key("days").number(row.days);
    json.key("days_incomplete").number(row.days_incomplete);
    json.key("quality").text(kQualities[row.worst]).close();
  }
  json.close_list().close();
  return ok(json);
}

}  // namespace

void add_balance_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kGet, "/api/v1/balances", Access::kViewer, Place::kWorker, balances,
                    nullptr});
  routes.push_back(
      {Method::kGet, "/api/v1/balances/sums", Access::kViewer, Place::kWorker, sums, nullptr});
}

}  // namespace amity::api
