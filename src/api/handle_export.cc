// A device's readings as a file, made a day and a channel at a time while it is sent: memory does
// not grow with its length.
#include "api/handler_support.h"
#include "api/limits.h"
#include "exchange/reading_rows.h"

namespace amity::api {

namespace {

constexpr std::int64_t kStepS = 7 * 86'400;

class ExportSource : public BodySource {
 public:
  ExportSource(Api& api, std::string serial, Api::ChannelsPtr channels, TimeRange range,
               exchange::RowFormat format, bool final)
      : api_(api),
        serial_(std::move(serial)),
        channels_(std::move(channels)),
        range_(range),
        format_(format),
        final_(final),
        at_(range.from) {}

  bool next(std::string& out) override {
    if (!headed_ && final_) exchange::append_final_header(out, format_);
    if (!headed_ && !final_) exchange::append_header(out, format_);
    headed_ = true;
    while (out.size() < kExportPieceBytes && index_ < channels_->size()) {
      const Channel& channel = (*channels_)[index_];
      const UtcSeconds until = std::min(at_ + kStepS, range_.to);
      if (const Status read = final_ ? append_final(out, channel, until) : append(out, channel, until);
          !read.ok()) {
        // The status has been sent; a broken-off file must not look whole.
        exchange::append_error(out, format_, to_string(read.error().code));
        return false;
      }
      at_ = until;
      if (at_ >= range_.to) {
        ++index_;
        at_ = range_.from;
      }
    }
    return index_ < channels_->size();
  }

 private:
  Status append(std::string& out, const Channel& channel, UtcSeconds until) {
    AMITY_TRY(const auto readings, api_.store.readings().read(channel.id, at_, until));
    for (const auto& reading : readings)
      exchange::append_row(out, format_, serial_, channel, reading, api_.zone());
    return {};
  }
  Status append_final(std::string& out, const Channel& channel, UtcSeconds until) {
    if (channel.kind != ChannelKind::kInterval) return {};
    AMITY_TRY(const auto series, store::final_series(api_.store.readings(), api_.store.finals(),
                                                     channel.id, at_, until));
    for (const auto& p : series.points) {
      exchange::append_final_row(out, format_, serial_, channel, p.reading, code_of(p.final),
                                 p.version, api_.zone());
    }
    return {};
  }

  Api& api_;
  std::string serial_;
  Api::ChannelsPtr channels_;
  TimeRange range_;
  exchange::RowFormat format_;
  bool final_;
  bool headed_ = false;
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
  const auto final = final_view(call);
  if (!final.ok()) return failure(final.error(), call);
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
  response.source = std::make_unique<ExportSource>(
      api, device->serial, *channels, *range,
      csv ? exchange::RowFormat::kCsv : exchange::RowFormat::kJsonLines, *final);
  return response;
}

}  // namespace

void add_export_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kGet, "/api/v1/devices/{id}/export", Access::kViewer, Place::kWorker,
                    export_readings, nullptr});
}

}  // namespace amity::api
