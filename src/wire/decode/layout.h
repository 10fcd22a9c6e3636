// What every byte of a frame is, for `--explain`: offsets from the frame's first byte, containers
// before what they hold, every byte in exactly one of the innermost parts.
#pragma once

#include <string>
#include <vector>

#include "wire/decode/message.h"
#include "wire/report/report.h"

namespace amity::decode {

// Lines of readable protocols (P1, IEC 62056-21), and their control characters.
void append_text_layout(ByteView frame, wire::Report& report);
// A transport frame of SML that was decoded without error.
void append_sml_layout(ByteView frame, wire::Report& report);
// An APDU as it travels (ciphered or plain), behind what `message.layout` says of its transport.
std::vector<wire::Part> dlms_layout(const Message& message);

}  // namespace amity::decode
