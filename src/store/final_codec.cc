#include "store/final_codec.h"

#include "store/codec_parts.h"

namespace amity::store {
namespace {

constexpr std::uint8_t kVersion = 1;
// The head of a run of versions: origin in bits 0-1.
constexpr std::uint8_t kOriginMask = 3, kScaled = 4, kHasBefore = 8;
constexpr std::uint8_t kLastOutcome = 3;
constexpr std::uint8_t kStateMask = 0x0F;
constexpr int kClosureShift = 4;
// Who decides most: not written out.
constexpr std::string_view kVee = "vee";

UtcSeconds midnight_of(std::int32_t day) {
  return UtcDay(day).start();
}

// Whole minutes take fewer bytes.
void put_span(Bytes& out, std::uint32_t seconds) {
  put_varint(out, seconds % 60 == 0 ? seconds / 60 * 2 : std::uint64_t{seconds} * 2 + 1);
}
Result<std::uint32_t> get_span(ByteReader& in) {
  AMITY_TRY(const std::uint32_t v, get_u32(in));
  if (v % 2 == 1) return v / 2;
  if (v / 2 > UINT32_MAX / 60) return in.malformed("a span is too long");
  return v / 2 * 60;
}

Result<std::uint16_t> get_u16(ByteReader& in) {
  AMITY_TRY(const std::uint64_t v, get_varint(in));
  if (v > 0xFFFF) return in.malformed("an integer is wider than 16 bits");
  return static_cast<std::uint16_t>(v);
}

Result<std::int32_t> get_i32(ByteReader& in) {
  AMITY_TRY(const std::int64_t v, get_zigzag(in));
  if (v != static_cast<std::int32_t>(v)) return in.malformed("an integer is wider than 32 bits");
  return static_cast<std::int32_t>(v);
}

void put_finding(Bytes& out, const VeeFinding& f) {
  out.push_back(f.rule);
  out.push_back(f.outcome);
  out.push_back(f.check);
  put_zigzag(out, f.slot);
  put_varint(out, f.slots);
  std::uint8_t known = 0;
  for (std::size_t i = 0; i < f.n.size(); ++i)
    known |= static_cast<std::uint8_t>((f.n[i] != 0) << i);
  out.push_back(known);
  for (const std::int64_t n : f.n) {
    if (n != 0) put_zigzag(out, n);
  }
}

Result<VeeFinding> get_finding(ByteReader& in) {
  VeeFinding f;
  AMITY_TRY(f.rule, in.u8());
  AMITY_TRY(f.outcome, get_enum(in, kLastOutcome));
  AMITY_TRY(f.check, in.u8());
  AMITY_TRY(const std::int32_t slot, get_i32(in));
  if (slot != static_cast<std::int16_t>(slot)) return in.malformed("a slot is out of range");
  f.slot = static_cast<std::int16_t>(slot);
  AMITY_TRY(f.slots, get_u16(in));
  AMITY_TRY(const std::uint8_t known, get_enum(in, 15));
  for (std::size_t i = 0; i < f.n.size(); ++i) {
    if ((known >> i & 1) == 0) continue;
    AMITY_TRY(f.n[i], get_zigzag(in));
  }
  return f;
}

std::uint8_t head_of(const FinalValue& v) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(v.origin) | (v.scaled ? kScaled : 0));
}

bool same_kind(const FinalValue& a, const FinalValue& b) {
  return a.origin == b.origin && a.method == b.method && a.scaled == b.scaled;
}

bool same_run(const FinalVersion& a, const FinalVersion& b) {
  return a.version == b.version && same_kind(a.now, b.now) &&
         a.before.has_value() == b.before.has_value() &&
         (!a.before || same_kind(*a.before, *b.before));
}

std::uint64_t slot_of(const VeeDay& day, UtcSeconds time) {
  return static_cast<std::uint64_t>((time - day.start) / day.interval_s) - 1;
}

