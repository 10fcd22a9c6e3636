// The API's questions about billing.
#include "roles/meter_exchange.h"
#include "roles/ratio_change.h"
#include "roles/services.h"

namespace amity::roles {
namespace {

Error not_here() {
  return make_error(ErrorCode::kClosed, "billing does not run in this process");
}

}  // namespace

Result<api::BillingRun> PlatformServices::start_billing_run(AccountId account, bool again,
                                                            std::string who) {
  if (billing_ == nullptr) return not_here();
  return billing_->start_run(account, again, std::move(who));
}

std::vector<api::BillingRun> PlatformServices::billing_runs() {
  return billing_ == nullptr ? std::vector<api::BillingRun>() : billing_->runs();
}

Result<BillingAccount> PlatformServices::put_account(BillingAccount account) {
  if (billing_ == nullptr) return not_here();
  return billing_->put_account(std::move(account));
}

Result<bool> PlatformServices::credit(AccountId account, const std::string& reference,
                                      std::int64_t amount) {
  if (billing_ == nullptr) return not_here();
  return billing_->credit(account, reference, amount);
}

std::vector<std::string> PlatformServices::tariffs() {
  return billing_ == nullptr ? std::vector<std::string>() : billing_->tariff_names();
}

Result<api::TariffMoney> PlatformServices::tariff_money(const std::string& tariff) {
  if (billing_ == nullptr) return not_here();
  return billing_->tariff_money(tariff);
}

void PlatformServices::exchange_meter(api::MeterExchangeRequest request,
                                      std::function<void(Status)> done) {
  record_exchange(store_, clock_.utc(), request, std::move(done));
}

void PlatformServices::change_ratios(api::RatioChangeRequest request,
                                     std::function<void(Status)> done) {
  record_ratio_change(store_, clock_.utc(), request, std::move(done));
}

Result<std::vector<api::BalanceRow>> PlatformServices::balances(const api::BalanceQuery& query) {
  if (balances_ == nullptr) return not_here();
  return balances_->balances(query);
}

Result<api::Sums> PlatformServices::sums(const api::SumsQuery& query) {
  if (balances_ == nullptr) return not_here();
  return balances_->sums(query);
}

Result<std::vector<api::VirtualMeter>> PlatformServices::virtual_meters() {
  if (balances_ == nullptr) return not_here();
  return balances_->virtual_meters();
}

Status PlatformServices::add_virtual_meter(const api::VirtualMeter& meter) {
  return balances_ == nullptr ? Status(not_here()) : balances_->add(meter);
}

Status PlatformServices::change_virtual_meter(const api::VirtualMeter& meter) {
  return balances_ == nullptr ? Status(not_here()) : balances_->change(meter);
}

Status PlatformServices::remove_virtual_meter(const std::string& name) {
  return balances_ == nullptr ? Status(not_here()) : balances_->remove(name);
}

Result<api::VirtualSeries> PlatformServices::virtual_series(const std::string& name,
                                                            UtcSeconds from, UtcSeconds to) {
  if (balances_ == nullptr) return not_here();
  return balances_->series(name, from, to);
}

void add_billing_metrics(std::vector<api::Metric>& out, const BillingRole& billing) {
  const BillingCounts counts = billing.counts();
  const auto add = [&out](std::string name, std::string help, std::uint64_t value) {
    out.push_back({"amity_billing_" + name, std::move(help), true, {}, static_cast<double>(value)});
  };
  add("statements_total", "Statements issued", counts.issued);
  add("reversals_total", "Statements taken back by reversal", counts.reversed);
  add("unchanged_total", "Periods rated again that came to the same", counts.unchanged);
  add("bookings_total", "Bookings of prepaid accounts", counts.bookings);
  add("errors_total", "Failures of the store while billing", counts.errors);
  out.push_back({"amity_billing_held",
                 "Periods that are due and held",
                 false,
                 {},
                 static_cast<double>(billing.held())});
}

}  // namespace amity::roles
