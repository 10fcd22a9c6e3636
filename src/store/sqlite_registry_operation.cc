// The registry's part that operation writes: commands, users, keys, sessions, durable values, the audit.
#include "base/crypto.h"
#include "store/kv.h"
#include "store/limits.h"
#include "store/sqlite_registry.h"
#include "store/sqlite_rows.h"

namespace amity::store {
namespace {

constexpr const char* kCommandIdsName = "store/command-ids";

Command get_command(Query& q) {
  Command c;
  c.id = CommandId(static_cast<std::uint64_t>(q.integer()));
  c.device = DeviceId(static_cast<std::uint32_t>(q.integer()));
  c.kind = static_cast<CommandKind>(q.integer());
  c.state = static_cast<CommandState>(q.integer());
  c.argument = q.text();
  c.requested_by = q.text();
  c.requested = UtcSeconds(q.integer());
  c.deadline = UtcSeconds(q.integer());
  c.changed = UtcSeconds(q.integer());
  c.progress = q.text();
  c.result = q.text();
  return c;
}

User get_user(Query& q) {
  User u;
  u.id = UserId(static_cast<std::uint32_t>(q.integer()));
  u.name = q.text();
  u.password_hash = q.text();
  u.role = q.text();
  u.enabled = q.integer() != 0;
  return u;
}

ApiKey get_api_key(Query& q) {
  ApiKey k;
  k.id = q.text();
  k.secret_hash = q.blob();
  k.name = q.text();
  k.role = q.text();
  k.created = UtcSeconds(q.integer());
  k.expires = UtcSeconds(q.integer());
  return k;
}

// SHA-256(digest of the line before | number | at | size of who | who | what), integers as 8 bytes, big-endian.
Bytes audit_digest(ByteView before, const AuditLine& line) {
  Bytes message(before.begin(), before.end());
  ByteWriter out(message);
  out.u64(line.number);
  out.u64(static_cast<std::uint64_t>(line.at.value));
  out.u64(line.who.size());
  out.text(line.who);
  out.text(line.what);
  const auto digest = crypto::sha256(message);
  return Bytes(digest.begin(), digest.end());
}

AuditLine get_audit_line(Query& q) {
  AuditLine line;
  line.number = static_cast<std::uint64_t>(q.integer());
  line.at = UtcSeconds(q.integer());
  line.who = q.text();
  line.what = q.text();
  line.digest = q.blob();
  return line;
}

Bytes u64_bytes(std::uint64_t v) {
  Bytes bytes;
  ByteWriter(bytes).u64(v);
  return bytes;
}

std::uint64_t u64_or_zero(const std::optional<Bytes>& bytes) {
  return bytes && bytes->size() == 8 ? key_u64(as_text(*bytes), 0) : 0;
}

}  // namespace

Status SqliteRegistry::put_command(const Command& c) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("INSERT OR REPLACE INTO command VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  q.bind(c.id.value).bind(c.device.value).bind(static_cast<int>(c.kind)).bind(static_cast<int>(c.state));
  q.bind(c.argument).bind(c.requested_by).bind(c.requested.value).bind(c.deadline.value).bind(c.changed.value);
  return q.bind(c.progress).bind(c.result).run();
}

Result<std::optional<Command>> SqliteRegistry::command(CommandId id) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM command WHERE id = ?"));
  q.bind(id.value);
  return at_most_one<Command>(q, get_command);
}

Result<std::vector<Command>> SqliteRegistry::commands(DeviceId device, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  limit = std::min(limit, kCommandsPerPageMax);
  if (device.valid()) {
    AMITY_TRY(Query q, db_->query("SELECT * FROM command WHERE device = ? ORDER BY id DESC LIMIT ?"));
    q.bind(device.value).bind(limit);
    return collect<Command>(q, get_command);
  }
  AMITY_TRY(Query q, db_->query("SELECT * FROM command ORDER BY id DESC LIMIT ?"));
  q.bind(limit);
  return collect<Command>(q, get_command);
}

