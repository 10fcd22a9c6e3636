// Signing in and out.
#include "api/handler_support.h"
#include "api/json_in.h"
#include "api/limits.h"

namespace amity::api {

namespace {

Response who(const Principal& principal) {
  Json json;
  json.open().key("user").text(principal.name).key("role").text(to_string(principal.role));
  json.key("csrf").text(principal.csrf).close();
  return ok(json);
}

std::string cookie(const Call& call, std::string_view token, std::int64_t age_s) {
  std::string text = std::string(kSessionCookie) + "=" + std::string(token);
  text += "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(age_s);
  if (call.secure) text += "; Secure";
  return text;
}

// A foreign page can make a browser post a form, not JSON: so this cannot sign a visitor in as
// somebody else.
Response sign_in(Api& api, const Call& call) {
  if (!call.request.header("content-type").starts_with("application/json")) {
    return failure(415, "the body must be application/json", call);
  }
  const auto fields = parse_fields(call.request.body);
  if (!fields.ok()) return failure(fields.error(), call);
  const auto user = fields->text("user");
  if (!user.ok()) return failure(user.error(), call);
  const auto password = fields->text("password");
  if (!password.ok()) return failure(password.error(), call);
  if (user->size() > kNameBytesMax || password->size() > kPasswordBytesMax)
    return failure(400, "too long", call);
  std::int64_t wait_s = 0;
  const auto session = api.auth.login(*user, *password, call.peer.host, wait_s);
  if (!session.ok()) {
    api.counters.logins_failed.fetch_add(1, std::memory_order_relaxed);
    Response refused = failure(status_of(session.error()), session.error().reason, call);
    if (wait_s > 0) refused.headers.emplace_back("Retry-After", std::to_string(wait_s));
    return refused;
  }
  Response response = who(*session->principal);
  response.headers.emplace_back("Set-Cookie", cookie(call, session->token, kSessionAgeMaxS));
  return response;
}

Response current(Api&, const Call& call) {
  return who(*call.principal);
}

Response sign_out(Api& api, const Call& call) {
  if (!call.principal->key_id.empty()) return failure(400, "an API key has no session", call);
  if (const auto done = api.auth.logout(*call.principal); !done.ok())
    return failure(done.error(), call);
  Response response(204, "", "");
  response.headers.emplace_back("Set-Cookie", cookie(call, "", 0));
  return response;
}

}  // namespace

void add_session_routes(std::vector<Route>& routes) {
  routes.push_back(
      {Method::kPost, "/api/v1/session", Access::kAnyone, Place::kPassword, sign_in, nullptr});
  routes.push_back(
      {Method::kGet, "/api/v1/session", Access::kViewer, Place::kInline, current, nullptr});
  routes.push_back(
      {Method::kDelete, "/api/v1/session", Access::kViewer, Place::kWorker, sign_out, nullptr});
}

}  // namespace amity::api
