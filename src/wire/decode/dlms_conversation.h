// What DLMS APDUs of one conversation say, as reports. An answer alone does not name its values:
// the request before it does, and attributes read earlier (scaler and unit, capture objects) say
// what they are in. Pushes stand for themselves.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "wire/decode/opener.h"
#include "wire/decode/push.h"
#include "wire/dlms/apdu.h"
#include "wire/report/report.h"

namespace amity::decode {

class DlmsConversation {
 public:
  // Joins general blocks; nullopt while some are missing.
  Result<std::optional<Bytes>> join(ByteView apdu) { return blocks_.add(apdu); }

  // One whole APDU as it travelled. Fills `report`: protocol, meter, security, time, readings,
  // events, unknown. `opened` keeps what `decoded` points into; an APDU that could not be opened is
  // no error, the report says so.
  Status read(ByteView apdu, const Keys& keys, const PushConventions& conventions,
              wire::Report& report);
  const Opened& opened() const { return opened_; }
  const dlms::Apdu& decoded() const { return *decoded_; }

 private:
  Status interpret(PushReader& reader);
  Status answered(const dlms::AttributeRef& asked, ByteView data, PushReader& reader);
  void take_block(const dlms::GetResponseWithDataBlock& block);
  Status take_blocks(PushReader& reader);
  void read_attribute(const dlms::AttributeRef& asked, dlms::DataView value, PushReader& reader);
  void read_columns(const dlms::Obis& profile, dlms::DataView value, PushReader& reader);
  void read_rows(const dlms::Obis& profile, dlms::DataView rows, PushReader& reader);
  std::optional<ScalerUnit> scale_of(const dlms::Obis& obis) const;
  void forget();

  BlockJoiner blocks_;
  Opened opened_;
  std::optional<dlms::Apdu> decoded_;
  std::vector<dlms::AttributeRef> asked_;  // of the request that waits for its answer
  bool asked_list_ = false;
  Bytes data_;  // of the blocks so far
  std::uint32_t next_block_ = 1;
  std::map<dlms::Obis, ScalerUnit> scales_;
  std::map<dlms::Obis, std::vector<ObjectDefinition>> profiles_;  // their columns
};

// The sender's system title of a ciphered APDU that names it.
std::optional<dlms::SystemTitle> sender_title(ByteView apdu);
// Frames of one message (segments, blocks): its APDU. kTruncated where something is missing.
Result<Bytes> apdu_of_frames(ByteView frames);
// One message by itself, as a meter pushes it.
Status read_dlms(ByteView frames, const Keys& keys, const PushConventions& conventions,
                 wire::Report& report);

}  // namespace amity::decode
