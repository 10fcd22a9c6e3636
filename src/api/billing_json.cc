#include "api/billing_json.h"

#include <algorithm>

namespace amity::api {

Result<AccountNames> AccountNames::load(Api& api) {
  AccountNames names;
  AMITY_TRY(names.accounts_, api.store.billing().accounts());
  AMITY_TRY(names.directory_, api.directory.fresh(api.services.system().devices));
  for (const DirectoryRow& row : names.directory_->rows) {
    const DirectoryRow*& at = names.at_[row.device.service_point];
    // The meter that hangs there, not one that was taken away.
    if (at == nullptr || row.device.state == DeviceState::kActive) at = &row;
  }
  return names;
}

const BillingAccount* AccountNames::find(AccountId id) const {
  const auto at = std::ranges::lower_bound(accounts_, id, {}, &BillingAccount::id);
  return at == accounts_.end() || at->id != id ? nullptr : &*at;
}

const DirectoryRow* AccountNames::place(const BillingAccount& account) const {
  const auto found = at_.find(account.service_point);
  return found == at_.end() ? nullptr : found->second;
}

void put_money(Json& json, std::string_view key, std::int64_t amount, int decimals) {
  json.key(key).text(to_string(Decimal{amount, -decimals}));
}

namespace {

void put_account_names(Json& json, AccountId id, const AccountNames& names) {
  const BillingAccount* account = names.find(id);
  const DirectoryRow* row = account == nullptr ? nullptr : names.place(*account);
  json.key("account").number(id.value);
  json.key("account_name").text(account == nullptr ? "" : account->name);
  json.key("customer").text(row == nullptr ? "" : row->customer);
  json.key("device");
  row == nullptr ? json.null() : json.number(row->device.id.value);
}

void put_range(Json& json, std::int32_t first, std::int32_t last) {
  json.key("first_day").text(date_text(first)).key("last_day").text(date_text(last));
}

}  // namespace

void put_account(Json& json, const BillingAccount& a, const AccountNames& names) {
  const DirectoryRow* row = names.place(a);
  json.open().key("id").number(a.id.value).key("name").text(a.name);
  json.key("service_point").text(row == nullptr ? "" : row->service_point);
  json.key("customer").text(row == nullptr ? "" : row->customer);
  json.key("address").text(row == nullptr ? "" : row->address);
  json.key("device");
  row == nullptr ? json.null() : json.number(row->device.id.value);
  json.key("tariff").text(a.tariff).key("cycle").text(to_string(a.cycle));
  json.key("bill_day").number(a.bill_day).key("opened").text(date_text(a.opened)).key("closed");
  a.closed ? json.text(date_text(*a.closed)) : json.null();
  json.key("prepaid").boolean(a.prepaid);
}

void put_statement_row(Json& json, const StatementRecord& s, const AccountNames& names) {
  json.key("number").number(s.number.value);
  put_account_names(json, s.account, names);
  json.key("kind").text(to_string(s.kind)).key("reverses");
  s.reverses.valid() ? json.number(s.reverses.value) : json.null();
  put_range(json, s.first_day, s.last_day);
  json.key("issued").time(s.issued).key("currency").text(s.currency);
  put_money(json, "total", s.total, s.decimals);
  json.key("cause").text(s.cause);
}

namespace {

void put_trace(Json& json, const mdm::BillLine& line, const Channel* channel) {
  const mdm::Trace& t = line.trace;
  json.key("trace");
  if (!t.channel.valid()) {
    json.null();
    return;
  }
  json.open().key("channel").number(t.channel.value);
  json.key("channel_name").text(channel == nullptr ? "" : channel->name);
  json.key("device").number(channel == nullptr ? 0u : channel->device.value);
  json.key("unit").text(channel == nullptr ? "" : symbol(channel->unit));
  json.key("from").time(t.from).key("to").time(t.to).key("intervals").number(t.slots);
  json.key("sum").text(to_string(Decimal{t.sum, t.exponent}));
  json.key("netted").text(to_string(Decimal{t.netted, t.exponent})).close();
}

}  // namespace

Status put_statement_body(Json& json, const mdm::StatementBody& body, store::Registry& registry) {
  const mdm::Statement& s = body.statement;
  json.key("tariff").text(body.tariff).key("tariff_digest").text(to_hex(body.tariff_digest));
  json.key("billed_to").text(body.customer).key("address").text(body.address);
  json.key("zone").text(body.zone).key("from").time(s.from).key("to").time(s.to);
  json.key("days").number(s.days).key("power_factor");
  s.power_factor_permille < 0 ? json.null()
                              : json.text(to_string(Decimal{s.power_factor_permille, -3}));
  json.key("lines").open_list();
  for (std::size_t i = 0; i < s.lines.size(); ++i) {
    const mdm::BillLine& line = s.lines[i];
    json.open().key("line").number(std::uint64_t{i + 1}).key("kind").text(to_string(line.kind));
    json.key("name").text(body.texts[i].name).key("reckoning").text(body.texts[i].reckoning);
    json.key("quantity").text(to_string(Decimal{line.quantity, line.exponent}));
    json.key("unit").text(body.texts[i].unit).key("price").text(to_string(line.price));
    put_money(json, "amount", line.amount, body.decimals);
    AMITY_TRY(const auto channel, registry.channel(line.trace.channel));
    put_trace(json, line, channel ? &*channel : nullptr);
    json.close();
  }
  json.close_list().key("inputs").open_list();
  for (const mdm::BillInput& input : body.inputs) {
    json.open().key("channel").number(input.channel.value);
    json.key("multiplier").number(input.multiplier).key("multipliers").open_list();
    for (const MultiplierStep& step : input.steps)
      json.open().key("from").time(step.from).key("multiplier").number(step.multiplier).close();
    json.close_list().key("days").open_list();
    for (std::size_t i = 0; i < input.revisions.size(); ++i) {
      const auto day = input.first_day + static_cast<std::int32_t>(i);
      json.open().key("date").text(date_text(day));
      json.key("revision").number(input.revisions[i]).close();
    }
    json.close_list().close();
  }
  json.close_list().key("meters").open_list();
  for (const mdm::BillMeter& m : body.meters) {
    json.open().key("serial").text(m.serial).key("channel").number(m.channel.value);
    json.key("from").time(m.from).key("to").time(m.to);
    for (const auto& [name, shown] : {std::pair{"first", m.first}, {"last", m.last}}) {
      json.key(name);
      shown ? json.text(to_string(Decimal{*shown, m.exponent})) : json.null();
    }
    json.key("multiplier").number(m.multiplier).close();
  }
  json.close_list();
  return {};
}

void put_hold(Json& json, const BillHold& hold, const AccountNames& names) {
  json.open();
  put_account_names(json, hold.account, names);
  put_range(json, hold.first_day, hold.last_day);
  json.key("since").time(hold.since).key("tried").time(hold.tried).key("reasons").open_list();
  for (const std::string& reason : hold.reasons) json.text(reason);
  json.close_list().key("stretches").open_list();
  for (const BillHold::Stretch& s : hold.stretches) {
    json.open().key("channel").number(s.channel.value).key("from").time(s.from);
    json.key("to").time(s.to).key("what").text(s.what).close();
  }
  json.close_list().close();
}

void put_run(Json& json, const BillingRun& run) {
  json.open().key("id").number(run.id).key("who").text(run.who).key("account");
  run.account.valid() ? json.number(run.account.value) : json.null();
  json.key("again").boolean(run.again).key("started").time(run.started);
  json.key("finished").time(run.finished);
  const std::pair<const char*, std::uint64_t> counts[] = {
      {"accounts", run.accounts},   {"done", run.done},           {"issued", run.issued},
      {"corrected", run.corrected}, {"unchanged", run.unchanged}, {"held", run.held},
      {"failed", run.failed}};
  for (const auto& [name, count] : counts) json.key(name).number(count);
  json.close();
}

void put_booking(Json& json, const PrepayBooking& b, int decimals) {
  json.open().key("number").number(b.number).key("kind").text(to_string(b.kind));
  json.key("at").time(b.at).key("from").time(b.from);
  put_money(json, "amount", b.amount, decimals);
  put_money(json, "balance", b.balance, decimals);
  json.key("reference").text(b.reference).close();
}

}  // namespace amity::api
