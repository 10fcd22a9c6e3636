#include "mdm/rate/statement_codec.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/varint.h"
#include "mdm/rate/limits.h"

namespace amity::mdm {
namespace {

constexpr std::uint8_t kVersion = 3;    // 1 had no meters, 2 one multiplier a channel
constexpr std::size_t kDigestSize = 8;  // of SHA-256, over everything before

void put_text(Bytes& out, std::string_view text) {
  put_varint(out, text.size());
  append(out, as_bytes(text));
}

void put_line(Bytes& out, const BillLine& line, const StatementBody::LineText& text) {
  out.push_back(static_cast<std::uint8_t>(line.kind));
  put_varint(out, line.item);
  put_varint(out, line.tier);
  put_zigzag(out, line.quantity);
  put_zigzag(out, line.exponent);
  put_zigzag(out, line.month_shares);
  put_zigzag(out, line.price.value);
  put_zigzag(out, line.price.exponent);
  put_zigzag(out, line.amount);
  put_text(out, text.name);
  put_text(out, text.unit);
  put_text(out, text.reckoning);
  const Trace& t = line.trace;
  put_varint(out, t.channel.value);
  put_varint(out, t.against.value);
  put_zigzag(out, t.from.value);
  put_zigzag(out, t.to - t.from);
  put_varint(out, t.slots);
  put_zigzag(out, t.sum);
  put_zigzag(out, t.netted);
  put_zigzag(out, t.exponent);
  put_zigzag(out, t.earlier_peak);
}

// Reads members one after the other; the first failure stays.
class In {
 public:
  explicit In(ByteReader& in) : in_(in) {}

  std::uint64_t whole(std::uint64_t most = UINT64_MAX) {
    if (!status_.ok()) return 0;
    const auto v = get_varint(in_);
    if (!v.ok()) return fail(v.error());
    if (*v > most) return fail(in_.malformed("a number is too large"));
    return *v;
  }
  std::int64_t integer() {
    if (!status_.ok()) return 0;
    const auto v = get_zigzag(in_);
    return v.ok() ? *v : static_cast<std::int64_t>(fail(v.error()));
  }
  std::int8_t exponent() {
    const std::int64_t v = integer();
    if (v >= -30 && v <= 30) return static_cast<std::int8_t>(v);
    return static_cast<std::int8_t>(fail(in_.malformed("no such exponent")));
  }
  std::string text() {
    const std::uint64_t size = whole(kStatementTextMax);
    if (!status_.ok()) return {};
    const auto bytes = in_.take(size);
    if (!bytes.ok()) return fail(bytes.error()), std::string();
    return std::string(as_text(*bytes));
  }
  // A count of things that take at least one byte each.
  std::size_t count(std::size_t most) {
    return static_cast<std::size_t>(whole(std::min(most, in_.remaining())));
  }
  const Status& status() const { return status_; }

