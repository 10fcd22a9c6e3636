#include "app/export_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "app/exit_codes.h"
#include "app/kept_methods.h"
#include "base/civil.h"
#include "exchange/nem12_reader.h"
#include "exchange/reading_rows.h"
#include "exchange/rebin.h"
#include "exchange/writers.h"
#include "runtime/system.h"
#include "store/store.h"

namespace amity::app {
namespace {

constexpr std::int64_t kDay_s = 86'400;
constexpr std::size_t kFlushBytes = 1 << 20;
constexpr std::size_t kLeftOutShown = 20;
constexpr std::size_t kEventsOfDevice = 10'000;
constexpr std::string_view kEventsFormat = "cim-events";

struct Request {
  std::string data, device, channel, from, to, format = "csv", zone, view = "raw";
  std::string sender = "AMITY", receiver = "UNKNOWN", bins;
  int bill_day = 1;
};

int failed(const Error& error, int code) {
  fmt::print(stderr, "amity export: {}\n", to_string(error));
  return code;
}

void flush(std::string& out) {
  std::fwrite(out.data(), 1, out.size(), stdout);
  out.clear();
}

bool asked(const Request& request, const Channel& channel) {
  return request.channel.empty() || channel.name == request.channel ||
         channel.source == request.channel;
}

Result<std::uint64_t> write_raw(store::Store& store, const Device& device, const Channel& channel,
                                exchange::RowFormat format, UtcSeconds after, UtcSeconds until,
                                const TimeZone& zone, std::string& out) {
  AMITY_TRY(const auto readings, store.readings().read(channel.id, after, until));
  for (const Reading& reading : readings)
    exchange::append_row(out, format, device.serial, channel, reading, zone);
  return std::uint64_t{readings.size()};
}

// What is billed, with its code and version.
Result<std::uint64_t> write_final(store::Store& store, const Device& device, const Channel& channel,
                                  exchange::RowFormat format, UtcSeconds after, UtcSeconds until,
                                  const TimeZone& zone, std::string& out) {
  if (channel.kind != ChannelKind::kInterval) return std::uint64_t{0};
  AMITY_TRY(const auto series,
            store::final_series(store.readings(), store.finals(), channel.id, after, until));
  for (const store::FinalPoint& p : series.points) {
    exchange::append_final_row(out, format, device.serial, channel, p.reading, code_of(p.final),
                               p.version, zone);
  }
  return std::uint64_t{series.points.size()};
}

Result<std::uint64_t> write_device(store::Store& store, const Device& device,
                                   const Request& request, UtcSeconds from, UtcSeconds to,
                                   const TimeZone& zone, std::string& out) {
  const auto format =
      request.format == "csv" ? exchange::RowFormat::kCsv : exchange::RowFormat::kJsonLines;
  std::uint64_t rows = 0;
  AMITY_TRY(const auto channels, store.registry().channels_of(device.id));
  for (const Channel& channel : channels) {
    if (!asked(request, channel)) continue;
    for (UtcSeconds at = from; at < to; at = at + kDay_s) {
      const UtcSeconds until = std::min(at + kDay_s, to);
      AMITY_TRY(const std::uint64_t written,
                request.view == "final"
                    ? write_final(store, device, channel, format, at, until, zone, out)
                    : write_raw(store, device, channel, format, at, until, zone, out));
      rows += written;
      if (out.size() > kFlushBytes) flush(out);
    }
  }
  return rows;
}

// What another system's format was given of the readings, and what it has no place for.
struct Written {
  std::uint64_t values = 0, lost = 0;
  std::size_t series = 0, left_out = 0;
};

exchange::MeterSeries series_of(const Device& device, const Channel& channel,
                                const std::string& point) {
  exchange::MeterSeries series;
  series.serial = device.serial;
  series.point = point;
  series.name = channel.name;
  series.source = channel.source;
  series.kind = channel.kind;
  series.unit = channel.unit;
  series.interval_s = channel.kind == ChannelKind::kInterval ? channel.interval_s : 0;
  series.multiplier = channel.multiplier;
  return series;
}

// As the meter gave them, or what is billed, with the method of each substitute and the reason that
// a file told.
Result<std::vector<std::pair<Reading, KeptMethod>>> values_of(store::Store& store,
                                                              KeptMethods& kept,
                                                              const Channel& channel,
                                                              const Request& request,
                                                              UtcSeconds after, UtcSeconds until) {
  std::vector<std::pair<Reading, KeptMethod>> out;
  const auto as_read = [&](const Reading& reading) -> Status {
    AMITY_TRY(KeptMethod told, kept.of(reading));
    out.emplace_back(reading, std::move(told));
    return {};
  };
  if (request.view != "final") {
    AMITY_TRY(const auto readings, store.readings().read(channel.id, after, until));
    for (const Reading& reading : readings) AMITY_CHECK(as_read(reading));
    return out;
  }
  if (channel.kind != ChannelKind::kInterval) return out;
  AMITY_TRY(const auto series,
            store::final_series(store.readings(), store.finals(), channel.id, after, until));
  for (const store::FinalPoint& p : series.points) {
    if (p.final.method == 0 && p.final.origin == FinalOrigin::kActual) {
      AMITY_CHECK(as_read(p.reading));
    } else {
      out.emplace_back(p.reading, KeptMethod{p.final.method, ""});
    }
  }
  return out;
}

// CMEP tells the multiplier beside what the meter counted, and Parquet holds that as CSV does;
// markets are told what was used. A register is what stood on the dial.
bool multiplies(const Request& request, const Channel& channel) {
  return request.format != "cmep" && request.format != "parquet" &&
         channel.kind == ChannelKind::kInterval;
}

Status write_channel(store::Store& store, KeptMethods& kept, const Channel& channel,
                     const Request& request, UtcSeconds from, UtcSeconds to,
                     exchange::SeriesWriter& writer, Written& written, std::string& out) {
  const std::uint32_t duration = channel.kind == ChannelKind::kInterval ? channel.interval_s : 0;
  for (UtcSeconds at = from; at < to; at = at + kDay_s) {
    AMITY_TRY(const auto values,
              values_of(store, kept, channel, request, at, std::min(at + kDay_s, to)));
    for (const auto& [reading, told] : values) {
      Decimal value{reading.value, channel.exponent};
      Status status;
      if (multiplies(request, channel) &&
          __builtin_mul_overflow(value.value, channel.multiplier_of(reading.time), &value.value))
        status =
            make_error(ErrorCode::kLimit, to_iso(reading.time) + ": x its multiplier is too much");
      if (status.ok())
        status = writer.value(
            {reading.time, duration, value, reading.quality, told.method, told.reason}, out);
      if (!status.ok() && written.lost++ == 0)
        fmt::print(stderr, "left out: {}\n", status.error().reason);
      written.values += status.ok();
    }
    if (out.size() > kFlushBytes) flush(out);
  }
  return {};
}

// How far behind a change of its multiplier the last interval ends that begins before it.
std::int64_t last_before(const Channel& channel, UtcSeconds change) {
  const std::int64_t step = std::max<std::int64_t>(channel.interval_s, 1);
  return (step - change.value % step) % step;
}

Result<Written> write_foreign(store::Store& store, const std::vector<Device>& devices,
                              const Request& request, UtcSeconds from, UtcSeconds to,
                              exchange::SeriesWriter& writer) {
  Written written;
  std::string out;
  KeptMethods kept(store.registry());
  std::map<ServicePointId, std::string> points;
  AMITY_TRY(const auto service_points, store.registry().service_points());
  for (const ServicePoint& point : service_points) points[point.id] = point.name;
  for (const Device& device : devices) {
    AMITY_TRY(const auto channels, store.registry().channels_of(device.id));
    for (const Channel& channel : channels) {
      if (!asked(request, channel)) continue;
      auto series = series_of(device, channel, points[device.service_point]);
      // One series for each multiplier, where the format tells it: an interval has that of its
      // begin.
      for (UtcSeconds at = from; at < to;) {
        UtcSeconds until = to;
        for (const MultiplierStep& step : channel.steps) {
          if (request.format != "cmep") break;
          const UtcSeconds last = step.from + last_before(channel, step.from);
          if (last > at) until = std::min(until, last);
        }
        series.multiplier =
            channel.multiplier_of(at + std::max<std::int64_t>(channel.interval_s, 1));
        if (const Status status = writer.begin_series(series, out); !status.ok()) {
          if (written.left_out++ < kLeftOutShown)
            fmt::print(stderr, "left out: {} {}: {}\n", device.serial, channel.name,
                       status.error().reason);
          break;
        }
        ++written.series;
        AMITY_CHECK(write_channel(store, kept, channel, request, at, until, writer, written, out));
        at = until;
      }
    }
  }
  AMITY_CHECK(writer.finish(out));
  flush(out);
  return written;
}

int export_foreign(store::Store& store, const std::vector<Device>& devices, const Request& request,
                   UtcSeconds from, UtcSeconds to, UtcSeconds now) {
  exchange::WriteOptions options;
  const auto zone = TimeZone::find(request.zone.empty() ? exchange::kNemZone : request.zone);
  if (!zone.ok()) return failed(zone.error(), kExitUsage);
  options.market_zone = *zone;
  options.created = now;
  options.sender = request.sender;
  options.receiver = request.receiver;
  auto writer = exchange::make_writer(*exchange::write_format_from(request.format), options);
  if (const auto bins = exchange::bins_from(request.bins)) {
    const auto days = TimeZone::find(request.zone.empty() ? "UTC" : request.zone);
    if (!days.ok()) return failed(days.error(), kExitUsage);
    writer = exchange::make_rebinned(std::move(writer), {*bins, *days, request.bill_day});
  }
  const auto written = write_foreign(store, devices, request, from, to, *writer);
  if (!written.ok()) return failed(written.error(), kExitFailed);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    return failed(make_error(ErrorCode::kIo, "stdout cannot be written"), kExitFailed);
  fmt::print(stderr, "{} readings of {} channels; left out: {} channels, {} readings\n",
             written->values, written->series, written->left_out, written->lost);
  return written->lost > 0 || (written->series == 0 && written->left_out > 0) ? kExitFailed
                                                                              : kExitDone;
}

// The newest of each device; what has no code in the standard is counted.
int export_events(store::Store& store, const std::vector<Device>& devices, UtcSeconds from,
                  UtcSeconds to) {
  std::string out;
  std::uint64_t events = 0, without = 0;
  exchange::append_cim_events_head(out);
  for (const Device& device : devices) {
    const auto found = store.events().of_device(device.id, from, to, kEventsOfDevice);
    if (!found.ok()) return failed(found.error(), kExitFailed);
    for (auto event = found->rbegin(); event != found->rend(); ++event)
      ++(exchange::append_cim_event(out, {device.serial, *event}) ? events : without);
    if (found->size() == kEventsOfDevice)
      fmt::print(stderr, "{}: its {} newest events alone\n", device.serial, kEventsOfDevice);
    if (out.size() > kFlushBytes) flush(out);
  }
  exchange::append_cim_events_end(out);
  flush(out);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    return failed(make_error(ErrorCode::kIo, "stdout cannot be written"), kExitFailed);
  fmt::print(stderr, "{} events; left out: {} that have no code in IEC 61968-9\n", events, without);
  return kExitDone;
}

int run(const Request& request) {
  const auto zone = TimeZone::find(request.zone.empty() ? "UTC" : request.zone);
  if (!zone.ok()) return failed(zone.error(), kExitUsage);
  const UtcSeconds now = runtime::SystemClock().utc();
  const auto from =
      request.from.empty() ? Result<UtcSeconds>(now - 31 * kDay_s) : from_iso(request.from);
  const auto to = request.to.empty() ? Result<UtcSeconds>(now) : from_iso(request.to);
  if (!from.ok()) return failed(from.error(), kExitUsage);
  if (!to.ok()) return failed(to.error(), kExitUsage);
  store::EmbeddedOptions options;
  options.create = false;
  const auto store = store::open_embedded(request.data, options);
  if (!store.ok()) return failed(store.error(), kExitFailed);
  std::vector<Device> devices;
  if (request.device.empty()) {
    auto all = (*store)->registry().devices();
    if (!all.ok()) return failed(all.error(), kExitFailed);
    devices = std::move(*all);
  } else {
    const auto one = (*store)->registry().device_by_serial(request.device);
    if (!one.ok()) return failed(one.error(), kExitFailed);
    if (!*one)
      return failed(
          make_error(ErrorCode::kNotFound, "no device has the serial '" + request.device + "'"),
          kExitFailed);
    devices = {**one};
  }
  if (request.format == kEventsFormat) return export_events(**store, devices, *from, *to);
  if (!request.bins.empty() && !exchange::write_format_from(request.format))
    return failed(make_error(ErrorCode::kInvalid, "--bins is of formats of other systems"),
                  kExitUsage);
  if (exchange::write_format_from(request.format))
    return export_foreign(**store, devices, request, *from, *to, now);
  std::string out;
  std::uint64_t rows = 0;
  const auto format =
      request.format == "csv" ? exchange::RowFormat::kCsv : exchange::RowFormat::kJsonLines;
  request.view == "final" ? exchange::append_final_header(out, format)
                          : exchange::append_header(out, format);
  for (const Device& device : devices) {
    const auto written = write_device(**store, device, request, *from, *to, *zone, out);
    if (!written.ok()) return failed(written.error(), kExitFailed);
    rows += *written;
  }
  flush(out);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return failed(make_error(ErrorCode::kIo, "stdout cannot be written"), kExitFailed);
  }
  fmt::print(stderr, "{} readings of {} devices\n", rows, devices.size());
  return kExitDone;
}

}  // namespace

