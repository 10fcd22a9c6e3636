#include "app/kept_methods.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/varint.h"
#include "exchange/limits.h"

namespace amity {
namespace {

constexpr std::uint8_t kMethodsAlone = 1, kWithReasons = 2;  // versions
constexpr std::size_t kChannelsHeld = 1'000;                 // in memory
constexpr std::size_t kValuesHeld = 1'000'000;               // of all of them
constexpr std::size_t kPerDayMax = 86'400;
constexpr std::size_t kReasonBytesMax = exchange::kReasonTextMax + 4;  // with its code

std::string prefix_of(ChannelId channel) {
  return fmt::format("method/{:010}/", channel.value);
}

std::uint32_t offset_of(UtcSeconds time, std::int32_t day) {
  return static_cast<std::uint32_t>(time - UtcDay(day).start());
}

}  // namespace

Status KeptMethods::read_day(ByteView bytes, Day& day) {
  ByteReader in(bytes);
  AMITY_TRY(const std::uint8_t version, in.u8());
  if (version != kMethodsAlone && version != kWithReasons)
    return in.malformed("methods of another version");
  std::vector<const std::string*> texts{nullptr};
  if (version == kWithReasons) {
    AMITY_TRY(const std::uint64_t count, get_varint(in));
    if (count > kPerDayMax) return in.malformed("too many reasons");
    for (std::uint64_t i = 0; i < count; ++i) {
      AMITY_TRY(const std::uint64_t length, get_varint(in));
      if (length > kReasonBytesMax) return in.malformed("a reason is too long");
      AMITY_TRY(const ByteView text, in.take(static_cast<std::size_t>(length)));
      texts.push_back(&*reasons_.emplace(text.begin(), text.end()).first);
    }
  }
  AMITY_TRY(const std::uint64_t count, get_varint(in));
  if (count > kPerDayMax) return in.malformed("too many methods");
  std::uint64_t offset = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    AMITY_TRY(const std::uint64_t step, get_varint(in));
    if (step > kPerDayMax - offset) return in.malformed("a method beyond its day");
    offset += step;
    Kept& kept = day.values[static_cast<std::uint32_t>(offset)];
    AMITY_TRY(kept.method, in.u8());
    if (version == kMethodsAlone) continue;
    AMITY_TRY(const std::uint64_t text, get_varint(in));
    if (text >= texts.size()) return in.malformed("a reason that is not there");
    kept.reason = texts[static_cast<std::size_t>(text)];
    if (kept.reason == nullptr) continue;
    AMITY_TRY(kept.value, get_zigzag(in));
    AMITY_TRY(kept.quality.bits, in.u16());
  }
  return {};
}

// Of the older version where no value has a reason.
Bytes KeptMethods::written(const Day& day) {
  std::vector<const std::string*> texts;
  for (const auto& [offset, kept] : day.values) {
    if (kept.reason != nullptr && std::ranges::find(texts, kept.reason) == texts.end())
      texts.push_back(kept.reason);
  }
  Bytes out{texts.empty() ? kMethodsAlone : kWithReasons};
  if (!texts.empty()) {
    put_varint(out, texts.size());
    for (const std::string* text : texts) {
      put_varint(out, text->size());
      out.insert(out.end(), text->begin(), text->end());
    }
  }
  put_varint(out, day.values.size());
  std::uint32_t last = 0;
  for (const auto& [offset, kept] : day.values) {
    put_varint(out, offset - last);
    last = offset;
    out.push_back(kept.method);
    if (texts.empty()) continue;
    const auto text = std::ranges::find(texts, kept.reason);
    put_varint(out, text == texts.end() ? 0 : static_cast<std::size_t>(text - texts.begin()) + 1);
    if (kept.reason == nullptr) continue;
    put_zigzag(out, kept.value);
    ByteWriter(out).u16(kept.quality.bits);
  }
  return out;
}

Result<KeptMethods::Days*> KeptMethods::days_of(ChannelId channel) {
  if (const auto known = channels_.find(channel); known != channels_.end()) return &known->second;
  if (channels_.size() >= kChannelsHeld || held_ >= kValuesHeld) {
    AMITY_CHECK(save());
    channels_.clear();
    reasons_.clear();
    held_ = 0;
  }
  Days days;
  Status damaged;
  AMITY_CHECK(registry_.each_value(prefix_of(channel), [&](const std::string& name, ByteView v) {
    const auto number =
        static_cast<std::int32_t>(std::strtol(name.c_str() + name.rfind('/') + 1, nullptr, 10));
    if (Status one = read_day(v, days[number]); !one.ok())
      damaged = make_error(one.error().code, name + ": " + one.error().reason);
    held_ += days[number].values.size();
  }));
  AMITY_CHECK(std::move(damaged));
  return &(channels_[channel] = std::move(days));
}

Result<KeptMethod> KeptMethods::of(const Reading& reading) {
  AMITY_TRY(const Days* days, days_of(reading.channel));
  const std::int32_t number = day_of_interval_end(reading.time).value;
  const auto day = days->find(number);
  if (day == days->end()) return KeptMethod{};
  const auto found = day->second.values.find(offset_of(reading.time, number));
  if (found == day->second.values.end()) return KeptMethod{};
  const Kept& kept = found->second;
  const bool same = kept.value == reading.value && kept.quality == reading.quality;
  return KeptMethod{kept.method, kept.reason != nullptr && same ? *kept.reason : ""};
}

Status KeptMethods::set(const Reading& reading, const KeptMethod& told) {
  AMITY_TRY(Days* const days, days_of(reading.channel));
  const std::int32_t number = day_of_interval_end(reading.time).value;
  const std::uint32_t offset = offset_of(reading.time, number);
  const auto day = days->find(number);
  const bool nothing = told.method == 0 && told.reason.empty();
  if (nothing) {
    if (day != days->end() && day->second.values.erase(offset) > 0) day->second.changed = true;
    return {};
  }
  Kept kept{told.method, {}, nullptr, 0};
  if (!told.reason.empty()) {
    kept.reason = &*reasons_.insert(told.reason).first;
    kept.quality = reading.quality;
    kept.value = reading.value;
  }
  Day& into = (*days)[number];
  const auto [there, fresh] = into.values.try_emplace(offset, kept);
  held_ += fresh ? 1 : 0;
  if (!fresh && there->second == kept) return {};
  there->second = kept;
  into.changed = true;
  return {};
}

Status KeptMethods::save() {
  std::vector<std::pair<std::string, Bytes>> values;
  for (auto& [channel, days] : channels_) {
    for (auto& [number, day] : days) {
      if (day.changed)
        values.emplace_back(prefix_of(channel) + fmt::format("{:08}", number), written(day));
    }
  }
  if (values.empty()) return {};
  AMITY_CHECK(registry_.put_values(values));
  for (auto& [channel, days] : channels_) {
    for (auto& [number, day] : days) day.changed = false;
  }
  return {};
}

}  // namespace amity
