#include "store/sqlite.h"

#include <sqlite3.h>

namespace amity::store {
namespace {

Error to_error(sqlite3* db, int code) {
  const std::string text = "registry: " + std::string(sqlite3_errmsg(db));
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return make_error(ErrorCode::kCorrupt, text);
    case SQLITE_CONSTRAINT: return make_error(ErrorCode::kConflict, text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return make_error(ErrorCode::kBusy, text);
    case SQLITE_FULL: return make_error(ErrorCode::kIo, "disk full: " + text);
    default: return make_error(ErrorCode::kIo, text);
  }
}

}  // namespace

Query::Query(Query&& other) noexcept
    : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)), next_bind_(other.next_bind_),
      next_column_(other.next_column_) {}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(std::int64_t v) {
  sqlite3_bind_int64(statement_, next_bind_++, v);
  return *this;
}

Query& Query::bind(double v) {
  sqlite3_bind_double(statement_, next_bind_++, v);
  return *this;
}

Query& Query::bind(std::string_view v) {
  sqlite3_bind_text64(statement_, next_bind_++, v.data() == nullptr ? "" : v.data(), v.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}

Query& Query::bind(ByteView v) {
  static constexpr std::uint8_t kNothing = 0;
  sqlite3_bind_blob64(statement_, next_bind_++, v.empty() ? &kNothing : v.data(), v.size(), SQLITE_TRANSIENT);
  return *this;
}

Result<bool> Query::step() {
  const int code = sqlite3_step(statement_);
  next_column_ = 0;
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return to_error(db_, code);
}

Status Query::run() {
  while (true) {
    AMITY_TRY(const bool more, step());
    if (!more) return {};
  }
}

std::int64_t Query::integer() { return sqlite3_column_int64(statement_, next_column_++); }
double Query::real() { return sqlite3_column_double(statement_, next_column_++); }

std::string Query::text() {
  const int column = next_column_++;
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string() : std::string(data, size);
}

Bytes Query::blob() {
  const int column = next_column_++;
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? Bytes() : Bytes(data, data + size);
}

Result<std::unique_ptr<Sqlite>> Sqlite::open(const std::string& path, bool create, bool read_only) {
  int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
  flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  std::unique_ptr<Sqlite> opened(new Sqlite(db));
  if (code != SQLITE_OK) return to_error(db, code);
  sqlite3_busy_timeout(db, 5'000);
  return opened;
}

Sqlite::~Sqlite() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(db_);
}

Status Sqlite::execute(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return to_error(db_, code);
  return {};
}

Result<Query> Sqlite::query(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) {
    const int code = sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return to_error(db_, code);
  }
  return Query(db_, statement);
}

Status Sqlite::backup(const std::string& path) {
  AMITY_TRY(const auto to, open(path, true, false));
  sqlite3_backup* backup = sqlite3_backup_init(to->db_, "main", db_, "main");
  if (backup == nullptr) return to_error(to->db_, sqlite3_errcode(to->db_));
  const int copied = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (copied != SQLITE_DONE) return to_error(to->db_, copied);
  if (finished != SQLITE_OK) return to_error(to->db_, finished);
  return {};
}

}  // namespace amity::store
