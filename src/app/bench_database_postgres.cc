// PostgreSQL's part of `amity bench store`: one table with its primary key (channel, time), a COPY
// of binary rows per interval of the whole fleet, each durable when it answers. psql does the work
// and tells the time of each statement.
#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "app/bench_databases.h"
#include "app/bench_store.h"
#include "base/bytes.h"

namespace amity::app {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kEpochOfPostgres = 946'684'800;  // 2000-01-01, seconds since 1970
constexpr const char* kUser = "postgres";               // the server refuses to run as root
constexpr const char* kTable =
    "CREATE TABLE {} (channel integer NOT NULL, time timestamptz NOT NULL, value bigint NOT NULL, "
    "quality smallint NOT NULL, PRIMARY KEY (channel, time));\n";

// What `command` printed, both streams; an error with it when it did not end well.
Result<std::string> run(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return make_error(ErrorCode::kIo, "cannot start: " + command);
  std::string output;
  char part[4'096];
  for (std::size_t n; (n = std::fread(part, 1, sizeof part, pipe)) > 0;) output.append(part, n);
  if (::pclose(pipe) != 0)
    return make_error(ErrorCode::kIo, command + ": " + output.substr(0, 500));
  return output;
}

// Debian keeps the server's programs beside their version, the newest last.
Result<std::string> programs() {
  std::string newest;
  std::error_code none;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const std::string bin = (version.path() / "bin").string();
    if (fs::exists(bin + "/initdb") && bin > newest) newest = bin;
  }
  if (newest.empty())
    return make_error(ErrorCode::kUnsupported, "it is not installed (postgresql)");
  return newest;
}

class Server {
 public:
  static Result<std::unique_ptr<Server>> start() {
    std::unique_ptr<Server> server(new Server);
    AMITY_TRY(server->bin_, programs());
    if (::geteuid() == 0) {
      const passwd* user = ::getpwnam(kUser);
      if (user == nullptr)
        return make_error(ErrorCode::kUnsupported,
                          "root cannot run it, and no user 'postgres' is here");
      if (::chown(server->path().c_str(), user->pw_uid, user->pw_gid) != 0) {
        return make_error(ErrorCode::kIo, "cannot give its directory to 'postgres'");
      }
      server->as_ = fmt::format("setpriv --reuid={0} --regid={0} --init-groups ", kUser);
    }
    AMITY_TRY(const auto made,
              run(fmt::format("{}{}/initdb -D {}/data -U amity -A trust -E UTF8 --no-locale",
                              server->as_, server->bin_, server->path())));
    (void)made;
    const std::string settings = fmt::format(
        "-c listen_addresses= -c unix_socket_directories={} -c fsync=on -c synchronous_commit=on "
        "-c shared_buffers=1GB -c max_wal_size=8GB -c max_parallel_workers_per_gather=0",
        server->path());
    AMITY_TRY(const auto started,
              run(fmt::format("{0}{1}/pg_ctl -D {2}/data -w -l {2}/log -o '{3}' start", server->as_,
                              server->bin_, server->path(), settings)));
    (void)started;
    server->running_ = true;
    return server;
  }
  ~Server() {
    if (running_)
      (void)run(fmt::format("{}{}/pg_ctl -D {}/data -m immediate stop", as_, bin_, path()));
  }
  const std::string& path() const { return scratch_.path(); }

  Result<std::string> psql(const std::string& script) {
    const std::string file = path() + "/script.sql";
    std::FILE* out = std::fopen(file.c_str(), "w");
    if (out == nullptr) return make_error(ErrorCode::kIo, "cannot write " + file);
    std::fputs(script.c_str(), out);
    std::fclose(out);
    return run(fmt::format(
        "{0}/psql -X -q -A -t -v ON_ERROR_STOP=1 -h {1} -U amity -d postgres -f {1}/script.sql",
        bin_, path()));
  }

 private:
  Server() = default;
  ScratchDirectory scratch_;
  std::string bin_, as_;
  bool running_ = false;
};

// The binary format of COPY: a header, rows of counted fields, an end.
class CopyFile {
 public:
  explicit CopyFile(std::string path) : path_(std::move(path)) {
    ByteWriter out(rows_);
    out.bytes(as_bytes({"PGCOPY\n\377\r\n\0", 11}));
    out.u32(0);
    out.u32(0);
  }
  void add(std::uint32_t channel, UtcSeconds time, std::int64_t value) {
    ByteWriter out(rows_);
    out.u16(4);
    out.u32(4);
    out.u32(channel);
    out.u32(8);
    out.u64(static_cast<std::uint64_t>((time.value - kEpochOfPostgres) * 1'000'000));
    out.u32(8);
    out.u64(static_cast<std::uint64_t>(value));
    out.u32(2);
    out.u16(0);
  }
  Status write() {
    ByteWriter(rows_).u16(0xFFFF);
    std::FILE* out = std::fopen(path_.c_str(), "wb");
    if (out == nullptr) return make_error(ErrorCode::kIo, "cannot write " + path_);
    const bool whole = std::fwrite(rows_.data(), 1, rows_.size(), out) == rows_.size();
    if (std::fclose(out) != 0 || !whole) return make_error(ErrorCode::kIo, "cannot write " + path_);
    return {};
  }

