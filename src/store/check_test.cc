// Checking, backing up and restoring a data directory; and a flipped byte anywhere in it is found.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "store/directory.h"
#include "store/kv.h"
#include "store/sqlite_registry.h"
#include "store/store.h"
#include "store/test_directory.h"
#include "store/test_random.h"

namespace amity::store {
namespace {

namespace fs = std::filesystem;
constexpr UtcSeconds kStart(1'699'920'000);

ReadingsArrived delivery(std::uint32_t n) {
  ReadingsArrived d{"test", kStart, {}};
  for (std::uint32_t c = 1; c <= 8; ++c) {
    d.readings.push_back({ChannelId(c), kStart + 60 * static_cast<std::int64_t>(n), std::int64_t{n} * c, {}});
  }
  return d;
}

void fill(Store& store, std::uint32_t from, std::uint32_t to) {
  std::atomic<std::uint32_t> open{to - from};
  for (std::uint32_t n = from; n < to; ++n) {
    store.journal().append(delivery(n + 1), [&](Result<Sequence> r) {
      EXPECT_TRUE(r.ok());
      --open;
    });
  }
  while (open > 0) std::this_thread::yield();
}

void make_directory(const std::string& path) {
  auto store = open_embedded(path, {}).value();
  fill(*store, 0, 2'000);
  ASSERT_TRUE(store->readings().checkpoint().ok());
  Event e;
  e.device = DeviceId(1);
  e.time = kStart;
  e.text = "terminal cover removed";
  store->journal().append(EventsArrived{"test", kStart, {e}}, {});
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(store->registry().append_audit(kStart + i, "anna", "disconnected meter " + std::to_string(i)).ok());
  }
}

TEST(Check, ASoundDirectoryIsCountedAndPasses) {
  const TestDirectory at;
  make_directory(at / "data");
  const auto report = check_directory(at / "data").value();
  EXPECT_EQ(report.damage, std::vector<std::string>{});
  EXPECT_EQ(report.journal_facts, 2'001u);
  EXPECT_EQ(report.readings, 16'000u);
  EXPECT_EQ(report.blocks, 16u);
  EXPECT_EQ(report.events, 1u);
  EXPECT_FALSE(check_directory(at / "nothing").ok());
}

void flip(const std::string& path, std::uintmax_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(file.get());
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 0x10));
}

std::vector<std::string> data_files(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const std::string ext = entry.path().extension().string();
    if (entry.is_regular_file() && (ext == ".sst" || ext == ".log" || ext == ".sqlite")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(Check, AFlippedByteIsReported) {
  const TestDirectory at;
  make_directory(at / "data");
  {
    auto store = open_embedded(at / "data", {}).value();  // moves the log into tables
    fill(*store, 2'000, 2'100);
  }
  TestRandom random(3);
  std::size_t tried = 0;
  for (const std::string& file : data_files(at / "data")) {
    // SQLite has no checksums: its structure is checked, and the audit's chain. Here the first page's header.
    const bool registry = fs::path(file).extension() == ".sqlite";
    const std::uintmax_t size = registry ? 90 : fs::file_size(file);
    for (int i = 0; size > 64 && i < 12; ++i) {
      const TestDirectory copy;
      fs::copy(at / "data", copy / "data", fs::copy_options::recursive);
      const std::string relative = file.substr((at / "data").size());
      const std::uintmax_t offset = registry ? static_cast<std::uintmax_t>(i) : random.below(size);
      flip(copy / "data" + relative, offset);
      const auto report = check_directory(copy / "data");
      ++tried;
      EXPECT_TRUE(!report.ok() || !report->damage.empty()) << relative << " at " << offset << " of " << size;
    }
  }
  EXPECT_GE(tried, 36u);
}

TEST(Check, AnAuditLineThatWasChangedIsReported) {
  const TestDirectory at;
  make_directory(at / "data");
  {
    auto db = Sqlite::open(registry_path(at / "data"), false, false).value();
    ASSERT_TRUE(db->execute("UPDATE audit SET who = 'bert' WHERE number = 20").ok());
  }
  const auto report = check_directory(at / "data").value();
  ASSERT_EQ(report.damage.size(), 1u);
  EXPECT_NE(report.damage[0].find("the audit's chain breaks at line 20"), std::string::npos) << report.damage[0];
}

TEST(Backup, IsConsistentWhileAnotherThreadWritesAndSkipsCountersWhenRestored) {
  const TestDirectory at;
  std::uint64_t issued = 0;
  {
    auto store = open_embedded(at / "data", {}).value();
    fill(*store, 0, 500);
    for (int i = 0; i < 3; ++i) issued = store->registry().next_command_id().value().value;
    std::atomic<bool> stop{false};
    std::thread writer([&] {
      for (std::uint32_t n = 500; !stop; n += 50) fill(*store, n, n + 50);
    });
    while (store->journal().last() < 1'000) std::this_thread::yield();
    EXPECT_TRUE(store->backup(at / "backup").ok());
    EXPECT_FALSE(store->backup(at / "backup").ok());  // never over another
    stop = true;
    writer.join();
  }
  const auto report = check_directory(at / "backup").value();
  EXPECT_EQ(report.damage, std::vector<std::string>{});
  EXPECT_GE(report.journal_facts, 1'000u);
  EXPECT_FALSE(open_embedded(at / "backup", {}).ok());  // not served by mistake
  ASSERT_TRUE(restore_backup(at / "backup", at / "restored", UtcSeconds(1'700'000'000)).ok());
  auto store = open_embedded(at / "restored", {.create = false}).value();
  const Sequence last = store->journal().last();
  EXPECT_EQ(last, report.journal_facts);
  EXPECT_EQ(store->readings().read(ChannelId(8), kStart, kStart + 60 * 1'000'000).value().size(), last);
  EXPECT_GT(store->registry().next_command_id().value().value, issued + 100'000);
  EXPECT_EQ(key_u64(as_text(*store->registry().value(kRestoredEpochName).value()), 0), 1'700'000'000u);
}

TEST(Restore, RefusesWhatIsNotABackupAndADirectoryInUse) {
  const TestDirectory at;
  make_directory(at / "data");
  EXPECT_FALSE(restore_backup(at / "data", at / "new", kStart).ok());
}

}  // namespace
}  // namespace amity::store
