#include "store/fact_codec.h"

#include <array>

#include "store/codec_parts.h"
#include "store/crc32c.h"
#include "store/final_codec.h"
#include "store/limits.h"
#include "store/varint.h"

namespace amity::store {
namespace {

constexpr std::uint8_t kRecordVersion = 1;
constexpr std::size_t kChecksumSize = 4;
enum class Kind : std::uint8_t {
  kReadingsArrived = 1,
  kEventsArrived = 2,
  kCommandRequested = 3,
  kCommandChanged = 4,
  kContactMade = 5,
  kReadingsFinal = 6,
  kEditChanged = 7,
  kReadingsArrivedInSteps = 8,
};
// The low bits of a reading's first integer; the rest is the channel's distance from the one before.
struct PlainHead {
  static constexpr std::uint64_t kSameTime = 1, kNextStep = 0, kSameQuality = 2;
  static constexpr int kChannelShift = 2;
};
struct SteppedHead {
  static constexpr std::uint64_t kSameTime = 1, kNextStep = 2, kSameQuality = 4;
  static constexpr int kChannelShift = 3;
};

template <class Head>
void put_readings(Bytes& out, const std::vector<Reading>& readings, UtcSeconds received) {
  put_varint(out, readings.size());
  Reading last{ChannelId(0), received, 0, {}};
  std::int64_t step_s = 0;  // the latest forward one
  std::array<std::uint8_t, 4'096> piece;
  std::uint8_t* at = piece.data();
  const auto flush = [&] {
    append(out, ByteView(piece.data(), at));
    at = piece.data();
  };
  for (const Reading& r : readings) {
    const auto step = std::int64_t{r.channel.value} - std::int64_t{last.channel.value};
    const std::int64_t distance_s = wrapping_sub(r.time.value, last.time.value);
    std::uint64_t head = zigzag(step) << Head::kChannelShift;
    if (distance_s == 0) {
      head |= Head::kSameTime;
    } else if (distance_s == step_s) {
      head |= Head::kNextStep;
    }
    if (r.quality == last.quality) head |= Head::kSameQuality;
    at = write_varint(at, head);
    if ((head & (Head::kSameTime | Head::kNextStep)) == 0) {
      at = write_varint(at, zigzag(distance_s));
      if (distance_s > 0) step_s = distance_s;
    }
    if (r.quality != last.quality) at = write_varint(at, r.quality.bits);
    // The values of one channel are near each other; those of its neighbours are not.
    at = write_varint(at, zigzag(step == 0 ? wrapping_sub(r.value, last.value) : r.value));
    last = r;
    if (at > piece.data() + piece.size() - 4 * kVarintBytesMax) flush();
  }
  flush();
}

template <class Head>
Status get_readings(ByteReader& in, UtcSeconds received, std::vector<Reading>& out) {
  AMITY_TRY(const std::uint64_t count, get_varint(in));
  if (count > kReadingsPerFactMax || count > in.remaining()) return in.malformed("more readings than bytes");
  out.reserve(out.size() + count);
  Reading r{ChannelId(0), received, 0, {}};
  const ByteView rest = in.rest();
  const std::uint8_t *at = rest.data(), *const end = at + rest.size();
  const auto taken = [&] { return in.skip(static_cast<std::size_t>(at - rest.data())); };
  const auto broken = [&]() -> Status {
    AMITY_CHECK(taken());
    return get_varint(in).error();
  };
  const auto refused = [&](const char* why) -> Status {
    AMITY_CHECK(taken());
    return in.malformed(why);
  };
  std::int64_t step_s = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t head = 0, field = 0;
    if (!read_varint(at, end, head)) return broken();
    const std::int64_t step = unzigzag(head >> Head::kChannelShift);
    const std::int64_t channel = wrapping_add(std::int64_t{r.channel.value}, step);
    if (channel < 0 || channel > 0xFFFF'FFFF) return refused("a channel is out of range");
    r.channel = ChannelId(static_cast<std::uint32_t>(channel));
    if ((head & Head::kNextStep) != 0) {
      if ((head & Head::kSameTime) != 0 || step_s == 0) return refused("a step that is none");
      r.time = UtcSeconds(wrapping_add(r.time.value, step_s));
    } else if ((head & Head::kSameTime) == 0) {
      if (!read_varint(at, end, field)) return broken();
      const std::int64_t distance_s = unzigzag(field);
      if (distance_s > 0) step_s = distance_s;
      r.time = UtcSeconds(wrapping_add(r.time.value, distance_s));
    }
    if ((head & Head::kSameQuality) == 0) {
      if (!read_varint(at, end, field)) return broken();
      if (field > 0xFFFF) return refused("a quality has more than 16 bits");
      r.quality.bits = static_cast<std::uint16_t>(field);
    }
    if (!read_varint(at, end, field)) return broken();
    r.value = step == 0 ? wrapping_add(r.value, unzigzag(field)) : unzigzag(field);
    out.push_back(r);
  }
  return taken();
}

void put_event(Bytes& out, const Event& e, UtcSeconds received) {
  put_varint(out, e.device.value);
  put_zigzag(out, wrapping_sub(e.time.value, received.value));
  out.push_back(static_cast<std::uint8_t>(e.category));
  out.push_back(static_cast<std::uint8_t>(e.severity));
  put_varint(out, e.code);
  put_text(out, e.source);
  put_text(out, e.text);
}

Result<Event> get_event(ByteReader& in, UtcSeconds received) {
  Event e;
  AMITY_TRY(const std::uint32_t device, get_u32(in));
  e.device = DeviceId(device);
  AMITY_TRY(const std::int64_t delta, get_zigzag(in));
  e.time = UtcSeconds(wrapping_add(received.value, delta));
  AMITY_TRY(const std::uint8_t category, get_enum(in, static_cast<std::uint8_t>(EventCategory::kDevice)));
  e.category = static_cast<EventCategory>(category);
  AMITY_TRY(const std::uint8_t severity, get_enum(in, static_cast<std::uint8_t>(Severity::kHigh)));
  e.severity = static_cast<Severity>(severity);
  AMITY_TRY(e.code, get_u32(in));
  AMITY_TRY(e.source, get_text(in));
  AMITY_TRY(e.text, get_text(in));
  return e;
}

void put_command(Bytes& out, const Command& c) {
  put_varint(out, c.id.value);
  put_varint(out, c.device.value);
  out.push_back(static_cast<std::uint8_t>(c.kind));
  out.push_back(static_cast<std::uint8_t>(c.state));
  put_text(out, c.argument);
  put_text(out, c.requested_by);
  put_zigzag(out, c.requested.value);
  put_zigzag(out, c.deadline.value);
  put_zigzag(out, c.changed.value);
  put_text(out, c.progress);
  put_text(out, c.result);
}

Result<Command> get_command(ByteReader& in) {
  Command c;
  AMITY_TRY(const std::uint64_t id, get_varint(in));
  c.id = CommandId(id);
  AMITY_TRY(const std::uint32_t device, get_u32(in));
  c.device = DeviceId(device);
  AMITY_TRY(const std::uint8_t kind, get_enum(in, static_cast<std::uint8_t>(kCommandKindLast)));
  c.kind = static_cast<CommandKind>(kind);
  AMITY_TRY(const std::uint8_t state, get_enum(in, static_cast<std::uint8_t>(CommandState::kUnknown)));
  c.state = static_cast<CommandState>(state);
  AMITY_TRY(c.argument, get_text(in));
  AMITY_TRY(c.requested_by, get_text(in));
  AMITY_TRY(c.requested, get_time(in));
  AMITY_TRY(c.deadline, get_time(in));
  AMITY_TRY(c.changed, get_time(in));
  AMITY_TRY(c.progress, get_text(in));
  AMITY_TRY(c.result, get_text(in));
  return c;
}

struct Encoder {
  Bytes& out;
  Form form;

