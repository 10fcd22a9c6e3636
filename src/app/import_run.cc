#include "app/import_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>

#include "app/import_ratios.h"
#include "app/kept_methods.h"
#include "base/decimal.h"
#include "intake/limits.h"
#include "store/memory.h"

namespace amity::app {
namespace {

using exchange::MeterSeries;
using exchange::Problem;
using exchange::SeriesValue;

constexpr std::size_t kBatchReadings = 100'000;
constexpr std::size_t kPieceBytes = 1 << 16;

std::string key_of(const MeterSeries& series) {
  return fmt::format("{}\x1f{}\x1f{}\x1f{}", series.point, series.serial, series.name,
                     series.kind == ChannelKind::kRegister ? 'R' : 'I');
}

Status read_through(const std::string& path, exchange::SeriesReader& reader) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return make_error(ErrorCode::kNotFound, path + " cannot be opened");
  std::string piece(kPieceBytes, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
    reader.feed(std::string_view(piece).substr(0, static_cast<std::size_t>(in.gcount())));
  if (in.bad()) return make_error(ErrorCode::kIo, path + " cannot be read to its end");
  reader.finish();
  return {};
}

// First pass: counts, tells, keeps nothing.
class Counting : public exchange::SeriesSink {
 public:
  Counting(const std::string& file, const TellProblem& tell, ImportCounts& counts)
      : file_(file), tell_(tell), counts_(counts) {}
  void on_series(const MeterSeries&, std::size_t) override {}
  void on_value(const SeriesValue&, std::size_t) override { ++counts_.values; }
  void on_event(const exchange::MeterEvent& event, std::size_t line) override {
    ++counts_.events;
    event_lines.try_emplace(event.serial, line);
  }
  void on_problem(const Problem& problem) override {
    ++(problem.refused ? counts_.refused : counts_.noted);
    tell_(file_, problem);
  }

  std::map<std::string, std::size_t> event_lines;  // serial -> its first

 private:
  const std::string& file_;
  const TellProblem& tell_;
  ImportCounts& counts_;
};

// Waits for what the journal commits.
template <class Delivery>
Result<intake::Receipt> deliver(intake::Intake& intake, Delivery delivery) {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Result<intake::Receipt>> answer;
  intake.accept(std::move(delivery), [&](Result<intake::Receipt> receipt) {
    const std::lock_guard lock(mutex);
    answer = std::move(receipt);
    changed.notify_one();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return answer.has_value(); });
  return std::move(*answer);
}

// Second pass: readings to the intake, batch by batch.
class Keeping : public exchange::SeriesSink {
 public:
  Keeping(const std::string& file, store::Store& store, intake::Intake& intake, UtcSeconds now,
          ImportDirectory& directory, const exchange::SeriesCheck& check, const TellProblem& tell,
          ImportCounts& counts)
      : file_(file),
        store_(store),
        intake_(intake),
        now_(now),
        directory_(directory),
        tell_(tell),
        counts_(counts),
        methods_(store.registry()) {
    check.each(
        [&](const exchange::SeriesSummary& s) { exponents_[key_of(s.series)] = s.exponent; });
  }

  void on_series(const MeterSeries& series, std::size_t line) override {
    skip_ = true;
    if (!status_.ok()) return;
    auto found = directory_.target(series, exponents_[key_of(series)], counts_);
    if (!found.ok()) return refuse(line, found.error().reason);
    target_ = std::move(*found);
    multiplier_ = series.multiplier;
    multiplier_told_ = skip_ = false;
  }
  void on_value(const SeriesValue& value, std::size_t line) override {
    if (skip_) return;
    const std::int64_t known = multiplier_known(target_, value, multiplier_);
    if (known != multiplier_) {
      if (!multiplier_told_) refuse(line, other_multiplier(target_, value, multiplier_));
      multiplier_told_ = true;
      return;
    }
    const auto rescaled = value.value.value == 0 ? Result<std::int64_t>(std::int64_t{0})
                                                 : rescale(value.value, target_.exponent);
    if (!rescaled.ok()) {
      return refuse(line, fmt::format("{} has more digits than its channel keeps (10^{})",
                                      to_string(value.value), target_.exponent));
    }
    batch_.push_back({target_.id, value.time, *rescaled, value.quality});
    lines_.push_back(line);
    batch_methods_.push_back({value.method, value.reason});
    if (batch_.size() >= kBatchReadings) (void)flush();  // the last one tells
  }
  void on_event(const exchange::MeterEvent& event, std::size_t line) override {
    if (!status_.ok()) return;
    const auto device = directory_.device(event.serial, "", 0, true, counts_);
    if (!device.ok()) return refuse(line, device.error().reason);
    EventsArrived delivery;
    delivery.source = "import:" + file_;
    delivery.received = now_;
    delivery.events = {event.event};
    delivery.events.front().device = *device;
    const auto receipt = deliver(intake_, std::move(delivery));
    if (!receipt.ok()) status_ = receipt.error();
  }
  void on_problem(const Problem&) override {}  // told in the first pass

