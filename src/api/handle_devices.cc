// Device rows and one device, whole.
#include "api/handler_support.h"
#include "api/limits.h"

namespace amity::api {

namespace {

// The fields of a row, without the braces.
void put_row(Json& json, const DirectoryRow& row, const DeviceStatus& status) {
  json.key("id")
      .number(row.device.id.value)
      .key("serial")
      .text(row.device.serial)
      .key("model")
      .text(row.device.model);
  json.key("manufacturer")
      .text(row.device.manufacturer)
      .key("service_point")
      .text(row.service_point);
  json.key("customer")
      .text(row.customer)
      .key("address")
      .text(row.address)
      .key("segment")
      .text(row.device.segment);
  json.key("transformer")
      .text(row.transformer)
      .key("feeder")
      .text(row.feeder)
      .key("status")
      .text(status.status);
  json.key("commodity").text(to_string(row.device.commodity));
  json.key("protocol").text(row.device.protocol);
  json.key("last_contact").time(status.last_contact).key("last_reading").time(status.last_reading);
  json.key("completeness_24h")
      .maybe(status.completeness_24h)
      .key("clock_offset_s")
      .maybe(status.clock_offset_s);
}

Response list(Api& api, const Call& call) {
  const Target& uri = call.request.uri;
  DeviceSearch search;
  const auto limit = limit_parameter(call, kPageDefault, kPageMax);
  if (!limit.ok()) return failure(limit.error(), call);
  search.limit = *limit;
  search.text = uri.parameter("q");
  search.area = area_parameters(call);
  search.status = uri.parameter("status");
  search.protocol = uri.parameter("protocol");
  if (const auto word = uri.parameter("commodity"); !word.empty()) {
    search.commodity = parse_commodity(word);
    if (!search.commodity) return failure(400, "no commodity is called that", call);
  }
  search.after = uri.parameter("cursor");
  if (std::string_view sort = uri.parameter("sort"); !sort.empty()) {
    search.descending = sort.front() == '-';
    if (search.descending) sort.remove_prefix(1);
    if (!is_device_sort(sort)) return failure(400, "devices cannot be sorted by that", call);
    search.sort = sort;
  }
  const auto directory = api.directory.fresh(api.services.system().devices);
  if (!directory.ok()) return failure(directory.error(), call);
  const auto listing = search_devices(**directory, *api.statuses(), search);
  if (!listing.ok()) return failure(listing.error(), call);
  Json json;
  json.open().key("items").open_list();
  for (std::size_t i = 0; i < listing->rows.size(); ++i) {
    json.open();
    put_row(json, *listing->rows[i], listing->statuses[i]);
    json.close();
  }
  json.close_list();
  put_next(json, listing->next);
  json.close();
  return ok(json);
}

Status put_channels(Api& api, Json& json, DeviceId device) {
  AMITY_TRY(const auto channels, api.channels_of(device));
  json.key("channels").open_list();
  for (const auto& channel : *channels) {
    AMITY_TRY(const auto span, api.store.readings().span(channel.id));
    json.open()
        .key("id")
        .number(channel.id.value)
        .key("name")
        .text(channel.name)
        .key("source")
        .text(channel.source);
    json.key("kind").text(channel.kind == ChannelKind::kInterval ? "interval" : "register");
    json.key("unit").text(symbol(channel.unit)).key("exponent").number(int{channel.exponent});
    json.key("interval_s")
        .number(channel.interval_s)
        .key("first")
        .time(span.first)
        .key("last")
        .time(span.last);
    json.key("last_value");
    std::vector<Reading> newest;
    if (span.last.value != 0) {
      AMITY_TRY(newest, api.store.readings().read(channel.id, span.last - 1, span.last));
    }
    if (newest.empty()) {
      json.null();
    } else {
      std::string value;
      append_decimal(value, newest.back().value, channel.exponent);
      json.raw(value);
    }
    json.close();
  }
  json.close_list();
  return {};
}

void put_neighbours(Api& api, Json& json, const DirectorySnapshot& directory,
                    const DirectoryRow& row) {
  json.key("neighbours").open_list();
  const auto same = directory.by_transformer.find(row.transformer_id);
  std::size_t shown = 0;
  if (row.transformer_id != 0 && same != directory.by_transformer.end()) {
    for (const auto index : same->second) {
      const Device& other = directory.rows[index].device;
      if (other.id == row.device.id) continue;
      if (++shown > kNeighboursMax) break;
      const auto status = api.services.status(other.id);
      json.open().key("id").number(other.id.value).key("serial").text(other.serial);
      json.key("status").text(status ? status->status : "new").close();
    }
  }
  json.close_list();
}

// A water, gas or heat meter has no supply to lose, and mostly no valve.
bool fits(const StripItem& item, Commodity commodity) {
  const bool piped = commodity == Commodity::kWater || commodity == Commodity::kGas ||
                     commodity == Commodity::kHeat;
  return !piped || (item.key != "supply" && !(item.key == "relay" && item.word == "unknown"));
}

void put_detail(Json& json, const DeviceDetail& detail, Commodity commodity) {
  json.key("status_strip").open_list();
  for (const auto& item : detail.status_strip) {
    if (!fits(item, commodity)) continue;
    json.open().key("key").text(item.key).key("word").text(item.word).key("since").time(item.since);
    json.key("state").text(to_string(item.state)).close();
  }
  json.close_list().key("facts").open_list();
  for (const auto& fact : detail.facts)
    json.open().key("time").time(fact.time).key("text").text(fact.text).close();
  json.close_list().key("relay").text(detail.relay);
}

Response one(Api& api, const Call& call) {
  const auto device = device_of(api, call);
  if (!device.ok()) return failure(device.error(), call);
  auto directory = api.directory.now();
  const DirectoryRow* row = directory->find(device->id);
  if (row == nullptr) {  // younger than the directory
    if (const auto loaded = api.directory.fresh(directory->rows.size() + 1); loaded.ok())
      directory = *loaded;
    row = directory->find(device->id);
    if (row == nullptr) return failure(503, "the device is not listed yet", call);
  }
  auto status = api.services.status(device->id);
  if (!status) status = DeviceStatus{device->id, "new", {}, {}, {}, {}};
  Json json;
  json.open();
  put_row(json, *row, *status);
  json.key("firmware").text(device->firmware).key("link").text(device->address);
  json.key("latitude").number(row->latitude).key("longitude").number(row->longitude);
  json.key("commissioned").time(device->commissioned).key("interval_s").number(device->interval_s);
  json.key("rating").null();
  if (const auto done = put_channels(api, json, device->id); !done.ok())
    return failure(done.error(), call);
  put_neighbours(api, json, *directory, *row);
  put_detail(json, api.services.detail(device->id), device->commodity);
  json.close();
  return ok(json);
}

}  // namespace

void add_device_routes(std::vector<Route>& routes) {
  routes.push_back(
      {Method::kGet, "/api/v1/devices", Access::kViewer, Place::kWorker, list, nullptr});
  routes.push_back(
      {Method::kGet, "/api/v1/devices/{id}", Access::kViewer, Place::kWorker, one, nullptr});
}

}  // namespace amity::api
