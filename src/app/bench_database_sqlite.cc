// SQLite's part of `amity bench store`: one table clustered by (channel, time), write-ahead log,
// fsync at every commit, a transaction per interval of the whole fleet.
#include <ctime>

#include "app/bench_databases.h"
#include "app/bench_store.h"
#include "runtime/system.h"
#include "store/sqlite.h"

namespace amity::app {
namespace {

constexpr const char* kInsert = "INSERT OR IGNORE INTO readings VALUES (?, ?, ?, 0)";
constexpr const char* kMonth =
    "SELECT time, value, quality FROM readings WHERE channel = ? AND time > ? AND time <= ?";
constexpr const char* kDay =
    "SELECT channel, time, value, quality FROM readings WHERE time > ? AND time <= ?";

class Table {
 public:
  explicit Table(const std::string& directory)
      : db_(must(store::Sqlite::open(directory + "/readings.sqlite", true, false),
                 "opening SQLite")) {
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = FULL");
    execute("PRAGMA cache_size = -1048576");  // 1 GiB: everything warm
    execute(
        "CREATE TABLE readings (channel INTEGER, time INTEGER, value INTEGER, quality INTEGER, "
        "PRIMARY KEY (channel, time)) WITHOUT ROWID");
  }

  void execute(const char* sql) { must(db_->execute(sql), sql); }
  store::Query query(const char* sql) { return must(db_->query(sql), sql); }

  // `fill` hands out every row of one transaction.
  void commit(const std::function<void(const EachReading&)>& fill) {
    execute("BEGIN IMMEDIATE");
    fill([&](std::uint32_t channel, UtcSeconds time, std::int64_t value) {
      store::Query insert = query(kInsert);
      must(insert.bind(channel).bind(time.value).bind(value).run(), "inserting");
    });
    execute("COMMIT");
  }

  double bytes() {
    execute("PRAGMA wal_checkpoint(TRUNCATE)");
    auto size = query("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()");
    (void)must(size.step(), "asking the size");
    return static_cast<double>(size.integer());
  }

 private:
  std::unique_ptr<store::Sqlite> db_;
};

double ms_between(Instant start, Instant end) {
  return static_cast<double>((end - start).count()) * 1e-3;
}

void measure_push(const DatabaseLoad& load, DatabaseFigures& figures) {
  const ScratchDirectory scratch;
  Table table(scratch.path());
  runtime::SystemClock clock;
  const Instant start = clock.now();
  for (std::uint32_t interval = 0; interval < load.push.intervals; ++interval) {
    table.commit([&](const EachReading& row) { each_pushed(load.push, interval, row); });
  }
  figures.push_per_s = load.push_readings() / ms_between(start, clock.now()) * 1e3;
  figures.push_bytes = table.bytes() / load.push_readings();

  const std::clock_t cpu = std::clock();
  store::Query day = table.query(kDay);
  day.bind(load.push.start.value).bind(load.push.start.value + 86'400);
  std::uint64_t readings = 0;
  std::int64_t sum = 0;
  while (must(day.step(), "reading the day")) {
    (void)day.integer();
    (void)day.integer();
    sum += day.integer() + day.integer();
    ++readings;
  }
  figures.day_per_s =
      static_cast<double>(readings) * CLOCKS_PER_SEC / static_cast<double>(std::clock() - cpu);
  if (static_cast<double>(readings) != load.push_readings() || sum <= 0) {
    must(Status(make_error(ErrorCode::kCorrupt, "rows are missing")), "reading the day");
  }
}

void measure_months(const DatabaseLoad& load, DatabaseFigures& figures) {
  const ScratchDirectory scratch;
  Table table(scratch.path());
  for (std::uint32_t channel = 1; channel <= load.month_channels; ++channel) {
    table.commit([&](const EachReading& row) {
      for (std::uint32_t day = 0; day < load.month_days; ++day)
        each_of_month(load, channel, day, row);
    });
  }
  runtime::SystemClock clock;
  std::vector<double> ms;
  std::vector<Reading> month;
  for (std::uint32_t read = 0; read < load.month_channels + load.month_reads; ++read) {
    const bool warming = read < load.month_channels;
    const std::uint32_t channel = warming ? read + 1 : load.month_channel(read);
    const Instant start = clock.now();
    month.clear();
    store::Query rows = table.query(kMonth);
    rows.bind(channel).bind(load.push.start.value).bind(load.month_end().value);
    while (must(rows.step(), "reading a month")) {
      const UtcSeconds time(rows.integer());
      const std::int64_t value = rows.integer();
      month.push_back(
          {ChannelId(channel), time, value, {static_cast<std::uint16_t>(rows.integer())}});
    }
    if (!warming) ms.push_back(ms_between(start, clock.now()));
  }
  put_percentiles(ms, figures);
}

}  // namespace

DatabaseFigures measure_sqlite(const DatabaseLoad& load) {
  DatabaseFigures figures;
  measure_push(load, figures);
  measure_months(load, figures);
  if (load.homes != nullptr) {
    const ScratchDirectory scratch;
    Table table(scratch.path());
    table.commit([&](const EachReading& row) { each_of_homes(*load.homes, row); });
    figures.homes_bytes = table.bytes() / static_cast<double>(load.homes->rows);
  }
  return figures;
}

}  // namespace amity::app
