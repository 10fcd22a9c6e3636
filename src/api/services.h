// What the API asks of the departments: plain structs, no JSON, no HTTP. Every method may be called
// from any thread; most are called on the API's I/O threads: they answer from memory and never wait
// for a disk or a meter.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/billing.h"
#include "model/channel.h"
#include "model/command.h"
#include "model/device.h"
#include "model/event.h"
#include "model/final.h"
#include "model/reading.h"

namespace amity::api {

// How much attention something needs; p1 is now.
enum class Attention : std::uint8_t { kNormal = 0, kP1 = 1, kP2 = 2, kP3 = 3 };
std::string_view to_string(Attention attention);  // "normal", "p1", ...

struct SystemInfo {
  std::string utility;
  std::string zone = "UTC";  // IANA name of the utility's civil time
  std::string version, commit;
  UtcSeconds now, started;
  bool demo = false;
  std::uint64_t devices = 0, channels = 0, service_points = 0, transformers = 0, feeders = 0;
};

struct Tile {
  std::string key, title;  // key: "completeness", "reachable", "read_rate", "clock", ...
  std::optional<double> value;
  std::string unit;
  std::optional<double> target, previous;
  bool higher_is_better = true;
  Attention state = Attention::kNormal;
  std::string link;  // path of the page
};

struct Card {
  Attention priority = Attention::kP3;
  std::string kind, title;
  std::uint64_t count = 0;
  UtcSeconds since;
  std::string detail, link;
};

struct Overview {
  UtcSeconds now;
  std::vector<Tile> tiles;
  std::vector<Card> cards;
  double readings_per_s = 0, meters_per_s = 0;
  std::optional<double> completeness_24h;  // 0..1
};

// The segment of the meters that no concentrator reaches, in segments() and groups of it.
inline constexpr std::string_view kDirectSegment = "direct";

enum class GroupBy : std::uint8_t { kSegment, kFeeder, kTransformer, kModel };

struct CompletenessQuery {
  UtcSeconds from, to;  // columns that end in (from, to]
  bool by_day = false;
  GroupBy group = GroupBy::kSegment;
  std::string id;  // one group only; "" with all_groups
  bool all_groups = true;
  std::string segment, feeder, transformer, model;  // only devices of these; "" = any
};

struct CompletenessGroup {
  std::string id, name;
  std::uint64_t devices = 0;
};

struct CompletenessGrid {
  std::vector<CompletenessGroup> groups;
  std::vector<UtcSeconds> times;  // end of each column
  std::vector<std::pair<std::uint32_t, std::uint32_t>>
      cells;  // (received, expected), row-major groups x times
};

struct DeviceStatus {
  DeviceId device;
  std::string_view status;                // "ok", "late", "silent", "security", "new": a literal
  UtcSeconds last_contact, last_reading;  // 0 = never
  std::optional<double> completeness_24h;
  std::optional<std::int32_t> clock_offset_s;
};

struct StripItem {
  std::string key;   // "communication", "supply", "relay", "data_quality", "clock", "security"
  std::string word;  // "answering", "silent"
  UtcSeconds since;  // 0 = not known
  Attention state = Attention::kNormal;
};

struct DeviceFact {
  UtcSeconds time;
  std::string text;
};

// What only the departments know of one device; master data, channels and readings come from the
// store.
struct DeviceDetail {
  std::vector<StripItem> status_strip;
  std::vector<DeviceFact> facts;  // newest first
  std::string relay = "unknown";  // connected, disconnected
};

struct AbnormalItem {
  Attention priority = Attention::kP3;
  std::string kind;  // silent, late, security, clock, incomplete, tamper, power
  DeviceId device;
  UtcSeconds since;
  std::string text;
};

struct MissingRow {
  std::string segment, cause;
  std::uint64_t devices = 0, intervals = 0;
};
struct MissingReport {
  UtcSeconds since;  // all that is kept in mind of completeness
  std::vector<MissingRow> rows;
};

struct SegmentRow {
  std::string name;
  std::uint64_t devices = 0, reachable = 0;
  std::optional<double> completeness;
  UtcSeconds last_contact;
  std::uint64_t failures = 0;  // failed contacts of the last hour
};

struct GridNode {
  TransformerId transformer;
  std::uint64_t devices = 0, abnormal = 0;
};

// Fleet-wide arrivals: since the last second, and since the start.
struct Arrivals {
  std::uint64_t readings = 0, meters = 0;
  double per_s = 0;
  std::uint64_t total = 0;
};

// One line of /metrics beyond the API's own. Never a meter's id as a label.
struct Metric {
  std::string name, help;  // name: "amity_..."
  bool counter = false;    // otherwise a gauge
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

// A channel's day that asks for a person, in the queue of validation.
struct VeeException {
  VeeDay day;
  Channel channel;
  DeviceId device;
  std::int32_t bill_day = 0;  // the local date it is billed on, days since 1970
  std::string customer_class;
  std::vector<std::string_view> rules;  // that warn or fail: literals
};

struct VeeExplained {
  std::string rule, outcome, text;  // "spike", "warn", "warn: ..."
  VeeFinding finding;
};

// A sum of meters: of a part of the grid, an area or a class of customers, one commodity each, or a
// named one. Energy in Wh, volumes in litres.
struct BalanceRow {
  std::string kind, name, feeder;  // "transformer", "feeder", "area", "class", "meter"
  std::string commodity;           // "electricity", "water", "gas", "heat"; of a named one ""
  std::string unit = "Wh";         // or "l"
  std::uint32_t id = 0;
  std::uint64_t meters = 0;        // beneath it; of a named one its terms
  std::uint64_t unread = 0;        // of these, without any value in the time asked for
  std::int64_t delivered = 0;      // the sum; of the grid `imported` less `exported`
  std::uint8_t worst = 0;          // of its days: 0 actual, 1 edited, 2 estimated, 3 failed, 4 missing
  std::uint32_t days = 0, days_incomplete = 0;
  bool balanced = false;  // what is fed in is measured
  // Over whole days alone; the share is of all that flowed in, what customers export too.
  std::int64_t supplied = 0, loss = 0, loss_permyriad = 0, uncertainty = 0;
  bool significant = false;      // the loss is more than the meters' errors explain
  std::uint32_t days_left_out = 0;
  // By the customers, over the days of `delivered`.
  std::int64_t imported = 0, exported = 0;
  // Through what measures the grid above, over the days of `supplied`, which is their difference.
  std::int64_t fed_in = 0, fed_back = 0;
};
struct BalanceQuery {
  std::string kind = "transformer";
  std::int32_t first = 0, last = 0;  // local dates, both included
  std::string commodity;             // "": all
};

// One of these sums by local day, week (Monday first) or month: clock changes are within their day.
enum class SumSpan : std::uint8_t { kDay, kWeek, kMonth };
struct SumsQuery {
  BalanceQuery range;
  std::string name;
  SumSpan span = SumSpan::kDay;
};
struct SumRow {
  std::int32_t first = 0, last = 0;  // the whole day, week or month, both included
  std::int64_t sum = 0;
  std::uint32_t days = 0;             // of it that lie in the time asked for
  std::uint32_t days_incomplete = 0;  // of these, with a value missing
  std::uint8_t worst = 0;
};
struct Sums {
  std::string unit;
  std::vector<SumRow> rows;
};

// A virtual meter: a sum with coefficients. A term names one of serial (with a channel), meter,
// transformer, feeder.
struct VirtualTerm {
  std::string serial = {}, channel = {}, meter = {}, transformer = {}, feeder = {};
  std::int64_t coefficient = 1'000'000;  // millionths
};
struct VirtualMeter {
  std::string name = {};
  std::vector<VirtualTerm> terms = {};
  std::string unit = {};  // "Wh" or "l"
  bool fixed = false;     // of the utility's own file: not to be changed here
};
struct VirtualSeries {
  Channel channel;                // what its values are; a register: sums by day, no readings
  std::vector<Reading> readings;  // ascending; quality that of the worst input
  std::uint64_t missing = 0;      // intervals without one of the inputs
};

// A billing cycle that somebody asked for. Kept while the process lives; what it did is in the
// statements.
struct BillingRun {
  std::uint64_t id = 0;
  std::string who;
  AccountId account;  // none: all
  bool again = false;
  UtcSeconds started, finished;  // finished 0: it goes on
  std::uint64_t accounts = 0, done = 0, issued = 0, corrected = 0, unchanged = 0, held = 0,
                failed = 0;
};

// A meter goes and another comes in its place, told after the fact.
struct MeterExchangeRequest {
  ServicePointId point;
  DeviceId removed, installed;
  UtcSeconds at;
  // Registers as they were read on the spot, in the channels' raw integers.
  std::vector<std::pair<ChannelId, std::int64_t>> last, first;
  std::string who;
  std::string reason = {};
};

// A meter's CT and VT ratios are others from an instant on, told after the fact.
struct RatioChangeRequest {
  RatioChange change;
  // Registers as they were read then, in the channels' raw integers.
  std::vector<std::pair<ChannelId, std::int64_t>> registers;
};

// A data logger at a load point, as far as it is known.
struct EdgeRow {
  DeviceId device;
  std::string name;            // in its certificate
  bool connected = false;
  UtcSeconds last_seen;        // 0: never
  std::string version, target;  // of its program; "": not since this process began
  std::uint64_t configuration = 0;  // in use; 0: its own
  // Why the last configuration or program that it was offered is not in use; "": it is, or none was.
  std::string configuration_refusal, program_refusal;
  std::uint64_t batches_waiting = 0, bytes_waiting = 0;  // on its disk, as it said last
  std::uint64_t batches_put_aside = 0;                   // kept here unread
  std::uint64_t commands_waiting = 0;
  std::uint64_t readings = 0;  // taken since this process began
  std::uint32_t meters = 0, meters_failing = 0, resident_kib = 0;
  std::optional<std::int64_t> clock_offset_ms;  // its clock less ours
};
struct EdgeRetry {
  std::uint64_t taken = 0, left = 0;  // batches
};

// What amounts of a tariff are in.
struct TariffMoney {
  std::string currency;
  int decimals = 2;  // of its smallest unit
};

class Services {
 public:
  virtual ~Services() = default;

