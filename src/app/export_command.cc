#include "app/export_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/exit_codes.h"
#include "base/civil.h"
#include "exchange/reading_rows.h"
#include "runtime/system.h"
#include "store/store.h"

namespace amity::app {
namespace {

constexpr std::int64_t kDay_s = 86'400;
constexpr std::size_t kFlushBytes = 1 << 20;

struct Request {
  std::string data, device, channel, from, to, format = "csv", zone = "UTC", view = "raw";
};

int failed(const Error& error, int code) {
  fmt::print(stderr, "amity export: {}\n", to_string(error));
  return code;
}

void flush(std::string& out) {
  std::fwrite(out.data(), 1, out.size(), stdout);
  out.clear();
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
Result<std::uint64_t> write_final(store::Store& store, const Device& device,
                                  const Channel& channel, exchange::RowFormat format,
                                  UtcSeconds after, UtcSeconds until, const TimeZone& zone,
                                  std::string& out) {
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
    if (!request.channel.empty() && channel.name != request.channel &&
        channel.source != request.channel)
      continue;
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

int run(const Request& request) {
  const auto zone = TimeZone::find(request.zone);
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
      "Prints readings as CSV or JSON Lines: unit, exact value, quality, UTC and local time on "
      "each row.\n"
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
  app.add_option("--format", request.format, "csv or jsonl")
      ->check(CLI::IsMember({"csv", "jsonl"}));
  app.add_option("--view", request.view,
                 "raw: as the meter gave it; final: what is billed, with method code and version")
      ->check(CLI::IsMember({"raw", "final"}))
      ->capture_default_str();
  app.add_option("--zone", request.zone, "of the local time column")
      ->envname("AMITY_ZONE")
      ->capture_default_str();
  app.footer(
      "Example:  amity export --data DIR --device AMY10000001 --channel import --from 2026-11-01");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitDone : kExitUsage;
  }
  return run(request);
}

}  // namespace amity::app
