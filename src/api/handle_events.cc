// Events of one device and of all.
#include "api/handler_support.h"
#include "api/limits.h"

namespace amity::api {

namespace {

Response listing(Api& api, const std::vector<Event>& events) {
  const auto directory = api.directory.now();
  Json json;
  json.open().key("items").open_list();
  for (const auto& event : events) put_event(json, event, directory->serial(event.device));
  json.close_list();
  put_next(json, "");
  json.close();
  return ok(json);
}

Response of_device(Api& api, const Call& call) {
  const auto device = device_of(api, call);
  if (!device.ok()) return failure(device.error(), call);
  const auto limit = limit_parameter(call);
  if (!limit.ok()) return failure(limit.error(), call);
  const auto range = range_parameters(api, call, 31 * 86'400, 4000 * 86'400LL);
  if (!range.ok()) return failure(range.error(), call);
  const auto events = api.store.events().of_device(device->id, range->from, range->to, *limit);
  if (!events.ok()) return failure(events.error(), call);
  return listing(api, *events);
}

Response latest(Api& api, const Call& call) {
  const auto limit = limit_parameter(call);
  if (!limit.ok()) return failure(limit.error(), call);
  const std::string_view severity = call.request.uri.parameter("severity");
  bool known = severity.empty();
  for (const auto s : {Severity::kInfo, Severity::kLow, Severity::kMedium, Severity::kHigh})
    known |= severity == to_string(s);
  if (!known) return failure(400, "\"severity\" is info, low, medium or high", call);
  // Filtered here, of a bounded number of the newest: older ones are found per device.
  const bool all = severity.empty() && area_parameters(call).everything();
  auto events = api.store.events().latest(all ? *limit : kFilteredMax);
  if (!events.ok()) return failure(events.error(), call);
  if (!severity.empty())
    std::erase_if(*events, [&](const Event& e) { return to_string(e.severity) != severity; });
  if (const auto kept = keep_area(api, call, *events); !kept.ok())
    return failure(kept.error(), call);
  if (events->size() > *limit) events->resize(*limit);
  return listing(api, *events);
}

}  // namespace

void add_event_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kGet, "/api/v1/devices/{id}/events", Access::kViewer, Place::kWorker,
                    of_device, nullptr});
  routes.push_back(
      {Method::kGet, "/api/v1/events", Access::kViewer, Place::kWorker, latest, nullptr});
}

}  // namespace amity::api
