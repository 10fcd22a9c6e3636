// Files into a data directory, through the intake. A file is read twice: once to check it and to
// learn what series it holds, once to keep it; so that with `atomic` nothing is kept of a file that
// holds anything bad.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "exchange/formats.h"
#include "exchange/series_check.h"
#include "intake/intake.h"
#include "store/store.h"

namespace amity::app {

struct ImportOptions {
  std::optional<exchange::FileFormat> format;  // none: as each file looks
  exchange::ReadOptions reading;
  std::string meter;  // of a file that names none of ours
  bool add = false;   // meters and channels that are not known yet
  bool atomic = false;
  bool check_only = false;
};

struct ImportCounts {
  std::size_t values = 0, series = 0, events = 0;   // that the file holds
  std::size_t fresh = 0, known = 0, corrected = 0;  // of the values that were kept
  std::size_t refused = 0, noted = 0;               // problems
  std::size_t devices_added = 0, channels_added = 0;
  bool kept = false;
};

// Finds (or adds) the device and the channel of a series; `exponent` is what its values need.
class ImportDirectory {
 public:
  ImportDirectory(store::Registry& registry, const ImportOptions& options, UtcSeconds now)
      : registry_(registry), options_(options), now_(now) {}

  // The serial that a meter of a file is looked for by.
  std::string serial_of(const std::string& serial, const std::string& point) const;
  // Puts the master data of these meters, where they are known, into another registry.
  Status copy_meters(const std::set<std::string>& serials, store::Registry& into) const;

  // The channel that a series goes to.
  Result<Channel> target(const exchange::MeterSeries& series, int exponent, ImportCounts& counts);
  // Of meters that this import adds: that their ratios changed where the file's multipliers do.
  Status learn_ratios(const exchange::SeriesCheck& file, const std::string& name,
                      ImportCounts& counts);
  Result<DeviceId> device(const std::string& serial, const std::string& point,
                          std::uint32_t interval_s, bool may_add, ImportCounts& counts);

 private:
  Result<Channel> channel_of(DeviceId device, const exchange::MeterSeries& series, int exponent,
                             ImportCounts& counts);

  store::Registry& registry_;
  const ImportOptions& options_;
  UtcSeconds now_;
  std::map<std::string, DeviceId> devices_;
  std::set<DeviceId> added_;
};

struct ImportedFile {
  std::string path;  // can be read twice
  std::string name;  // in what is told and kept
};

using TellProblem = std::function<void(const std::string& file, const exchange::Problem&)>;

// One file that can be read twice. Fails when it cannot be read, or the store fails; what is wrong
// within it is told and counted.
Result<ImportCounts> import_file(const ImportedFile& file, store::Store& store,
                                 intake::Intake& intake, UtcSeconds now,
                                 const ImportOptions& options, const TellProblem& tell);

}  // namespace amity::app
