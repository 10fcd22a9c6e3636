// Telegrams and data records for virtual meters, tests and benchmarks: security modes 0, 5 and 7.
#pragma once

#include "base/decimal.h"
#include "wire/mbus/cipher.h"
#include "wire/mbus/record_head.h"
#include "wire/mbus/wireless_frame.h"
#include "wire/report/report.h"

namespace amity::mbus {

struct RecordPlace {
  Function function = Function::kInstantaneous;
  std::uint64_t storage = 0;
  std::uint32_t tariff = 0, subunit = 0;
};

// DIF and DIFEs. kLimit: a number does not fit ten DIFEs.
Status append_dib(DataField field, const RecordPlace& place, Bytes& out);

// A number of a quantity and unit of the VIF tables with that exponent, e.g. "volume", "m3", -3.
// `field` is an integer or BCD. kInvalid: no such VIF; kLimit: the value does not fit.
Status append_number(std::string_view quantity, std::string_view unit, Decimal value,
                     DataField field, const RecordPlace& place, Bytes& out);
// With a VIB of the caller's own.
Status append_number(ByteView vib, std::int64_t value, DataField field, const RecordPlace& place,
                     Bytes& out);
// Type G, F or I as the time's precision asks.
Status append_time(const wire::MeterTime& time, const RecordPlace& place, Bytes& out);
// At most 191 characters.
Status append_text(ByteView vib, std::string_view text, const RecordPlace& place, Bytes& out);

enum class SecurityMode : std::uint8_t { kNone = 0, kMode5 = 5, kMode7 = 7 };

struct TelegramSpec {
  Address meter;
  std::uint8_t control = 0x44;  // SND-NR
  std::uint8_t access_number = 0, status = 0;
  SecurityMode mode = SecurityMode::kNone;
  ByteView key;               // 16 bytes, modes 5 and 7
  std::uint32_t counter = 0;  // message counter of mode 7: never the same twice with one key
  bool long_header = false;
  // The sender of the link layer where it is another than the meter; with a long header only.
  std::optional<Address> link;
  FrameFormat format = FrameFormat::kStripped;
};

class Encoder {
 public:
  // `records` are padded with filler to whole blocks where they are encrypted.
  Result<Bytes> wireless(const TelegramSpec& spec, ByteView records);
  // CI 72 with its header and the records: the user data of a wired long frame. Mode 0 and 5.
  Result<Bytes> wired_user_data(const TelegramSpec& spec, ByteView records);

 private:
  Status append_payload(const TelegramSpec& spec, ByteView records, Bytes& out);
  Cipher cipher_;
};

}  // namespace amity::mbus
