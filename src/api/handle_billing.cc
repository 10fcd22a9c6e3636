// Accounts, statements with the way from each line to its intervals, what holds a bill, cycles.
#include <algorithm>

#include "api/billing_json.h"
#include "api/json_in.h"
#include "base/decimal.h"

namespace amity::api {
namespace {

// Of the account's amounts: as its tariff has it, else as it was billed last. An account without
// either has no amounts.
Result<int> decimals_of(Api& api, const BillingAccount& account) {
  const auto money = api.services.tariff_money(account.tariff);
  if (money.ok()) return money->decimals;
  AMITY_TRY(const auto newest, api.store.billing().statements({account.id, {}, 1}));
  if (!newest.empty()) return newest.front().decimals;
  AMITY_TRY(const auto bookings, api.store.billing().bookings(account.id));
  if (bookings.empty()) return 0;
  return make_error(ErrorCode::kClosed, "its tariff cannot be read: " + money.error().reason);
}

Result<AccountId> account_id(std::string_view text) {
  AMITY_TRY(const std::uint64_t id, id_from(text, "account"));
  if (id > UINT32_MAX) return make_error(ErrorCode::kNotFound, "no such account");
  return AccountId(static_cast<std::uint32_t>(id));
}

bool matches(const BillingAccount& a, const DirectoryRow* row, std::string_view wanted) {
  const auto holds = [&wanted](std::string_view text) {
    return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(), [](char x, char y) {
             return std::tolower(static_cast<unsigned char>(x)) ==
                    std::tolower(static_cast<unsigned char>(y));
           }) != text.end();
  };
  return holds(a.name) || (row != nullptr && (holds(row->customer) || holds(row->address) ||
                                              holds(row->service_point)));
}

Response accounts(Api& api, const Call& call) {
  const auto limit = limit_parameter(call);
  if (!limit.ok()) return failure(limit.error(), call);
  const auto offset = offset_from_cursor(call, "accounts");
  if (!offset.ok()) return failure(offset.error(), call);
  const auto names = AccountNames::load(api);
  if (!names.ok()) return failure(names.error(), call);
  const std::string_view wanted = call.request.uri.parameter("q");
  const std::string_view device = call.request.uri.parameter("device");
  std::vector<const BillingAccount*> found;
  for (const BillingAccount& a : names->all()) {
    const DirectoryRow* row = names->place(a);
    if (!wanted.empty() && !matches(a, row, wanted)) continue;
    if (!device.empty() && (row == nullptr || std::to_string(row->device.id.value) != device))
      continue;
    found.push_back(&a);
  }
  const std::size_t from = std::min(*offset, found.size());
  const std::size_t to = std::min(from + *limit, found.size());
  Json json;
  json.open().key("total").number(std::uint64_t{found.size()}).key("items").open_list();
  for (std::size_t i = from; i < to; ++i) {
    put_account(json, *found[i], *names);
    json.close();
  }
  json.close_list();
  put_next(json, to < found.size() ? offset_cursor("accounts", to) : "");
  json.close();
  return ok(json);
}

// With what was billed and, where it is prepaid, its bookings.
Response one_account(Api& api, const Call& call) {
  const auto id = account_id(call.path.at(0));
  if (!id.ok()) return failure(404, "no such account", call);
  const auto names = AccountNames::load(api);
  if (!names.ok()) return failure(names.error(), call);
  const BillingAccount* account = names->find(*id);
  if (account == nullptr) return failure(404, "no such account", call);
  const auto billed = api.store.billing().billed(*id);
  if (!billed.ok()) return failure(billed.error(), call);
  auto bookings = api.store.billing().bookings(*id);
  if (!bookings.ok()) return failure(bookings.error(), call);
  const auto decimals = decimals_of(api, *account);
  if (!decimals.ok()) return failure(decimals.error(), call);
  Json json;
  put_account(json, *account, *names);
  put_money(json, "billed", *billed, *decimals);
  put_money(json, "balance", bookings->empty() ? 0 : bookings->back().balance, *decimals);
  json.key("bookings").open_list();
  for (auto b = bookings->rbegin(); b != bookings->rend() && b - bookings->rbegin() < 100; ++b)
    put_booking(json, *b, *decimals);
  json.close_list().close();
  return ok(json);
}

Result<BillingAccount> account_from(const Fields& fields, store::Registry& registry) {
  AMITY_CHECK(fields.only({"name", "service_point", "tariff", "cycle", "bill_day", "opened",
                           "prepaid", "import", "export", "reactive"}));
  BillingAccount a;
  AMITY_TRY(a.name, fields.text("name"));
  AMITY_TRY(a.tariff, fields.text("tariff"));
  AMITY_TRY(const std::string opened, fields.text("opened"));
  AMITY_TRY(a.opened, date_from(opened, "opened"));
  AMITY_TRY(const auto cycle, fields.optional_text("cycle"));
  if (cycle && *cycle != "month" && *cycle != "week")
    return make_error(ErrorCode::kInvalid, "\"cycle\" is month or week");
  a.cycle = cycle == "week" ? BillingCycle::kWeek : BillingCycle::kMonth;
  const int most = a.cycle == BillingCycle::kWeek ? 7 : 28;
  if (const auto* day = fields.find("bill_day")) {
    const auto* number = std::get_if<double>(day);
    if (number == nullptr || *number < 1 || *number > most || *number != static_cast<int>(*number))
      return make_error(ErrorCode::kInvalid, "\"bill_day\" is 1 to " + std::to_string(most));
    a.bill_day = static_cast<int>(*number);
  }
  AMITY_TRY(const auto prepaid, fields.optional_bool("prepaid"));
  a.prepaid = prepaid.value_or(false);
  for (const auto& [name, member] : {std::pair{"import", &a.import_channel},
                                     {"export", &a.export_channel},
                                     {"reactive", &a.reactive_channel}}) {
    AMITY_TRY(auto text, fields.optional_text(name));
    *member = text.value_or("");
  }
  AMITY_TRY(const std::string point, fields.text("service_point"));
  AMITY_TRY(const auto points, registry.service_points());
  const auto at = std::ranges::find(points, point, &ServicePoint::name);
  if (at == points.end())
    return make_error(ErrorCode::kInvalid, "there is no service point " + point);
  a.service_point = at->id;
  a.customer = at->customer;
  if (a.name.empty() || a.name.size() > 100)
    return make_error(ErrorCode::kInvalid, "\"name\" has 1 to 100 letters");
  return a;
}

Response post_account(Api& api, const Call& call) {
  const auto fields = parse_fields(call.request.body);
  if (!fields.ok()) return failure(fields.error(), call);
  auto account = account_from(*fields, api.store.registry());
  if (!account.ok()) return failure(account.error(), call);
  const auto tariffs = api.services.tariffs();
  if (std::ranges::find(tariffs, account->tariff) == tariffs.end())
    return failure(400, "there is no tariff '" + account->tariff + "'", call);
  const auto put = api.services.put_account(std::move(*account));
  if (!put.ok()) return failure(put.error(), call);
  const auto names = AccountNames::load(api);
  if (!names.ok()) return failure(names.error(), call);
  Json json;
  put_account(json, *put, *names);
  json.close();
  return created(json);
}

Response post_credit(Api& api, const Call& call) {
  const auto id = account_id(call.path.at(0));
  if (!id.ok()) return failure(404, "no such account", call);
  const auto fields = parse_fields(call.request.body);
  if (!fields.ok()) return failure(fields.error(), call);
  if (const Status known = fields->only({"amount", "reference"}); !known.ok())
    return failure(known.error(), call);
  const auto amount = fields->text("amount"), reference = fields->text("reference");
  if (!amount.ok()) return failure(amount.error(), call);
  if (!reference.ok()) return failure(reference.error(), call);
  if (reference->empty() || reference->size() > 200)
    return failure(400, "\"reference\" names the payment: 1 to 200 letters", call);
  const auto decimal = decimal_from(*amount);
  if (!decimal.ok()) return failure(decimal.error(), call);
  const auto account = api.store.billing().account(*id);
  if (!account.ok()) return failure(account.error(), call);
  if (!*account) return failure(404, "no such account", call);
  const auto money = api.services.tariff_money((*account)->tariff);
  if (!money.ok()) return failure(money.error(), call);
  const auto units = rescale(*decimal, -money->decimals);
  if (!units.ok()) {
    return failure(400,
                   "\"amount\" has at most " + std::to_string(money->decimals) + " decimals in " +
                       money->currency,
                   call);
  }
  const auto booked = api.services.credit(*id, *reference, *units);
  if (!booked.ok()) return failure(booked.error(), call);
  const auto bookings = api.store.billing().bookings(*id);
  if (!bookings.ok()) return failure(bookings.error(), call);
  const auto at = std::ranges::find(*bookings, *reference, &PrepayBooking::reference);
  if (at == bookings->end()) return failure(500, "the payment is not there", call);
  Json json;
  put_booking(json, *at, money->decimals);
  return created(json);
}

Response statements(Api& api, const Call& call) {
  const auto limit = limit_parameter(call);
  if (!limit.ok()) return failure(limit.error(), call);
  const auto before = offset_from_cursor(call, "statements");
  if (!before.ok()) return failure(before.error(), call);
  store::StatementQuery query;
  query.before = StatementNumber(*before);
  query.limit = *limit + 1;
  if (const auto text = call.request.uri.parameter("account"); !text.empty()) {
    const auto id = account_id(text);
    if (!id.ok()) return failure(id.error(), call);
    query.account = *id;
  }
  auto found = api.store.billing().statements(query);
  if (!found.ok()) return failure(found.error(), call);
  const auto names = AccountNames::load(api);
  if (!names.ok()) return failure(names.error(), call);
  const bool more = found->size() > *limit;
  if (more) found->resize(*limit);
  Json json;
  json.open().key("items").open_list();
  for (const StatementRecord& s : *found) {
    json.open();
    put_statement_row(json, s, *names);
    json.close();
  }
  json.close_list();
  put_next(json, more ? offset_cursor("statements", found->back().number.value) : "");
  json.close();
  return ok(json);
}

struct Stored {
  StatementRecord record;
  mdm::StatementBody body;
};

Result<Stored> stored_of(Api& api, const Call& call) {
  const auto number = id_from(call.path.at(0), "statement");
  if (!number.ok()) return make_error(ErrorCode::kNotFound, "no such statement");
  AMITY_TRY(auto record, api.store.billing().statement(StatementNumber(*number)));
  if (!record) return make_error(ErrorCode::kNotFound, "no such statement");
  AMITY_TRY(auto body, mdm::decode_statement(record->body));
  return Stored{std::move(*record), std::move(body)};
}

Response one_statement(Api& api, const Call& call) {
  const auto stored = stored_of(api, call);
  if (!stored.ok()) return failure(stored.error(), call);
  const auto names = AccountNames::load(api);
  if (!names.ok()) return failure(names.error(), call);
  const auto in_force =
      api.store.billing().in_force(stored->record.account, stored->record.first_day);
  if (!in_force.ok()) return failure(in_force.error(), call);
  Json json;
  json.open();
  put_statement_row(json, stored->record, *names);
  json.key("in_force").boolean(*in_force == stored->record.number).key("replaced_by");
  *in_force&&** in_force != stored->record.number ? json.number((*in_force)->value) : json.null();
  if (const Status put = put_statement_body(json, stored->body, api.store.registry()); !put.ok())
    return failure(put.error(), call);
  json.close();
  return ok(json);
}

Response held(Api& api, const Call& call) {
  const auto limit = limit_parameter(call);
  if (!limit.ok()) return failure(limit.error(), call);
  const auto offset = offset_from_cursor(call, "held");
  if (!offset.ok()) return failure(offset.error(), call);
  const auto holds = api.store.billing().holds();
  if (!holds.ok()) return failure(holds.error(), call);
  const auto names = AccountNames::load(api);
  if (!names.ok()) return failure(names.error(), call);
  const std::size_t from = std::min(*offset, holds->size());
  const std::size_t to = std::min(from + *limit, holds->size());
  Json json;
  json.open().key("total").number(std::uint64_t{holds->size()}).key("items").open_list();
  for (std::size_t i = from; i < to; ++i) put_hold(json, (*holds)[i], *names);
  json.close_list();
  put_next(json, to < holds->size() ? offset_cursor("held", to) : "");
  json.close();
  return ok(json);
}

Response post_run(Api& api, const Call& call) {
  AccountId account;
  bool again = false;
  if (!call.request.body.empty()) {
    const auto fields = parse_fields(call.request.body);
    if (!fields.ok()) return failure(fields.error(), call);
    if (const Status known = fields->only({"account", "again"}); !known.ok())
      return failure(known.error(), call);
    if (const auto* id = fields->find("account")) {
      const auto* number = std::get_if<double>(id);
      if (number == nullptr || *number < 1 || *number > UINT32_MAX)
        return failure(400, "\"account\" is the id of an account", call);
      account = AccountId(static_cast<std::uint32_t>(*number));
      const auto found = api.store.billing().account(account);
      if (!found.ok()) return failure(found.error(), call);
      if (!*found) return failure(404, "no such account", call);
    }
    const auto wanted = fields->optional_bool("again");
    if (!wanted.ok()) return failure(wanted.error(), call);
    again = wanted->value_or(false);
  }
  const auto run = api.services.start_billing_run(account, again, call.principal->name);
  if (!run.ok()) return failure(run.error(), call);
  Json json;
  put_run(json, *run);
  Response response = ok(json);
  response.status = 202;
  return response;
}

Response runs(Api& api, const Call&) {
  Json json;
  json.open().key("items").open_list();
  for (const BillingRun& run : api.services.billing_runs()) put_run(json, run);
  json.close_list().close();
  return ok(json);
}

Response tariffs(Api& api, const Call&) {
  Json json;
  json.open().key("items").open_list();
  for (const std::string& name : api.services.tariffs()) json.text(name);
  json.close_list().close();
  return ok(json);
}

}  // namespace

