// What happened to a meter is told: which meter went, which came, when, and what their registers
// showed; and which CT and VT ratios it has from when on.
#include <algorithm>
#include <cmath>

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
  AMITY_CHECK(fields.only(
      {"service_point", "removed", "installed", "at", "register", "last", "first", "reason"}));
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
  AMITY_TRY(const auto reason, fields.optional_text("reason"));
  request.reason = reason.value_or("");
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

// Answers when it is durable, with who did it in the audit.
std::function<void(Status)> answer(Api& api, const Call& call, Respond respond, std::string what,
                                   Response done) {
  return [weak = api.weak_from_this(), respond = std::move(respond), what = std::move(what),
          done = std::make_shared<Response>(std::move(done)), who = call.principal->name,
          path = call.request.uri.path](Status status) {
    const auto still = weak.lock();
    if (!still) return;  // the server has been stopped meanwhile
    if (status.ok()) status = still->store.registry().append_audit(still->clock.utc(), who, what);
    respond(status.ok() ? std::move(*done)
                        : problem(status_of(status.error()), status.error().reason, path));
  };
}

void post_exchange(Api& api, const Call& call, Respond respond) {
  auto request = exchange_from(api, call);
  if (!request.ok()) return respond(failure(request.error(), call));
  const std::string what = "exchanged meter " + std::to_string(request->removed.value) + " for " +
                           std::to_string(request->installed.value) + " at " + to_iso(request->at) +
                           (request->reason.empty() ? "" : ": " + request->reason);
  auto done = answer(api, call, std::move(respond), what, recorded(*request));
  api.services.exchange_meter(std::move(*request), std::move(done));
}

Result<std::int64_t> ratio_from(const Fields& fields, std::string_view name) {
  const Fields::Value* value = fields.find(name);
  if (value == nullptr) return std::int64_t{1};
  const auto* number = std::get_if<double>(value);
  if (number == nullptr || *number < 1 || *number > kRatioMax || std::floor(*number) != *number)
    return make_error(ErrorCode::kInvalid, std::string(name) + " is a whole number from 1 to " +
                                               std::to_string(kRatioMax));
  return static_cast<std::int64_t>(*number);
}

Result<RatioChangeRequest> ratios_from(Api& api, const Device& meter, const Call& call) {
  AMITY_TRY(const Fields fields, parse_fields(call.request.body));
  AMITY_CHECK(fields.only({"at", "ct", "vt", "register", "reading", "reason"}));
  RatioChangeRequest request;
  RatioChange& change = request.change;
  change.device = meter.id;
  if (fields.find("ct") == nullptr && fields.find("vt") == nullptr)
    return make_error(ErrorCode::kInvalid, "ct or vt is needed");
  AMITY_TRY(change.ct, ratio_from(fields, "ct"));
  AMITY_TRY(change.vt, ratio_from(fields, "vt"));
  AMITY_TRY(const std::string time, fields.text("at"));
  AMITY_TRY(change.at, from_iso(time));
  AMITY_TRY(change.reason, fields.text("reason"));
  AMITY_TRY(const auto name, fields.optional_text("register"));
  AMITY_TRY(const auto reading, fields.optional_text("reading"));
  if (reading) {
    AMITY_TRY(const auto shown, register_of(api, meter, name.value_or(kRegister), *reading));
    request.registers.push_back(shown);
  }
  change.who = call.principal->name;
  return request;
}

void put_ratios(Json& json, const RatioChange& change) {
  json.key("at").time(change.at).key("ct").number(change.ct).key("vt").number(change.vt);
  json.key("reason").text(change.reason).key("who").text(change.who);
}

void post_ratios(Api& api, const Call& call, Respond respond) {
  const auto meter = device_of(api, call);
  if (!meter.ok()) return respond(failure(meter.error(), call));
  auto request = ratios_from(api, *meter, call);
  if (!request.ok()) return respond(failure(request.error(), call));
  const RatioChange& change = request->change;
  Json json;
  json.open();
  put_ratios(json, change);
  json.close();
  const std::string what = "ratios of meter " + meter->serial + " are CT " +
                           std::to_string(change.ct) + ", VT " + std::to_string(change.vt) +
                           " from " + to_iso(change.at) + ": " + change.reason;
  auto done = answer(api, call, std::move(respond), what, created(json));
  api.services.change_ratios(std::move(*request), std::move(done));
}

// What was told, newest first, and what is in force now.
Response ratios(Api& api, const Call& call) {
  const auto meter = device_of(api, call);
  if (!meter.ok()) return failure(meter.error(), call);
  const auto told = api.store.registry().ratio_changes(meter->id);
  const auto channels = api.store.registry().channels_of(meter->id);
  if (!told.ok()) return failure(told.error(), call);
  if (!channels.ok()) return failure(channels.error(), call);
  Json json;
  json.open().key("items").open_list();
  for (auto at = told->rbegin(); at != told->rend(); ++at) {
    // A newer one of the same instant counts.
    const bool counts =
        std::find_if(told->rbegin(), at, [&](const auto& c) { return c.at == at->at; }) == at;
    json.open().key("number").number(at->number);
    put_ratios(json, *at);
    json.key("told").time(at->told).key("counts").boolean(counts).close();
  }
  json.close_list().key("channels").open_list();
  for (const Channel& channel : *channels) {
    json.open().key("id").number(channel.id.value).key("name").text(channel.name);
    json.key("multiplier").number(channel.multiplier_at(api.clock.utc())).close();
  }
  json.close_list().close();
  return ok(json);
}

}  // namespace

void add_exchange_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kPost, "/api/v1/meter-exchanges", Access::kEngineer, Place::kWorker,
                    nullptr, post_exchange});
  routes.push_back({Method::kGet, "/api/v1/devices/{id}/ratios", Access::kViewer, Place::kWorker,
                    ratios, nullptr});
  routes.push_back({Method::kPost, "/api/v1/devices/{id}/ratios", Access::kEngineer, Place::kWorker,
                    nullptr, post_ratios});
}

}  // namespace amity::api
