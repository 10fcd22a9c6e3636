#include "api/directory.h"

#include <atomic>

#include "api/limits.h"

namespace amity::api {

namespace {

// Lower case (ASCII), one blank before each word; words are cut at anything that is no letter or
// digit.
void add_words(std::string& out, std::string_view text) {
  bool between = true;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool letter = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                        static_cast<unsigned char>(c) >= 0x80;
    if (letter && between) out += ' ';
    if (letter) out += upper ? static_cast<char>(c + 32) : c;
    between = !letter;
  }
}

template <class T>
std::unordered_map<std::uint32_t, const T*> index_of(const std::vector<T>& all) {
  std::unordered_map<std::uint32_t, const T*> index;
  index.reserve(all.size());
  for (const auto& item : all) index.emplace(item.id.value, &item);
  return index;
}

template <class T>
const T* lookup(const std::unordered_map<std::uint32_t, const T*>& index, std::uint32_t id) {
  const auto found = index.find(id);
  return found == index.end() ? nullptr : found->second;
}

}  // namespace

const DirectoryRow* DirectorySnapshot::find(DeviceId id) const {
  const auto found = by_id.find(id);
  return found == by_id.end() ? nullptr : &rows[found->second];
}

std::string_view DirectorySnapshot::serial(DeviceId id) const {
  const DirectoryRow* row = find(id);
  return row == nullptr ? std::string_view() : row->device.serial;
}

Result<DirectoryPtr> Directory::fresh(std::uint64_t devices_expected) {
  const std::lock_guard lock(loading_);
  const bool old = clock_.now() - loaded_ > std::chrono::seconds(kDirectoryRefreshS);
  const bool grown =
      now()->rows.size() != devices_expected && clock_.now() - loaded_ > std::chrono::seconds(1);
  if (!ever_loaded_ || old || grown) AMITY_CHECK(load());
  return now();
}

Status Directory::load() {
  AMITY_TRY(auto devices, registry_.devices());
  AMITY_TRY(const auto points, registry_.service_points());
  AMITY_TRY(const auto customers, registry_.customers());
  auto made = std::make_shared<DirectorySnapshot>();
  AMITY_TRY(made->transformers, registry_.transformers());
  AMITY_TRY(made->feeders, registry_.feeders());
  const auto point_of = index_of(points);
  const auto customer_of = index_of(customers);
  const auto transformer_of = index_of(made->transformers);
  const auto feeder_of = index_of(made->feeders);
  std::sort(devices.begin(), devices.end(),
            [](const Device& a, const Device& b) { return a.id < b.id; });
  made->rows.reserve(devices.size());
  for (auto& device : devices) {
    DirectoryRow row;
    if (const auto* point = lookup(point_of, device.service_point.value)) {
      row.service_point = point->name;
      row.address = point->address;
      row.latitude = point->latitude;
      row.longitude = point->longitude;
      if (const auto* customer = lookup(customer_of, point->customer.value))
        row.customer = customer->name;
      if (const auto* transformer = lookup(transformer_of, point->transformer.value)) {
        row.transformer = transformer->name;
        row.transformer_id = transformer->id.value;
        if (const auto* feeder = lookup(feeder_of, transformer->feeder.value)) {
          row.feeder = feeder->name;
          row.feeder_id = feeder->id.value;
        }
      }
    }
    row.device = std::move(device);
    for (const std::string_view text :
         {std::string_view(row.device.serial), std::string_view(row.service_point),
          std::string_view(row.customer), std::string_view(row.address),
          std::string_view(row.transformer)}) {
      add_words(row.words, text);
    }
    const auto index = static_cast<std::uint32_t>(made->rows.size());
    made->by_id.emplace(row.device.id, index);
    if (row.transformer_id != 0) made->by_transformer[row.transformer_id].push_back(index);
    made->rows.push_back(std::move(row));
  }
  std::atomic_store(&current_, DirectoryPtr(std::move(made)));
  loaded_ = clock_.now();
  ever_loaded_ = true;
  return {};
}

}  // namespace amity::api
