// What several messages carry. Private to the room.
#pragma once

#include "wire/sml/message.h"

namespace amity::sml {

Time read_time(TlvReader& reader);
Value read_value(TlvReader& reader);
dlms::Obis read_name(TlvReader& reader);
Path read_path(TlvReader& reader);
std::optional<std::uint8_t> read_optional_u8(TlvReader& reader, const char* what);
std::vector<Parameter> read_tree(TlvReader& reader);

void write_time(TlvWriter& writer, const Time& time);
void write_value(TlvWriter& writer, const Value& value);
void write_octets(TlvWriter& writer, ByteView bytes);  // 01 where empty
void write_path(TlvWriter& writer, const Path& path);
void write_tree(TlvWriter& writer, std::span<const Parameter> tree);

}  // namespace amity::sml
