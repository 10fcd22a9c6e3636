#include "store/device_search.h"

#include <string.h>

#include <algorithm>

#include "store/limits.h"

namespace amity::store {
namespace {

// Between words, and before the first: a byte that no text has.
constexpr char kWordStart = '\x01';

bool separates(char c) {
  return c == ' ' || c == ',' || c == ';' || c == '\t' || c == '/' || c == '(' || c == ')' || c == kWordStart;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// "Main St 12" -> "\x01main\x01st\x0112"
std::string normalise(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 1);
  bool between = true;
  for (const char c : text) {
    if (separates(c)) {
      between = true;
      continue;
    }
    if (between) out.push_back(kWordStart);
    between = false;
    out.push_back(lower(c));
  }
  return out;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (const char c : normalise(text)) {
    if (c == kWordStart) {
      if (words.size() == kSearchWordsMax) break;
      words.emplace_back();
    }
    words.back().push_back(c);
  }
  return words;
}

bool contains(const std::string& text, const std::string& word) {
  return memmem(text.data(), text.size(), word.data(), word.size()) != nullptr;
}

}  // namespace

void DeviceSearch::put(std::vector<Entry> entries) {
  for (Entry& e : entries) {
    e.text = normalise(e.text);
    const auto [place, added] = place_.try_emplace(e.device, entries_.size());
    if (added) {
      entries_.push_back(std::move(e));
    } else {
      entries_[place->second] = std::move(e);
    }
  }
  sort();
}

void DeviceSearch::sort() {
  const auto before = [](const Entry& a, const Entry& b) { return a.serial < b.serial; };
  if (std::is_sorted(entries_.begin(), entries_.end(), before) && place_.size() == entries_.size()) return;
  std::sort(entries_.begin(), entries_.end(), before);
  for (std::size_t i = 0; i < entries_.size(); ++i) place_[entries_[i].device] = i;
}

std::vector<DeviceId> DeviceSearch::find(const DeviceQuery& query, std::size_t limit) const {
  std::vector<DeviceId> found;
  const std::vector<std::string> words = words_of(query.text);
  auto it = std::upper_bound(entries_.begin(), entries_.end(), query.after,
                             [](const std::string& serial, const Entry& e) { return serial < e.serial; });
  if (query.after.empty()) it = entries_.begin();
  for (; it != entries_.end() && found.size() < limit; ++it) {
    if (query.transformer != 0 && it->transformer != query.transformer) continue;
    if (query.feeder != 0 && it->feeder != query.feeder) continue;
    if (!query.segment.empty() && it->segment != query.segment) continue;
    if (!std::all_of(words.begin(), words.end(), [&](const auto& w) { return contains(it->text, w); })) continue;
    found.push_back(it->device);
  }
  return found;
}

const std::string* DeviceSearch::serial_of(DeviceId device) const {
  const auto found = place_.find(device);
  return found == place_.end() ? nullptr : &entries_[found->second].serial;
}

}  // namespace amity::store
