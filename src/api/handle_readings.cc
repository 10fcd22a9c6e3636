// Series of one device: the hot path of the API, on the I/O thread.
#include "api/handler_support.h"
#include "api/limits.h"
#include "api/series.h"

namespace amity::api {

namespace {

constexpr std::string_view kResolutionWords[] = {"raw", "hour", "day"};

Result<Resolution> resolution_parameter(const Call& call) {
  const std::string_view text = call.request.uri.parameter("resolution");
  if (text.empty()) return Resolution::kRaw;
  for (std::size_t i = 0; i < 3; ++i) {
    if (text == kResolutionWords[i]) return static_cast<Resolution>(i);
  }
  return make_error(ErrorCode::kInvalid, "\"resolution\" is raw, hour or day");
}

// `channel` names one by id or by name; absent means all.
bool wanted(const Channel& channel, std::string_view chosen) {
  return chosen.empty() || chosen == channel.name || chosen == std::to_string(channel.id.value);
}

struct Query {
  DeviceId device;
  TimeRange range;
  Resolution resolution = Resolution::kRaw;
  bool final = false;  // what is billed, of interval channels
  Api::ChannelsPtr channels;
  std::vector<const Channel*> chosen;
};

Result<Query> query_of(Api& api, const Call& call) {
  Query query;
  const auto id = id_from(call.path.at(0), "device");
  const auto unknown = [&] {
    return make_error(ErrorCode::kNotFound, "no device " + std::string(call.path.at(0)));
  };
  if (!id.ok() || *id > UINT32_MAX) return unknown();
  query.device = DeviceId(static_cast<std::uint32_t>(*id));
  AMITY_TRY(query.range, range_parameters(api, call, 86'400, kReadingSpanMaxS));
  AMITY_TRY(query.resolution, resolution_parameter(call));
  AMITY_TRY(query.final, final_view(call));
  AMITY_TRY(query.channels, api.channels_of(query.device));
  if (query.channels->empty()) {
    AMITY_TRY(const auto device, api.store.registry().device(query.device));
    if (!device) return unknown();
  }
  const std::string_view name = call.request.uri.parameter("channel");
  std::int64_t points = 0;
  for (const auto& channel : *query.channels) {
    if (!wanted(channel, name)) continue;
    if (query.final && channel.kind != ChannelKind::kInterval) continue;
    query.chosen.push_back(&channel);
    points += (query.range.to - query.range.from) / std::max<std::int64_t>(channel.interval_s, 60);
  }
  if (query.chosen.empty() && !name.empty()) {
    return make_error(ErrorCode::kNotFound, "the device has no channel of that name");
  }
  if (points > kRawPointsMax)
    return make_error(ErrorCode::kInvalid,
                      "too many points: ask for a shorter time or one channel");
  return query;
}

Result<std::vector<Reading>> values_of(Api& api, const Query& query, const Channel& channel,
                                       store::FinalSeries& final) {
  const TimeRange& range = query.range;
  if (!query.final) return api.store.readings().read(channel.id, range.from, range.to);
  AMITY_TRY(final, store::final_series(api.store.readings(), api.store.finals(), channel.id,
                                       range.from, range.to));
  std::vector<Reading> readings;
  readings.reserve(final.points.size() + final.unsettled.size());
  auto early = final.unsettled.begin();
  for (const store::FinalPoint& point : final.points) {
    for (; early != final.unsettled.end() && early->time < point.reading.time; ++early)
      readings.push_back(*early);
    readings.push_back(point.reading);
  }
  readings.insert(readings.end(), early, final.unsettled.end());
  return readings;
}

// What is not the meter's own first value, with its code; "P", version 0: not validated yet. What
// is never validated (a voltage) is not marked.
void put_final(Json& json, const store::FinalSeries& final, bool validated) {
  json.key("pending").number(std::uint64_t{final.pending}).key("codes").open_list();
  for (const Reading& reading : final.unsettled) {
    if (validated) json.open_list().number(reading.time.value).text("P").number(0).close_list();
  }
  for (const store::FinalPoint& point : final.points) {
    if (point.version == 1 && point.final.origin == FinalOrigin::kActual) continue;
    json.open_list().number(point.reading.time.value).text(code_of(point.final));
    json.number(point.version).close_list();
  }
  json.close_list();
}

Response readings(Api& api, const Call& call) {
  const auto query = query_of(api, call);
  if (!query.ok()) return failure(query.error(), call);
  const UtcSeconds now = api.clock.utc();
  Json json;
  json.open()
      .key("device")
      .number(query->device.value)
      .key("from")
      .time(query->range.from)
      .key("to")
      .time(query->range.to);
  json.key("resolution")
      .text(kResolutionWords[static_cast<int>(query->resolution)])
      .key("series")
      .open_list();
  std::string points;
  for (const Channel* channel : query->chosen) {
    store::FinalSeries final;
    const auto found = values_of(api, *query, *channel, final);
    if (!found.ok()) return failure(found.error(), call);
    points.clear();
    points.reserve(found->size() * 28 + 2);
    SeriesStats stats = append_points(points, *channel, *found, query->resolution, api.zone());
    if (channel->kind == ChannelKind::kInterval) {
      const std::size_t expected =
          expected_intervals(channel->interval_s, query->range.from, query->range.to, now);
      stats.missing = expected > found->size() ? expected - found->size() : 0;
    }
    json.open().key("channel").number(channel->id.value).key("name").text(channel->name);
    json.key("unit").text(symbol(channel->unit)).key("interval_s").number(channel->interval_s);
    json.key("kind").text(channel->kind == ChannelKind::kInterval ? "interval" : "register");
    json.key("points").raw(points).key("missing").number(std::uint64_t{stats.missing});
    json.key("estimated").number(std::uint64_t{stats.estimated});
    if (query->final) put_final(json, final, adds_up(channel->unit));
    json.close();
  }
  json.close_list().close();
  return ok(json);
}

}  // namespace

void add_reading_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kGet, "/api/v1/devices/{id}/readings", Access::kViewer, Place::kInline,
                    readings, nullptr});
}

}  // namespace amity::api
