#include "wire/p1/telegram.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/crc.h"
#include "base/crypto.h"

namespace amity::p1 {
namespace {

constexpr std::size_t kTitleBytes = 8, kCounterBytes = 4, kLengthBytes = 2, kKeyBytes = 16;
constexpr std::size_t kHeaderBytes = 2 + kTitleBytes + 1 + kLengthBytes;
constexpr std::size_t kSecurityBytes = 1 + kCounterBytes;
constexpr std::uint8_t kLongLength = 0x82, kAuthenticatedEncrypted = 0x30;
constexpr std::uint8_t kCommonKey[kKeyBytes] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                                0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF};
constexpr std::size_t kCrcDigits = 4;

int hex_digit(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The '!' that ends the telegram: the first that begins a line.
std::size_t find_end(ByteView bytes, std::size_t from) {
  while (from < bytes.size()) {
    const void* hit = std::memchr(bytes.data() + from, '!', bytes.size() - from);
    if (hit == nullptr) return bytes.size();
    from = static_cast<std::size_t>(static_cast<const std::uint8_t*>(hit) - bytes.data());
    if (from > 0 && bytes[from - 1] == '\n') return from;
    ++from;
  }
  return bytes.size();
}

// A '/' at a line's start: where a telegram begins that cut another one short.
std::size_t find_restart(ByteView bytes, std::size_t from, std::size_t end) {
  for (; from < end; ++from) {
    if (bytes[from] == '/' && bytes[from - 1] == '\n') return from;
  }
  return end;
}

Result<Bytes> associated_data(const SmartyKey& key) {
  if (key.encryption.size() != kKeyBytes ||
      (!key.authentication.empty() && key.authentication.size() != kKeyBytes)) {
    return make_error(ErrorCode::kInvalid, "a P1 key has 16 bytes");
  }
  Bytes aad = {kAuthenticatedEncrypted};
  append(aad, key.authentication.empty() ? ByteView(kCommonKey) : ByteView(key.authentication));
  return aad;
}

Bytes nonce(ByteView title, ByteView counter) {
  Bytes iv(title.begin(), title.end());
  append(iv, counter);
  return iv;
}

}  // namespace

Result<Telegram> parse_telegram(ByteView bytes) {
  if (bytes.size() > kTelegramBytesMax)
    return make_error(ErrorCode::kLimit, "a telegram above 16 KiB", kTelegramBytesMax);
  if (bytes.empty() || bytes[0] != '/')
    return make_error(ErrorCode::kMalformed, "a telegram begins with '/'");
  const std::size_t end = find_end(bytes, 1);
  if (end == bytes.size())
    return make_error(ErrorCode::kTruncated, "the line with '!' is missing", end);
  const std::string_view all = as_text(bytes);
  const std::size_t line_end = all.find('\n');
  Telegram telegram;
  telegram.identification = all.substr(1, line_end - 1);
  while (!telegram.identification.empty() && telegram.identification.back() == '\r')
    telegram.identification.remove_suffix(1);
  telegram.data_offset = line_end + 1;
  telegram.data = all.substr(line_end + 1, end - line_end - 1);

  std::size_t digits = 0;
  unsigned sent = 0;
  for (std::size_t at = end + 1; at < bytes.size() && digits < kCrcDigits; ++at, ++digits) {
    const int digit = hex_digit(bytes[at]);
    if (digit < 0) break;
    sent = sent << 4 | static_cast<unsigned>(digit);
  }
  for (std::size_t at = end + 1 + digits; at < bytes.size(); ++at) {
    if (bytes[at] != '\r' && bytes[at] != '\n')
      return make_error(ErrorCode::kMalformed, "bytes behind the telegram's end", at);
  }
  telegram.has_crc = digits > 0;
  const unsigned computed = crc16_arc(bytes.first(end + 1));
  if (telegram.has_crc && sent != computed) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("the CRC is {:04X}, computed {:04X}", sent, computed), end + 1);
  }
  return telegram;
}

Result<std::optional<std::size_t>> encrypted_frame_size(ByteView bytes) {
  if (bytes.size() < kHeaderBytes) return std::optional<std::size_t>();
  if (bytes[0] != kEncryptedTag || bytes[1] != kTitleBytes || bytes[2 + kTitleBytes] != kLongLength)
    return make_error(ErrorCode::kMalformed, "no header of an encrypted telegram");
  const std::size_t length =
      static_cast<std::size_t>(bytes[kHeaderBytes - 2]) << 8 | bytes[kHeaderBytes - 1];
  if (length < kSecurityBytes + crypto::AesGcm::kTagSize)
    return make_error(ErrorCode::kMalformed, "the length is too short", kHeaderBytes - 2);
  if (length > kTelegramBytesMax)
    return make_error(ErrorCode::kLimit, "the length is above 16 KiB", kHeaderBytes - 2);
  return std::optional(kHeaderBytes + length);
}

