// Backups of the running platform, for administrators. Each is a directory of its own under
// ServerOptions::backup_root; `amity admin restore` makes a data directory of one.
#include "api/handler_support.h"
#include "api/json_in.h"
#include "api/limits.h"

namespace amity::api {

namespace {

constexpr const char* kExclusive = "backup";  // one at a time

// A single component of a path, whatever the client wrote.
Status check_name(const std::string& name) {
  if (name.empty() || name.size() > kNameBytesMax || name.front() == '.')
    return make_error(ErrorCode::kInvalid, "\"name\" has 1 to 64 characters and no dot in front");
  for (const char c : name) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_';
    if (!fine)
      return make_error(ErrorCode::kInvalid, "\"name\" consists of letters, digits and . - _");
  }
  return {};
}

// Without a name: the moment, as 2026-11-21T013000Z.
std::string name_of(UtcSeconds now) {
  std::string name = to_iso(now);
  std::erase(name, ':');
  return name;
}

Result<std::string> back_up(Api& api, const Call& call, UtcSeconds now) {
  AMITY_TRY(const auto fields, parse_fields(call.request.body));
  AMITY_CHECK(fields.only({"name"}));
  AMITY_TRY(const auto asked, fields.optional_text("name"));
  const std::string name = asked.value_or(name_of(now));
  AMITY_CHECK(check_name(name));
  if (api.options.backup_root.empty())
    return make_error(ErrorCode::kConflict, "this server has no directory for backups");
  AMITY_CHECK(api.store.registry().append_audit(now, call.principal->name, "backup " + name));
  AMITY_CHECK(api.store.backup(api.options.backup_root + "/" + name));
  return name;
}

Response add_backup(Api& api, const Call& call) {
  if (!api.begin_exclusive(kExclusive)) return failure(409, "a backup is being made", call);
  const UtcSeconds now = api.clock.utc();
  const auto name = back_up(api, call, now);
  api.end_exclusive(kExclusive);
  if (!name.ok()) return failure(name.error(), call);
  Json json;
  json.open().key("name").text(*name).key("path").text(api.options.backup_root + "/" + *name);
  json.key("started").time(now).close();
  return created(json);
}

}  // namespace

void add_backup_routes(std::vector<Route>& routes) {
  routes.push_back(
      {Method::kPost, "/api/v1/backups", Access::kAdmin, Place::kWorker, add_backup, nullptr});
}

}  // namespace amity::api
