// Virtual meters behind serial ports, read by the head-end's drivers: real pseudo terminals, of
// which one end is the port and the other a meter with a thread of its own. A meter hears nothing
// that comes at another rate than its own, gives the line two seconds to have its rate before it
// speaks to nobody, and takes the time that its rate asks for. A pseudo terminal has always 8 data
// bits and no parity: the meter of IEC 62056-21 makes and checks the eighth bit of 7E1 itself, the
// lines of 8E1 are 8N1 here.
//
// A pseudo terminal says of what was written that it is out at once. A port keeps characters until
// their time has come, and a reader that changes the rate earlier garbles them. So here the
// question for what is still to be sent (TIOCOUTQ) is answered as a port would: what the meter has
// not read. The meter looks at the rate before it reads, so that it is the rate that the bytes had.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdarg>
#include <mutex>
#include <sstream>
#include <thread>

#include "app/exit_codes.h"
#include "app/read_command.h"
#include "runtime/reactor.h"
#include "world/fleet.h"

namespace amity::app {
namespace {

// The lines there are: the device of the port, and the meter's end.
class Lines {
 public:
  static Lines& all() {
    static Lines lines;
    return lines;
  }
  void add(int port, int meter) {
    const std::lock_guard lock(mutex_);
    meters_[device_of(port)] = meter;
  }
  void remove(int port) {
    const std::lock_guard lock(mutex_);
    meters_.erase(device_of(port));
  }
  // Whether the meter has not read all yet; nullopt: no port of a line.
  std::optional<bool> unread(int port) {
    const std::lock_guard lock(mutex_);
    const auto at = meters_.empty() ? meters_.end() : meters_.find(device_of(port));
    if (at == meters_.end()) return std::nullopt;
    pollfd meter{at->second, POLLIN, 0};
    return ::poll(&meter, 1, 0) > 0 && (meter.revents & POLLIN) != 0;
  }

 private:
  static dev_t device_of(int fd) {
    struct stat about {};
    return ::fstat(fd, &about) == 0 && S_ISCHR(about.st_mode) ? about.st_rdev : 0;
  }
  std::mutex mutex_;
  std::map<dev_t, int> meters_;
};

}  // namespace
}  // namespace amity::app

// In place of the C library's, for this program.
extern "C" int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list rest;
  va_start(rest, request);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  if (request == TIOCOUTQ) {
    if (const auto unread = amity::app::Lines::all().unread(fd)) {
      *static_cast<int*>(argument) = *unread ? 1 : 0;
      return 0;
    }
  }
  return static_cast<int>(::syscall(SYS_ioctl, fd, request, argument));
}

namespace amity::app {
namespace {

class SerialMeter {
 public:
  virtual ~SerialMeter() = default;
  virtual world::Conversation& conversation() = 0;
  virtual std::optional<int> poll_speed() { return std::nullopt; }
  virtual bool seven_bits() const { return false; }  // with even parity
};

// One that never changes its rate.
class PlainMeter final : public SerialMeter {
 public:
  explicit PlainMeter(std::unique_ptr<world::Conversation> c) : conversation_(std::move(c)) {}
  world::Conversation& conversation() override { return *conversation_; }

 private:
  std::unique_ptr<world::Conversation> conversation_;
};

class ModeCMeter final : public SerialMeter, private world::Conversation {
 public:
  explicit ModeCMeter(world::IecMeter& meter) : server_(meter.server(), &meter) {}
  world::Conversation& conversation() override { return *this; }
  std::optional<int> poll_speed() override { return server_.poll_speed(); }
  bool seven_bits() const override { return true; }

 private:
  void on_bytes(ByteView bytes, Instant now) override { server_.on_bytes(bytes, now); }
  void on_timer(Instant now) override { server_.on_timer(now); }
  std::optional<Instant> next_timeout() const override { return server_.next_timeout(); }
  bool poll_output(Bytes& out) override { return server_.poll_output(out); }

