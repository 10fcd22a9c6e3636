#include "headend/heard/stg_reports.h"

#include <algorithm>

#include "headend/heard/together.h"
#include "headend/local_time.h"

namespace amity::heard {
namespace {

const std::string kSource = "stg";
constexpr std::uint32_t kCurveInterval_s =
    3'600;  // S02 is an hourly curve, where one row says no more

// The step of a curve: the smallest between its rows.
std::uint32_t interval_of(const wire::Report& report, const TimeZone& zone, UtcSeconds now) {
  std::vector<std::int64_t> times;
  for (const wire::Reading& reading : report.readings) {
    const auto at = headend::utc_of(reading.time, zone, now);
    if (reading.kind == "interval" && at) times.push_back(at->value);
  }
  std::sort(times.begin(), times.end());
  std::int64_t step = INT64_MAX;
  for (std::size_t i = 1; i < times.size(); ++i) {
    if (times[i] != times[i - 1]) step = std::min(step, times[i] - times[i - 1]);
  }
  return step == INT64_MAX || step > kCurveInterval_s ? kCurveInterval_s
                                                      : static_cast<std::uint32_t>(step);
}

}  // namespace

std::string stg_state_name(const std::string& concentrator, const std::string& type) {
  return "stg/" + concentrator + "/" + type;
}

StgReports::StgReports(Sink& sink) : sink_(sink) {
  sink_.counters(kSource);
}

std::optional<Device> StgReports::registered(const std::string& id) {
  const auto device = sink_.context().registry.device_by_serial(id);
  return device.ok() ? *device : std::nullopt;
}

void StgReports::learn(Device device, const stg::ConcentratorReport& report,
                       const stg::Subject& subject) {
  const Device before = device;
  if (!report.concentrator.empty() && device.serial != report.concentrator)
    device.segment = report.concentrator;
  if (report.type == "S06") {
    for (const auto& [name, value] : subject.attributes) {
      if (name == "Vf" && !value.empty()) device.firmware = value;
    }
  }
  if (device.segment == before.segment && device.firmware == before.firmware) return;
  if (sink_.context().registry.update_device(device).ok())
    sink_.context().reports.refresh(device.id);
}

void StgReports::keep_state(const stg::ConcentratorReport& report, const stg::Subject& subject,
                            bool is_registered) {
  std::string lines;
  for (const auto& [name, value] : subject.attributes) {
    if (lines.size() < kStgStateBytesMax) lines += name + "=" + value + "\n";
    if (name != "Meter.MeterId") continue;  // S24: who is behind it
    if (const auto meter = registered(value)) learn(*meter, report, {});
  }
  if (!is_registered) return;
  const std::string name = stg_state_name(report.concentrator, report.type);
  (void)sink_.context().registry.put_value(name, as_bytes(lines));
}

void StgReports::take_subject(const stg::ConcentratorReport& report, const stg::Subject& subject,
                              Sink::Done done) {
  const std::string& id = subject.report.meter.id;
  const auto device = registered(id);
  if (device) {
    learn(*device, report, subject);
  }
  // A list of meters counts whoever has registered the concentrator.
  const bool own = id == report.concentrator && !id.empty() && !subject.attributes.empty();
  if (own) keep_state(report, subject, device.has_value());
  if (own && !device && report.type == "S24") return done({});
  Delivery delivery;
  delivery.source = kSource;
  delivery.batch = true;
  delivery.options.interval_s = interval_of(subject.report, sink_.context().reports.zone(),
                                            sink_.context().runtime.clock.utc());
  sink_.take_report(subject.report, delivery, std::move(done));
}

void StgReports::take(ByteView xml, Sink::Done done) {
  Together all(std::move(done));
  const auto report = stg::parse_report(xml);
  if (!report.ok()) {
    ++sink_.counters(kSource).undecodable;
    return all.end(report.error());
  }
  if (!report->known) {
    return all.end(make_error(ErrorCode::kUnsupported,
                              "what a report " + report->type + " says is not known"));
  }
  for (const stg::Subject& subject : report->subjects) take_subject(*report, subject, all.part());
  all.end();
}

}  // namespace amity::heard