  Status flush() {
    if (status_.ok() && !batch_.empty()) status_ = keep_batch();
    batch_.clear();
    lines_.clear();
    batch_methods_.clear();
    return status_;
  }

 private:
  void refuse(std::size_t line, std::string reason) {
    ++counts_.refused;
    tell_(file_, {line, true, std::move(reason)});
  }
  Status keep_batch();
  Status count_known();

  const std::string& file_;
  store::Store& store_;
  intake::Intake& intake_;
  UtcSeconds now_;
  ImportDirectory& directory_;
  const TellProblem& tell_;
  ImportCounts& counts_;
  std::map<std::string, int> exponents_;
  Channel target_;
  std::int64_t multiplier_ = 0;
  bool skip_ = true, multiplier_told_ = false;
  Status status_;
  KeptMethods methods_;
  std::vector<Reading> batch_;
  std::vector<std::size_t> lines_;
  std::vector<KeptMethod> batch_methods_;
};

// How many of the batch are new, how many stand in the store as they are, how many differ.
Status Keeping::count_known() {
  std::map<ChannelId, std::pair<UtcSeconds, UtcSeconds>> spans;
  for (const Reading& reading : batch_) {
    auto [span, first] = spans.try_emplace(reading.channel, reading.time, reading.time);
    if (first) continue;
    span->second.first = std::min(span->second.first, reading.time);
    span->second.second = std::max(span->second.second, reading.time);
  }
  struct Kept {
    Reading now;
    std::vector<Reading> versions;  // once one differs
  };
  std::map<std::pair<ChannelId, UtcSeconds>, Kept> kept;
  for (const auto& [channel, span] : spans) {
    AMITY_TRY(const auto readings, store_.readings().read(channel, span.first - 1, span.second));
    for (const Reading& reading : readings) kept[{channel, reading.time}].now = reading;
  }
  for (const Reading& reading : batch_) {
    const auto [place, fresh] =
        kept.try_emplace({reading.channel, reading.time}, Kept{reading, {}});
    Kept& there = place->second;
    if (fresh) {
      ++counts_.fresh;
      continue;
    }
    if (there.now == reading) {
      ++counts_.known;
      continue;
    }
    if (there.versions.empty()) {
      AMITY_TRY(there.versions, store_.readings().versions(reading.channel, reading.time));
      if (there.versions.empty()) there.versions.push_back(there.now);
    }
    // A value that was there before changes nothing, whatever came after it.
    if (std::ranges::find(there.versions, reading) != there.versions.end()) {
      ++counts_.known;
      continue;
    }
    ++counts_.corrected;
    there.now = reading;
    there.versions.push_back(reading);
  }
  return {};
}

Status Keeping::keep_batch() {
  AMITY_CHECK(count_known());
  ReadingsArrived delivery;
  delivery.source = "import:" + file_;
  delivery.received = now_;
  delivery.readings = batch_;
  AMITY_TRY(const auto receipt, deliver(intake_, std::move(delivery)));
  for (const auto& rejected : receipt.rejected) {
    const auto at = std::find(batch_.begin(), batch_.end(), rejected.reading);
    const std::size_t line =
        at == batch_.end() ? 0 : lines_[static_cast<std::size_t>(at - batch_.begin())];
    if (counts_.fresh > 0) --counts_.fresh;
    refuse(line, rejected.reason);
  }
  for (std::size_t i = 0; i < batch_.size(); ++i)
    AMITY_CHECK(methods_.set(batch_[i], batch_methods_[i]));
  return methods_.save();
}

}  // namespace

std::string ImportDirectory::serial_of(const std::string& serial, const std::string& point) const {
  if (!options_.meter.empty()) return options_.meter;
  return !serial.empty() ? serial : point;
}

Status ImportDirectory::copy_meters(const std::set<std::string>& serials,
                                    store::Registry& into) const {
  for (const std::string& serial : serials) {
    AMITY_TRY(const auto device, registry_.device_by_serial(serial));
    if (!device) continue;
    store::MasterData data;
    data.devices = {*device};
    AMITY_TRY(data.channels, registry_.channels_of(device->id));
    AMITY_CHECK(into.add(data));
    AMITY_TRY(const auto changes, registry_.ratio_changes(device->id));
    for (const RatioChange& change : changes) AMITY_CHECK(into.add_ratio_change(change));
  }
  return {};
}

Result<DeviceId> ImportDirectory::device(const std::string& serial, const std::string& point,
                                         std::uint32_t interval_s, bool may_add,
                                         ImportCounts& counts) {
  const std::string wanted = serial_of(serial, point);
  if (const auto known = devices_.find(wanted); known != devices_.end()) return known->second;
  if (wanted.empty())
    return make_error(ErrorCode::kNotFound, "it names no meter: give one with --meter");
  AMITY_TRY(const auto found, registry_.device_by_serial(wanted));
  if (found) return devices_[wanted] = found->id;
  if (!options_.add || !may_add) {
    return make_error(ErrorCode::kNotFound,
                      "no meter has the serial " + exchange::quoted(wanted) +
                          ": --add adds what is not known, --meter names another");
  }
  AMITY_TRY(const auto devices, registry_.devices());
  std::uint32_t id = 0;
  for (const Device& device : devices) id = std::max(id, device.id.value);
  Device device;
  device.id = DeviceId(id + 1);
  device.serial = wanted;
  device.protocol = "import";
  device.interval_s = interval_s != 0 ? interval_s : 900;
  device.commissioned = now_;
  store::MasterData data;
  data.devices = {device};
  AMITY_CHECK(registry_.add(data));
  ++counts.devices_added;
  added_.insert(device.id);
  return devices_[wanted] = device.id;
}

Result<Channel> ImportDirectory::channel_of(DeviceId device, const MeterSeries& series,
                                            int exponent, ImportCounts& counts) {
  AMITY_TRY(const auto channels, registry_.channels_of(device));
  std::string name = series.name;
  const auto fits = [&](const Channel& channel) {
    return channel.name == name && (channel.kind == series.kind || !series.interval_known);
  };
  for (const Channel& channel : channels) {
    if (!series.interval_known) break;
    if (channel.kind != series.kind || channel.name != name) continue;
    if (channel.interval_s == series.interval_s) break;
    // Another interval length is another channel.
    name = fmt::format("{}_{}s", series.name, series.interval_s);
    break;
  }
  for (const Channel& channel : channels) {
    if (!fits(channel)) continue;
    if (channel.unit != series.unit) {
      return make_error(ErrorCode::kConflict,
                        fmt::format("the channel {} is in {}, the file in {}", name,
                                    symbol(channel.unit), symbol(series.unit)));
    }
    const auto has = [&](const MultiplierStep& s) { return s.multiplier == series.multiplier; };
    if (series.multiplier != 0 && channel.multiplier != series.multiplier &&
        std::ranges::none_of(channel.steps, has)) {
      return make_error(ErrorCode::kConflict,
                        fmt::format("the channel {} has the multiplier {}, the file {}", name,
                                    channel.multiplier_at(now_), series.multiplier));
    }
    return channel;
  }
  if (!options_.add) {
    return make_error(ErrorCode::kNotFound, fmt::format("the meter has no channel {} of {} s: "
                                                        "--add adds what is not known",
                                                        exchange::quoted(name), series.interval_s));
  }
  if (!series.interval_known) {
    return make_error(ErrorCode::kNotFound,
                      fmt::format("the meter has no channel {}, and these rows do not tell what "
                                  "interval a new one has: --interval gives it",
                                  exchange::quoted(name)));
  }
  Channel channel;
  channel.device = device;
  channel.kind = series.kind;
  channel.name = name;
  channel.source = series.source;
  channel.unit = series.unit;
  channel.exponent = static_cast<std::int8_t>(std::clamp(exponent, -9, 0));
  channel.interval_s = series.interval_s;
  channel.multiplier = std::max<std::int64_t>(series.multiplier, 1);
  AMITY_TRY(const ChannelId id, registry_.add_channel(channel));
  ++counts.channels_added;
  AMITY_TRY(const auto added, registry_.channel(id));  // with its meter's changes of ratios
  if (!added) return make_error(ErrorCode::kNotFound, "the channel that was added is not there");
  return *added;
}

Result<Channel> ImportDirectory::target(const MeterSeries& series, int exponent,
                                        ImportCounts& counts) {
  AMITY_TRY(const DeviceId found,
            device(series.serial, series.point, series.interval_s, true, counts));
  return channel_of(found, series, exponent, counts);
}

namespace {

// What does not fit the master data is bad too, and must be known before anything is kept: tried on
// a copy. How many series are refused.
Result<std::size_t> rehearse(const std::string& file, const ImportDirectory& directory,
                             const exchange::SeriesCheck& series, const Counting& counting,
                             UtcSeconds now, const ImportOptions& options,
                             const TellProblem& tell) {
  AMITY_TRY(const auto copy, store::open_memory(std::make_shared<store::MemoryDisk>()));
  std::set<std::string> serials;
  series.each([&](const exchange::SeriesSummary& s) {
    serials.insert(directory.serial_of(s.series.serial, s.series.point));
  });
  for (const auto& [serial, line] : counting.event_lines)
    serials.insert(directory.serial_of(serial, ""));
  AMITY_CHECK(directory.copy_meters(serials, copy->registry()));
  ImportDirectory rehearsed(copy->registry(), options, now);
  ImportCounts unused;
  AMITY_CHECK(rehearsed.learn_ratios(series, file, unused));
  std::size_t refused = 0;
  series.each([&](const exchange::SeriesSummary& s) {
    const auto found = rehearsed.target(s.series, s.exponent, unused);
    std::string why;
    if (!found.ok())
      why = found.error().reason;
    else if (s.exponent < found->exponent)
      why = s.series.name + ": its values have more digits than its channel keeps";
    else if (s.last > now + intake::kFutureMax_s)
      why = s.series.name + ": its times reach into the future, " + to_iso(s.last);
    else
      why = unlike_multipliers(*found, s);
    if (why.empty()) return;
    ++refused;
    tell(file, {0, true, why});
  });
  for (const auto& [serial, line] : counting.event_lines) {
    const auto device = rehearsed.device(serial, "", 0, true, unused);
    if (device.ok()) continue;
    ++refused;
    tell(file, {line, true, device.error().reason});
  }
  return refused;
}

}  // namespace

Result<ImportCounts> import_file(const ImportedFile& file, store::Store& store,
                                 intake::Intake& intake, UtcSeconds now,
                                 const ImportOptions& options, const TellProblem& tell) {
  ImportCounts counts;
  Counting counting(file.name, tell, counts);
  exchange::SeriesCheck first(counting);
  exchange::FileReader reader(first, options.format, options.reading);
  AMITY_CHECK(read_through(file.path, reader));
  std::size_t meters = 0;
  std::string last;
  first.each([&](const exchange::SeriesSummary& s) {
    ++counts.series;
    const std::string who = s.series.serial.empty() ? s.series.point : s.series.serial;
    if (meters == 0 || who != last) ++meters;
    last = who;
  });
  if (!options.meter.empty() && meters > 1)
    return make_error(
        ErrorCode::kInvalid,
        fmt::format("{} holds {} meters: --meter can name but one", file.name, meters));
  if (options.check_only || (options.atomic && counts.refused > 0)) return counts;
  ImportDirectory directory(store.registry(), options, now);
  if (options.atomic) {
    AMITY_TRY(counts.refused, rehearse(file.name, directory, first, counting, now, options, tell));
    if (counts.refused > 0) return counts;
  }
  AMITY_CHECK(directory.learn_ratios(first, file.name, counts));
  Keeping keeping(file.name, store, intake, now, directory, first, tell, counts);
  exchange::SeriesCheck second(keeping);
  exchange::FileReader again(second, options.format, options.reading);
  AMITY_CHECK(read_through(file.path, again));
  AMITY_CHECK(keeping.flush());
  counts.kept = true;
  return counts;
}

}  // namespace amity::app
