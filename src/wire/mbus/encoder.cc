#include "wire/mbus/encoder.h"

#include <algorithm>

#include "wire/mbus/date.h"

namespace amity::mbus {
namespace {

constexpr std::uint8_t kFill = 0x2F;
constexpr std::size_t kBlockBytes = 16, kEncryptedBlocksMax = 15;
constexpr std::uint8_t kAesCmac8 = 5,
                       kMessageControl = 0x25;  // counter in the MAC, 8 bytes of CMAC
constexpr std::size_t kMacBytes = 8;
constexpr std::uint8_t kDeriveA = 0x10;  // configuration extension: key derivation A

bool is_bcd(DataField f) {
  return (f >= DataField::kBcd2 && f <= DataField::kBcd8) || f == DataField::kBcd12;
}

Error does_not_fit(std::int64_t value) {
  return make_error(ErrorCode::kLimit, std::to_string(value) + " does not fit the data field");
}

Status append_bcd(std::int64_t value, std::size_t size, Bytes& out) {
  const bool negative = value < 0;
  std::uint64_t rest =
      negative ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  const std::size_t start = out.size();
  for (std::size_t i = 0; i < size; ++i, rest /= 100)
    out.push_back(static_cast<std::uint8_t>(rest % 10 | rest / 10 % 10 << 4));
  const bool sign_fits = !negative || out.back() < 0x10;
  if (rest != 0 || !sign_fits) {
    out.resize(start);
    return does_not_fit(value);
  }
  if (negative) out.back() |= 0xF0;
  return {};
}

Status append_integer(std::int64_t value, std::size_t size, Bytes& out) {
  const unsigned unused = 64 - 8 * static_cast<unsigned>(size);
  // The most negative number would say "invalid".
  const auto shifted = static_cast<std::uint64_t>(value) << unused;
  if (static_cast<std::int64_t>(shifted) >> unused != value || shifted == std::uint64_t{1} << 63)
    return does_not_fit(value);
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  return {};
}

}  // namespace

Status append_dib(DataField field, const RecordPlace& place, Bytes& out) {
  std::uint64_t storage = place.storage >> 1;
  std::uint32_t tariff = place.tariff, subunit = place.subunit;
  const std::size_t start = out.size();
  out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(field) |
                                          static_cast<unsigned>(place.function) << 4 |
                                          (place.storage & 1) << 6));
  for (std::size_t i = 0; storage != 0 || tariff != 0 || subunit != 0; ++i) {
    if (i == kDifExtensionsMax) {
      out.resize(start);
      return make_error(ErrorCode::kLimit, "storage, tariff or subunit need more than 10 DIFE");
    }
    out.back() |= 0x80;
    out.push_back(
        static_cast<std::uint8_t>((storage & 0xF) | (tariff & 3) << 4 | (subunit & 1) << 6));
    storage >>= 4;
    tariff >>= 2;
    subunit >>= 1;
  }
  return {};
}

Status append_number(ByteView vib, std::int64_t value, DataField field, const RecordPlace& place,
                     Bytes& out) {
  const std::size_t start = out.size();
  AMITY_CHECK(append_dib(field, place, out));
  append(out, vib);
  const std::size_t size = data_bytes(field);
  const bool real = field == DataField::kReal32;
  if (size == 0 || real) {
    out.resize(start);
    return make_error(ErrorCode::kInvalid, "the data field holds no integer");
  }
  Status status = is_bcd(field) ? append_bcd(value, size, out) : append_integer(value, size, out);
  if (!status.ok()) out.resize(start);
  return status;
}

Status append_number(std::string_view quantity, std::string_view unit, Decimal value,
                     DataField field, const RecordPlace& place, Bytes& out) {
  const auto code = find_vif(quantity, unit, value.exponent);
  if (!code) {
    return make_error(ErrorCode::kInvalid, "no VIF for " + std::string(quantity) + " in 10^" +
                                               std::to_string(value.exponent) + " " +
                                               std::string(unit));
  }
  return append_number(ByteView(code->bytes).first(code->size), value.value, field, place, out);
}

