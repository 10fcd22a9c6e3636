// Joining the live stream.
#include "api/handler_support.h"
#include "api/live_feed.h"

namespace amity::api {

namespace {

Result<Subscription> subscription_of(const Call& call) {
  const Target& uri = call.request.uri;
  Subscription wants;
  if (uri.has("topics")) {
    wants.readings = wants.events = wants.commands = wants.overview = wants.finals = false;
    std::string_view rest = uri.parameter("topics");
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view topic = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      bool* const flag = topic == "readings"   ? &wants.readings
                         : topic == "events"   ? &wants.events
                         : topic == "commands" ? &wants.commands
                         : topic == "overview" ? &wants.overview
                         : topic == "finals"   ? &wants.finals
                                               : nullptr;
      if (flag == nullptr)
        return make_error(ErrorCode::kInvalid, "no such topic: " + std::string(topic));
      *flag = true;
    }
  }
  if (const std::string_view device = uri.parameter("device"); !device.empty()) {
    AMITY_TRY(const auto id, id_from(device, "device"));
    if (id == 0 || id > UINT32_MAX)
      return make_error(ErrorCode::kInvalid, "\"device\" is a device's id");
    wants.device.value = static_cast<std::uint32_t>(id);
  }
  std::string_view after = call.request.header("last-event-id");
  if (after.empty()) after = uri.parameter("after");
  if (!after.empty()) {
    AMITY_TRY(wants.after, id_from(after, "Last-Event-ID"));
  }
  return wants;
}

Response stream(Api&, const Call& call) {
  const auto wants = subscription_of(call);
  if (!wants.ok()) return failure(wants.error(), call);
  Response response(200, "text/event-stream", "");
  response.headers.emplace_back("X-Accel-Buffering", "no");
  response.subscription = std::make_shared<const Subscription>(*wants);
  return response;
}

}  // namespace

void add_stream_routes(std::vector<Route>& routes) {
  routes.push_back(
      {Method::kGet, "/api/v1/stream", Access::kViewer, Place::kInline, stream, nullptr});
}

}  // namespace amity::api