int export_command(int argc, char** argv) {
  CLI::App app{
      "Prints readings: as CSV or JSON Lines (unit, exact value, quality, UTC and local time on "
      "each row), or in a format of\n"
      "other systems: nem12, cmep, espi (Green Button), mscons (EDIFACT), cim (IEC 61968-9 "
      "MeterReadings), parquet;\n"
      "or events: cim-events (IEC 61968-9 EndDeviceEvents). What a\n"
      "format has no place for (a voltage in NEM12) is told on stderr and left out.\n"
      "The data directory must not be in use: a running platform exports at "
      "/api/v1/devices/{id}/export.",
      "amity export"};
  Request request;
  app.add_option("--data", request.data, "data directory")->required()->envname("AMITY_DATA");
  app.add_option("--device", request.device, "serial; without it every device");
  app.add_option("--channel", request.channel,
                 "name (import) or source (1-0:1.29.0*255); without it every channel");
  app.add_option("--from", request.from, "after this time, ISO (default: 31 days ago)");
  app.add_option("--to", request.to, "up to this time, ISO (default: now)");
  app.add_option("--format", request.format,
                 "csv, jsonl, nem12, cmep, espi, mscons, cim, parquet or cim-events")
      ->check(CLI::IsMember(
          {"csv", "jsonl", "nem12", "cmep", "espi", "mscons", "cim", "parquet", "cim-events"}));
  app.add_option(
         "--bins", request.bins,
         "sums intervals to 15min, 1h, 1d or billing months, in formats of other systems; days and "
         "months are those of --zone (default: UTC)")
      ->check(CLI::IsMember({"15min", "1h", "1d", "billing"}));
  app.add_option("--bill-day", request.bill_day,
                 "of the month, at whose start a billing month begins")
      ->check(CLI::Range(1, 28))
      ->capture_default_str();
  app.add_option("--view", request.view,
                 "raw: as the meter gave it; final: what is billed, with method code and version")
      ->check(CLI::IsMember({"raw", "final"}))
      ->capture_default_str();
  app.add_option("--zone", request.zone,
                 "of the local time column (default: UTC), of NEM12's days (Australia/Brisbane)")
      ->envname("AMITY_ZONE");
  app.add_option("--sender", request.sender, "who sends, in nem12, cmep and mscons")
      ->capture_default_str();
  app.add_option("--receiver", request.receiver, "who is to receive")->capture_default_str();
  app.footer(
      "Examples:  amity export --data DIR --device AMY10000001 --channel import --from 2026-11-01\n"
      "           amity export --data DIR --format parquet --from 2026-11-01 > november.parquet");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitDone : kExitUsage;
  }
  return run(request);
}

}  // namespace amity::app
