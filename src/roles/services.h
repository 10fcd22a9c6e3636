// Answers the API's questions from the departments' memory (api/services.h).
#pragma once

#include <functional>
#include <string>

#include "api/services.h"
#include "base/civil.h"
#include "base/runtime.h"
#include "headend/headend.h"
#include "headend/heard/sink.h"
#include "roles/balance_book.h"
#include "roles/billing_role.h"
#include "roles/command_role.h"
#include "roles/edge_role.h"
#include "roles/mdm_role.h"
#include "roles/ops_role.h"
#include "store/store.h"

namespace amity::roles {

struct ServicesAbout {
  std::string utility;
  std::string version, commit;
  TimeZone zone;
  bool demo = false;
  UtcSeconds started;
};

void add_heard_metrics(std::vector<api::Metric>& out,
                       const std::map<std::string, heard::Counters>& totals);

void add_billing_metrics(std::vector<api::Metric>& out, const BillingRole& billing);

class PlatformServices : public api::Services {
 public:
  // Totals over all head-ends of this process; any thread.
  using HeadEndTotals = std::function<headend::HeadEndStats()>;
  using HeardTotals = std::function<std::map<std::string, heard::Counters>()>;  // by source

  PlatformServices(store::Store& store, OpsRole& ops, CommandRole& commands, const Clock& clock,
                   ServicesAbout about, HeadEndTotals totals);

  api::SystemInfo system() override;
  api::Overview overview() override;
  Result<api::CompletenessGrid> completeness(const api::CompletenessQuery& query) override;
  std::vector<api::DeviceStatus> statuses() override;
  std::optional<api::DeviceStatus> status(DeviceId device) override;
  api::DeviceDetail detail(DeviceId device) override;
  std::vector<api::AbnormalItem> abnormal() override;
  Result<api::MissingReport> missing(api::GroupBy group) override;
  std::vector<api::SegmentRow> segments() override;
  std::vector<api::GridNode> grid() override;
  api::Arrivals arrivals() override;
  std::vector<api::Metric> metrics() override;
  Status ready() override;
  void submit_command(Command command, OnSubmitted done) override;

  // Before anything is asked.
  void set_heard_totals(HeardTotals totals) { heard_totals_ = std::move(totals); }
  using MoreMetrics = std::function<void(std::vector<api::Metric>& out)>;
  void set_edge_metrics(MoreMetrics metrics) { edge_metrics_ = std::move(metrics); }
  // Where edges are listened to; it outlives these services.
  void set_edges(EdgeRole* edges) { edges_ = edges; }
  Result<std::vector<api::EdgeRow>> edges() override;
  void retry_edge(const std::string& name,
                  std::function<void(Result<api::EdgeRetry>)> done) override;
  using TakeUplink = std::function<void(std::string, std::string, std::function<void(Status)>)>;
  void set_take_uplink(TakeUplink take) { take_uplink_ = std::move(take); }
  void take_uplink(std::string source, std::string body,
                   std::function<void(Status)> done) override {
    take_uplink_(std::move(source), std::move(body), std::move(done));
  }
  std::vector<api::VeeException> vee_queue() override;
  Result<std::vector<api::VeeExplained>> explain(const VeeDay& day) override;
  void propose_edit(Edit edit, OnEdit done) override;
  void decide_edit(EditDecision decision, OnEdit done) override;
  Result<api::BillingRun> start_billing_run(AccountId account, bool again,
                                            std::string who) override;
  std::vector<api::BillingRun> billing_runs() override;
  Result<BillingAccount> put_account(BillingAccount account) override;
  Result<bool> credit(AccountId account, const std::string& reference,
                      std::int64_t amount) override;
  std::vector<std::string> tariffs() override;
  Result<api::TariffMoney> tariff_money(const std::string& tariff) override;
  void exchange_meter(api::MeterExchangeRequest request, std::function<void(Status)> done) override;
  void change_ratios(api::RatioChangeRequest request, std::function<void(Status)> done) override;
  Result<std::vector<api::BalanceRow>> balances(const api::BalanceQuery& query) override;
  Result<api::Sums> sums(const api::SumsQuery& query) override;
  Result<std::vector<api::VirtualMeter>> virtual_meters() override;
  Status add_virtual_meter(const api::VirtualMeter& meter) override;
  Status change_virtual_meter(const api::VirtualMeter& meter) override;
  Status remove_virtual_meter(const std::string& name) override;
  Result<api::VirtualSeries> virtual_series(const std::string& name, UtcSeconds from,
                                            UtcSeconds to) override;

  // Outlives these services; null: this process does not validate. Before they are asked.
  void set_mdm(MdmRole* mdm) { mdm_ = mdm; }
  // The same; null: this process does not bill.
  void set_billing(BillingRole* billing, BalanceBook* balances) {
    billing_ = billing;
    balances_ = balances;
  }
  // nullopt once everything serves; until then, or again, the reason.
  void set_not_ready(std::optional<std::string> reason);

 private:
  struct Counts {
    std::uint64_t devices = 0, reachable = 0, clock_known = 0, clock_good = 0;
    double completeness_now = 1, completeness_before = 1;
    bool completeness_known = false, before_known = false;
  };
  Counts count() const;
  std::vector<api::Tile> tiles(const Counts& counts) const;
  std::vector<api::Card> cards() const;
  api::DeviceStatus status_of(DeviceId id, const ops::DeviceHealth& health,
                              const ops::FleetState& fleet, const ops::Completeness& completeness,
                              UtcSeconds now) const;

  store::Store& store_;
  OpsRole& ops_;
  CommandRole& commands_;
  MdmRole* mdm_ = nullptr;
  BillingRole* billing_ = nullptr;
  BalanceBook* balances_ = nullptr;
  const Clock& clock_;
  ServicesAbout about_;
  HeadEndTotals totals_;
  HeardTotals heard_totals_;
  MoreMetrics edge_metrics_;
  EdgeRole* edges_ = nullptr;
  TakeUplink take_uplink_;
  std::mutex mutex_;
  std::optional<std::string> not_ready_ = "starting";
  std::optional<api::SystemInfo> counts_;  // of the registry, refreshed each minute
  Instant counts_at_{};
};

}  // namespace amity::roles
