#include "headend/channel_map.h"

#include "headend/event_codes.h"

namespace amity::headend {

namespace {

constexpr std::uint32_t kDay_s = 86'400;

}  // namespace

Result<ChannelId> channel_for(store::Registry& registry, Meter& meter, const Column& column, std::uint32_t period_s) {
  const dlms::Obis& obis = column.object.attribute.instance;
  const bool interval = period_s > 0 && period_s < kDay_s && kind_of(obis) == ChannelKind::kInterval;
  const ChannelKind kind = interval ? ChannelKind::kInterval : ChannelKind::kRegister;
  const std::string source = dlms::to_reduced(obis);
  for (const Channel& channel : meter.channels) {
    if (channel.kind != kind || channel.source != source) continue;
    if (channel.exponent != column.exponent || channel.unit != column.unit) {
      return make_error(ErrorCode::kConflict, source + " has another unit or scaler than its channel");
    }
    return channel.id;
  }
  Channel channel;
  channel.device = meter.device.id;
  channel.kind = kind;
  channel.name = quantity_name(obis);
  channel.source = source;
  channel.unit = column.unit;
  channel.exponent = column.exponent;
  channel.interval_s = interval ? period_s : 0;
  AMITY_TRY(channel.id, registry.add_channel(channel));
  meter.channels.push_back(channel);
  return channel.id;
}

std::vector<ChannelId> bind_columns(store::Registry& registry, Meter& meter, const Profile& profile) {
  std::vector<ChannelId> channels;
  for (const Column& column : profile.columns) {
    if (column.role != ColumnRole::kValue) continue;
    const auto channel = channel_for(registry, meter, column, profile.period_s);
    channels.push_back(channel.ok() ? *channel : ChannelId());
  }
  return channels;
}

void append_readings(std::span<const ChannelId> channels, const Profile& profile, const ProfileRows& rows,
                     std::size_t row, std::vector<Reading>& out) {
  const ProfileRow& parsed = rows.rows[row];
  Quality quality = parsed.quality;
  const bool load = profile.period_s > 0 && profile.period_s < kDay_s;
  if (load && parsed.time.value % profile.period_s != 0) quality = quality.with(QualityFlag::kPartial);
  for (std::size_t at = 0; at < channels.size(); ++at) {
    if (!channels[at].valid() || !rows.has(row, at)) continue;
    out.push_back({channels[at], parsed.time, rows.value(row, at), quality});
  }
}

Event event_of(const Meter& meter, const Profile& log, const ProfileRow& row) {
  EventMeaning meaning = event_meaning(row.event_code);
  return Event{meter.device.id, row.time,       meaning.category,           meaning.severity,
               row.event_code,  dlms::to_reduced(log.obis), std::move(meaning.text)};
}

}  // namespace amity::headend
