// Commands: asking for one, and what has become of them.
//
// Idempotency: "idempotency/PRINCIPAL/DIGEST(key)" in the registry holds the request's digest and
// the command's id, written before the command is submitted. So a repeat after any crash finds the
// same id, and submits again only what never reached the journal.
#include "api/handler_support.h"
#include "api/json_in.h"
#include "api/limits.h"
#include "base/crypto.h"

namespace amity::api {

namespace {

Result<CommandKind> kind_from(std::string_view text) {
  if (const auto kind = command_kind_from(text)) return *kind;
  return make_error(ErrorCode::kInvalid, "no such kind of command: " + std::string(text));
}

Result<Command> command_of(Api& api, const Call& call) {
  AMITY_TRY(const auto fields, parse_fields(call.request.body));
  AMITY_CHECK(fields.only({"kind", "argument"}));
  AMITY_TRY(const auto kind, fields.text("kind"));
  AMITY_TRY(const auto argument, fields.optional_text("argument"));
  Command command;
  AMITY_TRY(command.kind, kind_from(kind));
  AMITY_TRY(const auto device, device_of(api, call));
  command.device = device.id;
  command.argument = argument.value_or("");
  command.requested_by = call.principal->name;
  command.requested = api.clock.utc();
  command.changed = command.requested;
  return command;
}

struct Remembered {
  Digest request{};
  CommandId id;
};

std::string memory_name(const Call& call, std::string_view key) {
  return "idempotency/" + call.principal->name + "/" + to_hex(crypto::sha256(as_bytes(key)));
}

Digest digest_of(const Call& call) {
  return crypto::sha256(as_bytes(call.request.uri.path + "\n" + call.request.body));
}

Result<std::optional<Remembered>> remembered(Api& api, const std::string& name) {
  AMITY_TRY(const auto value, api.store.registry().value(name));
  if (!value) return std::optional<Remembered>();
  ByteReader reader(*value);
  Remembered found;
  AMITY_TRY(const auto digest, reader.take(found.request.size()));
  std::copy(digest.begin(), digest.end(), found.request.begin());
  AMITY_TRY(found.id.value, reader.u64());
  return std::optional<Remembered>(found);
}

Status remember(Api& api, const std::string& name, const Remembered& what) {
  Bytes value;
  ByteWriter writer(value);
  writer.bytes(what.request);
  writer.u64(what.id.value);
  return api.store.registry().put_value(name, value);
}

Response accepted(Api& api, const Command& command) {
  Json json;
  put_command(json, command, api.directory.now()->serial(command.device));
  Response response = ok(json);
  response.status = 202;
  response.headers.emplace_back("Location", "/api/v1/commands/" + std::to_string(command.id.value));
  return response;
}

// The command to submit, or the one that an earlier request with the same key made.
struct Prepared {
  Command command;
  bool exists = false;
};

Result<Prepared> prepare(Api& api, const Call& call, const std::string& key) {
  Prepared prepared;
  AMITY_TRY(prepared.command, command_of(api, call));
  std::optional<Remembered> earlier;
  const std::string name = memory_name(call, key);
  if (!key.empty()) {
    AMITY_TRY(earlier, remembered(api, name));
  }
  if (earlier) {
    if (earlier->request != digest_of(call)) {
      return make_error(ErrorCode::kConflict, "this Idempotency-Key was used for another request");
    }
    AMITY_TRY(auto found, api.store.registry().command(earlier->id));
    prepared.command.id = earlier->id;
    prepared.exists = found.has_value();
    if (found) prepared.command = std::move(*found);
    return prepared;
  }
  AMITY_TRY(prepared.command.id, api.store.registry().next_command_id());
  if (!key.empty()) AMITY_CHECK(remember(api, name, {digest_of(call), prepared.command.id}));
  return prepared;
}

void submit(Api& api, const Call& call, Respond respond) {
  const std::string key(call.request.header("idempotency-key"));
  if (key.size() > kIdempotencyKeyBytesMax)
    return respond(failure(400, "the Idempotency-Key is too long", call));
  const std::string exclusive = key.empty() ? "" : memory_name(call, key);
  if (!key.empty() && !api.begin_exclusive(exclusive)) {
    return respond(failure(409, "a request with this Idempotency-Key is under way", call));
  }
  const auto release = [&api, exclusive] {
    if (!exclusive.empty()) api.end_exclusive(exclusive);
  };
  auto prepared = prepare(api, call, key);
  if (!prepared.ok() || prepared->exists) {
    release();
    return respond(prepared.ok() ? accepted(api, prepared->command)
                                 : failure(prepared.error(), call));
  }
  const std::string path = call.request.uri.path;
  const auto done = [weak = api.weak_from_this(), release, respond, path](Result<Command> result) {
    const auto alive = weak.lock();
    if (!alive) return;  // the server has been stopped meanwhile
    release();
    if (result.ok()) return respond(accepted(*alive, *result));
    Response refused = problem(status_of(result.error()), result.error().reason, path);
    if (refused.status == 429) refused.headers.emplace_back("Retry-After", "60");
    respond(std::move(refused));
  };
  api.services.submit_command(prepared->command, done);
}

Response list(Api& api, const Call& call) {
  const auto limit = limit_parameter(call);
  if (!limit.ok()) return failure(limit.error(), call);
  DeviceId device;
  if (const std::string_view text = call.request.uri.parameter("device"); !text.empty()) {
    const auto id = id_from(text, "device");
    if (!id.ok() || *id == 0 || *id > UINT32_MAX)
      return failure(400, "\"device\" is a device's id", call);
    device.value = static_cast<std::uint32_t>(*id);
  }
  const bool all = area_parameters(call).everything();
  auto commands = api.store.registry().commands(device, all ? *limit : kFilteredMax);
  if (!commands.ok()) return failure(commands.error(), call);
  if (const auto kept = keep_area(api, call, *commands); !kept.ok())
    return failure(kept.error(), call);
  if (commands->size() > *limit) commands->resize(*limit);
  const auto directory = api.directory.now();
  Json json;
  json.open().key("items").open_list();
  for (const auto& command : *commands)
    put_command(json, command, directory->serial(command.device));
  json.close_list();
  put_next(json, "");
  json.close();
  return ok(json);
}

Response one(Api& api, const Call& call) {
  const auto id = id_from(call.path.at(0), "command");
  if (!id.ok()) return failure(404, "no such command", call);
  const auto command = api.store.registry().command(CommandId(*id));
  if (!command.ok()) return failure(command.error(), call);
  if (!*command) return failure(404, "no such command", call);
  Json json;
  put_command(json, **command, api.directory.now()->serial((*command)->device));
  return ok(json);
}

}  // namespace

void add_command_routes(std::vector<Route>& routes) {
  routes.push_back({Method::kPost, "/api/v1/devices/{id}/commands", Access::kOperator,
                    Place::kWorker, nullptr, submit});
  routes.push_back(
      {Method::kGet, "/api/v1/commands", Access::kViewer, Place::kWorker, list, nullptr});
  routes.push_back(
      {Method::kGet, "/api/v1/commands/{id}", Access::kViewer, Place::kWorker, one, nullptr});
}

}  // namespace amity::api