  virtual SystemInfo system() = 0;
  virtual Overview overview() = 0;
  virtual Result<CompletenessGrid> completeness(const CompletenessQuery& query) = 0;
  virtual std::vector<DeviceStatus>
  statuses() = 0;  // every device's, any order; cached by the API for a second
  virtual std::optional<DeviceStatus> status(DeviceId device) = 0;
  virtual DeviceDetail detail(DeviceId device) = 0;
  virtual std::vector<AbnormalItem> abnormal() = 0;  // worst first
  virtual Result<MissingReport> missing(GroupBy group) = 0;
  virtual std::vector<SegmentRow> segments() = 0;
  virtual std::vector<GridNode> grid() = 0;
  virtual Arrivals arrivals() = 0;
  virtual std::vector<Metric> metrics() = 0;
  // Not ready (starting, replaying, disk full): the reason is shown at /readyz.
  virtual Status ready() = 0;

  // Passes a command through the desk's safeguards. The caller has filled id, device, kind,
  // argument, requested_by. `done` runs once, on any thread, after the request is durable, with the
  // command as it then is; or with the desk's refusal (kRefused, kBusy, kInvalid).
  using OnSubmitted = std::function<void(Result<Command>)>;
  virtual void submit_command(Command command, OnSubmitted done) = 0;

