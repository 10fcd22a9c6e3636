#include "api/handler_support.h"

#include <charconv>

#include "api/http/uri.h"

namespace amity::api {

namespace {

Error invalid(std::string reason) {
  return make_error(ErrorCode::kInvalid, std::move(reason));
}

}  // namespace

int status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kMalformed:
    case ErrorCode::kTruncated:
    case ErrorCode::kUnsupported:
    case ErrorCode::kLimit:
      return 400;
    case ErrorCode::kSecurity:
      return 401;
    case ErrorCode::kRefused:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kBusy:
      return 429;
    case ErrorCode::kTimeout:
    case ErrorCode::kClosed:
      return 503;
    case ErrorCode::kIo:
    case ErrorCode::kCorrupt:
      break;
  }
  return 500;
}

Response failure(const Error& error, const Call& call) {
  const int status = status_of(error);
  Response response = failure(status, error.reason, call);
  if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

Result<UtcSeconds> time_parameter(const Call& call, std::string_view name, UtcSeconds otherwise) {
  const std::string_view text = call.request.uri.parameter(name);
  if (text.empty()) return otherwise;
  auto time = from_iso(text);
  if (!time.ok())
    return invalid("\"" + std::string(name) + "\" is no ISO 8601 time: " + time.error().reason);
  return *time;
}

Result<std::size_t> limit_parameter(const Call& call, std::size_t otherwise, std::size_t most) {
  const std::string_view text = call.request.uri.parameter("limit");
  if (text.empty()) return otherwise;
  AMITY_TRY(const auto limit, id_from(text, "limit"));
  if (limit < 1 || limit > most) return invalid("\"limit\" is 1 to " + std::to_string(most));
  return static_cast<std::size_t>(limit);
}

Result<std::uint64_t> id_from(std::string_view text, std::string_view what) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return invalid("\"" + std::string(what) + "\" is not a whole number");
  }
  return value;
}

Result<Device> device_of(Api& api, const Call& call) {
  const auto id = id_from(call.path.at(0), "device");
  if (id.ok() && *id <= UINT32_MAX) {
    AMITY_TRY(auto device, api.store.registry().device(DeviceId(static_cast<std::uint32_t>(*id))));
    if (device) return std::move(*device);
  }
  return make_error(ErrorCode::kNotFound, "no device " + std::string(call.path.at(0)));
}

Result<bool> final_view(const Call& call) {
  const std::string_view view = call.request.uri.parameter("view");
  if (view.empty() || view == "raw") return false;
  if (view == "final") return true;
  return invalid("\"view\" is raw or final");
}

Result<std::int32_t> date_from(std::string_view text, std::string_view what) {
  const auto time = from_iso(text);
  if (!time.ok() || text.size() != 10) {
    return invalid("\"" + std::string(what) + "\" is no date like 2026-11-20");
  }
  return day_of_interval_end(*time + 1).value;
}

std::string date_text(std::int32_t day) {
  return to_iso(UtcDay(day).start()).substr(0, 10);
}

Result<Channel> channel_of(Api& api, const Call& call) {
  const auto id = id_from(call.path.at(0), "channel");
  if (id.ok() && *id <= UINT32_MAX) {
    AMITY_TRY(auto channel,
              api.store.registry().channel(ChannelId(static_cast<std::uint32_t>(*id))));
    if (channel) return std::move(*channel);
  }
  return make_error(ErrorCode::kNotFound, "no channel " + std::string(call.path.at(0)));
}

Result<TimeRange> range_parameters(Api& api, const Call& call, std::int64_t default_span_s,
                                   std::int64_t span_max_s) {
  TimeRange range;
  AMITY_TRY(range.to, time_parameter(call, "to", api.clock.utc()));
  AMITY_TRY(range.from, time_parameter(call, "from", range.to - default_span_s));
  if (range.from >= range.to) return invalid("\"from\" must be before \"to\"");
  if (range.to - range.from > span_max_s) {
    return invalid("at most " + std::to_string(span_max_s / 86'400) + " days at once");
  }
  return range;
}

Area area_parameters(const Call& call) {
  const Target& uri = call.request.uri;
  Area area;
  if (uri.has("segment")) area.segment = uri.parameter("segment");
  area.feeder = uri.parameter("feeder");
  area.transformer = uri.parameter("transformer");
  area.model = uri.parameter("model");
  return area;
}

Result<std::size_t> offset_from_cursor(const Call& call, std::string_view kind) {
  const std::string_view cursor = call.request.uri.parameter("cursor");
  if (cursor.empty()) return std::size_t{0};
  const std::string prefix = std::string(kind) + "|";
  const auto decoded = from_base64url(cursor);
  if (decoded.ok() && decoded->starts_with(prefix)) {
    const auto offset = id_from(std::string_view(*decoded).substr(prefix.size()), "cursor");
    if (offset.ok() && *offset <= 10'000'000) return static_cast<std::size_t>(*offset);
  }
  return invalid("the cursor is not of this listing");
}

std::string offset_cursor(std::string_view kind, std::size_t offset) {
  return base64url(std::string(kind) + "|" + std::to_string(offset));
}

void put_next(Json& json, const std::string& cursor) {
  json.key("next");
  if (cursor.empty()) {
    json.null();
  } else {
    json.text(cursor);
  }
}

void put_event(Json& json, const Event& event, std::string_view serial) {
  json.open().key("time").time(event.time);
  json.key("category")
      .text(to_string(event.category))
      .key("severity")
      .text(to_string(event.severity));
  json.key("code").number(event.code).key("source").text(event.source).key("text").text(event.text);
  json.key("device").number(event.device.value).key("serial").text(serial).close();
}

void put_command(Json& json, const Command& command, std::string_view serial) {
  json.open().key("id").number(command.id.value).key("device").number(command.device.value);
  json.key("serial").text(serial).key("kind").text(to_string(command.kind));
  json.key("state").text(to_string(command.state)).key("argument").text(command.argument);
  json.key("requested_by").text(command.requested_by).key("requested").time(command.requested);
  json.key("changed").time(command.changed.value != 0 ? command.changed : command.requested);
  json.key("progress").text(command.progress).key("result").text(command.result).close();
}

}  // namespace amity::api
