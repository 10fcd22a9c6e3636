// Any frame of any protocol as one JSON object.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/civil.h"
#include "wire/c12/message.h"
#include "wire/decode/opener.h"
#include "wire/decode/protocol.h"
#include "wire/dlms/datetime.h"
#include "wire/mbus/key_store.h"
#include "wire/obis/value_list.h"
#include "wire/report/report.h"

namespace amity::decode {

struct DecodeOptions {
  Keys keys;                                  // DLMS, and encrypted P1 telegrams
  const mbus::KeyStore* mbus_keys = nullptr;  // by meter; null: none
  const c12::Keys* c12_keys = nullptr;        // of C12.22, by key id; null: none
  const TimeZone* zone = nullptr;  // of date-times without deviation; null: shown as wall clock
  dlms::DeviationSign deviation_sign = dlms::DeviationSign::kStandard;
  std::optional<Protocol> protocol;               // nullopt: recognised
  bool explain = false;                           // the layout of every frame, byte by byte
  const obis::ValueLists* value_lists = nullptr;  // vendors' of DLMS pushes; null: none
  // What somebody above knows of the meter (its model); may be empty.
  std::function<void(wire::Report&)> complete;
};

struct DecodedFrame {
  std::size_t offset = 0;  // of the frame in the recording
  Result<std::string> json;
  std::string kept;  // where `json` is an error: what was read before it, as JSON; may be empty
};

// Recordings of one occasion: what earlier ones said (what was asked, scalers, formats of compact
// frames) helps to read the later ones.
class Decoder {
 public:
  // `options` outlive this.
  explicit Decoder(const DecodeOptions& options);
  ~Decoder();
  std::vector<DecodedFrame> decode(ByteView recording);

 private:
  struct Memory;
  const DecodeOptions& options_;
  std::unique_ptr<Memory> memory_;
};

// Every frame of a recording, in order: one protocol's, recognised by itself, or a network capture.
// What cannot be read is an error with its offset, and the rest goes on.
std::vector<DecodedFrame> decode_stream(ByteView recording, const DecodeOptions& options);

// Exactly one message: one object, or why not.
Result<std::string> decode_frame(ByteView bytes, const DecodeOptions& options);

// A recording as text: hexadecimal digits with blanks, line ends, quotes, ':', ',', '-' anywhere
// between them.
bool looks_like_hex(ByteView recording);
Result<Bytes> bytes_from_hex_text(std::string_view text);

}  // namespace amity::decode
