#include "headend/iec_driver.h"

#include <algorithm>

#include "headend/limits.h"
#include "headend/local_time.h"
#include "wire/iec62056_21/readout.h"

namespace amity::headend {

namespace {

using Goal = iec62056_21::Goal;
using Kind = iec62056_21::ClientEvent::Kind;

constexpr char kProfileAddress[] = "P.01";

std::string two(unsigned v) {
  return {static_cast<char>('0' + v / 10 % 10), static_cast<char>('0' + v % 10)};
}

// YYMMDDhhmm on the meter's clock.
std::string stamp(UtcSeconds at, const TimeZone& zone) {
  const wire::MeterTime t = meter_time(at, zone);
  return two(static_cast<unsigned>(t.year)) + two(t.month) + two(t.day) + two(t.hour) +
         two(t.minute);
}

}  // namespace

Task<Status> IecDriver::open() {
  const Address& address = meter_.address;
  const std::string mode = address.option("mode");
  if (!mode.empty() && (mode.size() != 1 || mode < "A" || mode > "E"))
    co_return make_error(ErrorCode::kInvalid, "mode=" + mode + " is none of A, B, C, D, E");
  config_.address = address.option("device");
  config_.password = address.option("password");
  if (c_.keys.has(meter_.device.id)) {
    AMITY_CO_TRY(const DeviceKeys kept, c_.keys.keys(meter_.device.id));
    if (!kept.password.empty()) config_.password.assign(kept.password.begin(), kept.password.end());
  }
  if (const std::int64_t given = address.bearer.line_answer_ms; given != 0)
    config_.answer_timeout = std::chrono::milliseconds(given);
  iec62056_21::Client session = iec62056_21::Client(config_);
  co_return co_await connect(std::move(session));
}

Task<void> IecDriver::close() {
  if (!link_) co_return;
  co_await sign_off();
  link_->close(true);
}

Task<Result<IecDriver::Event>> IecDriver::event() {
  while (true) {
    AMITY_CO_TRY(Event next, co_await link_->next());
    if (next.kind == Kind::kSpeed) {
      SerialLine line = meter_.address.serial.value_or(SerialLine{});
      line.baud = static_cast<std::uint32_t>(next.baud);
      AMITY_CO_CHECK(link_->set_line(line));
    } else if (next.kind == Kind::kIdentified) {
      identification_ = next.identification;
    } else if (next.kind == Kind::kFailed) {
      co_return next.error;
    } else {
      co_return next;
    }
  }
}

Task<Result<IecDriver::Event>> IecDriver::begin(Goal goal) {
  config_.goal = goal;
  if (meter_.address.serial) {
    AMITY_CO_CHECK(link_->set_line(*meter_.address.serial));
  }
  link_->session() = iec62056_21::Client(config_);
  if (listens()) {
    link_->session().listen(link_->now());
  } else {
    const Instant now = link_->now();
    link_->session().start(now, std::max(Duration{}, rests_until_.value_or(now) - now));
  }
  co_return co_await event();
}

Task<void> IecDriver::sign_off() {
  if (!link_->up() || !link_->session().ready()) co_return;
  link_->session().close(link_->now());
  (void)co_await event();
}

Task<Status> IecDriver::read_clock() {
  co_await sign_off();
  AMITY_CO_TRY(const Event answer, co_await begin(Goal::kReadout));
  if (answer.kind != Kind::kData)
    co_return make_error(ErrorCode::kMalformed, "another answer than a readout");
  if (meter_.address.serial) rests_until_ = link_->now() + iec62056_21::kReadoutRest;
  wire::Report readout;
  readout.protocol = "iec62056-21";
  iec62056_21::note_identification(identification_, readout);
  AMITY_CO_CHECK(iec62056_21::read_data(answer.text, readout));
  identity_ = readout.meter;
  co_return take(readout, options());
}

// A meter that answers with an error keeps no profile, or none for this password.
Task<Status> IecDriver::read_rows(TimeRange range, std::uint32_t period_s, bool& none) {
  const std::string from = stamp(range.after + period_s, zone()), to = stamp(range.until, zone());
  AMITY_CO_CHECK(link_->session().read_profile(kProfileAddress, from, to, '5', link_->now()));
  AMITY_CO_TRY(const Event answer, co_await event());
  none = answer.kind != Kind::kAnswer || answer.text.starts_with("(ER");
  if (none) {
    if (std::exchange(meter_.profile_alarm, true)) co_return Status{};
    co_return co_await report(HeadEndEvent::kLayoutConflict,
                              "it refuses its load profile: " + answer.text);
  }
  AMITY_CO_TRY(const auto blocks, iec62056_21::parse_profile(answer.text));
  for (const iec62056_21::ProfileBlock& block : blocks) {
    wire::Report rows;
    rows.protocol = "iec62056-21";
    rows.meter = identity_;
    const std::vector<iec62056_21::ProfileBlock> one{block};
    iec62056_21::append_profile(one, rows);
    for (wire::Reading& reading : rows.readings) {
      reading.kind = "interval";
      reading.note.clear();
    }
    pin_offset(rows.readings, zone(), utc(), Anchor::kOldest);
    TakeOptions with = options();
    with.interval_s = static_cast<std::uint32_t>(block.period_minutes) * 60;
    if (with.interval_s != period_s) {
      co_return make_error(ErrorCode::kConflict,
                           "the load profile has a period of " + std::to_string(with.interval_s) +
                               " s, the device is registered with " + std::to_string(period_s));
    }
    AMITY_CO_CHECK(take(rows, with, &range));
  }
  co_return Status{};
}

Task<Status> IecDriver::read_profile(Progress progress) {
  if (listens()) co_return Status{};
  const std::uint32_t period_s = meter_.device.interval_s;
  const std::vector<TimeRange> ranges = missing(period_s);
  if (ranges.empty() || period_s == 0) co_return Status{};
  AMITY_CO_TRY(const Event entered, co_await begin(Goal::kProgramming));
  if (entered.kind != Kind::kReady) co_return Status{};
  const std::uint32_t fits = meter_.address.bearer.rows_per_read;
  const std::uint32_t rows = std::max(1u, fits == 0 ? c_.config.read.rows_per_read : fits);
  for (const TimeRange& range : ranges) {
    for (UtcSeconds after = range.after; after < range.until;
         after = after + std::int64_t{rows} * period_s) {
      const TimeRange part{after, std::min(range.until, after + std::int64_t{rows} * period_s)};
      bool none = false;
      AMITY_CO_CHECK(co_await read_rows(part, period_s, none));
      if (none) co_return Status{};
      AMITY_CO_TRY(const UtcSeconds last, co_await deliver_rows());
      answered(part, last, period_s);
      if (progress) progress("reading the load profile until " + to_iso(part.until));
    }
  }
  co_return Status{};
}

}  // namespace amity::headend
