// Edges: the data loggers at load points, what they run, and what of theirs waits.
#include "api/handler_support.h"

namespace amity::api {
namespace {

void put_edge(Json& json, const EdgeRow& e) {
  json.open().key("device").number(e.device.value).key("name").text(e.name);
  json.key("connected").boolean(e.connected);
  if (e.last_seen.value != 0) json.key("last_seen").time(e.last_seen);
  json.key("version").text(e.version).key("target").text(e.target);
  json.key("configuration").number(e.configuration);
  json.key("configuration_refusal").text(e.configuration_refusal);
  json.key("program_refusal").text(e.program_refusal);
  json.key("batches_waiting").number(e.batches_waiting);
  json.key("bytes_waiting").number(e.bytes_waiting);
  json.key("batches_put_aside").number(e.batches_put_aside);
  json.key("commands_waiting").number(e.commands_waiting);
  json.key("readings").number(e.readings).key("meters").number(e.meters);
  json.key("meters_failing").number(e.meters_failing);
  json.key("resident_kib").number(e.resident_kib);
  if (e.clock_offset_ms) json.key("clock_offset_ms").number(*e.clock_offset_ms);
  json.close();
}

Response list(Api& api, const Call& call) {
  const auto edges = api.services.edges();
  if (!edges.ok()) return failure(edges.error(), call);
  Json json;
  json.open().key("items").open_list();
  for (const EdgeRow& edge : *edges) put_edge(json, edge);
  json.close_list().close();
  return ok(json);
}

// Answered when each was tried.
void retry(Api& api, const Call& call, Respond respond) {
  const std::string name(call.path.at(0));
  const Status kept = api.store.registry().append_audit(
      api.clock.utc(), call.principal->name, "tries the batches again that edge " + name + " sent");
  if (!kept.ok()) return respond(failure(kept.error(), call));
  api.services.retry_edge(
      name, [call, respond = std::move(respond)](const Result<EdgeRetry>& tried) {
        if (!tried.ok()) return respond(failure(tried.error(), call));
        Json json;
        json.open().key("taken").number(tried->taken).key("left").number(tried->left).close();
        respond(ok(json));
      });
}

}  // namespace

void add_edge_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kGet, "/api/v1/edges", Access::kViewer, Place::kWorker, list, nullptr});
  routes.push_back({Method::kPost, "/api/v1/edges/{name}/retry", Access::kEngineer, Place::kWorker,
                    nullptr, retry});
}

}  // namespace amity::api