Status get_run(ByteReader& in, const VeeDay& day, std::uint64_t& slot,
               std::vector<FinalVersion>& out) {
  AMITY_TRY(const std::uint64_t gap, get_varint(in));
  AMITY_TRY(const std::uint64_t count, get_varint(in));
  if (gap > day.slots() || count == 0 || count > day.slots() || slot + gap + count > day.slots()) {
    return in.malformed("versions lie outside of the day");
  }
  slot += gap;
  FinalVersion v;
  AMITY_TRY(const std::uint8_t head, get_enum(in, kOriginMask | kScaled | kHasBefore));
  v.now.origin = static_cast<FinalOrigin>(head & kOriginMask);
  v.now.scaled = (head & kScaled) != 0;
  AMITY_TRY(v.now.method, get_enum(in, 99));
  AMITY_TRY(v.version, get_u32(in));
  if (v.version == 0) return in.malformed("versions are numbered from 1");
  if ((head & kHasBefore) != 0) {
    v.before.emplace();
    AMITY_TRY(const std::uint8_t before, get_enum(in, kOriginMask | kScaled));
    v.before->origin = static_cast<FinalOrigin>(before & kOriginMask);
    v.before->scaled = (before & kScaled) != 0;
    AMITY_TRY(v.before->method, get_enum(in, 99));
  }
  for (std::uint64_t i = 0; i < count; ++i, ++slot) {
    AMITY_TRY(const std::int64_t step, get_zigzag(in));
    v.now.value = wrapping_add(v.now.value, step);
    if (v.before) {
      AMITY_TRY(const std::int64_t distance, get_zigzag(in));
      v.before->value = wrapping_add(v.now.value, distance);
    }
    v.time = day.start + static_cast<std::int64_t>(slot + 1) * day.interval_s;
    out.push_back(v);
  }
  return {};
}

}  // namespace

void put_vee_day(Bytes& out, const VeeDay& d) {
  out.push_back(kVersion);
  put_varint(out, d.channel.value);
  put_zigzag(out, d.day);
  put_zigzag(out, wrapping_sub(d.start.value, midnight_of(d.day).value));
  put_span(out, d.length_s);
  put_span(out, d.interval_s);
  put_varint(out, d.revision);
  out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(d.state) |
                                          static_cast<unsigned>(d.closure) << kClosureShift));
  out.push_back(d.worst);
  put_zigzag(out, d.total);
  put_zigzag(out, wrapping_sub(d.advance, d.total));
  put_zigzag(out, d.at_stake);
  put_varint(out, d.estimated);
  put_varint(out, d.edited);
  put_varint(out, d.findings.size());
  for (const VeeFinding& f : d.findings) put_finding(out, f);
  put_varint(out, d.open.size());
  std::uint16_t at = 0;
  for (const auto& [first, last] : d.open) {
    put_varint(out, static_cast<std::uint64_t>(first - at));
    put_varint(out, static_cast<std::uint64_t>(last - first));
    at = last;
  }
}

