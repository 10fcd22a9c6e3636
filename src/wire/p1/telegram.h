// P1 telegrams: the frame around the data sets (DSMR 2.2 to 5.0.2, e-MUCS Belgium, Luxembourg).
//
//   /XXX5 identification CR LF CR LF data sets ! CRC CR LF      CRC-16/ARC of '/' to '!', four
//   hexadecimal digits
//
// DSMR 2.2 and 3 send no CRC; some meters send one without its leading zeros.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/decimal.h"
#include "base/stream_buffer.h"
#include "wire/p1/limits.h"

namespace amity::p1 {

struct Telegram {
  std::string_view identification;  // behind the '/'
  std::string_view data;            // data sets, up to the '!'
  std::size_t data_offset = 0;
  bool has_crc = false;
};
// A whole telegram, from '/' to the CRC or the line end behind it. A wrong CRC is an error.
Result<Telegram> parse_telegram(ByteView bytes);

// The frame of Luxembourg's Smarty meters:
//   DB 08 system title (8) | 82 length (2) | 30 invocation counter (4) | ciphertext | tag (12)
// AES-128-GCM, nonce = system title, counter; authenticated with 30 and the authentication key.
inline constexpr std::uint8_t kEncryptedTag = 0xDB;
struct SmartyKey {
  Bytes encryption;      // 16 bytes, from the grid operator
  Bytes authentication;  // 16 bytes; empty: 00112233445566778899AABBCCDDEEFF, the same for all
};
// Size of the whole frame that begins here; nullopt while its header is not there.
Result<std::optional<std::size_t>> encrypted_frame_size(ByteView bytes);
// Nothing is appended to `plain` unless the tag is right.
Status open_encrypted(ByteView frame, const SmartyKey& key, Bytes& plain);
Status seal_telegram(ByteView telegram, ByteView system_title, std::uint32_t counter,
                     const SmartyKey& key, Bytes& out);

// Where the next telegram of a recording lies: what is before it is none. No size: its end is not
// there yet, or no telegram begins at all.
struct TelegramSpan {
  std::size_t offset = 0;
  std::optional<std::size_t> size;
};
// `at_end`: nothing follows; a telegram whose last line end is missing counts.
TelegramSpan find_telegram(ByteView recording, bool at_end);

// From a stream that may begin anywhere to telegrams, plain or encrypted.
class TelegramSplitter {
 public:
  void add(ByteView bytes) { stream_.add(bytes); }
  // The next whole telegram, nothing checked; valid until the next call of any.
  std::optional<ByteView> next();
  // What is left is the end of a recording: a telegram whose last line end is missing counts.
  std::optional<ByteView> finish();
  std::size_t dropped_bytes() const { return stream_.dropped_bytes(); }

 private:
  std::optional<ByteView> take(bool at_end);
  StreamBuffer stream_{kSplitterBytesMax};
};

// Writes a telegram, data set by data set.
class TelegramWriter {
 public:
  TelegramWriter(std::string_view identification, Bytes& out);
  // "1-0:1.8.1(000004.426*kWh)": `digits` before the point and as many behind it as the exponent
  // says.
  void number(std::string_view address, Decimal value, int digits, std::string_view unit);
  void text(std::string_view address, std::string_view text);
  // Anything: "0-1:24.2.1(170102161005W)(00000.107*m3)".
  void line(std::string_view data_set);
  void finish(bool with_crc = true);

 private:
  Bytes& out_;
  std::size_t start_;
};
// "(000004.426*kWh)"
std::string value_text(Decimal value, int digits, std::string_view unit);

}  // namespace amity::p1
