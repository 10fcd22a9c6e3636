// Users and API keys, for administrators.
#include "api/handler_support.h"
#include "api/json_in.h"

namespace amity::api {

namespace {

void put_user(Api& api, Json& json, const store::User& user) {
  const Auth::Times times = api.auth.times("user", user.name);
  json.open()
      .key("name")
      .text(user.name)
      .key("role")
      .text(user.role)
      .key("disabled")
      .boolean(!user.enabled);
  json.key("created").time(times.created).key("last_seen").time(times.used).close();
}

void put_key(Api& api, Json& json, const store::ApiKey& key, const std::string& secret) {
  json.open().key("id").text(key.id).key("name").text(key.name).key("role").text(key.role);
  json.key("created").time(key.created).key("last_used").time(api.auth.times("key", key.id).used);
  if (!secret.empty()) json.key("secret").text(secret);
  json.close();
}

// The answer to a change that was made; a failure where the audit does not hold it.
Response audited(Api& api, const Call& call, const std::string& what, Response response) {
  const Status kept =
      api.store.registry().append_audit(api.clock.utc(), call.principal->name, what);
  return kept.ok() ? std::move(response) : failure(kept.error(), call);
}

Result<Role> role_field(const std::string& text) {
  const auto role = role_from(text);
  if (!role)
    return make_error(ErrorCode::kInvalid, "\"role\" is viewer, operator, engineer or admin");
  return *role;
}

Response users(Api& api, const Call& call) {
  const auto all = api.store.registry().users();
  if (!all.ok()) return failure(all.error(), call);
  Json json;
  json.open().key("items").open_list();
  for (const auto& user : *all) put_user(api, json, user);
  json.close_list();
  put_next(json, "");
  json.close();
  return ok(json);
}

Result<store::User> make_user(Api& api, const Call& call) {
  AMITY_TRY(const auto fields, parse_fields(call.request.body));
  AMITY_CHECK(fields.only({"name", "password", "role"}));
  AMITY_TRY(const auto name, fields.text("name"));
  AMITY_TRY(const auto password, fields.text("password"));
  AMITY_TRY(const auto role_text, fields.text("role"));
  AMITY_TRY(const auto role, role_field(role_text));
  return api.auth.add_user(name, password, role);
}

Response add_user(Api& api, const Call& call) {
  const auto user = make_user(api, call);
  if (!user.ok()) return failure(user.error(), call);
  Json json;
  put_user(api, json, *user);
  return audited(api, call, "added user " + user->name + " as " + user->role, created(json));
}

Result<store::User> alter_user(Api& api, const Call& call) {
  AMITY_TRY(const auto fields, parse_fields(call.request.body));
  AMITY_CHECK(fields.only({"password", "role", "disabled"}));
  Auth::UserChange change;
  AMITY_TRY(change.password, fields.optional_text("password"));
  AMITY_TRY(change.disabled, fields.optional_bool("disabled"));
  AMITY_TRY(const auto role_text, fields.optional_text("role"));
  if (role_text) {
    AMITY_TRY(change.role, role_field(*role_text));
  }
  return api.auth.change_user(std::string(call.path.at(0)), change);
}

Response change_user(Api& api, const Call& call) {
  const auto user = alter_user(api, call);
  if (!user.ok()) return failure(user.error(), call);
  Json json;
  put_user(api, json, *user);
  return audited(
      api, call,
      "changed user " + user->name + ": " + user->role + (user->enabled ? "" : ", disabled"),
      ok(json));
}

Response keys(Api& api, const Call& call) {
  const auto all = api.store.registry().api_keys();
  if (!all.ok()) return failure(all.error(), call);
  Json json;
  json.open().key("items").open_list();
  for (const auto& key : *all) put_key(api, json, key, "");
  json.close_list();
  put_next(json, "");
  json.close();
  return ok(json);
}

Result<NewKey> make_key(Api& api, const Call& call) {
  AMITY_TRY(const auto fields, parse_fields(call.request.body));
  AMITY_CHECK(fields.only({"name", "role"}));
  AMITY_TRY(const auto name, fields.text("name"));
  AMITY_TRY(const auto role_text, fields.text("role"));
  AMITY_TRY(const auto role, role_field(role_text));
  return api.auth.add_key(name, role);
}

Response add_key(Api& api, const Call& call) {
  const auto made = make_key(api, call);
  if (!made.ok()) return failure(made.error(), call);
  Json json;
  put_key(api, json, made->key, made->secret);
  return audited(
      api, call,
      "added API key " + made->key.id + " \"" + made->key.name + "\" as " + made->key.role,
      created(json));
}

Response remove_key(Api& api, const Call& call) {
  const std::string id(call.path.at(0));
  if (const auto done = api.auth.remove_key(id); !done.ok()) return failure(done.error(), call);
  return audited(api, call, "removed API key " + id, Response(204, "", ""));
}

}  // namespace

void add_user_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kGet, "/api/v1/users", Access::kAdmin, Place::kWorker, users, nullptr});
  routes.push_back(
      {Method::kPost, "/api/v1/users", Access::kAdmin, Place::kPassword, add_user, nullptr});
  routes.push_back({Method::kPatch, "/api/v1/users/{name}", Access::kAdmin, Place::kPassword,
                    change_user, nullptr});
  routes.push_back(
      {Method::kGet, "/api/v1/api-keys", Access::kAdmin, Place::kWorker, keys, nullptr});
  routes.push_back(
      {Method::kPost, "/api/v1/api-keys", Access::kAdmin, Place::kWorker, add_key, nullptr});
  routes.push_back({Method::kDelete, "/api/v1/api-keys/{id}", Access::kAdmin, Place::kWorker,
                    remove_key, nullptr});
}

}  // namespace amity::api
