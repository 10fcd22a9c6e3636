#include "wire/dlms/notification.h"

#include "wire/dlms/data.h"
#include "wire/dlms/data_type.h"
#include "wire/dlms/datetime.h"
#include "wire/dlms/service_codec.h"

namespace amity::dlms {
namespace {

ByteWriter begin(Bytes& out, ApduTag tag, LongInvokeId invoke, ByteView date_time) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(tag));
  w.u32(invoke.raw);
  write_octet_string(w, date_time);
  return w;
}

// By the standard: length and 0 or 12 bytes. Several meters put the octet-string tag, 09 0C, before
// them (the length would then be 9, which no date-time has).
Result<ByteView> read_date_time(ByteReader& in) {
  const ByteView ahead = in.rest();
  if (ahead.size() > 1 && ahead[0] == static_cast<std::uint8_t>(DataType::kOctetString) &&
      ahead[1] == DateTime::kSize) {
    AMITY_CHECK(in.skip(1));
  }
  const std::size_t at = in.offset();
  AMITY_TRY(const ByteView date_time, read_octet_string(in));
  if (!date_time.empty() && date_time.size() != DateTime::kSize) {
    return make_error(ErrorCode::kMalformed,
                      "date-time of " + std::to_string(date_time.size()) + " bytes", at);
  }
  return date_time;
}

}  // namespace

void encode(const DataNotification& v, Bytes& out) {
  begin(out, ApduTag::kDataNotification, v.invoke, v.date_time).bytes(v.body);
}

void encode(const DataNotificationConfirm& v, Bytes& out) {
  begin(out, ApduTag::kDataNotificationConfirm, v.invoke, v.date_time);
}

void encode(const EventNotification& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kEventNotification));
  w.u8(v.time.empty() ? 0 : 1);
  if (!v.time.empty()) write_octet_string(w, v.time);
  write(w, v.attribute);
  w.bytes(v.value);
}

Result<Apdu> read_notification(ApduTag tag, ByteReader& in) {
  if (tag == ApduTag::kEventNotification) {
    EventNotification v;
    AMITY_TRY(const bool has_time, read_bool(in));
    if (has_time) {
      AMITY_TRY(v.time, read_octet_string(in));
    }
    AMITY_TRY(v.attribute, read_attribute_ref(in));
    AMITY_TRY(v.value, take_data(in));
    return Apdu(v);
  }
  LongInvokeId invoke;
  AMITY_TRY(invoke.raw, in.u32());
  AMITY_TRY(const ByteView date_time, read_date_time(in));
  if (tag == ApduTag::kDataNotificationConfirm)
    return Apdu(DataNotificationConfirm{invoke, date_time});
  AMITY_TRY(const ByteView body, take_data(in));
  return Apdu(DataNotification{invoke, date_time, body});
}

}  // namespace amity::dlms