Result<VeeDay> get_vee_day(ByteReader& in) {
  VeeDay d;
  AMITY_TRY(const std::uint8_t version, in.u8());
  if (version != kVersion) {
    return make_error(ErrorCode::kUnsupported,
                      "a day's final values of version " + std::to_string(version));
  }
  AMITY_TRY(d.channel.value, get_u32(in));
  AMITY_TRY(d.day, get_i32(in));
  AMITY_TRY(const std::int64_t offset_s, get_zigzag(in));
  d.start = UtcSeconds(wrapping_add(midnight_of(d.day).value, offset_s));
  AMITY_TRY(d.length_s, get_span(in));
  AMITY_TRY(d.interval_s, get_span(in));
  if (d.slots() == 0 || d.slots() > kSlotsPerFinalDayMax)
    return in.malformed("a day has so many intervals");
  AMITY_TRY(d.revision, get_u32(in));
  AMITY_TRY(const std::uint8_t both, in.u8());
  const std::uint8_t state = both & kStateMask, closure = both >> kClosureShift;
  if (state >= kVeeStates || closure > static_cast<std::uint8_t>(DayClosure::kDiffers)) {
    return in.malformed("a day has no such state");
  }
  d.state = static_cast<VeeState>(state);
  d.closure = static_cast<DayClosure>(closure);
  AMITY_TRY(d.worst, get_enum(in, kLastOutcome));
  AMITY_TRY(d.total, get_zigzag(in));
  AMITY_TRY(const std::int64_t beyond, get_zigzag(in));
  d.advance = wrapping_add(d.total, beyond);
  AMITY_TRY(d.at_stake, get_zigzag(in));
  AMITY_TRY(d.estimated, get_u16(in));
  AMITY_TRY(d.edited, get_u16(in));
  AMITY_TRY(const std::uint64_t findings, get_varint(in));
  if (findings > kFindingsPerDayMax) return in.malformed("too many findings");
  for (std::uint64_t i = 0; i < findings; ++i) {
    AMITY_TRY(const VeeFinding f, get_finding(in));
    d.findings.push_back(f);
  }
  AMITY_TRY(const std::uint64_t runs, get_varint(in));
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < runs; ++i) {
    AMITY_TRY(const std::uint64_t gap, get_varint(in));
    AMITY_TRY(const std::uint64_t count, get_varint(in));
    if (gap > d.slots() || count == 0 || count > d.slots() || at + gap + count > d.slots()) {
      return in.malformed("open intervals lie outside of the day");
    }
    d.open.emplace_back(static_cast<std::uint16_t>(at + gap),
                        static_cast<std::uint16_t>(at + gap + count));
    at += gap + count;
  }
  return d;
}

void put_decision(Bytes& out, const VeeDay& day, const Decision& d) {
  put_zigzag(out, wrapping_sub(d.at.value, day.end().value));
  put_text(out, d.who == kVee ? std::string_view() : std::string_view(d.who));
  put_text(out, d.why);
  put_text(out, d.approved_by);
  put_varint(out, d.edit.value);
}

Result<Decision> get_decision(ByteReader& in, const VeeDay& day) {
  Decision d;
  AMITY_TRY(const std::int64_t after_s, get_zigzag(in));
  d.at = UtcSeconds(wrapping_add(day.end().value, after_s));
  AMITY_TRY(d.who, get_text(in));
  if (d.who.empty()) d.who = kVee;
  AMITY_TRY(d.why, get_text(in));
  AMITY_TRY(d.approved_by, get_text(in));
  AMITY_TRY(d.edit.value, get_varint(in));
  return d;
}

void put_versions(Bytes& out, const VeeDay& day, std::span<const FinalVersion> versions) {
  put_varint(out, versions.size());
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < versions.size();) {
    const std::uint64_t first = slot_of(day, versions[i].time);
    std::size_t end = i + 1;
    while (end < versions.size() && same_run(versions[i], versions[end]) &&
           slot_of(day, versions[end].time) == first + (end - i)) {
      ++end;
    }
    const FinalVersion& v = versions[i];
    put_varint(out, first - at);
    put_varint(out, end - i);
    out.push_back(static_cast<std::uint8_t>(head_of(v.now) | (v.before ? kHasBefore : 0)));
    out.push_back(v.now.method);
    put_varint(out, v.version);
    if (v.before) {
      out.push_back(head_of(*v.before));
      out.push_back(v.before->method);
    }
    std::int64_t last = 0;
    at = first + (end - i);
    for (; i < end; ++i) {
      put_zigzag(out, wrapping_sub(versions[i].now.value, last));
      if (versions[i].before) {
        put_zigzag(out, wrapping_sub(versions[i].before->value, versions[i].now.value));
      }
      last = versions[i].now.value;
    }
  }
}

Result<std::vector<FinalVersion>> get_versions(ByteReader& in, const VeeDay& day) {
  std::vector<FinalVersion> versions;
  AMITY_TRY(const std::uint64_t count, get_varint(in));
  if (count > day.slots()) return in.malformed("more versions than intervals");
  std::uint64_t slot = 0;
  while (versions.size() < count) AMITY_CHECK(get_run(in, day, slot, versions));
  if (versions.size() != count) return in.malformed("more versions than were announced");
  return versions;
}