void add_billing_routes(std::vector<Route>& routes) {
  const auto add = [&routes](Method method, std::string_view pattern, Access access,
                             Response (*handle)(Api&, const Call&)) {
    routes.push_back({method, pattern, access, Place::kWorker, handle, nullptr});
  };
  add(Method::kGet, "/api/v1/billing/accounts", Access::kViewer, accounts);
  add(Method::kGet, "/api/v1/billing/accounts/{id}", Access::kViewer, one_account);
  add(Method::kPost, "/api/v1/billing/accounts", Access::kEngineer, post_account);
  add(Method::kPost, "/api/v1/billing/accounts/{id}/credits", Access::kOperator, post_credit);
  add(Method::kGet, "/api/v1/billing/statements", Access::kViewer, statements);
  add(Method::kGet, "/api/v1/billing/statements/{number}", Access::kViewer, one_statement);
  add(Method::kGet, "/api/v1/billing/held", Access::kViewer, held);
  add(Method::kPost, "/api/v1/billing/runs", Access::kOperator, post_run);
  add(Method::kGet, "/api/v1/billing/runs", Access::kViewer, runs);
  add(Method::kGet, "/api/v1/billing/tariffs", Access::kViewer, tariffs);
  add_bill_trace_routes(routes);
  add_exchange_routes(routes);
}

}  // namespace amity::api