  // A message of a device or network server, by the mapping's source of that name, or ("stg") a
  // concentrator's report. `done` runs once, on any thread, when it is durable or refused.
  virtual void take_uplink(std::string source, std::string body, std::function<void(Status)> done) {
    (void)source, (void)body;
    done(make_error(ErrorCode::kUnsupported, "this process takes no messages of devices"));
  }

  // ---- validation, estimation and editing; by default this process does not do them.
  // By bill date, then the largest amount first.
  virtual std::vector<VeeException> vee_queue() { return {}; }
  // The findings in words. May read the day: on a worker.
  virtual Result<std::vector<VeeExplained>> explain(const VeeDay&) {
    return make_error(ErrorCode::kUnsupported, "validation does not run in this process");
  }
  // Proposes an edit, or carries it out at once where nobody has to approve. `done` runs once, on
  // any thread, after it is durable, with the edit as it then is; or with the refusal.
  using OnEdit = std::function<void(Result<Edit>)>;
  virtual void propose_edit(Edit, OnEdit done) {
    done(make_error(ErrorCode::kClosed, "validation does not run in this process"));
  }
  struct EditDecision {
    EditId id;
    bool approve = false;
    std::string who, comment;
  };
  virtual void decide_edit(EditDecision, OnEdit done) {
    done(make_error(ErrorCode::kClosed, "validation does not run in this process"));
  }

