// Virtual meters and loss balances over local days.
#include "api/handler_support.h"
#include "base/decimal.h"

namespace amity::api {
namespace {

constexpr std::string_view kQualities[] = {"actual", "edited", "estimated", "failed", "missing"};

void put_balance(Json& json, const BalanceRow& r) {
  json.open().key("kind").text(r.kind).key("id").number(r.id).key("name").text(r.name);
  json.key("feeder").text(r.feeder).key("meters").number(r.meters);
  json.key("delivered").number(r.delivered).key("quality").text(kQualities[r.worst]);
  json.key("days").number(r.days).key("days_incomplete").number(r.days_incomplete);
  json.key("days_left_out").number(r.days_left_out).key("significant").boolean(r.significant);
  const auto put = [&](std::string_view key, std::int64_t value) {
    json.key(key);
    r.balanced ? json.number(value) : json.null();
  };
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
  if (query.kind != "transformer" && query.kind != "feeder" && query.kind != "meter")
    return make_error(ErrorCode::kInvalid, "\"kind\" is transformer, feeder or meter");
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
  json.key("unit").text("Wh").key("items").open_list();
  for (const BalanceRow& row : *rows) put_balance(json, row);
  json.close_list().close();
  return ok(json);
}

}  // namespace

void add_balance_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kGet, "/api/v1/balances", Access::kViewer, Place::kWorker, balances,
                    nullptr});
}

}  // namespace amity::api
