// Layouts of manufacturers' own that are no data of meters/: packed nibbles, sums, units that a
// byte of the block says. Learnt from captured telegrams whose values are known; a block of another
// size or form is left as it is. Of this room alone.
#pragma once

#include "wire/mbus/address.h"
#include "wire/report/report.h"

namespace amity::mbus {

// A whole payload without DIF and VIF, and what it is for; false: no layout is known.
//   BFW 240 radio (heat cost allocator), Techem water of the types 116 and 149
bool read_vendor_payload(const Address& meter, std::uint8_t ci, ByteView payload,
                         wire::Report& report);
// The 16 plain bytes of an Apator AT-WMBUS-NA-1; false: they are none, the key was wrong.
bool read_apator_block(ByteView plain, wire::Report& report);
// A record with VIF 7F or FF 5F that holds a block of its own, by its raw DIF and VIF.
//   Qundis 5.5: value, due dates and months, in the unit of the VIF at byte 9
bool read_vendor_record(std::string_view manufacturer, std::string_view id, ByteView value,
                        wire::Report& report);

}  // namespace amity::mbus
