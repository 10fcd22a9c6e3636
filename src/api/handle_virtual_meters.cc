// Virtual meters: sums with coefficients that people make, their graph, and their series.
#include <simdjson.h>

#include "api/handler_support.h"
#include "api/json_object.h"
#include "api/limits.h"
#include "api/series.h"

namespace amity::api {
namespace {

constexpr std::size_t kDepthMax = 4;
constexpr int kCoefficientDecimals = 6;

Error invalid(const std::string& reason) {
  return make_error(ErrorCode::kInvalid, reason);
}

Status take_text(const simdjson::dom::element& from, std::string_view name, std::string& to) {
  std::string_view text;
  if (from.get(text) != simdjson::SUCCESS)
    return invalid("\"" + std::string(name) + "\" must be a text");
  to = text;
  return {};
}

Result<VirtualTerm> term_of(const simdjson::dom::element& element) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return invalid("\"terms\" is a list of objects");
  VirtualTerm term;
  const std::pair<std::string_view, std::string*> texts[] = {{"serial", &term.serial},
                                                             {"channel", &term.channel},
                                                             {"meter", &term.meter},
                                                             {"transformer", &term.transformer},
                                                             {"feeder", &term.feeder}};
  for (const auto field : object) {
    const std::string_view name = field.key;
    const auto at = std::ranges::find(texts, name, [](const auto& t) { return t.first; });
    if (at != std::end(texts)) {
      AMITY_CHECK(take_text(field.value, name, *at->second));
    } else if (name == "coefficient") {
      std::string text;
      AMITY_CHECK(take_text(field.value, name, text));
      AMITY_TRY(const Decimal value, decimal_from(text));
      AMITY_TRY(term.coefficient, rescale(value, -kCoefficientDecimals));
    } else {
      return invalid("\"" + std::string(name) + "\" does not belong into \"terms\"");
    }
  }
  return term;
}

// {name, terms}; of a change the name is that of the path.
Result<VirtualMeter> meter_of(const Call& call, bool named_by_path) {
  JsonObject json;
  AMITY_CHECK(json.parse(call.request.body, kDepthMax));
  VirtualMeter meter;
  if (named_by_path) meter.name = call.path.at(0);
  for (const auto field : json.object) {
    const std::string_view name = field.key;
    if (name == "name" && !named_by_path) {
      AMITY_CHECK(take_text(field.value, name, meter.name));
    } else if (name == "terms") {
      simdjson::dom::array list;
      if (field.value.get(list) != simdjson::SUCCESS) return invalid("\"terms\" must be a list");
      for (const auto element : list) {
        AMITY_TRY(meter.terms.emplace_back(), term_of(element));
      }
    } else {
      return invalid("\"" + std::string(name) + "\" is not a field of this request");
    }
  }
  return meter;
}

void put_meter(Json& json, const VirtualMeter& m) {
  json.open().key("name").text(m.name).key("unit").text(m.unit).key("fixed").boolean(m.fixed);
  json.key("terms").open_list();
  for (const VirtualTerm& t : m.terms) {
    json.open();
    const auto put = [&json](std::string_view key, const std::string& value) {
      if (!value.empty()) json.key(key).text(value);
    };
    put("serial", t.serial), put("channel", t.channel), put("meter", t.meter);
    put("transformer", t.transformer), put("feeder", t.feeder);
    std::string coefficient;
    Decimal shown{t.coefficient, -kCoefficientDecimals};
    for (; shown.value % 10 == 0 && shown.exponent < 0; ++shown.exponent) shown.value /= 10;
    append_decimal(coefficient, shown.value, shown.exponent);
    json.key("coefficient").text(coefficient).close();
  }
  json.close_list().close();
}

Response list(Api& api, const Call& call) {
  const auto all = api.services.virtual_meters();
  if (!all.ok()) return failure(all.error(), call);
  Json json;
  json.open().key("items").open_list();
  for (const VirtualMeter& m : *all) put_meter(json, m);
  json.close_list();
  put_next(json, "");
  json.close();
  return ok(json);
}

// The meter as it is now, once the audit holds who made it so.
Response changed(Api& api, const Call& call, const std::string& what, const std::string& name,
                 bool fresh) {
  const Status kept =
      api.store.registry().append_audit(api.clock.utc(), call.principal->name, what);
  if (!kept.ok()) return failure(kept.error(), call);
  const auto all = api.services.virtual_meters();
  if (!all.ok()) return failure(all.error(), call);
  const auto at = std::ranges::find(*all, name, &VirtualMeter::name);
  if (at == all->end()) return failure(409, "somebody else has removed it meanwhile", call);
  Json json;
  put_meter(json, *at);
  return fresh ? created(json) : ok(json);
}

Response add(Api& api, const Call& call) {
  const auto meter = meter_of(call, false);
  if (!meter.ok()) return failure(meter.error(), call);
  if (const Status done = api.services.add_virtual_meter(*meter); !done.ok())
    return failure(done.error(), call);
  return changed(api, call, "made virtual meter \"" + meter->name + "\"", meter->name, true);
}

Response change(Api& api, const Call& call) {
  const auto meter = meter_of(call, true);
  if (!meter.ok()) return failure(meter.error(), call);
  if (const Status done = api.services.change_virtual_meter(*meter); !done.ok())
    return failure(done.error(), call);
  return changed(api, call, "changed virtual meter \"" + meter->name + "\"", meter->name, false);
}

Response remove(Api& api, const Call& call) {
  const std::string name(call.path.at(0));
  if (const Status done = api.services.remove_virtual_meter(name); !done.ok())
    return failure(done.error(), call);
  const Status kept = api.store.registry().append_audit(api.clock.utc(), call.principal->name,
                                                        "removed virtual meter \"" + name + "\"");
  return kept.ok() ? Response(204, "", "") : failure(kept.error(), call);
}

// As the series of a device, with one channel.
Response series(Api& api, const Call& call) {
  const auto range = range_parameters(api, call, 86'400, kReadingSpanMaxS);
  if (!range.ok()) return failure(range.error(), call);
  static constexpr std::string_view kWords[] = {"raw", "hour", "day"};
  const std::string_view asked = call.request.uri.parameter("resolution");
  const auto word = std::ranges::find(kWords, asked.empty() ? kWords[0] : asked);
  if (word == std::end(kWords)) return failure(400, "\"resolution\" is raw, hour or day", call);
  const std::string name(call.path.at(0));
  const auto found = api.services.virtual_series(name, range->from, range->to);
  if (!found.ok()) return failure(found.error(), call);
  std::string points;
  const SeriesStats stats = append_points(points, found->channel, found->readings,
                                          static_cast<Resolution>(word - kWords), api.zone());
  Json json;
  json.open().key("device").number(0).key("from").time(range->from).key("to").time(range->to);
  json.key("resolution").text(*word).key("series").open_list();
  if (found->channel.kind == ChannelKind::kRegister) return ok(json.close_list().close());
  json.open().key("channel").number(0).key("name").text(name).key("unit").text(
      symbol(found->channel.unit));
  json.key("interval_s").number(found->channel.interval_s).key("kind").text("interval");
  json.key("points").raw(points).key("missing").number(found->missing);
  json.key("estimated").number(std::uint64_t{stats.estimated}).close();
  json.close_list().close();
  return ok(json);
}

}  // namespace

void add_virtual_meter_routes(std::vector<Route>& routes) {
  constexpr std::string_view kAll = "/api/v1/virtual-meters",
                             kOne = "/api/v1/virtual-meters/{name}";
  routes.push_back({Method::kGet, kAll, Access::kViewer, Place::kWorker, list, nullptr});
  routes.push_back({Method::kPost, kAll, Access::kEngineer, Place::kWorker, add, nullptr});
  routes.push_back({Method::kPatch, kOne, Access::kEngineer, Place::kWorker, change, nullptr});
  routes.push_back({Method::kDelete, kOne, Access::kEngineer, Place::kWorker, remove, nullptr});
  routes.push_back({Method::kGet, "/api/v1/virtual-meters/{name}/readings", Access::kViewer,
                    Place::kWorker, series, nullptr});
}

}  // namespace amity::api
