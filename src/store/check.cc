// Reads everything that a data directory holds and reports what does not verify.
#include <filesystem>

#include "store/block.h"
#include "store/directory.h"
#include "store/fact_codec.h"
#include "store/kv_finals.h"
#include "store/kv_journal.h"
#include "store/kv_rocksdb.h"
#include "store/sqlite_registry.h"

namespace amity::store {
namespace {

void note(CheckReport& report, const std::string& where, const Status& status) {
  if (!status.ok()) report.damage.push_back(where + ": " + to_string(status.error()));
}

void check_journal(Kv& kv, CheckReport& report) {
  std::uint64_t expected = 0;
  const Status scanned = kv.scan(
      Family::kJournal, "", "", Direction::kForward, [&](std::string_view key, std::string_view value) {
        const std::uint64_t last = key.size() == 8 ? key_u64(key, 0) : 0;
        const std::string where = "journal, record ending at " + std::to_string(last);
        const auto record = decode_record(as_bytes(value));
        if (!record.ok()) {
          note(report, where, record.error());
          expected = last + 1;
          return true;
        }
        if (record->first + record->count - 1 != last || (expected != 0 && record->first != expected)) {
          report.damage.push_back(where + ": facts are missing before it");
        }
        expected = last + 1;
        note(report, where, each_body(*record, [&](std::uint64_t, ByteView body) -> Result<bool> {
               AMITY_TRY([[maybe_unused]] const Fact fact, decode_fact(body));
               ++report.journal_facts;
               return true;
             }));
        return true;
      });
  note(report, "journal", scanned);
}

void check_blocks(Kv& kv, CheckReport& report) {
  Block block;
  const Status scanned = kv.scan(
      Family::kBlocks, "", "", Direction::kForward, [&](std::string_view key, std::string_view value) {
        if (key.size() != 8) {
          report.damage.push_back("readings: a key of " + std::to_string(key.size()) + " bytes");
          return true;
        }
        const BlockKey at{ChannelId(key_u32(key, 4)), UtcDay(key_i32(key, 0))};
        const Status decoded = decode_block(at, as_bytes(value), block);
        note(report, "readings, channel " + std::to_string(at.channel.value) + ", day " +
                         to_iso(at.day.start()).substr(0, 10), decoded);
        ++report.blocks;
        report.readings += block.readings.size();
        return true;
      });
  note(report, "readings", scanned);
}

void check_events(Kv& kv, CheckReport& report) {
  const auto count = [&](std::string_view, std::string_view) {
    ++report.events;
    return true;
  };
  note(report, "events", kv.scan(Family::kEvents, "D", "E", Direction::kForward, count));
}

void check_final_values(Kv& kv, CheckReport& report) {
  FinalsCheck counts;
  const auto damaged = [&report](const std::string& what) { report.damage.push_back(what); };
  note(report, "final values", check_finals(kv, counts, damaged));
  report.final_days = counts.days;
  report.final_versions = counts.versions;
  report.edits = counts.edits;
}

}  // namespace

Result<CheckReport> check_directory(const std::string& directory) {
  if (!std::filesystem::exists(directory + "/format")) {
    return make_error(ErrorCode::kNotFound, directory + " is not a data directory");
  }
  AMITY_TRY(const auto lock, DirectoryLock::take(directory));
  CheckReport report;
  const auto kv = open_rocksdb(kv_path(directory), {.create = false, .read_only = true});
  if (kv.ok()) {
    note(report, "files of kv", (*kv)->verify());
    check_journal(**kv, report);
    check_blocks(**kv, report);
    check_events(**kv, report);
    check_final_values(**kv, report);
  } else {
    note(report, "kv cannot be opened", kv.error());
  }
  const auto registry = SqliteRegistry::open(registry_path(directory), {.create = false, .read_only = true});
  if (registry.ok()) {
    note(report, "registry.sqlite", (*registry)->verify());
  } else {
    note(report, "registry.sqlite cannot be opened", registry.error());
  }
  return report;
}

}  // namespace amity::store