Status open_encrypted(ByteView frame, const SmartyKey& key, Bytes& plain) {
  AMITY_TRY(const Bytes aad, associated_data(key));
  AMITY_TRY(const std::optional<std::size_t> size, encrypted_frame_size(frame));
  if (!size || frame.size() < *size)
    return make_error(ErrorCode::kTruncated, "the encrypted telegram is cut", frame.size());
  if (frame.size() > *size)
    return make_error(ErrorCode::kMalformed, "bytes behind the encrypted telegram", *size);
  if (frame[kHeaderBytes] != kAuthenticatedEncrypted)
    return make_error(ErrorCode::kUnsupported, "security control is not 30", kHeaderBytes);
  const ByteView title = frame.subspan(2, kTitleBytes);
  const ByteView counter = frame.subspan(kHeaderBytes + 1, kCounterBytes);
  const ByteView sealed = frame.subspan(kHeaderBytes + kSecurityBytes);
  const std::size_t cipher_size = sealed.size() - crypto::AesGcm::kTagSize;
  crypto::AesGcm gcm(key.encryption);
  return gcm.open(nonce(title, counter), aad, sealed.first(cipher_size),
                  sealed.subspan(cipher_size), plain);
}

Status seal_telegram(ByteView telegram, ByteView system_title, std::uint32_t counter,
                     const SmartyKey& key, Bytes& out) {
  AMITY_TRY(const Bytes aad, associated_data(key));
  if (system_title.size() != kTitleBytes)
    return make_error(ErrorCode::kInvalid, "a system title has 8 bytes");
  const std::size_t length = kSecurityBytes + telegram.size() + crypto::AesGcm::kTagSize;
  if (length > kTelegramBytesMax) return make_error(ErrorCode::kLimit, "a telegram above 16 KiB");
  ByteWriter writer(out);
  writer.u8(kEncryptedTag);
  writer.u8(kTitleBytes);
  writer.bytes(system_title);
  writer.u8(kLongLength);
  writer.u16(static_cast<std::uint16_t>(length));
  writer.u8(kAuthenticatedEncrypted);
  Bytes counter_bytes;
  ByteWriter(counter_bytes).u32(counter);
  writer.bytes(counter_bytes);
  crypto::AesGcm gcm(key.encryption);
  const auto tag = gcm.seal(nonce(system_title, counter_bytes), aad, telegram, out);
  writer.bytes(tag);
  return {};
}

std::optional<ByteView> TelegramSplitter::next() {
  return take(false);
}
std::optional<ByteView> TelegramSplitter::finish() {
  return take(true);
}

TelegramSpan find_telegram(ByteView recording, bool at_end) {
  std::size_t at = 0;
  while (at < recording.size()) {
    const ByteView rest = recording.subspan(at);
    if (rest[0] == kEncryptedTag) {
      const auto size = encrypted_frame_size(rest);
      if (!size.ok() || (rest.size() > 1 && rest[1] != kTitleBytes)) {
        ++at;
        continue;
      }
      if (!size->has_value() || rest.size() < **size) return {at, std::nullopt};
      return {at, **size};
    }
    if (rest[0] != '/') {
      ++at;
      continue;
    }
    const std::size_t end = find_end(rest, 1);
    if (const std::size_t restart = find_restart(rest, 1, end); restart < end) {
      at += restart;
      continue;
    }
    if (end == rest.size()) {
      if (rest.size() <= kTelegramBytesMax) return {at, std::nullopt};
      ++at;
      continue;
    }
    std::size_t behind = end + 1;
    while (behind < rest.size() && behind <= end + kCrcDigits && hex_digit(rest[behind]) >= 0)
      ++behind;
    const bool whole = behind == end + 1 + kCrcDigits || behind < rest.size() || at_end;
    return {at, whole ? std::optional(behind) : std::nullopt};
  }
  return {at, std::nullopt};
}

std::optional<ByteView> TelegramSplitter::take(bool at_end) {
  const TelegramSpan span = find_telegram(stream_.rest(), at_end);
  stream_.drop(span.offset);
  if (!span.size) return std::nullopt;
  return stream_.take(*span.size);
}

TelegramWriter::TelegramWriter(std::string_view identification, Bytes& out)
    : out_(out), start_(out.size()) {
  ByteWriter writer(out_);
  writer.u8('/');
  writer.text(identification);
  writer.text("\r\n\r\n");
}

std::string value_text(Decimal value, int digits, std::string_view unit) {
  std::string number = to_string(value);
  const std::size_t whole = std::min(number.find('.'), number.size());
  const std::size_t sign = !number.empty() && number[0] == '-' ? 1 : 0;
  const auto wanted = static_cast<std::size_t>(std::max(digits, 0));
  if (whole - sign < wanted) number.insert(sign, wanted - (whole - sign), '0');
  return fmt::format("({}{}{})", number, unit.empty() ? "" : "*", unit);
}

void TelegramWriter::number(std::string_view address, Decimal value, int digits,
                            std::string_view unit) {
  line(std::string(address) + value_text(value, digits, unit));
}

void TelegramWriter::text(std::string_view address, std::string_view text) {
  line(fmt::format("{}({})", address, to_hex(as_bytes(text))));
}

void TelegramWriter::line(std::string_view data_set) {
  ByteWriter writer(out_);
  writer.text(data_set);
  writer.text("\r\n");
}

void TelegramWriter::finish(bool with_crc) {
  ByteWriter writer(out_);
  writer.u8('!');
  if (with_crc) writer.text(fmt::format("{:04X}", crc16_arc(ByteView(out_).subspan(start_))));
  writer.text("\r\n");
}

}  // namespace amity::p1
