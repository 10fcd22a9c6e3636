// Completeness by group and time, and what is missing.
#include "api/handler_support.h"
#include "api/limits.h"

namespace amity::api {

namespace {

Result<GroupBy> group_parameter(const Call& call) {
  const std::string_view text = call.request.uri.parameter("group");
  if (text.empty() || text == "segment") return GroupBy::kSegment;
  if (text == "feeder") return GroupBy::kFeeder;
  if (text == "transformer") return GroupBy::kTransformer;
  if (text == "model") return GroupBy::kModel;
  return make_error(ErrorCode::kInvalid, "\"group\" is segment, feeder, transformer or model");
}

Result<CompletenessQuery> query_of(Api& api, const Call& call) {
  const Target& uri = call.request.uri;
  CompletenessQuery query;
  const std::string_view by = uri.parameter("by");
  if (!by.empty() && by != "hour" && by != "day")
    return make_error(ErrorCode::kInvalid, "\"by\" is hour or day");
  query.by_day = by == "day";
  AMITY_TRY(const auto range, range_parameters(api, call, 86'400, kReadingSpanMaxS));
  query.from = range.from;
  query.to = range.to;
  if ((query.to - query.from) / (query.by_day ? 86'400 : 3600) > kCompletenessColumnsMax) {
    return make_error(ErrorCode::kInvalid,
                      "at most " + std::to_string(kCompletenessColumnsMax) + " columns");
  }
  AMITY_TRY(query.group, group_parameter(call));
  query.all_groups = !uri.has("id");
  query.id = uri.parameter("id");
  Area area = area_parameters(call);
  if (area.segment) query.segment = area.segment->empty() ? kDirectSegment : *area.segment;
  query.feeder = std::move(area.feeder);
  query.transformer = std::move(area.transformer);
  query.model = std::move(area.model);
  return query;
}

Response completeness(Api& api, const Call& call) {
  const auto query = query_of(api, call);
  if (!query.ok()) return failure(query.error(), call);
  const auto grid = api.services.completeness(*query);
  if (!grid.ok()) return failure(grid.error(), call);
  Json json;
  json.open()
      .key("from")
      .time(query->from)
      .key("to")
      .time(query->to)
      .key("by")
      .text(query->by_day ? "day" : "hour");
  json.key("groups").open_list();
  for (const auto& group : grid->groups) {
    json.open()
        .key("id")
        .text(group.id)
        .key("name")
        .text(group.name)
        .key("devices")
        .number(group.devices)
        .close();
  }
  json.close_list().key("times").open_list();
  for (const auto time : grid->times) json.time(time);
  json.close_list().key("cells").open_list();
  for (const auto& [received, expected] : grid->cells)
    json.open_list().number(received).number(expected).close_list();
  json.close_list().close();
  return ok(json);
}

Response missing(Api& api, const Call& call) {
  const auto group = group_parameter(call);
  if (!group.ok()) return failure(group.error(), call);
  const auto report = api.services.missing(*group);
  if (!report.ok()) return failure(report.error(), call);
  Json json;
  json.open().key("since").time(report->since).key("items").open_list();
  for (const auto& row : report->rows) {
    json.open().key("segment").text(row.segment).key("cause").text(row.cause);
    json.key("devices").number(row.devices).key("intervals").number(row.intervals).close();
  }
  json.close_list().close();
  return ok(json);
}

}  // namespace

void add_completeness_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kGet, "/api/v1/completeness", Access::kViewer, Place::kWorker,
                    completeness, nullptr});
  routes.push_back(
      {Method::kGet, "/api/v1/missing", Access::kViewer, Place::kWorker, missing, nullptr});
}

}  // namespace amity::api