Result<CommandId> SqliteRegistry::next_command_id() {
  const std::lock_guard lock(mutex_);
  if (next_command_ >= reserved_commands_) {
    AMITY_TRY(const auto stored, value_of(kCommandIdsName));
    const std::uint64_t taken = u64_or_zero(stored);
    AMITY_CHECK(put_value_now(kCommandIdsName, u64_bytes(taken + kCommandIdsReserved)));
    next_command_ = taken;
    reserved_commands_ = taken + kCommandIdsReserved;
  }
  return CommandId(++next_command_);
}

Status SqliteRegistry::put_user(const User& u) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("INSERT INTO user VALUES (NULLIF(?, 0), ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                                "password_hash = excluded.password_hash, role = excluded.role, "
                                "enabled = excluded.enabled"));
  return q.bind(u.id.value).bind(u.name).bind(u.password_hash).bind(u.role).bind(u.enabled ? 1 : 0).run();
}

Result<std::optional<User>> SqliteRegistry::user(const std::string& name) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM user WHERE name = ?"));
  q.bind(name);
  return at_most_one<User>(q, get_user);
}

Result<std::vector<User>> SqliteRegistry::users() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM user ORDER BY name"));
  return collect<User>(q, get_user);
}

Status SqliteRegistry::put_api_key(const ApiKey& k) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("INSERT OR REPLACE INTO api_key VALUES (?, ?, ?, ?, ?, ?)"));
  q.bind(k.id).bind(ByteView(k.secret_hash)).bind(k.name).bind(k.role);
  return q.bind(k.created.value).bind(k.expires.value).run();
}

Status SqliteRegistry::remove_api_key(const std::string& id) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("DELETE FROM api_key WHERE id = ?"));
  return q.bind(id).run();
}

Result<std::optional<ApiKey>> SqliteRegistry::api_key(const std::string& id) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM api_key WHERE id = ?"));
  q.bind(id);
  return at_most_one<ApiKey>(q, get_api_key);
}

Result<std::vector<ApiKey>> SqliteRegistry::api_keys() {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM api_key ORDER BY id"));
  return collect<ApiKey>(q, get_api_key);
}

Status SqliteRegistry::put_session(const UserSession& s) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)"));
  q.bind(ByteView(s.token_hash)).bind(s.user.value).bind(s.csrf).bind(s.created.value).bind(s.expires.value);
  return q.run();
}

Result<std::optional<UserSession>> SqliteRegistry::session(ByteView token_hash) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM session WHERE token_hash = ?"));
  q.bind(token_hash);
  return at_most_one<UserSession>(q, [](Query& row) {
    UserSession s;
    s.token_hash = row.blob();
    s.user = UserId(static_cast<std::uint32_t>(row.integer()));
    s.csrf = row.text();
    s.created = UtcSeconds(row.integer());
    s.expires = UtcSeconds(row.integer());
    return s;
  });
}

Status SqliteRegistry::remove_session(ByteView token_hash) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("DELETE FROM session WHERE token_hash = ?"));
  return q.bind(token_hash).run();
}

Status SqliteRegistry::put_value_now(const std::string& name, ByteView value) {
  AMITY_TRY(Query q, db_->query("INSERT OR REPLACE INTO value VALUES (?, ?)"));
  return q.bind(name).bind(value).run();
}

Result<std::optional<Bytes>> SqliteRegistry::value_of(const std::string& name) {
  AMITY_TRY(Query q, db_->query("SELECT value FROM value WHERE name = ?"));
  q.bind(name);
  return at_most_one<Bytes>(q, [](Query& row) { return row.blob(); });
}

Status SqliteRegistry::put_value(const std::string& name, ByteView value) {
  const std::lock_guard lock(mutex_);
  return put_value_now(name, value);
}

Result<std::optional<Bytes>> SqliteRegistry::value(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return value_of(name);
}

Status SqliteRegistry::put_values(std::span<const std::pair<std::string, Bytes>> values) {
  const std::lock_guard lock(mutex_);
  return db_->transaction([&]() -> Status {
    for (const auto& [name, value] : values) AMITY_CHECK(put_value_now(name, value));
    return {};
  });
}

