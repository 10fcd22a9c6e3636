// A device's readings as a file, made a day and a channel at a time while it is sent: memory does
// not grow with its length.
#include "api/handler_support.h"
#include "api/limits.h"

namespace amity::api {

namespace {

constexpr std::int64_t kStepS = 7 * 86'400;
constexpr std::int64_t kExportSpanMaxS = 3700 * 86'400LL;

class ExportSource : public BodySource {
 public:
  ExportSource(Api& api, std::string serial, Api::ChannelsPtr channels, TimeRange range, bool csv)
      : api_(api),
        serial_(std::move(serial)),
        channels_(std::move(channels)),
        range_(range),
        csv_(csv),
        at_(range.from) {}

  bool next(std::string& out) override {
    if (csv_ && !headed_) out += "serial,channel,name,unit,utc,local,value,quality,flags\r\n";
    headed_ = true;
    while (out.size() < kExportPieceBytes && index_ < channels_->size()) {
      const Channel& channel = (*channels_)[index_];
      const UtcSeconds until = std::min(at_ + kStepS, range_.to);
      const auto readings = api_.store.readings().read(channel.id, at_, until);
      if (!readings.ok()) {
        // The status has been sent; a broken-off file must not look whole.
        out += csv_ ? "error," : "{\"error\":\"";
        out += std::string(to_string(readings.error().code)) + (csv_ ? "\r\n" : "\"}\n");
        return false;
      }
      for (const auto& reading : *readings)
        csv_ ? csv_row(out, channel, reading) : json_row(out, channel, reading);
      at_ = until;
      if (at_ >= range_.to) {
        ++index_;
        at_ = range_.from;
      }
    }
    return index_ < channels_->size();
  }

 private:
  void csv_row(std::string& out, const Channel& channel, const Reading& reading) const {
    csv_field(out, serial_);
    out += ',' + std::to_string(channel.id.value) + ',';
    csv_field(out, channel.name);
    out += ',';
    out += symbol(channel.unit);
    out += ',' + to_iso(reading.time) + ',' + api_.zone().to_iso_local(reading.time) + ',';
    append_decimal(out, reading.value, channel.exponent);
    out += ',';
    out += quality_letter(reading.quality);
    out += ',' + to_string(reading.quality) + "\r\n";
  }

  // RFC 4180; what a spreadsheet would run as a formula is given as text.
  static void csv_field(std::string& out, std::string_view text) {
    const bool formula =
        !text.empty() && std::string_view("=+-@\t").find(text.front()) != std::string_view::npos;
    if (!formula && text.find_first_of(",\"\r\n") == std::string_view::npos) {
      out += text;
      return;
    }
    out += formula ? "\"'" : "\"";
    for (const char c : text) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }

  void json_row(std::string& out, const Channel& channel, const Reading& reading) const {
    std::string value;
    append_decimal(value, reading.value, channel.exponent);
    Json json;
    json.open()
        .key("serial")
        .text(serial_)
        .key("channel")
        .number(channel.id.value)
        .key("name")
        .text(channel.name);
    json.key("unit").text(symbol(channel.unit)).key("utc").time(reading.time);
    json.key("local").text(api_.zone().to_iso_local(reading.time)).key("value").text(value);
    json.key("quality").text(std::string(1, quality_letter(reading.quality)));
    json.key("flags").text(to_string(reading.quality)).close();
    out += json.take();
    out += '\n';
  }

  Api& api_;
  std::string serial_;
  Api::ChannelsPtr channels_;
  TimeRange range_;
  bool csv_, headed_ = false;
  std::size_t index_ = 0;
  UtcSeconds at_;
};

// What may stand in a file's name.
std::string file_name(std::string_view serial) {
  std::string out;
  for (const char c : serial) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    out += plain ? c : '_';
  }
  return out;
}

Response export_readings(Api& api, const Call& call) {
  const std::string_view format = call.request.uri.parameter("format");
  if (!format.empty() && format != "csv" && format != "jsonl")
    return failure(400, "\"format\" is csv or jsonl", call);
  const bool csv = format != "jsonl";
  const auto device = device_of(api, call);
  if (!device.ok()) return failure(device.error(), call);
  const auto range = range_parameters(api, call, 31 * 86'400, kExportSpanMaxS);
  if (!range.ok()) return failure(range.error(), call);
  auto channels = api.channels_of(device->id);
  if (!channels.ok()) return failure(channels.error(), call);
  Response response(200, csv ? "text/csv; charset=utf-8" : "application/jsonl", "");
  response.headers.emplace_back(
      "Content-Disposition",
      "attachment; filename=\"" + file_name(device->serial) + (csv ? ".csv\"" : ".jsonl\""));
  response.source = std::make_unique<ExportSource>(api, device->serial, *channels, *range, csv);
  return response;
}

}  // namespace

void add_export_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kGet, "/api/v1/devices/{id}/export", Access::kViewer, Place::kWorker,
                    export_readings, nullptr});
}

}  // namespace amity::api
