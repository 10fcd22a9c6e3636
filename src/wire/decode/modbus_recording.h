// Modbus frames, RTU or TCP, requests and answers in any order.
#pragma once

#include "wire/decode/report_writer.h"
#include "wire/modbus/frame.h"

namespace amity::decode {

// Which kind of frames the recording is a whole chain of, every one with a right CRC (RTU) or
// length (TCP); nullopt: none.
std::optional<modbus::Transport> modbus_transport(ByteView recording);
// What a register means only its map says: registers are shown as unknown, with their addresses
// where the request is at hand.
void decode_modbus(ByteView recording, ReportWriter& out);

}  // namespace amity::decode
