#include "headend/push_body.h"

#include <algorithm>

#include "headend/channel_map.h"
#include "headend/limits.h"

namespace amity::headend {

namespace {

class PushReader {
 public:
  PushReader(store::Registry& registry, Meter& meter, UtcSeconds oldest, UtcSeconds newest)
      : registry_(registry), meter_(meter), oldest_(oldest), newest_(newest) {}

  bool possible(UtcSeconds time) const { return oldest_ < time && time <= newest_; }

  Status rows(dlms::DataView view, const Profile& profile, bool log, bool load) {
    AMITY_TRY(const ProfileRows parsed, parse_profile(view, profile, meter_.time, kEventRowsMax));
    content.quarantined += parsed.refused;
    std::vector<ChannelId> channels;
    if (!log) channels = bind_columns(registry_, meter_, profile);
    for (std::size_t i = 0; i < parsed.rows.size(); ++i) {
      const UtcSeconds time = parsed.rows[i].time;
      if (!possible(time)) {
        ++content.quarantined;
        continue;
      }
      if (log) {
        content.events.push_back(event_of(meter_, profile, parsed.rows[i]));
      } else {
        append_readings(channels, profile, parsed, i, content.readings);
        if (load) content.load_times.push_back(time);
      }
    }
    return {};
  }

  // By the name of the profile. False: the layout has none of that name.
  Result<bool> profile(dlms::DataView view, const dlms::Obis& obis) {
    const MeterLayout& layout = *meter_.layout;
    for (const auto* list : {&layout.loads, &layout.daily, &layout.logs}) {
      for (const Profile& p : *list) {
        if (p.obis != obis) continue;
        AMITY_CHECK(rows(view, p, list == &layout.logs, list == &layout.loads));
        return true;
      }
    }
    return false;
  }

  void value(dlms::DataView view, const dlms::AttributeRef& attribute, UtcSeconds time) {
    const auto number = view.as_int();
    if (!number.ok()) return;
    for (const RegisterObject& r : meter_.layout->registers) {
      if (r.value != attribute) continue;
      if (!possible(time)) {
        ++content.quarantined;
        return;
      }
      Column column;
      column.object.attribute = attribute;
      column.unit = r.unit;
      column.exponent = r.exponent;
      const auto channel = channel_for(registry_, meter_, column, 0);
      if (channel.ok()) content.readings.push_back({*channel, time, *number, {}});
    }
  }

  PushContent content;

 private:
  store::Registry& registry_;
  Meter& meter_;
  UtcSeconds oldest_, newest_;
};

std::optional<UtcSeconds> stamp(ByteView bytes, const MeterTime& meter_time) {
  if (bytes.size() != dlms::DateTime::kSize) return std::nullopt;
  const auto value = dlms::date_time_from(bytes);
  if (!value.ok()) return std::nullopt;
  const auto utc = dlms::to_utc(*value, meter_time.sign, &meter_time.zone);
  if (!utc.ok()) return std::nullopt;
  return utc->time;
}

bool is_clock(const dlms::AttributeRef& a) { return a.class_id == 8 && a.attribute == 2; }

const PushLayout* layout_for(const MeterLayout& layout, dlms::DataView body) {
  for (const PushLayout& push : layout.pushes) {
    if (push.objects.empty() || push.objects.size() != body.size()) continue;
    const dlms::DataView first = *body.begin();
    const bool named = push.objects[0].attribute.class_id == 40 && first.is_bytes();
    if (!named || dlms::obis_from(first.bytes()).ok() == false || *dlms::obis_from(first.bytes()) == push.obis) {
      return &push;
    }
  }
  return nullptr;
}

Status read_listed(PushReader& reader, const PushLayout& push, dlms::DataView body, const MeterTime& meter_time,
                   UtcSeconds time) {
  auto object = push.objects.begin();
  for (const dlms::DataView element : body) {  // the clock may come anywhere
    const dlms::AttributeRef& a = (object++)->attribute;
    if (is_clock(a) && element.is_bytes()) time = stamp(element.bytes(), meter_time).value_or(time);
  }
  object = push.objects.begin();
  for (const dlms::DataView element : body) {
    const dlms::AttributeRef& a = (object++)->attribute;
    if (a.class_id == 7 && a.attribute == 2) {
      AMITY_TRY(const bool known, reader.profile(element, a.instance));
      if (!known) return make_error(ErrorCode::kUnsupported, "unknown profile " + dlms::to_reduced(a.instance));
    } else {
      reader.value(element, a, time);
    }
  }
  return {};
}

}  // namespace

Result<PushContent> parse_push(store::Registry& registry, Meter& meter, const dlms::Notification& notification,
                               UtcSeconds received, UtcSeconds oldest, UtcSeconds newest) {
  if (!meter.layout) return make_error(ErrorCode::kUnsupported, "the meter was never read: its pushes are not known");
  dlms::DataTree tree;
  AMITY_CHECK(tree.parse(notification.body));
  const dlms::DataView body = tree.root();
  if (!body.is_container() || body.size() == 0) return make_error(ErrorCode::kUnsupported, "a push without elements");
  PushReader reader(registry, meter, oldest, newest);
  if (const PushLayout* push = layout_for(*meter.layout, body)) {
    const UtcSeconds time = stamp(notification.date_time, meter.time).value_or(received);
    AMITY_CHECK(read_listed(reader, *push, body, meter.time, time));
    return std::move(reader.content);
  }
  for (const dlms::DataView element : body) {
    if (element.type() != dlms::DataType::kArray || element.size() == 0) continue;
    for (const Profile& p : meter.layout->loads) {
      if ((*element.begin()).size() != p.columns.size()) continue;
      AMITY_CHECK(reader.rows(element, p, false, true));
      return std::move(reader.content);
    }
  }
  return make_error(ErrorCode::kUnsupported, "the push fits no push set-up of the meter");
}

}  // namespace amity::headend