  iec62056_21::Server server_;
};

class MeterOnALine {
 public:
  MeterOnALine(Clock& clock, std::unique_ptr<SerialMeter> meter, int baud)
      : clock_(clock), meter_(std::move(meter)), baud_(baud) {
    master_ = ::posix_openpt(O_RDWR | O_NOCTTY);
    EXPECT_GE(master_, 0);
    EXPECT_EQ(::grantpt(master_), 0);
    EXPECT_EQ(::unlockpt(master_), 0);
    path_ = ::ptsname(master_);
    rates_.push_back(baud);
    // Held open: a pseudo terminal that nobody has open hangs up.
    held_ = ::open(path_.c_str(), O_RDWR | O_NOCTTY);
    Lines::all().add(held_, master_);
    thread_ = std::thread([this] { serve(); });
  }
  ~MeterOnALine() { stop(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    if (held_ >= 0) Lines::all().remove(held_);
    for (int* fd : {&held_, &master_}) {
      if (*fd >= 0) ::close(std::exchange(*fd, -1));
    }
  }
  const std::string& path() const { return path_; }
  // After stop(): every rate that the meter has had, and what came at a wrong one.
  const std::vector<int>& rates() const { return rates_; }
  std::size_t garbled() const { return garbled_; }
  std::size_t bad_parity() const { return bad_parity_; }

 private:
  static speed_t code_of(int baud) {
    switch (baud) {
      case 300:
        return B300;
      case 2'400:
        return B2400;
      case 9'600:
        return B9600;
      case 19'200:
        return B19200;
      case 115'200:
        return B115200;
      default:
        return B0;
    }
  }
  bool line_is_right() const {
    termios t{};
    return ::tcgetattr(master_, &t) == 0 && ::cfgetospeed(&t) == code_of(baud_);
  }
  static bool even(std::uint8_t byte) { return std::popcount(byte) % 2 == 0; }
  // What comes with wrong parity is no character of this line.
  void hear(std::span<std::uint8_t> bytes) {
    for (std::uint8_t& byte : bytes) {
      if (!meter_->seven_bits()) break;
      if (!even(byte)) ++bad_parity_;
      byte = even(byte) ? byte & 0x7F : 0;
    }
    meter_->conversation().on_bytes(bytes, clock_.now());
  }
  void say() {
    if (const auto speed = meter_->poll_speed()) rates_.push_back(baud_ = *speed);
    Bytes out;
    while (!stopping_ && meter_->conversation().poll_output(out)) {
      for (int i = 0; i < 400 && !line_is_right() && !stopping_; ++i) ::usleep(5'000);
      if (!line_is_right()) {  // at another rate nobody understands it
        out.clear();
        continue;
      }
      for (std::uint8_t& byte : out) {
        if (meter_->seven_bits() && !even(byte)) byte |= 0x80;
      }
      for (std::size_t at = 0; at < out.size() && !stopping_;) {
        // As many characters as leave within a moment, ten bits each.
        const std::size_t some =
            std::max<std::size_t>(1, static_cast<std::size_t>(baud_) / 10 / 50);
        const ssize_t wrote = ::write(master_, out.data() + at, std::min(some, out.size() - at));
        if (wrote <= 0) return;
        at += static_cast<std::size_t>(wrote);
        ::usleep(static_cast<useconds_t>(wrote * 10'000'000 / baud_));
      }
      out.clear();
    }
  }
  void timer() {
    const auto due = meter_->conversation().next_timeout();
    if (due && *due <= clock_.now()) meter_->conversation().on_timer(clock_.now());
  }
  void serve() {
    std::uint8_t buffer[4'096];
    while (!stopping_) {
      pollfd waiting{master_, POLLIN, 0};
      const bool heard = ::poll(&waiting, 1, 10) > 0 && (waiting.revents & POLLIN) != 0;
      timer();  // before what came after it
      say();
      if (!heard) continue;
      const bool right = line_is_right();
      const ssize_t got = ::read(master_, buffer, sizeof buffer);
      if (got > 0 && right) {
        hear({buffer, static_cast<std::size_t>(got)});
        say();
      } else if (got > 0) {
        garbled_ += static_cast<std::size_t>(got);
      }
    }
  }

  Clock& clock_;
  std::unique_ptr<SerialMeter> meter_;
  std::atomic<bool> stopping_ = false;
  int baud_;
  int master_ = -1, held_ = -1;
  std::string path_;
  std::vector<int> rates_;
  std::size_t garbled_ = 0, bad_parity_ = 0;
  std::thread thread_;
};

struct SerialMeters : testing::Test {
  runtime::Reactor reactor;  // for its clock
  std::unique_ptr<world::Fleet> fleet;

  void SetUp() override {
    world::FleetConfig config;
    config.meters = 8;
    config.mix = world::DeviceMix::parse("iec62056=2,p1=2,modbus=2,mbus=2").value();
    config.history_days = 3;
    config.faults = world::FaultRates::none();
    auto made = world::Fleet::make(reactor.runtime(), config);
    ASSERT_TRUE(made.ok()) << to_string(made.error());
    fleet = std::move(made).value();
  }
  const TimeZone& zone() { return fleet->book().zone(); }
  Clock& clock() { return reactor.runtime().clock; }
  std::unique_ptr<MeterOnALine> on_a_line(std::unique_ptr<world::Conversation> c, int baud) {
    return std::make_unique<MeterOnALine>(clock(), std::make_unique<PlainMeter>(std::move(c)),
                                          baud);
  }
  // What `amity read` prints; "" where it fails.
  static std::string read(std::vector<std::string> arguments) {
    std::string name = "amity read";
    std::vector<char*> argv = {name.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    testing::internal::CaptureStdout();
    const int code = read_command(static_cast<int>(argv.size()), argv.data());
    std::fflush(stdout);
    const std::string text = testing::internal::GetCapturedStdout();
    EXPECT_EQ(code, kExitDone) << text;
    return code == kExitDone ? text : std::string();
  }
  // The number that a line of the output gives for a channel; in its own unit times 10^-exponent.
  static std::int64_t number_of(const std::string& text, const std::string& channel,
                                std::int64_t per_unit) {
    const std::string key = "\"channel\":\"" + channel + "\",\"value\":";
    const std::size_t at = text.find(key);
    if (at == text.npos) {
      ADD_FAILURE() << channel << " is not in\n" << text;
      return -1;
    }
    return std::llround(std::stod(text.substr(at + key.size())) * static_cast<double>(per_unit));
  }
  std::int64_t import_now(const world::VirtualMeter& meter) {
    return meter.register_offset().import_wh + meter.totals_at(clock().utc()).import_wh;
  }
};

TEST_F(SerialMeters, ModeCChangesTheRateOfTheLineAndReadsTheRegisters) {
  world::VirtualMeter& meter = fleet->meter(0);
  world::IecMeter iec(meter, zone());
  MeterOnALine line(clock(), std::make_unique<ModeCMeter>(iec), 300);
  const std::string url = "iec62056+serial://" + line.path() + "?device=" + meter.serial() +
                          "&mode=C&zone=" + zone().name();  // 300 baud, 7E1
  const std::int64_t before = import_now(meter);
  const std::string text = read({url, "--json"});
  const std::int64_t said = number_of(text, "active_energy_import", 1);
  EXPECT_GE(said, before - 1);
  EXPECT_LE(said, import_now(meter) + 1);
  line.stop();
  EXPECT_GE(std::count(line.rates().begin(), line.rates().end(), 9'600), 1)
      << "the meter's own rate was used";
  EXPECT_EQ(line.rates().front(), 300);
  EXPECT_EQ(line.garbled(), 0u);
  EXPECT_EQ(line.bad_parity(), 0u);
}

// The readout comes first: then the line goes back to 300 baud before programming mode begins.
TEST_F(SerialMeters, ModeCReadsTheLoadProfileP01) {
  world::VirtualMeter& meter = fleet->meter(0);
  world::IecMeter iec(meter, zone());
  MeterOnALine line(clock(), std::make_unique<ModeCMeter>(iec), 300);
  const UtcSeconds until(clock().utc().value / 3'600 * 3'600), after = until - 4 * 3'600;
  const std::string text =
      read({"iec62056+serial://" + line.path() + "?device=" + meter.serial() +
                "&mode=C&zone=" + zone().name(),
            "--profile", "P.01", "--from", to_iso(after), "--to", to_iso(until), "--json"});
  line.stop();
  EXPECT_EQ(line.garbled(), 0u);
  EXPECT_EQ(line.bad_parity(), 0u);
  EXPECT_GE(std::count(line.rates().begin(), line.rates().end(), 300), 2);
  const auto rows = meter.rows(after, until);
  ASSERT_EQ(rows.size(), 16u);
  for (const world::ProfileRow& row : rows) {
    for (const std::uint32_t wh : {row.interval.import_wh, row.interval.export_wh}) {
      const std::string said = "\"time\":\"" + to_iso(row.stamp) + "\"";
      const std::string value = "\"value\":" + std::to_string(wh) + ",\"unit\":\"Wh\"";
      bool found = false;
      std::istringstream lines(text);
      for (std::string one; std::getline(lines, one);) {
        found = found || (one.find(said) != one.npos && one.find(value) != one.npos &&
                          one.find("\"interval_s\":900") != one.npos);
      }
      EXPECT_TRUE(found) << said << ' ' << value << " is not in\n" << text.substr(0, 1'000);
    }
  }
}

TEST_F(SerialMeters, AWiredBusIsReadBySecondaryAddress) {
  std::vector<world::ResourceMeter*> heat = {&fleet->side().resource(0),
                                             &fleet->side().resource(1)};
  const auto line = on_a_line(std::make_unique<world::BusConversation>(heat), 2'400);
  for (const world::ResourceMeter* meter : heat) {
    const mbus::Address a = meter->address();
    char secondary[32];
    std::snprintf(secondary, sizeof secondary, "%08X%04X%02X%02X", a.id, a.manufacturer, a.version,
                  a.type);
    const std::int64_t before = meter->register_at(clock().utc());
    const std::string text =
        read({"mbus+serial://" + line->path() + "?line=8N1&secondary=" + secondary, "--json"});
    const std::int64_t said = number_of(text, "energy", 1);
    EXPECT_GE(said, before - 1);
    EXPECT_LE(said, meter->register_at(clock().utc()) + 1);
  }
  line->stop();
  EXPECT_EQ(line->garbled(), 0u);
}

TEST_F(SerialMeters, ModbusRtuByARegisterMap) {
  world::VirtualMeter& meter = fleet->meter(4);
  world::ModbusMeter modbus(meter);
  const auto line = on_a_line(
      std::make_unique<world::ModbusConversation>(modbus, modbus::Transport::kRtu, 5), 9'600);
  const std::int64_t before = import_now(meter);
  const std::string text =
      read({"modbus+serial://" + line->path() + "?unit=5&map=" + std::string(world::kModbusModel),
            "--json"});
  const std::int64_t said = number_of(text, "active_energy_import", 1);
  const std::int64_t slack = said / (1 << 24) + 1;  // 24 bits of a float
  EXPECT_GE(said, before - slack);
  EXPECT_LE(said, import_now(meter) + slack);
}

TEST_F(SerialMeters, P1AsItComes) {
  world::VirtualMeter& meter = fleet->meter(2);
  const auto line = on_a_line(std::make_unique<world::TelegramConversation>(
                                  world::TelegramKind::kP1, meter, zone(), clock().now()),
                              115'200);
  const std::int64_t before = import_now(meter);
  const std::string text =
      read({"p1+serial://" + line->path() + "?zone=" + zone().name(), "--json"});
  const std::int64_t said = number_of(text, "active_energy_import", 1);
  EXPECT_GE(said, before - 1);
  EXPECT_LE(said, import_now(meter) + 1);
}

}  // namespace
}  // namespace amity::app
