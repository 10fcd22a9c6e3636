// A meter exchange is told: which meter went, which came, when, and what their registers showed.
#include <algorithm>

#include "api/billing_json.h"
#include "api/json_in.h"
#include "base/decimal.h"

namespace amity::api {
namespace {

constexpr const char* kRegister = "import_total";

// The register that both readings are of, in the channel's raw integers.
Result<std::pair<ChannelId, std::int64_t>> register_of(Api& api, const Device& meter,
                                                       const std::string& name,
                                                       const std::string& value) {
  AMITY_TRY(const auto channels, api.store.registry().channels_of(meter.id));
  const auto channel = std::ranges::find_if(channels, [&](const Channel& c) {
    return c.kind == ChannelKind::kRegister && c.name == name;
  });
  if (channel == channels.end())
    return make_error(ErrorCode::kInvalid, "meter " + meter.serial + " has no register " + name);
  AMITY_TRY(const Decimal decimal, decimal_from(value));
  const auto raw = rescale(decimal, channel->exponent);
  if (!raw.ok()) {
    return make_error(ErrorCode::kInvalid,
                      "register " + name + " of meter " + meter.serial + " cannot hold " + value);
  }
  return std::pair{channel->id, *raw};
}

Result<Device> meter_of(Api& api, const Fields& fields, std::string_view name) {
  AMITY_TRY(const std::string serial, fields.text(name));
  AMITY_TRY(const auto meter, api.store.registry().device_by_serial(serial));
  if (!meter) return make_error(ErrorCode::kNotFound, "there is no meter " + serial);
  return *meter;
}

Result<MeterExchangeRequest> exchange_from(Api& api, const Call& call) {
  AMITY_TRY(const Fields fields, parse_fields(call.request.body));
  AMITY_CHECK(
      fields.only({"service_point", "removed", "installed", "at", "register", "last", "first"}));
  MeterExchangeRequest request;
  AMITY_TRY(const std::string point, fields.text("service_point"));
  AMITY_TRY(const auto points, api.store.registry().service_points());
  const auto at = std::ranges::find(points, point, &ServicePoint::name);
  if (at == points.end())
    return make_error(ErrorCode::kNotFound, "there is no service point " + point);
  request.point = at->id;
  AMITY_TRY(const Device removed, meter_of(api, fields, "removed"));
  AMITY_TRY(const Device installed, meter_of(api, fields, "installed"));
  request.removed = removed.id;
  request.installed = installed.id;
  AMITY_TRY(const std::string time, fields.text("at"));
  AMITY_TRY(request.at, from_iso(time));
  AMITY_TRY(const auto name, fields.optional_text("register"));
  AMITY_TRY(const auto last, fields.optional_text("last"));
  AMITY_TRY(const auto first, fields.optional_text("first"));
  if (last) {
    AMITY_TRY(const auto shown, register_of(api, removed, name.value_or(kRegister), *last));
    request.last.push_back(shown);
  }
  if (first) {
    AMITY_TRY(const auto shown, register_of(api, installed, name.value_or(kRegister), *first));
    request.first.push_back(shown);
  }
  request.who = call.principal->name;
  return request;
}

Response recorded(const MeterExchangeRequest& request) {
  Json json;
  json.open().key("removed").number(request.removed.value);
  json.key("installed").number(request.installed.value).key("at").time(request.at);
  json.close();
  return created(json);
}

void post_exchange(Api& api, const Call& call, Respond respond) {
  auto request = exchange_from(api, call);
  if (!request.ok()) return respond(failure(request.error(), call));
  const std::string path = call.request.uri.path;
  api.services.exchange_meter(*request, [weak = api.weak_from_this(), respond = std::move(respond),
                                         path, request = *request](Status status) {
    if (!weak.lock()) return;  // the server has been stopped meanwhile
    respond(status.ok() ? recorded(request)
                        : problem(status_of(status.error()), status.error().reason, path));
  });
}

}  // namespace

void add_exchange_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kPost, "/api/v1/meter-exchanges", Access::kEngineer, Place::kWorker,
                    nullptr, post_exchange});
}

}  // namespace amity::api