  // ---- billing; by default this process does not do it. May wait for the disk: on a worker.
  virtual Result<BillingRun> start_billing_run(AccountId, bool /*again*/, std::string /*who*/) {
    return make_error(ErrorCode::kClosed, "billing does not run in this process");
  }
  virtual std::vector<BillingRun> billing_runs() { return {}; }  // newest first
  virtual Result<BillingAccount> put_account(BillingAccount) {
    return make_error(ErrorCode::kClosed, "billing does not run in this process");
  }
  // False: the payment was booked before.
  virtual Result<bool> credit(AccountId, const std::string& /*reference*/, std::int64_t) {
    return make_error(ErrorCode::kClosed, "billing does not run in this process");
  }
  virtual std::vector<std::string> tariffs() { return {}; }
  virtual Result<TariffMoney> tariff_money(const std::string& /*tariff*/) {
    return make_error(ErrorCode::kClosed, "billing does not run in this process");
  }
  // `done` runs once, on any thread, when it is durable or refused. May wait for the disk.
  virtual void exchange_meter(MeterExchangeRequest, std::function<void(Status)> done) {
    done(make_error(ErrorCode::kClosed, "this process records no exchanges"));
  }
  virtual void change_ratios(RatioChangeRequest, std::function<void(Status)> done) {
    done(make_error(ErrorCode::kClosed, "this process records no changes of multipliers"));
  }
  // What cannot be balanced for its errors last. May read many days the first time.
  virtual Result<std::vector<BalanceRow>> balances(const BalanceQuery&) { return no_sums(); }
  virtual Result<Sums> sums(const SumsQuery&) { return no_sums(); }
  virtual Result<std::vector<VirtualMeter>> virtual_meters() { return no_sums(); }
  // kExists, kNotFound, kInvalid with the reason: a circle, an unknown input, units that differ.
  virtual Status add_virtual_meter(const VirtualMeter&) { return no_sums(); }
  virtual Status change_virtual_meter(const VirtualMeter&) { return no_sums(); }
  virtual Status remove_virtual_meter(const std::string& /*name*/) { return no_sums(); }
  virtual Result<VirtualSeries> virtual_series(const std::string& /*name*/, UtcSeconds /*from*/,
                                               UtcSeconds /*to*/) {
    return no_sums();
  }

  // ---- edges; by default this process listens to none. By name.
  virtual Result<std::vector<EdgeRow>> edges() { return std::vector<EdgeRow>(); }
  // Batches of an edge that were put aside are tried once more. `done` runs once, on any thread.
  virtual void retry_edge(const std::string& /*name*/,
                          std::function<void(Result<EdgeRetry>)> done) {
    done(make_error(ErrorCode::kConflict, "this process listens to no edges"));
  }

 private:
  static Error no_sums() {
    return make_error(ErrorCode::kClosed, "billing does not run in this process");
  }
};

}  // namespace amity::api