 private:
  std::uint64_t fail(Error error) {
    if (status_.ok()) status_ = std::move(error);
    return 0;
  }
  ByteReader& in_;
  Status status_;
};

void get_line(In& in, StatementBody& body) {
  BillLine& line = body.statement.lines.emplace_back();
  line.kind = static_cast<LineKind>(in.whole(static_cast<std::uint8_t>(LineKind::kTax)));
  line.item = static_cast<std::uint16_t>(in.whole(UINT16_MAX));
  line.tier = static_cast<std::uint16_t>(in.whole(UINT16_MAX));
  line.quantity = in.integer();
  line.exponent = in.exponent();
  line.month_shares = in.integer();
  line.price.value = in.integer();
  line.price.exponent = in.exponent();
  line.amount = in.integer();
  auto& text = body.texts.emplace_back();
  text.name = in.text();
  text.unit = in.text();
  text.reckoning = in.text();
  Trace& t = line.trace;
  t.channel = ChannelId(static_cast<std::uint32_t>(in.whole(UINT32_MAX)));
  t.against = ChannelId(static_cast<std::uint32_t>(in.whole(UINT32_MAX)));
  t.from = UtcSeconds(in.integer());
  t.to = UtcSeconds(wrapping_add(t.from.value, in.integer()));
  t.slots = static_cast<std::uint32_t>(in.whole(UINT32_MAX));
  t.sum = in.integer();
  t.netted = in.integer();
  t.exponent = in.exponent();
  t.earlier_peak = in.integer();
}

void get_input(In& in, StatementBody& body, std::uint8_t version) {
  BillInput& input = body.inputs.emplace_back();
  input.channel = ChannelId(static_cast<std::uint32_t>(in.whole(UINT32_MAX)));
  input.multiplier = in.integer();
  input.first_day = static_cast<std::int32_t>(in.integer());
  input.revisions.resize(in.count(kStatementDaysMax));
  for (std::uint32_t& r : input.revisions) r = static_cast<std::uint32_t>(in.whole(UINT32_MAX));
  if (version < 3) return;
  input.steps.resize(in.count(kStatementStepsMax));
  for (MultiplierStep& step : input.steps) {
    step.from = UtcSeconds(in.integer());
    step.multiplier = in.integer();
  }
}

void put_meter(Bytes& out, const BillMeter& m) {
  put_text(out, m.serial);
  put_varint(out, m.channel.value);
  put_zigzag(out, m.from.value);
  put_zigzag(out, wrapping_sub(m.to.value, m.from.value));
  out.push_back(static_cast<std::uint8_t>((m.first ? 1 : 0) | (m.last ? 2 : 0)));
  if (m.first) put_zigzag(out, *m.first);
  if (m.last) put_zigzag(out, *m.last);
  put_zigzag(out, m.exponent);
  put_zigzag(out, m.multiplier);
}

void get_meter(In& in, StatementBody& body) {
  BillMeter& m = body.meters.emplace_back();
  m.serial = in.text();
  m.channel = ChannelId(static_cast<std::uint32_t>(in.whole(UINT32_MAX)));
  m.from = UtcSeconds(in.integer());
  m.to = UtcSeconds(wrapping_add(m.from.value, in.integer()));
  const std::uint64_t known = in.whole(3);
  if ((known & 1) != 0) m.first = in.integer();
  if ((known & 2) != 0) m.last = in.integer();
  m.exponent = in.exponent();
  m.multiplier = in.integer();
}

Bytes digest_of(ByteView bytes) {
  const auto digest = crypto::sha256(bytes);
  return Bytes(digest.begin(), digest.begin() + kDigestSize);
}

}  // namespace

Bytes encode_statement(const StatementBody& body) {
  const Statement& s = body.statement;
  Bytes out;
  out.push_back(kVersion);
  put_text(out, s.account);
  for (const std::string* text : {&body.customer, &body.address, &body.tariff})
    put_text(out, *text);
  put_text(out, as_text(body.tariff_digest));
  put_text(out, body.currency);
  put_text(out, body.zone);
  put_varint(out, static_cast<std::uint64_t>(body.decimals));
  put_zigzag(out, s.from.value);
  put_zigzag(out, s.to - s.from);
  put_varint(out, s.days);
  put_zigzag(out, s.total);
  put_zigzag(out, s.peak);
  put_zigzag(out, s.peak_exponent);
  put_zigzag(out, s.power_factor_permille);
  put_varint(out, s.lines.size());
  for (std::size_t i = 0; i < s.lines.size(); ++i) put_line(out, s.lines[i], body.texts[i]);
  put_varint(out, body.inputs.size());
  for (const BillInput& input : body.inputs) {
    put_varint(out, input.channel.value);
    put_zigzag(out, input.multiplier);
    put_zigzag(out, input.first_day);
    put_varint(out, input.revisions.size());
    for (const std::uint32_t revision : input.revisions) put_varint(out, revision);
    put_varint(out, input.steps.size());
    for (const MultiplierStep& step : input.steps) {
      put_zigzag(out, step.from.value);
      put_zigzag(out, step.multiplier);
    }
  }
  put_varint(out, body.meters.size());
  for (const BillMeter& meter : body.meters) put_meter(out, meter);
  append(out, digest_of(out));
  return out;
}

Result<StatementBody> decode_statement(ByteView bytes) {
  if (bytes.size() < kDigestSize + 1 || bytes.size() > kStatementBytesMax)
    return make_error(ErrorCode::kCorrupt, "a statement of no such size");
  const ByteView covered = bytes.first(bytes.size() - kDigestSize);
  const Bytes digest = digest_of(covered);
  if (!std::ranges::equal(digest, bytes.subspan(covered.size())))
    return make_error(ErrorCode::kCorrupt, "the statement fails its checksum");
  ByteReader reader(covered);
  AMITY_TRY(const std::uint8_t version, reader.u8());
  if (version == 0 || version > kVersion) return reader.malformed("a statement of another version");
  In in(reader);
  StatementBody body;
  Statement& s = body.statement;
  s.account = in.text();
  for (std::string* text : {&body.customer, &body.address, &body.tariff}) *text = in.text();
  const std::string tariff_digest = in.text();
  body.tariff_digest.assign(tariff_digest.begin(), tariff_digest.end());
  body.currency = in.text();
  body.zone = in.text();
  body.decimals = static_cast<int>(in.whole(kDecimalsMax));
  s.from = UtcSeconds(in.integer());
  s.to = UtcSeconds(wrapping_add(s.from.value, in.integer()));
  s.days = static_cast<std::uint32_t>(in.whole(kStatementDaysMax));
  s.total = in.integer();
  s.peak = in.integer();
  s.peak_exponent = in.exponent();
  s.power_factor_permille = in.integer();
  const std::size_t lines = in.count(kStatementLinesMax);
  for (std::size_t i = 0; i < lines && in.status().ok(); ++i) get_line(in, body);
  const std::size_t inputs = in.count(kStatementInputsMax);
  for (std::size_t i = 0; i < inputs && in.status().ok(); ++i) get_input(in, body, version);
  const std::size_t meters = version >= 2 ? in.count(kStatementInputsMax) : 0;
  for (std::size_t i = 0; i < meters && in.status().ok(); ++i) get_meter(in, body);
  AMITY_CHECK(Status(in.status()));
  if (!reader.empty()) return reader.malformed("bytes after the statement");
  return body;
}

Statement reversal_of(Statement statement) {
  for (BillLine& line : statement.lines) {
    line.quantity = -line.quantity;
    line.amount = -line.amount;
  }
  statement.total = -statement.total;
  return statement;
}

}  // namespace amity::mdm
