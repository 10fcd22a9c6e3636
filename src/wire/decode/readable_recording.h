// Frames that a person can read: IEC 62056-21 conversations and STG report files.
#pragma once

#include "wire/decode/report_writer.h"

namespace amity::decode {

// A conversation, both sides or one, in order. Bit 7 of a character is its parity and is ignored.
// Each message is one object; data carry the identity that the meter gave before.
void decode_iec62056_21(ByteView recording, ReportWriter& out);
bool looks_like_iec62056_21(ByteView recording);

// A meter's identification line and the data message behind it, as one report.
Status read_readout(ByteView frame, wire::Report& report);

// One report file: one object per meter, line supervisor or concentrator in it.
void decode_stg(ByteView recording, ReportWriter& out);
bool looks_like_stg(ByteView recording);

}  // namespace amity::decode