Status SqliteRegistry::each_value(const std::string& prefix,
                                  const std::function<void(const std::string&, ByteView)>& visit) {
  std::vector<std::pair<std::string, Bytes>> found;
  {
    const std::lock_guard lock(mutex_);
    AMITY_TRY(Query q, db_->query("SELECT name, value FROM value WHERE name >= ? ORDER BY name"));
    q.bind(prefix);
    while (true) {
      AMITY_TRY(const bool more, q.step());
      if (!more) break;
      std::string name = q.text();
      if (name.compare(0, prefix.size(), prefix) != 0) break;
      found.emplace_back(std::move(name), q.blob());
    }
  }
  for (const auto& [name, value] : found) visit(name, value);
  return {};
}

Status SqliteRegistry::append_audit(UtcSeconds at, const std::string& who, const std::string& what) {
  const std::lock_guard lock(mutex_);
  return db_->transaction([&]() -> Status {
    AuditLine line{1, at, who, what, {}};
    Bytes before;
    {
      AMITY_TRY(Query q, db_->query("SELECT * FROM audit ORDER BY number DESC LIMIT 1"));
      AMITY_TRY(const auto last, at_most_one<AuditLine>(q, get_audit_line));
      if (last) {
        line.number = last->number + 1;
        before = last->digest;
      }
    }
    line.digest = audit_digest(before, line);
    AMITY_TRY(Query q, db_->query("INSERT INTO audit VALUES (?, ?, ?, ?, ?)"));
    return q.bind(line.number).bind(at.value).bind(who).bind(what).bind(ByteView(line.digest)).run();
  });
}

Result<std::vector<AuditLine>> SqliteRegistry::audit(std::uint64_t before, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(Query q, db_->query("SELECT * FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?"));
  q.bind(before == 0 ? INT64_MAX : static_cast<std::int64_t>(before)).bind(std::min(limit, kCommandsPerPageMax));
  return collect<AuditLine>(q, get_audit_line);
}

Status SqliteRegistry::verify() {
  const std::lock_guard lock(mutex_);
  {
    AMITY_TRY(Query q, db_->query("PRAGMA integrity_check(10)"));
    AMITY_TRY(const auto lines, collect<std::string>(q, [](Query& row) { return row.text(); }));
    if (lines.size() != 1 || lines[0] != "ok") {
      return make_error(ErrorCode::kCorrupt, "registry: " + (lines.empty() ? std::string("no answer") : lines[0]));
    }
  }
  Bytes before;
  std::uint64_t number = 0;
  AMITY_TRY(Query q, db_->query("SELECT * FROM audit ORDER BY number"));
  while (true) {
    AMITY_TRY(const bool more, q.step());
    if (!more) return {};
    const AuditLine line = get_audit_line(q);
    const Bytes expected = audit_digest(before, line);
    if (line.number != ++number || !constant_time_equal(expected, line.digest)) {
      return make_error(ErrorCode::kCorrupt, "registry: the audit's chain breaks at line " + std::to_string(number));
    }
    before = line.digest;
  }
}

Status SqliteRegistry::backup(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return db_->backup(path);
}

// Customers hold statements that were issued after the backup: their numbers are not given again.
Status SqliteRegistry::skip_statement_numbers() {
  AMITY_TRY(const auto before, value_of(kStatementsAboveName));
  std::uint64_t newest = u64_or_zero(before);
  {
    AMITY_TRY(Query q, db_->query("SELECT COALESCE(MAX(number), 0) FROM statement"));
    AMITY_TRY(const bool there, q.step());
    if (there) newest = std::max(newest, static_cast<std::uint64_t>(q.integer()));
  }
  return put_value_now(kStatementsAboveName, u64_bytes(newest + kStatementsSkippedOnRestore));
}

Status SqliteRegistry::mark_restored(UtcSeconds at) {
  const std::lock_guard lock(mutex_);
  return db_->transaction([&]() -> Status {
    AMITY_TRY(const auto epoch, value_of(kRestoredEpochName));
    const std::uint64_t now = at.value > 0 ? static_cast<std::uint64_t>(at.value) : 0;
    AMITY_CHECK(put_value_now(kRestoredEpochName, u64_bytes(std::max(u64_or_zero(epoch) + 1, now))));
    AMITY_CHECK(skip_statement_numbers());
    AMITY_TRY(const auto ids, value_of(kCommandIdsName));
    return put_value_now(kCommandIdsName, u64_bytes(u64_or_zero(ids) + kCommandIdsSkippedOnRestore));
  });
}

}  // namespace amity::store
