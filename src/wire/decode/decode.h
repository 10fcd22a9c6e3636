// Any frame as one JSON object.
#pragma once

#include <string>
#include <vector>

#include "base/civil.h"
#include "wire/decode/opener.h"
#include "wire/dlms/datetime.h"

namespace amity::decode {

struct DecodeOptions {
  Keys keys;
  const TimeZone* zone = nullptr;  // of date-times without deviation; null: shown as wall clock
  dlms::DeviationSign deviation_sign = dlms::DeviationSign::kStandard;
};

struct DecodedFrame {
  std::size_t offset = 0;  // of the frame in the recording
  Result<std::string> json;
};

// Every frame of a recording, in order. What cannot be read is an error with its offset, and the
// rest goes on.
std::vector<DecodedFrame> decode_stream(ByteView recording, const DecodeOptions& options);

// Exactly one message: one object, or why not.
Result<std::string> decode_frame(ByteView bytes, const DecodeOptions& options);

// A recording as text: hexadecimal digits with blanks, line ends, quotes, ':', ',', '-' anywhere
// between them.
bool looks_like_hex(ByteView recording);
Result<Bytes> bytes_from_hex_text(std::string_view text);

}  // namespace amity::decode
