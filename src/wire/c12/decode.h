// Recorded C12.18 and C12.22 traffic to reports.
#pragma once

#include <map>
#include <memory>

#include "wire/c12/message.h"
#include "wire/c12/meter_tables.h"
#include "wire/c12/packet.h"
#include "wire/c12/service.h"

namespace amity::c12 {

// Remembers what was asked and what each meter's tables said, so that a response is known by its
// request, and registers by their dimensions and units. Bounded (limits.h).
class Decoder {
 public:
  explicit Decoder(const Keys& keys) : keys_(keys) {}

  // One C12.22 APDU, or bytes of a C12.18 line in one direction: packets with their ACK and NAK.
  // Adds to `report`, which the caller cleared. Errors: nothing of the frame was usable; a message
  // that cannot be opened (no key, wrong MAC) is no error but says so in report.security.
  Status decode(ByteView frame, wire::Report& report);

 private:
  struct Asked {
    std::uint8_t service = 0;
    bool read = false, whole = false, by_index = false;
    std::uint16_t table = 0;
    std::uint32_t offset = 0;
  };
  Status decode_apdu(ByteView apdu, wire::Report& report);
  Status decode_line(ByteView bytes, wire::Report& report);
  void services(const Envelope& envelope, ByteView content, wire::Report& report);
  void name_meter(const Header& header, bool meter_speaks, wire::Report& report);
  Asked request(ByteView bytes, std::size_t offset, wire::Report& report);
  void response(ByteView bytes, std::size_t offset, const Asked& asked, const ApTitle& from,
                wire::Report& report);
  MeterTables& meter(const ApTitle& title);

  const Keys& keys_;
  std::map<std::pair<ApTitle, std::uint32_t>, std::vector<Asked>> pending_;  // by who asked
  std::map<ApTitle, std::unique_ptr<MeterTables>> meters_;
  // Of the message at hand; kept for their memory.
  Envelope envelope_;
  Epsem epsem_;
  std::vector<Asked> asked_, answered_;
  Bytes opened_;
  MessageJoiner joiner_;
  Asked last_;  // of the line
};

// One frame by itself: a response is shown as bytes, since nobody knows to what.
Status decode(ByteView frame, const Keys& keys, wire::Report& report);

}  // namespace amity::c12
