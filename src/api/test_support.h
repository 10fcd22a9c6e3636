// What the API's tests share: a small fleet in a real store, departments that answer from it, a
// server, a plain HTTP client.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "api/server.h"
#include "base/crypto.h"
#include "mdm/rate/statement_codec.h"
#include "runtime/system.h"

namespace amity::api::testing {

using nlohmann::json;
using namespace std::chrono_literals;

inline constexpr UtcSeconds kNow{1'795'224'600};  // 2026-11-21T01:30:00Z

// A wall clock that stands still until it is moved; monotonic time is real.
class TestClock : public Clock {
 public:
  UtcSeconds utc() const override { return UtcSeconds(utc_.load()); }
  std::int64_t utc_us() const override { return utc_.load() * 1'000'000; }
  Instant now() const override { return system_.now(); }
  void move(std::int64_t seconds) { utc_ += seconds; }

 private:
  runtime::SystemClock system_;
  std::atomic<std::int64_t> utc_{kNow.value};
};

class TestServices : public Services {
 public:
  TestServices(store::Store& s, std::uint32_t device_count) : store(s), devices(device_count) {}

  SystemInfo system() override {
    SystemInfo info;
    info.utility = "Test Power & Light";
    info.zone = "Europe/Madrid";
    info.version = "0.1.0";
    info.commit = "0000000";
    info.now = info.started = kNow;
    info.devices = devices;
    return info;
  }
  Overview overview() override {
    Overview o;
    o.now = kNow;
    o.tiles.push_back({"completeness",
                       "Completeness",
                       99.8,
                       "%",
                       99.5,
                       {},
                       true,
                       Attention::kNormal,
                       "/completeness"});
    o.cards.push_back(
        {Attention::kP1, "security", "Security failures", 2, kNow - 60, "two meters", "/abnormal"});
    o.completeness_24h = 0.998;
    return o;
  }
  Result<CompletenessGrid> completeness(const CompletenessQuery& query) override {
    CompletenessGrid grid;
    grid.groups.push_back({"A", "A", devices});
    for (UtcSeconds t = query.from + 3600; t <= query.to; t = t + 3600) {
      grid.times.push_back(t);
      grid.cells.emplace_back(3, 4);
    }
    return grid;
  }
  std::vector<DeviceStatus> statuses() override {
    std::vector<DeviceStatus> all;
    for (std::uint32_t i = 1; i <= devices; ++i) all.push_back(*status(DeviceId(i)));
    return all;
  }
  std::optional<DeviceStatus> status(DeviceId id) override {
    DeviceStatus s;
    s.device = id;
    s.status = id.value % 10 == 0 ? "silent" : "ok";
    if (id.value % 10 != 0) s.last_contact = kNow - id.value;
    s.completeness_24h = id.value % 100 / 100.0;
    return s;
  }
  DeviceDetail detail(DeviceId) override {
    DeviceDetail d;
    d.status_strip.push_back({"communication", "answering", kNow - 600, Attention::kNormal});
    d.facts.push_back({kNow - 600, "read in 0.3 s"});
    return d;
  }
  std::vector<AbnormalItem> abnormal() override {
    std::vector<AbnormalItem> items;
    for (std::uint32_t i = 10; i <= devices; i += 10) {
      items.push_back({Attention::kP2, "silent", DeviceId(i), kNow - 86'400, "no answer"});
    }
    return items;
  }
  Result<MissingReport> missing(GroupBy) override {
    return MissingReport{kNow - 86'400, {{"A", "silent", 3, 288}}};
  }
  std::vector<SegmentRow> segments() override {
    return {{"A", devices, devices - 1, 0.99, kNow - 5, 1}};
  }
  std::vector<GridNode> grid() override { return {{TransformerId(1), 10, 1}}; }
  Arrivals arrivals() override { return {4, 1, 4.0, 400}; }
  std::vector<Metric> metrics() override {
    return {{"amity_intake_readings_total", "Readings accepted.", true, {{"source", "push"}}, 42}};
  }
  Status ready() override {
    if (!is_ready) return make_error(ErrorCode::kBusy, "replaying the journal");
    return {};
  }
  void take_uplink(std::string source, std::string body,
                   std::function<void(Status)> done) override {
    if (source != "plug") return done(make_error(ErrorCode::kNotFound, "no such source"));
    uplinks.push_back(std::move(body));
    done({});
  }
  std::vector<std::string> uplinks;
  void submit_command(Command command, OnSubmitted done) override {
    ++submitted;
    if (command.kind == CommandKind::kDisconnect) {
      return done(make_error(ErrorCode::kRefused, "disconnecting is not allowed now"));
    }
    if (const auto kept = store.registry().put_command(command); !kept.ok())
      return done(kept.error());
    store.journal().append(CommandRequested{command},
                           [command, done](Result<store::Sequence> durable) {
                             durable.ok() ? done(command) : done(durable.error());
                           });
  }

  std::vector<VeeException> vee_queue() override {
    std::vector<VeeException> items;
    (void)store.finals().each_exception([&](const VeeDay& day) {
      const auto channel = store.registry().channel(day.channel);
      items.push_back({day, **channel, (*channel)->device, 20'788, "residential", {"count"}});
    });
    return items;
  }
  Result<std::vector<VeeExplained>> explain(const VeeDay& day) override {
    std::vector<VeeExplained> all;
    for (const VeeFinding& f : day.findings)
      all.push_back({"count", "fail", "fail: 95 of 96 intervals", f});
    return all;
  }
  std::vector<std::string> tariffs() override { return {"home"}; }
  Result<TariffMoney> tariff_money(const std::string&) override { return money; }
  TariffMoney money{"EUR", 2};
  void exchange_meter(MeterExchangeRequest request, std::function<void(Status)> done) override {
    exchanged.push_back(std::move(request));
    done({});
  }
  std::vector<MeterExchangeRequest> exchanged;
  void change_ratios(RatioChangeRequest request, std::function<void(Status)> done) override {
    request.change.told = kNow;
    done(store.registry().add_ratio_change(request.change));
  }
  Result<BillingAccount> put_account(BillingAccount account) override {
    AMITY_TRY(account.id, store.billing().put_account(account));
    return account;
  }
  Result<BillingRun> start_billing_run(AccountId account, bool again, std::string who) override {
    run = {1, std::move(who), account, again, kNow, kNow, 1, 1, 0, 0, 1, 0, 0};
    return run;
  }
  std::vector<BillingRun> billing_runs() override { return {run}; }
  Result<bool> credit(AccountId account, const std::string& reference,
                      std::int64_t amount) override {
    const PrepayBooking booking{account, 1,        PrepayKind::kCredit, kNow, {}, amount,
                                amount,  reference};
    AMITY_CHECK(store.billing().book({&booking, 1}));
    return true;
  }
  BillingRun run;
  Result<std::vector<BalanceRow>> balances(const BalanceQuery& query) override {
    BalanceRow row{query.kind, "North 1", "", "electricity", "Wh",   1,   1'000, 3,  9'400,
                   2,          7,         1,  true,          10'000, 600, 600,   310};
    row.significant = true;
    return std::vector{row, BalanceRow{query.kind, "South", "", "water", "l", 2}};
  }
  Result<Sums> sums(const SumsQuery&) override {
    return Sums{"l", {{20'410, 20'416, 9'000, 3, 1, 4}}};
  }
  std::vector<VirtualMeter> made{{"Street", {{"M1", "import", "", "", "", 500'000}}, "Wh", true}};
  // One at work and one that is in trouble.
  Result<std::vector<EdgeRow>> edges() override {
    EdgeRow good;
    good.device = DeviceId(1);
    good.name = "edge-1";
    good.connected = true;
    good.last_seen = kNow - 12;
    good.version = "0.9.0";
    good.target = "x86_64-linux";
    good.clock_offset_ms = -40;
    EdgeRow bad;
    bad.device = DeviceId(2);
    bad.name = "edge-2";
    bad.configuration_refusal = "line 3: not known";
    bad.batches_put_aside = 2;
    return std::vector<EdgeRow>{good, bad};
  }
  void retry_edge(const std::string& name, std::function<void(Result<EdgeRetry>)> done) override {
    if (name != "edge-1") return done(make_error(ErrorCode::kNotFound, "no edge " + name));
    done(EdgeRetry{2, 1});
  }
  Result<std::vector<VirtualMeter>> virtual_meters() override { return made; }
  Status add_virtual_meter(const VirtualMeter& meter) override {
    return made.push_back(meter), made.back().unit = "Wh", Status();
  }
  Status change_virtual_meter(const VirtualMeter& meter) override {
    const auto at = std::ranges::find(made, meter.name, &VirtualMeter::name);
    if (at == made.end())
      return make_error(ErrorCode::kNotFound, "there is no virtual meter '" + meter.name + "'");
    if (at->fixed) return make_error(ErrorCode::kRefused, "it is of the utility's own file");
    return at->terms = meter.terms, Status();
  }
  Status remove_virtual_meter(const std::string& name) override {
    return std::erase_if(made, [&](const auto& m) { return m.name == name; }) > 0
               ? Status()
               : make_error(ErrorCode::kNotFound, "there is no virtual meter '" + name + "'");
  }
  Result<VirtualSeries> virtual_series(const std::string& name, UtcSeconds from,
                                       UtcSeconds) override {
    VirtualSeries series;
    series.channel.name = name;
    series.channel.unit = Unit::kWattHour;
    series.channel.interval_s = 900;
    series.readings = {{{}, from + 900, 250, Quality().with(QualityFlag::kEstimated)}};
    return series;
  }

  void propose_edit(Edit edit, OnEdit done) override {
    edit.id = EditId(store.finals().newest_edit()->value + 1);
    keep_edit(std::move(edit), std::move(done));
  }
  void decide_edit(EditDecision decision, OnEdit done) override {
    auto edit = store.finals().edit(decision.id);
    if (!*edit) return done(make_error(ErrorCode::kNotFound, "no such edit"));
    (*edit)->state = decision.approve ? EditState::kApproved : EditState::kRejected;
    (*edit)->decided_by = decision.who;
    (*edit)->decided = kNow;
    keep_edit(std::move(**edit), std::move(done));
  }
  void keep_edit(Edit edit, OnEdit done) {
    store.journal().append(EditChanged{edit}, [edit, done](Result<store::Sequence> durable) {
      durable.ok() ? done(edit) : done(durable.error());
    });
  }

  store::Store& store;
  std::uint32_t devices;
  std::atomic<bool> is_ready{true};
  std::atomic<int> submitted{0};
};

struct Answer {
  int status = 0;
  std::string head, body;

  std::string header(const std::string& name) const {
    const std::string start = "\r\n" + name + ": ";
    const std::size_t at = head.find(start);
    if (at == std::string::npos) return "";
    const std::size_t from = at + start.size();
    return head.substr(from, head.find("\r\n", from) - from);
  }
  json parsed() const { return json::parse(body, nullptr, false); }
};

// A blocking client on one connection; everything waits at most five seconds.
class Client {
 public:
  explicit Client(const Endpoint& to) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(to.port);
    ::inet_pton(AF_INET, to.host.c_str(), &at.sin_addr);
    const timeval wait{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;

  bool connected() const { return connected_; }
  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  // False at the end of the connection or when nothing came in time.
  bool receive_more() {
    char buffer[65'536];
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(n));
    return true;
  }
  bool at_end() {
    while (receive_more()) {
    }
    char byte;
    const ssize_t n = ::recv(fd_, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN);
  }
  std::string& received() { return received_; }
  bool wait_for(const std::string& text) {
    while (received_.find(text) == std::string::npos) {
      if (!receive_more()) return false;
    }
    return true;
  }

  // Reads one answer (length or chunks).
  Answer read(bool head_only = false) {
    Answer answer;
    if (!wait_for("\r\n\r\n")) return answer;
    const std::size_t end = received_.find("\r\n\r\n");
    answer.head = received_.substr(0, end + 2);
    received_.erase(0, end + 4);
    answer.status = std::atoi(answer.head.c_str() + 9);
    if (head_only || answer.status == 204) return answer;
    if (answer.header("Transfer-Encoding") == "chunked") {
      for (;;) {
        if (!wait_for("\r\n")) return {};
        const std::size_t size = std::strtoul(received_.c_str(), nullptr, 16);
        received_.erase(0, received_.find("\r\n") + 2);
        while (received_.size() < size + 2) {
          if (!receive_more()) return {};
        }
        answer.body += received_.substr(0, size);
        received_.erase(0, size + 2);
        if (size == 0) return answer;
      }
    }
    const std::size_t length = std::strtoul(answer.header("Content-Length").c_str(), nullptr, 10);
    while (received_.size() < length) {
      if (!receive_more()) return {};
    }
    answer.body = received_.substr(0, length);
    received_.erase(0, length);
    return answer;
  }

  Answer request(const std::string& method, const std::string& target, const std::string& body = "",
                 const std::string& more = "") {
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + auth + more;
    if (!body.empty()) {
      text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n";
    }
    send(text + "\r\n" + body);
    return read(method == "HEAD");
  }
  Answer get(const std::string& target) { return request("GET", target); }

  std::string auth;  // fields, each with its line end

 private:
  int fd_;
  bool connected_ = false;
  std::string received_;
};

// 1,000 devices, one channel each; device 1 has readings, an event and a register.
class ServerTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kDevices = 1000;

  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() /
                 ("amity_api_test_" + std::to_string(::getpid()) + "_" +
                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(directory_);
    auto opened = store::open_embedded(directory_.string(), {.create = true, .fsync = false});
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    store_ = std::move(*opened);
    fill();
    services_ = std::make_unique<TestServices>(*store_, kDevices);
    options.listen = {"127.0.0.1", 0};
    options.backup_root = (directory_ / "backups").string();
    options.threads = 2;
    options.clock = &clock;
    options.password_passes = 1;  // quick: these tests are not about the strength of the hash
    options.password_memory_bytes = 8192;
    options.sweep_interval_ms = 20;
    options.requests_per_s = 0;
  }
  void TearDown() override {
    server_.reset();
    services_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  void serve() {
    auto made = Server::create(*store_, *services_, options);
    ASSERT_TRUE(made.ok()) << to_string(made.error());
    server_ = std::move(*made);
    auto bootstrapped = server_->bootstrap("correct horse battery");
    ASSERT_TRUE(bootstrapped.ok()) << to_string(bootstrapped.error());
    server_->start();
  }
  std::string key_for(const std::string& role) {
    auto key = server_->add_api_key("test " + role, role);
    EXPECT_TRUE(key.ok());
    return key.ok() ? "Authorization: Bearer " + *key + "\r\n" : "";
  }
  void append(const Fact& fact) {
    std::atomic<int> done{0};
    store_->journal().append(fact, [&](Result<store::Sequence> r) { done = r.ok() ? 1 : -1; });
    while (done == 0) std::this_thread::sleep_for(1ms);
    ASSERT_EQ(done, 1);
  }

  void fill() {
    store::MasterData data;
    data.feeders.push_back({FeederId(1), "North 1"});
    for (std::uint32_t i = 1; i <= 2; ++i) {
      data.transformers.push_back({TransformerId(i), "T-" + std::to_string(i), FeederId(1), 40.4,
                                   -3.7 + i * 0.01, 400'000});
    }
    data.customers.push_back({CustomerId(1), "Ana Núñez", "residential"});
    for (std::uint32_t i = 1; i <= kDevices; ++i) {
      data.service_points.push_back({ServicePointId(i), "SP-" + std::to_string(i),
                                     std::to_string(i) + " Mill Lane", 40.4, -3.7,
                                     TransformerId(1 + i % 2), CustomerId(i == 1 ? 1 : 0)});
      Device device;
      device.id = DeviceId(i);
      char serial[16];
      std::snprintf(serial, sizeof serial, "AM%06u", (i * 7919) % 1'000'000);
      device.serial = serial;
      device.manufacturer = "AMY";
      device.model = i % 2 ? "E1" : "E2";
      device.protocol = i == 3 ? "wmbus" : "dlms";
      device.commodity = i == 3 ? Commodity::kWater : Commodity::kUnknown;
      device.address = "dlms+tcp://127.0.0.1:4059";
      device.segment = i % 4 ? "A" : "B";
      device.service_point = ServicePointId(i);
      device.commissioned = kNow - 30 * 86'400;
      data.devices.push_back(device);
      Channel channel;
      channel.id = ChannelId(i);
      channel.device = device.id;
      channel.name = "import";
      channel.source = "1-0:1.29.0*255";
      channel.unit = Unit::kWattHour;
      channel.exponent = 0;
      channel.interval_s = 900;
      data.channels.push_back(channel);
    }
    Channel reg{ChannelId(kDevices + 1),
                DeviceId(1),
                ChannelKind::kRegister,
                "total",
                "1-0:1.8.0*255",
                Unit::kWattHour,
                -3,
                0,
                1};
    data.channels.push_back(reg);
    const auto added = store_->registry().add(data);
    ASSERT_TRUE(added.ok()) << to_string(added.error());
    std::vector<Reading> readings;
    for (int i = 1; i <= 96; ++i) {
      if (i == 50) continue;  // a gap
      Quality quality;
      if (i == 51) quality = quality.with(QualityFlag::kEstimated);
      readings.push_back({ChannelId(1), day_start() + i * 900, 100 + i, quality});
    }
    readings.push_back({ChannelId(kDevices + 1), day_start() + 86'400, 1'234'567, {}});
    ASSERT_TRUE(store_->readings().apply(1, readings).ok());
    ASSERT_TRUE(store_->finals().apply(validated_day()).ok());
    fill_billing();
    ASSERT_TRUE(store_->events().apply(std::vector<Event>{power_down()}).ok());
  }
  static constexpr const char* kTariff =
      "version = 1\nname = \"Home\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n[[energy]]\nname = "
      "\"Energy\"\nprice = \"0.25\"\n";
  // Account 1 was billed device 1's day and is held for the next; account 2 is prepaid.
  void fill_billing() {
    store::Billing& billing = store_->billing();
    BillingAccount account{{},
                           "A-1",
                           ServicePointId(1),
                           CustomerId(1),
                           "home",
                           BillingCycle::kWeek,
                           5,
                           20'777,
                           {},
                           false,
                           "",
                           "",
                           ""};
    ASSERT_TRUE(billing.put_account(account).ok());
    account.name = "A-2", account.service_point = ServicePointId(2), account.prepaid = true;
    ASSERT_TRUE(billing.put_account(account).ok());
    const auto digest = crypto::sha256(as_bytes(kTariff));
    mdm::StatementBody body;
    body.statement.account = "A-1";
    body.statement.from = day_start();
    body.statement.to = day_start() + 86'400;
    body.statement.days = 1;
    body.statement.total = 356;
    mdm::BillLine line;
    line.quantity = 14'256;
    line.exponent = -3;
    line.price = {25, -2};
    line.amount = 356;
    line.trace = {ChannelId(1), {}, day_start(), day_start() + 86'400, 96, 14'256, 0, 0, 0};
    body.statement.lines = {line};
    body.texts = {{"Energy", "kWh", "14.256 kWh x 0.25"}};
    body.customer = "Ana Núñez";
    body.tariff = "Home";
    body.tariff_digest.assign(digest.begin(), digest.end());
    body.currency = "EUR";
    body.zone = "UTC";
    body.inputs = {{ChannelId(1), 1, 20'777, {1}}};
    ASSERT_TRUE(billing.keep_tariff({body.tariff_digest, "home", kTariff, kNow}).ok());
    StatementRecord record;
    record.first_day = record.last_day = 20'777;
    record.issued = kNow;
    record.total = 356;
    record.currency = "EUR";
    record.cause = "cycle";
    record.body = mdm::encode_statement(body);
    ASSERT_TRUE(billing.post({AccountId(1), 20'777, {}, {record}, {}}).ok());
    BillHold hold{AccountId(1), 20'778, 20'778, kNow, kNow, {"96 of 96 intervals are missing"}, {}};
    hold.stretches = {{ChannelId(1), day_start() + 86'400, day_start() + 172'800, "not validated"}};
    ASSERT_TRUE(billing.post({AccountId(1), 20'778, {}, {}, hold}).ok());
  }
  static UtcSeconds day_start() { return UtcSeconds(1'795'132'800); }  // 2026-11-20T00:00:00Z
  // Device 1's day: one interval was missing and is estimated.
  static ReadingsFinal validated_day() {
    ReadingsFinal fact;
    VeeDay& d = fact.day;
    d.channel = ChannelId(1);
    d.day = 20'777;  // 2026-11-20
    d.start = day_start();
    d.length_s = 86'400;
    d.interval_s = 900;
    d.revision = 1;
    d.state = VeeState::kEstimated;
    d.worst = 3;
    d.total = 14'256;
    d.at_stake = 150;
    d.estimated = 1;
    d.findings.push_back({2, 3, 12, 49, 1, {95, 96, 1, 0}});
    fact.decision = {kNow - 3600, "vee", "validated", "", {}};
    fact.versions.push_back(
        {day_start() + 50 * 900, 1, {150, FinalOrigin::kEstimated, 17, false}, {}});
    return fact;
  }
  static Event power_down() {
    return {DeviceId(1), kNow - 3600,       EventCategory::kPower, Severity::kHigh,
            1,           "0-0:99.98.0*255", "power down"};
  }

  ServerOptions options;
  TestClock clock;
  std::filesystem::path directory_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<TestServices> services_;
  std::unique_ptr<Server> server_;
};

}  // namespace amity::api::testing
