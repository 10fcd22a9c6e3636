// What every byte of a frame is, for `--explain`: offsets from the frame's first byte, containers
// before what they hold, every byte in exactly one of the innermost parts.
#pragma once

#include <string>
#include <vector>

#include "wire/decode/message.h"
#include "wire/modbus/frame.h"
#include "wire/report/report.h"

namespace amity::decode {

// Lines of readable protocols (P1, IEC 62056-21), and their control characters.
void append_text_layout(ByteView frame, wire::Report& report);
// A transport frame of SML that was decoded without error.
void append_sml_layout(ByteView frame, wire::Report& report);
// An APDU as it travels (ciphered or plain), behind what `message.layout` says of its transport.
std::vector<wire::Part> dlms_layout(const Message& message);

// A Modbus frame that was found whole.
void append_modbus_layout(ByteView frame, modbus::Transport transport, modbus::Sender sender,
                          wire::Report& report);
// A request of OSGP.
void append_osgp_layout(ByteView request, wire::Report& report);
// A piece of an XML file: tags with their attributes, texts between them.
void append_xml_layout(ByteView piece, wire::Report& report);

}  // namespace amity::decode