  void operator()(const ReadingsArrived& f) const {
    const bool steps = form == Form::kSteps;
    out.push_back(static_cast<std::uint8_t>(steps ? Kind::kReadingsArrivedInSteps : Kind::kReadingsArrived));
    put_text(out, f.source);
    put_zigzag(out, f.received.value);
    steps ? put_readings<SteppedHead>(out, f.readings, f.received)
          : put_readings<PlainHead>(out, f.readings, f.received);
  }
  void operator()(const EventsArrived& f) const {
    out.push_back(static_cast<std::uint8_t>(Kind::kEventsArrived));
    put_text(out, f.source);
    put_zigzag(out, f.received.value);
    put_varint(out, f.events.size());
    for (const Event& e : f.events) put_event(out, e, f.received);
  }
  void operator()(const CommandRequested& f) const {
    out.push_back(static_cast<std::uint8_t>(Kind::kCommandRequested));
    put_command(out, f.command);
  }
  void operator()(const CommandChanged& f) const {
    out.push_back(static_cast<std::uint8_t>(Kind::kCommandChanged));
    put_varint(out, f.id.value);
    put_varint(out, f.device.value);
    out.push_back(static_cast<std::uint8_t>(f.state));
    put_zigzag(out, f.at.value);
    put_text(out, f.progress);
    put_text(out, f.result);
  }
  void operator()(const ContactMade& f) const {
    out.push_back(static_cast<std::uint8_t>(Kind::kContactMade));
    put_varint(out, f.device.value);
    put_zigzag(out, f.at.value);
    out.push_back(static_cast<std::uint8_t>((f.ok ? 1 : 0) | (f.clock_known ? 2 : 0)));
    put_varint(out, f.duration_ms);
    put_zigzag(out, f.clock_offset_s);
    put_text(out, f.error);
  }
  void operator()(const ReadingsFinal& f) const {
    out.push_back(static_cast<std::uint8_t>(Kind::kReadingsFinal));
    put_vee_day(out, f.day);
    put_decision(out, f.day, f.decision);
    put_versions(out, f.day, f.versions);
  }
  void operator()(const EditChanged& f) const {
    out.push_back(static_cast<std::uint8_t>(Kind::kEditChanged));
    put_edit(out, f.edit);
  }
};

// What decoding would refuse must not be written.
struct WithinLimits {
  static bool text(const std::string& t) { return t.size() <= kFactTextBytesMax; }
  static bool command(const Command& c) {
    return text(c.argument) && text(c.requested_by) && text(c.progress) && text(c.result);
  }
  bool operator()(const ReadingsArrived& f) const {
    return text(f.source) && f.readings.size() <= kReadingsPerFactMax;
  }
  bool operator()(const EventsArrived& f) const {
    if (!text(f.source) || f.events.size() > kEventsPerFactMax) return false;
    for (const Event& e : f.events) {
      if (!text(e.source) || !text(e.text)) return false;
    }
    return true;
  }
  bool operator()(const CommandRequested& f) const { return command(f.command); }
  bool operator()(const CommandChanged& f) const { return text(f.progress) && text(f.result); }
  bool operator()(const ContactMade& f) const { return text(f.error); }
  bool operator()(const ReadingsFinal& f) const {
    return text(f.decision.who) && text(f.decision.why) && text(f.decision.approved_by) &&
           within_limits(f.day, f.versions);
  }
  bool operator()(const EditChanged& f) const { return within_limits(f.edit); }
};

template <class Head>
Result<Fact> get_readings_arrived(ByteReader& in) {
  ReadingsArrived f;
  AMITY_TRY(f.source, get_text(in));
  AMITY_TRY(f.received, get_time(in));
  AMITY_CHECK(get_readings<Head>(in, f.received, f.readings));
  return Fact(std::move(f));
}

Result<Fact> get_events_arrived(ByteReader& in) {
  EventsArrived f;
  AMITY_TRY(f.source, get_text(in));
  AMITY_TRY(f.received, get_time(in));
  AMITY_TRY(const std::uint64_t count, get_varint(in));
  if (count > kEventsPerFactMax || count > in.remaining()) return in.malformed("more events than bytes");
  for (std::uint64_t i = 0; i < count; ++i) {
    AMITY_TRY(Event e, get_event(in, f.received));
    f.events.push_back(std::move(e));
  }
  return Fact(std::move(f));
}

Result<Fact> get_command_changed(ByteReader& in) {
  CommandChanged f;
  AMITY_TRY(const std::uint64_t id, get_varint(in));
  f.id = CommandId(id);
  AMITY_TRY(const std::uint32_t device, get_u32(in));
  f.device = DeviceId(device);
  AMITY_TRY(const std::uint8_t state, get_enum(in, static_cast<std::uint8_t>(CommandState::kUnknown)));
  f.state = static_cast<CommandState>(state);
  AMITY_TRY(f.at, get_time(in));
  AMITY_TRY(f.progress, get_text(in));
  AMITY_TRY(f.result, get_text(in));
  return Fact(std::move(f));
}

Result<Fact> get_contact_made(ByteReader& in) {
  ContactMade f;
  AMITY_TRY(const std::uint32_t device, get_u32(in));
  f.device = DeviceId(device);
  AMITY_TRY(f.at, get_time(in));
  AMITY_TRY(const std::uint8_t flags, in.u8());
  if (flags > 3) return in.malformed("unknown flags");
  f.ok = (flags & 1) != 0;
  f.clock_known = (flags & 2) != 0;
  AMITY_TRY(f.duration_ms, get_u32(in));
  AMITY_TRY(const std::int64_t offset, get_zigzag(in));
  if (offset != static_cast<std::int32_t>(offset)) return in.malformed("a clock offset is out of range");
  f.clock_offset_s = static_cast<std::int32_t>(offset);
  AMITY_TRY(f.error, get_text(in));
  return Fact(std::move(f));
}

Result<Fact> get_fact(ByteReader& in) {
  AMITY_TRY(const std::uint8_t kind, in.u8());
  switch (static_cast<Kind>(kind)) {
    case Kind::kReadingsArrived: return get_readings_arrived<PlainHead>(in);
    case Kind::kReadingsArrivedInSteps: return get_readings_arrived<SteppedHead>(in);
    case Kind::kEventsArrived: return get_events_arrived(in);
    case Kind::kCommandRequested: {
      AMITY_TRY(Command c, get_command(in));
      return Fact(CommandRequested{std::move(c)});
    }
    case Kind::kCommandChanged: return get_command_changed(in);
    case Kind::kContactMade: return get_contact_made(in);
    case Kind::kReadingsFinal: {
      ReadingsFinal f;
      AMITY_TRY(f.day, get_vee_day(in));
      AMITY_TRY(f.decision, get_decision(in, f.day));
      AMITY_TRY(f.versions, get_versions(in, f.day));
      return Fact(std::move(f));
    }
    case Kind::kEditChanged: {
      AMITY_TRY(Edit edit, get_edit(in));
      return Fact(EditChanged{std::move(edit)});
    }
  }
  return make_error(ErrorCode::kUnsupported, "a fact of unknown kind " + std::to_string(kind));
}

}  // namespace

Status encode_fact(const Fact& fact, Bytes& out, Form form) {
  const Error too_large = make_error(ErrorCode::kLimit, "the fact is larger than a record may be");
  if (!std::visit(WithinLimits{}, fact)) return too_large;
  const std::size_t before = out.size();
  std::visit(Encoder{out, form}, fact);
  if (out.size() - before > kFactBytesMax) {
    out.resize(before);
    return too_large;
  }
  return {};
}

Result<Fact> decode_fact(ByteView body) {
  ByteReader in(body);
  AMITY_TRY(Fact fact, get_fact(in));
  if (!in.empty()) return in.malformed("bytes after the fact");
  return fact;
}

Result<bool> decode_readings(ByteView body, std::vector<Reading>& readings) {
  ByteReader in(body);
  AMITY_TRY(const std::uint8_t byte, in.u8());
  const auto kind = static_cast<Kind>(byte);
  if (kind != Kind::kReadingsArrived && kind != Kind::kReadingsArrivedInSteps) return false;
  AMITY_TRY(const std::uint64_t source_size, get_varint(in));
  AMITY_CHECK(in.skip(source_size));
  AMITY_TRY(const UtcSeconds received, get_time(in));
  AMITY_CHECK(kind == Kind::kReadingsArrived ? get_readings<PlainHead>(in, received, readings)
                                             : get_readings<SteppedHead>(in, received, readings));
  if (!in.empty()) return in.malformed("bytes after the fact");
  return true;
}

bool holds_events(ByteView body) {
  return !body.empty() && static_cast<Kind>(body[0]) == Kind::kEventsArrived;
}

bool holds_finals(ByteView body) {
  return !body.empty() && (static_cast<Kind>(body[0]) == Kind::kReadingsFinal ||
                           static_cast<Kind>(body[0]) == Kind::kEditChanged);
}

std::string encode_record(const RecordView& record) {
  Bytes out;
  out.reserve(record.bodies.size() + 24);
  out.push_back(kRecordVersion);
  put_varint(out, record.first);
  put_varint(out, record.count);
  append(out, record.bodies);
  ByteWriter(out).u32_le(crc32c(out));
  return std::string(as_text(out));
}

Result<RecordView> decode_record(ByteView record) {
  if (record.size() < 3 + kChecksumSize) return make_error(ErrorCode::kCorrupt, "a journal record is too short");
  if (record[0] != kRecordVersion) {
    return make_error(ErrorCode::kUnsupported, "a journal record of version " + std::to_string(record[0]));
  }
  const ByteView covered = record.first(record.size() - kChecksumSize);
  ByteReader tail(record.subspan(covered.size()), covered.size());
  AMITY_TRY(const std::uint32_t stored, tail.u32_le());
  if (stored != crc32c(covered)) return make_error(ErrorCode::kCorrupt, "a journal record fails its checksum");
  ByteReader in(covered);
  AMITY_CHECK(in.skip(1));
  RecordView view;
  AMITY_TRY(view.first, get_varint(in));
  AMITY_TRY(view.count, get_u32(in));
  if (view.first == 0 || view.count == 0) return in.malformed("an empty journal record");
  view.bodies = in.rest();
  return view;
}

Status each_body(const RecordView& record, const BodyVisitor& visit) {
  ByteReader in(record.bodies);
  for (std::uint32_t i = 0; i < record.count; ++i) {
    AMITY_TRY(const std::uint64_t size, get_varint(in));
    AMITY_TRY(const ByteView body, in.take(size));
    AMITY_TRY(const bool more, visit(record.first + i, body));
    if (!more) return {};
  }
  if (!in.empty()) return in.malformed("bytes after the last fact");
  return {};
}

}  // namespace amity::store
