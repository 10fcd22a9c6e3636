// Edits of final values: proposed by an operator, decided by an engineer, carried out by the
// department of validation; every one is kept.
#include <algorithm>

#include "api/edit_body.h"
#include "api/handler_support.h"
#include "api/limits.h"
#include "base/decimal.h"

namespace amity::api {

namespace {

Error invalid(std::string reason) {
  return make_error(ErrorCode::kInvalid, std::move(reason));
}

Result<Channel> channel_by_id(Api& api, std::uint64_t id) {
  if (id != 0 && id <= UINT32_MAX) {
    AMITY_TRY(auto channel,
              api.store.registry().channel(ChannelId(static_cast<std::uint32_t>(id))));
    if (channel) return std::move(*channel);
  }
  return make_error(ErrorCode::kNotFound, "no channel " + std::to_string(id));
}

Edit edit_of(Api& api, const Call& call, EditKind kind, EditBody& body) {
  Edit edit;
  edit.kind = kind;
  edit.reason = std::move(body.reason);
  edit.requested_by = call.principal->name;
  edit.requested = api.clock.utc();
  return edit;
}

// The values as integers of the channel; the days they belong to are found by the department.
Result<Edit> values_edit(Api& api, const Call& call) {
  AMITY_TRY(auto body, parse_edit_body(call.request.body, {"channel", "reason"}, "values"));
  AMITY_TRY(const Channel channel, channel_by_id(api, body.channel));
  Edit edit = edit_of(api, call, EditKind::kValues, body);
  for (const EditBody::Item& item : body.items) {
    EditValue value;
    AMITY_TRY(value.time, from_iso(item.time));
    AMITY_TRY(const Decimal decimal, decimal_from(item.value));
    const auto scaled = rescale(decimal, channel.exponent);
    if (!scaled.ok()) return invalid("the channel cannot hold the value " + item.value);
    value.value = *scaled;
    edit.values.push_back(value);
  }
  edit.days.push_back({channel.id, 0});
  return edit;
}

Result<Edit> accept_edit(Api& api, const Call& call) {
  AMITY_TRY(auto body, parse_edit_body(call.request.body, {"reason"}, "days"));
  Edit edit = edit_of(api, call, EditKind::kAccept, body);
  for (const EditBody::Item& item : body.items) {
    if (item.channel > UINT32_MAX)
      return make_error(ErrorCode::kNotFound, "no channel " + std::to_string(item.channel));
    AMITY_TRY(const std::int32_t day, date_from(item.date, "date"));
    edit.days.push_back({ChannelId(static_cast<std::uint32_t>(item.channel)), day});
  }
  return edit;
}

Result<Edit> rerun_edit(Api& api, const Call& call) {
  AMITY_TRY(auto body, parse_edit_body(call.request.body, {"channel", "from", "to", "reason"}, ""));
  AMITY_TRY(const Channel channel, channel_by_id(api, body.channel));
  AMITY_TRY(const std::int32_t from, date_from(body.from, "from"));
  AMITY_TRY(const std::int32_t to, date_from(body.to, "to"));
  if (from > to) return invalid("\"from\" must not be after \"to\"");
  if (std::int64_t{to} - from >= kVeeDaysMax)
    return invalid("at most " + std::to_string(kVeeDaysMax) + " days at once");
  Edit edit = edit_of(api, call, EditKind::kRerun, body);
  for (std::int32_t day = from; day <= to; ++day) edit.days.push_back({channel.id, day});
  return edit;
}

Result<Edit> undo_edit(Api& api, const Call& call) {
  AMITY_TRY(auto body, parse_edit_body(call.request.body, {"edit", "reason"}, ""));
  if (body.edit == 0) return invalid("\"edit\" is missing");
  AMITY_TRY(const auto undone, api.store.finals().edit(EditId(body.edit)));
  if (!undone) return make_error(ErrorCode::kNotFound, "no edit " + std::to_string(body.edit));
  Edit edit = edit_of(api, call, EditKind::kUndo, body);
  edit.undoes = undone->id;
  edit.days = undone->days;
  return edit;
}

Response edit_response(int status, const Edit& edit, const Channel* values_of = nullptr) {
  Json json;
  put_edit(json, edit, values_of);
  Response response = ok(json);
  response.status = status;
  response.headers.emplace_back("Location", "/api/v1/vee/edits/" + std::to_string(edit.id.value));
  return response;
}

void answer(Api& api, const Call& call, int status, Respond respond,
            const std::function<void(Services::OnEdit)>& ask) {
  const std::string path = call.request.uri.path;
  ask([weak = api.weak_from_this(), respond = std::move(respond), path,
       status](Result<Edit> result) {
    if (!weak.lock()) return;  // the server has been stopped meanwhile
    respond(result.ok() ? edit_response(status, *result)
                        : problem(status_of(result.error()), result.error().reason, path));
  });
}

void propose(Api& api, const Call& call, Respond respond, Result<Edit> edit) {
  if (!edit.ok()) return respond(failure(edit.error(), call));
  answer(api, call, 202, std::move(respond), [&](Services::OnEdit done) {
    api.services.propose_edit(std::move(*edit), std::move(done));
  });
}

void post_values(Api& api, const Call& call, Respond respond) {
  propose(api, call, std::move(respond), values_edit(api, call));
}
void post_accept(Api& api, const Call& call, Respond respond) {
  propose(api, call, std::move(respond), accept_edit(api, call));
}
void post_rerun(Api& api, const Call& call, Respond respond) {
  propose(api, call, std::move(respond), rerun_edit(api, call));
}
void post_undo(Api& api, const Call& call, Respond respond) {
  propose(api, call, std::move(respond), undo_edit(api, call));
}

void decide(Api& api, const Call& call, Respond respond, bool approve) {
  const auto id = id_from(call.path.at(0), "edit");
  if (!id.ok()) return respond(failure(404, "no such edit", call));
  auto body = parse_edit_body(call.request.body, {"comment"}, "");
  if (!body.ok()) return respond(failure(body.error(), call));
  const Services::EditDecision decision{EditId(*id), approve, call.principal->name,
                                        std::move(body->comment)};
  answer(api, call, 200, std::move(respond),
         [&](Services::OnEdit done) { api.services.decide_edit(decision, std::move(done)); });
}

void approve(Api& api, const Call& call, Respond respond) {
  decide(api, call, std::move(respond), true);
}
void reject(Api& api, const Call& call, Respond respond) {
  decide(api, call, std::move(respond), false);
}

Response list(Api& api, const Call& call) {
  const auto limit = limit_parameter(call);
  if (!limit.ok()) return failure(limit.error(), call);
  const auto before = offset_from_cursor(call, "edits");
  if (!before.ok()) return failure(before.error(), call);
  const std::string_view state = call.request.uri.parameter("state");
  std::vector<Edit> edits;
  std::string next;
  if (state == "proposed") {  // few, and wanted whole
    auto open = api.store.finals().open_edits();
    if (!open.ok()) return failure(open.error(), call);
    edits = std::move(*open);
    std::erase_if(edits, [](const Edit& e) { return e.state != EditState::kProposed; });
    std::reverse(edits.begin(), edits.end());
    if (edits.size() > *limit) edits.resize(*limit);
  } else if (state.empty()) {
    auto found = api.store.finals().edits(EditId(*before), *limit + 1);
    if (!found.ok()) return failure(found.error(), call);
    edits = std::move(*found);
    if (edits.size() > *limit) {
      edits.resize(*limit);
      next = offset_cursor("edits", edits.back().id.value);
    }
  } else {
    return failure(400, "\"state\" is proposed, or absent for all", call);
  }
  Json json;
  json.open().key("items").open_list();
  for (const Edit& edit : edits) put_edit(json, edit);
  json.close_list();
  put_next(json, next);
  json.close();
  return ok(json);
}

Response one(Api& api, const Call& call) {
  const auto id = id_from(call.path.at(0), "edit");
  if (!id.ok()) return failure(404, "no such edit", call);
  const auto edit = api.store.finals().edit(EditId(*id));
  if (!edit.ok()) return failure(edit.error(), call);
  if (!*edit) return failure(404, "no such edit", call);
  if ((*edit)->kind != EditKind::kValues || (*edit)->days.empty())
    return edit_response(200, **edit);
  const auto channel = channel_by_id(api, (*edit)->days[0].channel.value);
  if (!channel.ok()) return failure(channel.error(), call);
  return edit_response(200, **edit, &*channel);
}

}  // namespace

void add_edit_routes(std::vector<Route>& routes) {
  const auto post = [&routes](std::string_view pattern, Access access,
                              void (*handle)(Api&, const Call&, Respond)) {
    routes.push_back({Method::kPost, pattern, access, Place::kWorker, nullptr, handle});
  };
  post("/api/v1/vee/edits", Access::kOperator, post_values);
  post("/api/v1/vee/accept", Access::kOperator, post_accept);
  post("/api/v1/vee/rerun", Access::kOperator, post_rerun);
  post("/api/v1/vee/undo", Access::kOperator, post_undo);
  post("/api/v1/vee/edits/{id}/approve", Access::kEngineer, approve);
  post("/api/v1/vee/edits/{id}/reject", Access::kEngineer, reject);
  routes.push_back(
      {Method::kGet, "/api/v1/vee/edits", Access::kViewer, Place::kWorker, list, nullptr});
  routes.push_back(
      {Method::kGet, "/api/v1/vee/edits/{id}", Access::kViewer, Place::kWorker, one, nullptr});
}

}  // namespace amity::api
