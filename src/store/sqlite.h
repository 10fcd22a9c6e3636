// A thin layer over SQLite: a connection, prepared statements, errors as values. One thread at a time per connection.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

struct sqlite3;
struct sqlite3_stmt;

namespace amity::store {

// A statement being run: bind left to right, step, read columns left to right. Resets itself when it goes.
class Query {
 public:
  Query(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  Query(Query&& other) noexcept;
  Query& operator=(Query&&) = delete;
  ~Query();

  Query& bind(std::int64_t v);
  Query& bind(double v);
  Query& bind(std::string_view v);
  Query& bind(ByteView v);
  Query& bind(const std::string& v) { return bind(std::string_view(v)); }
  template <class T>
    requires std::is_integral_v<T>
  Query& bind(T v) {
    return bind(static_cast<std::int64_t>(v));
  }

  // True while there is a row.
  Result<bool> step();
  Status run();  // steps to the end

  std::int64_t integer();
  double real();
  std::string text();
  Bytes blob();

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_;
  int next_bind_ = 1;
  int next_column_ = 0;
};

class Sqlite {
 public:
  static Result<std::unique_ptr<Sqlite>> open(const std::string& path, bool create, bool read_only);
  ~Sqlite();
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  Status execute(const char* sql);
  // `sql` must be a literal: statements are prepared once and kept by its address.
  Result<Query> query(const char* sql);
  // Runs `work` in one transaction, rolled back when it fails.
  template <class Work>
  Status transaction(Work&& work) {
    AMITY_CHECK(execute("BEGIN IMMEDIATE"));
    Status done = work();
    if (done.ok()) done = execute("COMMIT");
    if (!done.ok()) (void)execute("ROLLBACK");
    return done;
  }
  // A consistent copy while others write.
  Status backup(const std::string& path);

 private:
  explicit Sqlite(sqlite3* db) : db_(db) {}
  sqlite3* db_;
  std::map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace amity::store
