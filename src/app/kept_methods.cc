#include "app/kept_methods.h"

#include <fmt/format.h>

#include "base/varint.h"

namespace amity {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kChannelsHeld = 1'000;  // in memory
constexpr std::size_t kMethodsPerDayMax = 86'400;

std::string prefix_of(ChannelId channel) {
  return fmt::format("method/{:010}/", channel.value);
}

std::uint32_t offset_of(UtcSeconds time, std::int32_t day) {
  return static_cast<std::uint32_t>(time - UtcDay(day).start());
}

}  // namespace

Result<KeptMethods::Days*> KeptMethods::days_of(ChannelId channel) {
  if (const auto known = channels_.find(channel); known != channels_.end()) return &known->second;
  if (channels_.size() >= kChannelsHeld) {
    AMITY_CHECK(save());
    channels_.clear();
  }
  Days days;
  Status damaged;
  const auto read = [&](const std::string& name, ByteView bytes) -> Status {
    const auto day =
        static_cast<std::int32_t>(std::strtol(name.c_str() + name.rfind('/') + 1, nullptr, 10));
    ByteReader in(bytes);
    AMITY_TRY(const std::uint8_t version, in.u8());
    if (version != kVersion) return in.malformed("methods of another version");
    AMITY_TRY(const std::uint64_t count, get_varint(in));
    if (count > kMethodsPerDayMax) return in.malformed("too many methods");
    std::uint64_t offset = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      AMITY_TRY(const std::uint64_t step, get_varint(in));
      offset += step;
      if (offset > kMethodsPerDayMax) return in.malformed("a method beyond its day");
      AMITY_TRY(const std::uint8_t method, in.u8());
      days[day].methods[static_cast<std::uint32_t>(offset)] = method;
    }
    return {};
  };
  AMITY_CHECK(registry_.each_value(prefix_of(channel), [&](const std::string& name, ByteView v) {
    if (Status one = read(name, v); !one.ok())
      damaged = make_error(one.error().code, name + ": " + one.error().reason);
  }));
  AMITY_CHECK(std::move(damaged));
  return &(channels_[channel] = std::move(days));
}

Result<std::uint8_t> KeptMethods::at(ChannelId channel, UtcSeconds time) {
  AMITY_TRY(const Days* days, days_of(channel));
  const std::int32_t number = day_of_interval_end(time).value;
  const auto day = days->find(number);
  if (day == days->end()) return std::uint8_t{0};
  const auto method = day->second.methods.find(offset_of(time, number));
  return method == day->second.methods.end() ? std::uint8_t{0} : method->second;
}

Status KeptMethods::set(ChannelId channel, UtcSeconds time, std::uint8_t method) {
  AMITY_TRY(const std::uint8_t before, at(channel, time));
  if (before == method) return {};
  AMITY_TRY(Days* const days, days_of(channel));
  const std::int32_t number = day_of_interval_end(time).value;
  Day& day = (*days)[number];
  if (method == 0) {
    day.methods.erase(offset_of(time, number));
  } else {
    day.methods[offset_of(time, number)] = method;
  }
  day.changed = true;
  return {};
}

Status KeptMethods::save() {
  std::vector<std::pair<std::string, Bytes>> values;
  for (auto& [channel, days] : channels_) {
    for (auto& [number, day] : days) {
      if (!day.changed) continue;
      Bytes bytes{kVersion};
      put_varint(bytes, day.methods.size());
      std::uint32_t last = 0;
      for (const auto& [offset, method] : day.methods) {
        put_varint(bytes, offset - last);
        bytes.push_back(method);
        last = offset;
      }
      values.emplace_back(prefix_of(channel) + fmt::format("{:08}", number), std::move(bytes));
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