Status append_time(const wire::MeterTime& time, const RecordPlace& place, Bytes& out) {
  using Precision = wire::MeterTime::Precision;
  constexpr std::uint8_t kDateVif = 0x6C, kDateTimeVif = 0x6D;
  switch (time.precision) {
    case Precision::kNone:
      return make_error(ErrorCode::kInvalid, "no time");
    case Precision::kDay:
      AMITY_CHECK(append_dib(DataField::kInt16, place, out));
      out.push_back(kDateVif);
      append_date_g(time, out);
      return {};
    case Precision::kMinute:
      AMITY_CHECK(append_dib(DataField::kInt32, place, out));
      out.push_back(kDateTimeVif);
      append_date_time_f(time, out);
      return {};
    case Precision::kSecond:
      AMITY_CHECK(append_dib(DataField::kInt48, place, out));
      out.push_back(kDateTimeVif);
      append_date_time_i(time, out);
      return {};
  }
  return {};
}

Status append_text(ByteView vib, std::string_view text, const RecordPlace& place, Bytes& out) {
  if (text.size() > 0xBF) return make_error(ErrorCode::kLimit, "a text has at most 191 characters");
  AMITY_CHECK(append_dib(DataField::kVariable, place, out));
  append(out, vib);
  out.push_back(static_cast<std::uint8_t>(text.size()));
  out.insert(out.end(), text.rbegin(), text.rend());
  return {};
}

Status Encoder::append_payload(const TelegramSpec& spec, ByteView records, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(spec.long_header ? 0x72 : 0x7A);
  if (spec.long_header) append_transport_address(spec.meter, out);
  writer.u8(spec.access_number);
  writer.u8(spec.status);
  if (spec.mode == SecurityMode::kNone) {
    writer.u16_le(0);
    writer.bytes(records);
    return {};
  }
  if (spec.key.size() != 16) return make_error(ErrorCode::kInvalid, "the key has not 16 bytes");
  Bytes plain = {kFill, kFill};
  append(plain, records);
  plain.resize((plain.size() + kBlockBytes - 1) / kBlockBytes * kBlockBytes, kFill);
  const std::size_t blocks = plain.size() / kBlockBytes;
  if (blocks > kEncryptedBlocksMax)
    return make_error(ErrorCode::kLimit, "more than 15 encrypted blocks");
  writer.u16_le(static_cast<std::uint16_t>(static_cast<unsigned>(spec.mode) << 8 | blocks << 4));
  if (spec.mode == SecurityMode::kMode5) {
    cipher_.aes_cbc_encrypt(spec.key, iv_of_mode_5(spec.meter, spec.access_number), plain,
                            plain.data());
  } else {
    writer.u8(kDeriveA);
    const Block key = derive_key(cipher_, spec.key, kDeriveEncryption, spec.counter, spec.meter.id);
    cipher_.aes_cbc_encrypt(key, Block{}, plain, plain.data());
  }
  writer.bytes(plain);
  return {};
}

Result<Bytes> Encoder::wireless(const TelegramSpec& spec, ByteView records) {
  Bytes body;
  body.push_back(spec.control);
  append_link_address(spec.link.value_or(spec.meter), body);
  Bytes transport;
  AMITY_CHECK(append_payload(spec, records, transport));
  if (spec.mode == SecurityMode::kMode7) {
    ByteWriter writer(body);
    Bytes covered = {kMessageControl};
    ByteWriter(covered).u32_le(spec.counter);
    append(covered, transport);
    const Block mac_key = derive_key(cipher_, spec.key, kDeriveMac, spec.counter, spec.meter.id);
    const Block mac = cipher_.aes_cmac(mac_key, covered);
    static_assert((kMessageControl & 0x0F) == kAesCmac8);
    writer.u8(0x90);
    writer.u8(2 + 1 + 4 + kMacBytes);
    writer.u16_le(0x2C00);  // control, counter and MAC are there; the only fragment
    writer.u8(kMessageControl);
    writer.u32_le(spec.counter);
    writer.bytes(ByteView(mac).first(kMacBytes));
  }
  append(body, transport);
  return wireless_frame(spec.format, body);
}

Result<Bytes> Encoder::wired_user_data(const TelegramSpec& spec, ByteView records) {
  if (spec.mode == SecurityMode::kMode7)
    return make_error(ErrorCode::kUnsupported, "mode 7 on the wire is not implemented");
  TelegramSpec wired = spec;
  wired.long_header = true;
  Bytes out;
  AMITY_CHECK(append_payload(wired, records, out));
  return out;
}

}  // namespace amity::mbus