 private:
  std::string path_;
  Bytes rows_;
};

// What one run of psql printed, by the sections its script names with \echo @NAME.
struct Report {
  std::map<std::string, std::vector<double>> ms;  // of each statement
  std::map<std::string, double> value;            // the last number printed

  static Report parse(const std::string& output) {
    Report report;
    std::string section;
    for (std::size_t at = 0; at < output.size();) {
      const std::size_t end = std::min(output.find('\n', at), output.size());
      const std::string line = output.substr(at, end - at);
      at = end + 1;
      if (line.starts_with('@')) {
        section = line.substr(1);
      } else if (line.starts_with("Time: ")) {
        report.ms[section].push_back(std::strtod(line.c_str() + 6, nullptr));
      } else if (!line.empty()) {
        report.value[section] = std::strtod(line.c_str(), nullptr);
      }
    }
    return report;
  }
  double total_s(const std::string& section) const {
    const auto found = ms.find(section);
    double total = 0;
    if (found != ms.end()) {
      for (const double one : found->second) total += one * 1e-3;
    }
    return total;
  }
};

std::string copy_line(const char* table, const std::string& file) {
  return fmt::format("\\copy {} from '{}' (format binary)\n", table, file);
}

Result<std::string> push_script(const DatabaseLoad& load, const std::string& path) {
  std::string script = fmt::format(fmt::runtime(kTable), "day") + "\\timing on\n\\echo @push\n";
  for (std::uint32_t interval = 0; interval < load.push.intervals; ++interval) {
    CopyFile file(fmt::format("{}/push{}", path, interval));
    each_pushed(load.push, interval,
                [&](auto channel, auto time, auto value) { file.add(channel, time, value); });
    AMITY_CHECK(file.write());
    script += copy_line("day", fmt::format("{}/push{}", path, interval));
  }
  script +=
      "\\timing off\n\\echo @size\nSELECT pg_total_relation_size('day');\nVACUUM ANALYZE "
      "day;\n\\timing on\n\\echo @day\n";
  for (int turn = 0; turn < 2; ++turn) {  // the second one is warm
    script += fmt::format(
        "SELECT count(*) + 0 * (sum(value) + sum(quality)) FROM day WHERE time > to_timestamp({}) "
        "AND time <= to_timestamp({});\n",
        load.push.start.value, load.push.start.value + 86'400);
  }
  return script;
}

Result<std::string> month_script(const DatabaseLoad& load, const std::string& path) {
  CopyFile file(path + "/months");
  for (std::uint32_t channel = 1; channel <= load.month_channels; ++channel) {
    for (std::uint32_t day = 0; day < load.month_days; ++day) {
      each_of_month(load, channel, day,
                    [&](auto c, auto time, auto value) { file.add(c, time, value); });
    }
  }
  AMITY_CHECK(file.write());
  std::string script =
      "\\timing off\n" + fmt::format(fmt::runtime(kTable), "month") +
      copy_line("month", path + "/months") + "VACUUM ANALYZE month;\n" +
      fmt::format(
          "PREPARE one AS SELECT time, value, quality FROM month WHERE channel = $1 AND time > "
          "to_timestamp({}) AND time <= to_timestamp({}) ORDER BY time;\n\\o /dev/null\n",
          load.push.start.value, load.month_end().value);
  for (std::uint32_t c = 1; c <= load.month_channels; ++c)
    script += fmt::format("EXECUTE one({});\n", c);
  script += "\\timing on\n\\echo @month\n";
  for (std::uint32_t read = 0; read < load.month_reads; ++read) {
    script += fmt::format("EXECUTE one({});\n", load.month_channel(read));
  }
  return script;
}

Result<std::string> homes_script(const world::Replay& homes, const std::string& path) {
  CopyFile file(path + "/homes");
  each_of_homes(homes,
                [&](auto channel, auto time, auto value) { file.add(channel, time, value); });
  AMITY_CHECK(file.write());
  return "\\o\n\\timing off\n" + fmt::format(fmt::runtime(kTable), "homes") +
         copy_line("homes", path + "/homes") +
         "VACUUM homes;\n\\echo @homes\nSELECT pg_total_relation_size('homes');\n";
}

}  // namespace

Result<DatabaseFigures> measure_postgres(const DatabaseLoad& load) {
  AMITY_TRY(const auto server, Server::start());
  AMITY_TRY(std::string script, push_script(load, server->path()));
  AMITY_TRY(const std::string months, month_script(load, server->path()));
  script += months;
  if (load.homes != nullptr) {
    AMITY_TRY(const std::string homes, homes_script(*load.homes, server->path()));
    script += homes;
  }
  AMITY_TRY(const std::string output, server->psql(script));
  Report report = Report::parse(output);
  if (report.value["day"] != load.push_readings() || report.ms["day"].size() != 2 ||
      report.ms["month"].size() != load.month_reads) {
    return make_error(ErrorCode::kCorrupt, "psql answered: " + output.substr(0, 500));
  }
  DatabaseFigures figures;
  figures.push_per_s = load.push_readings() / report.total_s("push");
  figures.push_bytes = report.value["size"] / load.push_readings();
  figures.day_per_s = load.push_readings() / (report.ms["day"].back() * 1e-3);
  put_percentiles(report.ms["month"], figures);
  if (load.homes != nullptr)
    figures.homes_bytes = report.value["homes"] / static_cast<double>(load.homes->rows);
  return figures;
}

}  // namespace amity::app
