// A whole M-Bus frame, wireless or wired, into a report.
#pragma once

#include "wire/mbus/cipher.h"
#include "wire/mbus/format_cache.h"
#include "wire/mbus/key_store.h"
#include "wire/mbus/records.h"
#include "wire/report/report.h"

namespace amity::mbus {

// Keeps what is dear between telegrams: cipher contexts, buffers, formats of compact frames. An
// object serves one thread at a time.
//
// An error says that the frame breaks its format, and where; what was read before that place is in
// the report. A frame that cannot be opened is no error: security says why, its bytes are among the
// unknown. Their ids: "manufacturer" (behind DIF 0F or 1F), "CI A0" (a whole payload), the head of
// a record in hexadecimal (a manufacturer's block or a compact profile of variable length),
// "encrypted", "undecoded" (records behind an error), "compact frame", "fragment".
class Decoder {
 public:
  // Recognises wired frames by their shape; everything else is taken as wireless.
  Status decode(ByteView frame, const KeyStore& keys, wire::Report& report);
  Status decode_wireless(ByteView frame, const KeyStore& keys, wire::Report& report);
  Status decode_wired(ByteView frame, const KeyStore& keys, wire::Report& report);

  // Formats known beforehand may be added.
  FormatCache& formats() { return formats_; }

 private:
  friend class Telegram;
  Cipher cipher_;
  FormatCache formats_;
  RecordScratch scratch_;
  Bytes stripped_, frame_, candidate_, expanded_, message_;
};

// With a decoder of its own: for one frame, not for many.
Status decode(ByteView frame, const KeyStore& keys, wire::Report& report);

}  // namespace amity::mbus
