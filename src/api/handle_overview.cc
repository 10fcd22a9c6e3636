// The system, the overview, what is abnormal, segments, the grid.
#include "api/handler_support.h"

namespace amity::api {

namespace {

void put_tile(Json& json, const Tile& tile) {
  json.open()
      .key("key")
      .text(tile.key)
      .key("title")
      .text(tile.title)
      .key("value")
      .maybe(tile.value);
  json.key("unit")
      .text(tile.unit)
      .key("target")
      .maybe(tile.target)
      .key("previous")
      .maybe(tile.previous);
  json.key("better")
      .text(tile.higher_is_better ? "higher" : "lower")
      .key("state")
      .text(to_string(tile.state));
  json.key("link").text(tile.link).close();
}

void put_card(Json& json, const Card& card) {
  json.open()
      .key("priority")
      .text(to_string(card.priority))
      .key("kind")
      .text(card.kind)
      .key("title")
      .text(card.title);
  json.key("count")
      .number(card.count)
      .key("since")
      .time(card.since)
      .key("detail")
      .text(card.detail);
  json.key("link").text(card.link).close();
}

Response system(Api& api, const Call&) {
  const SystemInfo info = api.services.system();
  Json json;
  json.open().key("utility").text(info.utility).key("zone").text(info.zone);
  json.key("version").text(info.version).key("commit").text(info.commit);
  json.key("now").time(info.now).key("started").time(info.started).key("demo").boolean(info.demo);
  json.key("counts")
      .open()
      .key("devices")
      .number(info.devices)
      .key("channels")
      .number(info.channels);
  json.key("service_points")
      .number(info.service_points)
      .key("transformers")
      .number(info.transformers);
  json.key("feeders").number(info.feeders).close().close();
  return ok(json);
}

Response overview(Api& api, const Call&) {
  return Response(200, "application/json", overview_json(api.services.overview()));
}

Response abnormal(Api& api, const Call& call) {
  const auto limit = limit_parameter(call);
  if (!limit.ok()) return failure(limit.error(), call);
  const auto offset = offset_from_cursor(call, "abnormal");
  if (!offset.ok()) return failure(offset.error(), call);
  const std::string_view kind = call.request.uri.parameter("kind");
  auto items = api.services.abnormal();
  if (!kind.empty())
    std::erase_if(items, [&](const AbnormalItem& item) { return item.kind != kind; });
  if (const auto kept = keep_area(api, call, items); !kept.ok()) return failure(kept.error(), call);
  const auto directory = api.directory.now();
  Json json;
  json.open().key("items").open_list();
  const std::size_t end = std::min(items.size(), *offset + *limit);
  for (std::size_t i = *offset; i < end; ++i) {
    const AbnormalItem& item = items[i];
    const DirectoryRow* row = directory->find(item.device);
    json.open().key("priority").text(to_string(item.priority)).key("kind").text(item.kind);
    json.key("device").number(item.device.value).key("serial").text(row ? row->device.serial : "");
    json.key("since").time(item.since).key("text").text(item.text);
    json.key("segment").text(row ? row->device.segment : "").close();
  }
  json.close_list();
  put_next(json, end < items.size() ? offset_cursor("abnormal", end) : "");
  json.close();
  return ok(json);
}

Response segments(Api& api, const Call&) {
  Json json;
  json.open().key("items").open_list();
  for (const auto& row : api.services.segments()) {
    json.open()
        .key("name")
        .text(row.name)
        .key("devices")
        .number(row.devices)
        .key("reachable")
        .number(row.reachable);
    json.key("completeness").maybe(row.completeness).key("last_contact").time(row.last_contact);
    json.key("failures").number(row.failures).close();
  }
  json.close_list().close();
  return ok(json);
}

// GeoJSON (RFC 7946). A feeder is drawn through its transformers in the order they are numbered.
Response grid(Api& api, const Call&) {
  std::unordered_map<std::uint32_t, GridNode> nodes;
  for (const auto& node : api.services.grid()) nodes[node.transformer.value] = node;
  const auto directory = api.directory.now();
  Json json;
  json.open().key("type").text("FeatureCollection").key("features").open_list();
  for (const auto& t : directory->transformers) {
    const GridNode& node = nodes[t.id.value];
    json.open().key("type").text("Feature").key("geometry").open().key("type").text("Point");
    json.key("coordinates").open_list().number(t.longitude).number(t.latitude).close_list().close();
    json.key("properties").open().key("kind").text("transformer").key("id").number(t.id.value);
    json.key("name")
        .text(t.name)
        .key("feeder")
        .number(t.feeder.value)
        .key("rating_va")
        .number(t.rating_va);
    json.key("devices").number(node.devices).key("abnormal").number(node.abnormal).close().close();
  }
  for (const auto& feeder : directory->feeders) {
    std::uint64_t devices = 0, bad = 0, points = 0;
    for (const auto& t : directory->transformers) {
      if (t.feeder != feeder.id) continue;
      devices += nodes[t.id.value].devices;
      bad += nodes[t.id.value].abnormal;
      ++points;
    }
    if (points < 2) continue;  // a line has two ends
    json.open().key("type").text("Feature").key("geometry").open().key("type").text("LineString");
    json.key("coordinates").open_list();
    for (const auto& t : directory->transformers) {
      if (t.feeder == feeder.id)
        json.open_list().number(t.longitude).number(t.latitude).close_list();
    }
    json.close_list()
        .close()
        .key("properties")
        .open()
        .key("kind")
        .text("feeder")
        .key("id")
        .number(feeder.id.value);
    json.key("name")
        .text(feeder.name)
        .key("devices")
        .number(devices)
        .key("abnormal")
        .number(bad)
        .close()
        .close();
  }
  json.close_list().close();
  Response response = ok(json);
  response.content_type = "application/geo+json";
  return response;
}

}  // namespace

std::string_view to_string(Attention attention) {
  switch (attention) {
    case Attention::kNormal:
      return "normal";
    case Attention::kP1:
      return "p1";
    case Attention::kP2:
      return "p2";
    case Attention::kP3:
      return "p3";
  }
  return "";
}

std::string overview_json(const Overview& o) {
  Json json;
  json.open().key("now").time(o.now).key("tiles").open_list();
  for (const auto& tile : o.tiles) put_tile(json, tile);
  json.close_list().key("cards").open_list();
  for (const auto& card : o.cards) put_card(json, card);
  json.close_list().key("rates").open().key("readings_per_s").number(o.readings_per_s);
  json.key("meters_per_s").number(o.meters_per_s).close();
  json.key("completeness_24h").maybe(o.completeness_24h).close();
  return json.take();
}

void add_overview_routes(std::vector<Route>& routes) {
  routes.push_back(
      {Method::kGet, "/api/v1/system", Access::kViewer, Place::kInline, system, nullptr});
  routes.push_back(
      {Method::kGet, "/api/v1/overview", Access::kViewer, Place::kWorker, overview, nullptr});
  routes.push_back(
      {Method::kGet, "/api/v1/abnormal", Access::kViewer, Place::kWorker, abnormal, nullptr});
  routes.push_back(
      {Method::kGet, "/api/v1/segments", Access::kViewer, Place::kWorker, segments, nullptr});
  routes.push_back({Method::kGet, "/api/v1/grid", Access::kViewer, Place::kWorker, grid, nullptr});
}

}  // namespace amity::api
