// Authenticated reads of one meter-day (96 intervals of one channel, as JSON) over loopback: 64
// connections, one question at a time on each, the client in this process. Then the same while
// readings are taken in.

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "api/server.h"
#include "app/bench.h"
#include "intake/make_intake.h"
#include "runtime/reactor.h"
#include "runtime/system.h"

namespace amity::app {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kMeters = 2'000;
constexpr int kDays = 7, kIntervals = 96, kConnections = 64;
constexpr UtcSeconds kFirstDay{1'794'614'400};  // 2026-11-14T00:00:00Z
constexpr auto kWarmUp = milliseconds(1'000), kMeasured = milliseconds(5'000);

// The departments are not asked in this benchmark.
class NoServices : public api::Services {
 public:
  api::SystemInfo system() override { return {}; }
  api::Overview overview() override { return {}; }
  Result<api::CompletenessGrid> completeness(const api::CompletenessQuery&) override {
    return api::CompletenessGrid();
  }
  std::vector<api::DeviceStatus> statuses() override { return {}; }
  std::optional<api::DeviceStatus> status(DeviceId) override { return std::nullopt; }
  api::DeviceDetail detail(DeviceId) override { return {}; }
  std::vector<api::AbnormalItem> abnormal() override { return {}; }
  Result<api::MissingReport> missing(api::GroupBy) override {
    return api::MissingReport();
  }
  std::vector<api::SegmentRow> segments() override { return {}; }
  std::vector<api::GridNode> grid() override { return {}; }
  api::Arrivals arrivals() override { return {}; }
  std::vector<api::Metric> metrics() override { return {}; }
  Status ready() override { return {}; }
  void submit_command(Command, OnSubmitted done) override {
    done(make_error(ErrorCode::kUnsupported, "not in this benchmark"));
  }
};

[[noreturn]] void give_up(const Error& error) {
  std::fprintf(stderr, "bench api: %s\n", to_string(error).c_str());
  std::exit(1);
}

void must(const Status& status) {
  if (!status.ok()) give_up(status.error());
}

store::MasterData fleet() {
  store::MasterData data;
  for (std::uint32_t i = 1; i <= kMeters; ++i) {
    Device device;
    device.id = DeviceId(i);
    device.serial = "BENCH" + std::to_string(i);
    device.commissioned = kFirstDay;
    data.devices.push_back(std::move(device));
    Channel channel;
    channel.id = ChannelId(i);
    channel.device = DeviceId(i);
    channel.name = "import";
    channel.source = "1-0:1.29.0*255";
    channel.unit = Unit::kWattHour;
    channel.interval_s = 900;
    data.channels.push_back(std::move(channel));
  }
  return data;
}

// One day of one meter, 50 to 800 Wh an interval.
void add_day(std::vector<Reading>& out, std::uint32_t meter, int day) {
  for (int i = 1; i <= kIntervals; ++i) {
    const std::int64_t value =
        50 +
        static_cast<std::int64_t>(
            (meter * 2'654'435'761u + static_cast<std::uint32_t>(day * 96 + i) * 40'503u) % 750);
    out.push_back({ChannelId(meter), kFirstDay + day * 86'400LL + i * 900LL, value, {}});
  }
}

// What the questions are about, taken in as a meter's readings are.
void fill(intake::Intake& intake) {
  for (int day = 0; day < kDays; ++day) {
    ReadingsArrived delivery{"bench", kFirstDay + (day + 1) * 86'400LL, {}};
    for (std::uint32_t meter = 1; meter <= kMeters; ++meter) add_day(delivery.readings, meter, day);
    std::atomic<bool> done{false};
    intake.accept(std::move(delivery), [&](Result<intake::Receipt> receipt) {
      if (!receipt.ok()) give_up(receipt.error());
      done = true;
    });
    while (!done) std::this_thread::sleep_for(milliseconds(1));
  }
}

// One connection of the load generator: asks, counts the answer's bytes, asks again.
class Asker : public Stream::Handler {
 public:
  Asker(Runtime& rt, const Endpoint& server, const std::string& key,
        std::vector<std::int64_t>& latencies_us)
      : rt_(rt),
        key_(key),
        latencies_us_(latencies_us),
        stream_(rt.network.connect(server, std::chrono::seconds(5), this)) {}

  void on_open() override { ask(); }
  void on_bytes(ByteView bytes) override {
    if (left_ == 0) {
      append(head_, bytes);
      const std::size_t end = as_text(head_).find("\r\n\r\n");
      if (end == std::string_view::npos) return;
      if (!as_text(head_).starts_with("HTTP/1.1 200"))
        give_up(make_error(ErrorCode::kIo, std::string(as_text(head_))));
      const std::size_t field = as_text(head_).find("Content-Length: ");
      size_ = std::strtoul(reinterpret_cast<const char*>(head_.data()) + field + 16, nullptr, 10);
      left_ = end + 4 + size_ - (head_.size() - bytes.size());
      head_.clear();
    }
    left_ -= bytes.size();
    if (left_ != 0) return;
    latencies_us_.push_back((rt_.clock.now() - asked_).count());
    ask();
  }
  void on_closed(const Error& why) override { give_up(why); }
  std::size_t body_bytes() const { return size_; }

 private:
  void ask() {
    const auto meter = 1 + rt_.random.below(kMeters);
    const UtcSeconds from = kFirstDay + static_cast<std::int64_t>(rt_.random.below(kDays)) * 86'400;
    const std::string text =
        "GET /api/v1/devices/" + std::to_string(meter) +
        "/readings?channel=import&from=" + to_iso(from) + "&to=" + to_iso(from + 86'400) +
        " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + key_ + "\r\n\r\n";
    asked_ = rt_.clock.now();
    stream_->send(Bytes(text.begin(), text.end()));
  }

  Runtime& rt_;
  const std::string& key_;
  std::vector<std::int64_t>& latencies_us_;
  Bytes head_;
  std::size_t left_ = 0, size_ = 0;
  Instant asked_;
  std::unique_ptr<Stream> stream_;
};

struct Load {
  double per_s = 0, p50_us = 0, p99_us = 0;
  double cpu_us = 0;  // of this process per request, both ends: what another load on the machine
                      // does not change much
  std::size_t body_bytes = 0;
};

double process_cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

Load measure(const Endpoint& server, const std::string& key) {
  runtime::Reactor reactor;
  Runtime rt = reactor.runtime();
  std::vector<std::int64_t> latencies_us;
  std::vector<std::unique_ptr<Asker>> askers;
  for (int i = 0; i < kConnections; ++i)
    askers.push_back(std::make_unique<Asker>(rt, server, key, latencies_us));
  reactor.run_for(kWarmUp);
  latencies_us.clear();
  latencies_us.reserve(2'000'000);
  const double cpu_before_us = process_cpu_us();
  const Instant begin = rt.clock.now();
  reactor.run_for(kMeasured);
  const double seconds = static_cast<double>((rt.clock.now() - begin).count()) / 1e6;
  Load load;
  load.per_s = static_cast<double>(latencies_us.size()) / seconds;
  load.cpu_us = (process_cpu_us() - cpu_before_us) /
                std::max<double>(1, static_cast<double>(latencies_us.size()));
  load.body_bytes = askers.front()->body_bytes();
  std::sort(latencies_us.begin(), latencies_us.end());
  if (!latencies_us.empty()) {
    load.p50_us = static_cast<double>(latencies_us[latencies_us.size() / 2]);
    load.p99_us = static_cast<double>(latencies_us[latencies_us.size() * 99 / 100]);
  }
  return load;
}

// Takes in readings of later days, a meter-day a delivery as meters push them, some deliveries in
// flight.
class Feeder {
 public:
  explicit Feeder(intake::Intake& intake) : intake_(intake), thread_([this] { run(); }) {}
  ~Feeder() { stop(); }
  std::uint64_t accepted() const { return accepted_.load(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    while (in_flight_ != 0) std::this_thread::sleep_for(milliseconds(1));
  }

 private:
  void run() {
    for (int day = kDays; !stopping_; ++day) {
      for (std::uint32_t meter = 1; meter <= kMeters && !stopping_; ++meter) {
        while (in_flight_ > 256 && !stopping_)
          std::this_thread::sleep_for(std::chrono::microseconds(200));
        ReadingsArrived delivery{"bench", kFirstDay + (day + 1) * 86'400LL, {}};
        add_day(delivery.readings, meter, day);
        ++in_flight_;
        intake_.accept(std::move(delivery), [this](Result<intake::Receipt> receipt) {
          if (receipt.ok()) accepted_ += receipt->accepted;
          --in_flight_;
        });
      }
    }
  }

  intake::Intake& intake_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<int> in_flight_{0};
  std::thread thread_;
};

// Far enough ahead that what is taken in is never "in the future".
class BenchClock : public runtime::SystemClock {
 public:
  UtcSeconds utc() const override { return kFirstDay + 3'650 * 86'400LL; }
};

}  // namespace

BenchResult bench_api() {
  const auto directory = std::filesystem::temp_directory_path() / "amity_bench_api";
  std::filesystem::remove_all(directory);
  BenchResult result;
  result.name = "api";
  result.unit = "requests/s";
  {
    auto store = store::open_embedded(directory.string(), {});
    if (!store.ok()) give_up(store.error());
    must((*store)->registry().add(fleet()));
    BenchClock clock;
    auto intake = intake::make_intake(**store, clock);
    if (!intake.ok()) give_up(intake.error());
    fill(**intake);
    NoServices services;
    api::ServerOptions options;
    options.listen = {"127.0.0.1", 0};
    options.requests_per_s = 0;
    auto server = api::Server::create(**store, services, options);
    if (!server.ok()) give_up(server.error());
    const auto key = (*server)->add_api_key("bench", "viewer");
    if (!key.ok()) give_up(key.error());
    (*server)->start();
    const Load alone = measure((*server)->local(), *key);
    result.figure = alone.per_s;
    result.details = {{"connections", kConnections},
                      {"body_bytes", static_cast<double>(alone.body_bytes)},
                      {"p50_us", alone.p50_us},
                      {"p99_us", alone.p99_us},
                      {"cpu_us_per_request", alone.cpu_us}};
    Feeder feeder(**intake);
    const std::uint64_t before = feeder.accepted();
    const Load busy = measure((*server)->local(), *key);
    const double seconds = static_cast<double>((kWarmUp + kMeasured).count()) / 1e3;
    result.details.emplace_back("intake_readings_per_s",
                                static_cast<double>(feeder.accepted() - before) / seconds);
    feeder.stop();
    result.details.emplace_back("while_intake_requests_per_s", busy.per_s);
    result.details.emplace_back("while_intake_p50_us", busy.p50_us);
    result.details.emplace_back("while_intake_p99_us", busy.p99_us);
    (*server)->stop();
  }
  std::filesystem::remove_all(directory);
  return result;
}

}  // namespace amity::app