void put_edit(Bytes& out, const Edit& e) {
  put_varint(out, e.id.value);
  out.push_back(static_cast<std::uint8_t>(e.kind));
  out.push_back(static_cast<std::uint8_t>(e.state));
  put_varint(out, e.days.size());
  for (const EditDay& d : e.days) {
    put_varint(out, d.channel.value);
    put_zigzag(out, d.day);
  }
  put_varint(out, e.values.size());
  for (const EditValue& v : e.values) {
    put_zigzag(out, v.time.value);
    put_zigzag(out, v.value);
  }
  put_varint(out, e.undoes.value);
  put_text(out, e.reason);
  put_text(out, e.requested_by);
  put_zigzag(out, e.requested.value);
  put_text(out, e.decided_by);
  put_text(out, e.comment);
  put_zigzag(out, e.decided.value);
  put_text(out, e.result);
}

Result<Edit> get_edit(ByteReader& in) {
  Edit e;
  AMITY_TRY(e.id.value, get_varint(in));
  AMITY_TRY(const std::uint8_t kind, get_enum(in, static_cast<std::uint8_t>(EditKind::kUndo)));
  e.kind = static_cast<EditKind>(kind);
  AMITY_TRY(const std::uint8_t state,
            get_enum(in, static_cast<std::uint8_t>(EditState::kRejected)));
  e.state = static_cast<EditState>(state);
  AMITY_TRY(const std::uint64_t days, get_varint(in));
  if (days > kEditDaysMax || days > in.remaining()) return in.malformed("more days than bytes");
  for (std::uint64_t i = 0; i < days; ++i) {
    EditDay d;
    AMITY_TRY(d.channel.value, get_u32(in));
    AMITY_TRY(d.day, get_i32(in));
    e.days.push_back(d);
  }
  AMITY_TRY(const std::uint64_t values, get_varint(in));
  if (values > kEditValuesMax || values > in.remaining())
    return in.malformed("more values than bytes");
  for (std::uint64_t i = 0; i < values; ++i) {
    EditValue v;
    AMITY_TRY(v.time, get_time(in));
    AMITY_TRY(v.value, get_zigzag(in));
    e.values.push_back(v);
  }
  AMITY_TRY(e.undoes.value, get_varint(in));
  AMITY_TRY(e.reason, get_text(in));
  AMITY_TRY(e.requested_by, get_text(in));
  AMITY_TRY(e.requested, get_time(in));
  AMITY_TRY(e.decided_by, get_text(in));
  AMITY_TRY(e.comment, get_text(in));
  AMITY_TRY(e.decided, get_time(in));
  AMITY_TRY(e.result, get_text(in));
  return e;
}

bool within_limits(const VeeDay& day, std::span<const FinalVersion> versions) {
  if (day.slots() == 0 || day.slots() > kSlotsPerFinalDayMax) return false;
  if (day.findings.size() > kFindingsPerDayMax) return false;
  UtcSeconds last = day.start;
  for (const FinalVersion& v : versions) {
    if (v.time <= last || v.time > day.end() || (v.time - day.start) % day.interval_s != 0)
      return false;
    if (v.version == 0 || v.now.method > 99 || (v.before && v.before->method > 99)) return false;
    last = v.time;
  }
  std::uint16_t at = 0;
  for (const auto& [first, end] : day.open) {
    if (first < at || end <= first || end > day.slots()) return false;
    at = end;
  }
  return true;
}

bool within_limits(const Edit& e) {
  for (const auto* text : {&e.reason, &e.requested_by, &e.decided_by, &e.comment, &e.result}) {
    if (text->size() > kFactTextBytesMax) return false;
  }
  return e.days.size() <= kEditDaysMax && e.values.size() <= kEditValuesMax;
}

}  // namespace amity::store
