#include "wire/sml/fields.h"

#include <algorithm>

namespace amity::sml {
namespace {

constexpr std::uint64_t kChoiceValue = 1, kChoiceTime = 4;

void read_timestamp(TlvReader& reader, Time& time) {
  time.value = static_cast<std::uint32_t>(reader.number("a timestamp"));
}

void read_parameter(TlvReader& reader, int depth, std::vector<Parameter>& tree) {
  if (depth >= kDepthMax) return reader.fail(ErrorCode::kLimit, "a tree nested too deeply");
  if (tree.size() >= kListEntriesMax) return reader.fail(ErrorCode::kLimit, "a tree too large");
  if (!reader.list(3, "a tree")) return;
  const std::size_t index = tree.size();
  tree.push_back({depth, reader.octets("a parameter's name"), {}, {}, 0});
  if (!reader.absent()) {
    const std::size_t start = reader.position();
    if (!reader.list(2, "a parameter's value")) return;
    const std::uint64_t choice = reader.number("the choice of a parameter's value");
    if (choice == kChoiceValue) {
      tree[index].value = read_value(reader);
    } else if (choice == kChoiceTime) {
      tree[index].value.kind = Value::Kind::kTime;
      tree[index].value.time = read_time(reader);
    } else {
      reader.skip();
      if (reader.ok()) tree[index].structured = reader.between(start);
    }
  }
  if (reader.absent()) return;
  const std::size_t children = reader.any_list("the children of a tree");
  tree[index].children = children;
  for (std::size_t i = 0; i < children && reader.ok(); ++i) read_parameter(reader, depth + 1, tree);
}

// The parameter at `index` with all below it; the index behind.
std::size_t write_parameter(TlvWriter& writer, std::span<const Parameter> tree, std::size_t index) {
  const Parameter& parameter = tree[index];
  writer.list(3);
  writer.octets(parameter.name);
  if (!parameter.structured.empty()) {
    writer.raw(parameter.structured);
  } else if (parameter.value.kind == Value::Kind::kNone) {
    writer.absent();
  } else {
    writer.list(2);
    const bool time = parameter.value.kind == Value::Kind::kTime;
    writer.number(time ? kChoiceTime : kChoiceValue, 1);
    time ? write_time(writer, parameter.value.time) : write_value(writer, parameter.value);
  }
  ++index;
  if (parameter.children == 0) {
    writer.absent();
    return index;
  }
  writer.list(parameter.children);
  for (std::size_t i = 0; i < parameter.children && index < tree.size(); ++i)
    index = write_parameter(writer, tree, index);
  return index;
}

}  // namespace

Time read_time(TlvReader& reader) {
  Time time;
  if (reader.absent()) return time;
  if (!reader.next_is_list()) {
    time.kind = Time::Kind::kSecIndex;
    time.bare = true;
    read_timestamp(reader, time);
    return time;
  }
  reader.list(2, "a time");
  const std::uint64_t choice = reader.number("the choice of a time");
  if (choice == 1 || choice == 2) {
    time.kind = choice == 1 ? Time::Kind::kSecIndex : Time::Kind::kTimestamp;
    read_timestamp(reader, time);
  } else if (choice == 3) {
    time.kind = Time::Kind::kLocalTimestamp;
    reader.list(3, "a local timestamp");
    read_timestamp(reader, time);
    time.local_offset_minutes = static_cast<std::int16_t>(reader.signed_number("a local offset"));
    time.season_offset_minutes = static_cast<std::int16_t>(reader.signed_number("a season offset"));
  } else {
    reader.fail(ErrorCode::kMalformed, "unknown choice of a time");
  }
  return time;
}

Value read_value(TlvReader& reader) {
  Value value;
  if (reader.next_is_list()) {
    reader.list(2, "a list type value");
    if (reader.number("the choice of a list type") != 1)
      reader.fail(ErrorCode::kUnsupported, "unknown choice of a list type");
    value.kind = Value::Kind::kTime;
    value.time = read_time(reader);
    return value;
  }
  const Element element = reader.next();
  value.width = static_cast<std::uint8_t>(std::min<std::size_t>(element.bytes.size(), 255));
  switch (element.type) {
    case Type::kOctets:
      value.kind = Value::Kind::kOctets;
      value.octets = element.bytes;
      return value;
    case Type::kBool:
      value.kind = Value::Kind::kBool;
      value.number = !element.bytes.empty() && element.bytes[0] != 0;
      return value;
    case Type::kSigned:
      value.kind = Value::Kind::kSigned;
      value.number = signed_of(element.bytes);
      break;
    default:
      value.kind = Value::Kind::kUnsigned;
      value.number = static_cast<std::int64_t>(unsigned_of(element.bytes));
      break;
  }
  if (element.bytes.empty() || element.bytes.size() > 8)
    reader.fail(ErrorCode::kMalformed, "a number of no or more than 8 bytes");
  return value;
}

dlms::Obis read_name(TlvReader& reader) {
  const ByteView bytes = reader.octets("an object's name");
  dlms::Obis name;
  if (bytes.size() != dlms::Obis::kSize) {
    if (reader.ok()) reader.fail(ErrorCode::kMalformed, "an object's name must have 6 bytes");
    return name;
  }
  std::copy(bytes.begin(), bytes.end(), name.bytes.begin());
  return name;
}

Path read_path(TlvReader& reader) {
  Path path;
  const std::size_t count = reader.any_list("a parameter tree path");
  for (std::size_t i = 0; i < count && reader.ok(); ++i)
    path.push_back(reader.octets("a step of the path"));
  return path;
}

std::optional<std::uint8_t> read_optional_u8(TlvReader& reader, const char* what) {
  if (reader.absent()) return std::nullopt;
  const std::uint64_t value = reader.number(what);
  if (value > 255) reader.fail(ErrorCode::kMalformed, std::string(what) + " above 255");
  return static_cast<std::uint8_t>(value);
}

std::vector<Parameter> read_tree(TlvReader& reader) {
  std::vector<Parameter> tree;
  if (!reader.absent()) read_parameter(reader, 0, tree);
  return tree;
}

void write_time(TlvWriter& writer, const Time& time) {
  if (time.kind == Time::Kind::kNone) return writer.absent();
  if (time.bare) return writer.number(time.value, 4);
  writer.list(2);
  writer.number(static_cast<std::uint64_t>(time.kind), 1);
  if (time.kind == Time::Kind::kLocalTimestamp) writer.list(3);
  writer.number(time.value, 4);
  if (time.kind != Time::Kind::kLocalTimestamp) return;
  writer.signed_number(time.local_offset_minutes, 2);
  writer.signed_number(time.season_offset_minutes, 2);
}

void write_value(TlvWriter& writer, const Value& value) {
  const int width = std::clamp<int>(value.width, 1, 8);
  switch (value.kind) {
    case Value::Kind::kNone:
      return writer.absent();
    case Value::Kind::kOctets:
      return writer.octets(value.octets);
    case Value::Kind::kBool:
      return writer.boolean(value.number != 0);
    case Value::Kind::kSigned:
      return writer.signed_number(value.number, width);
    case Value::Kind::kUnsigned:
      return writer.number(static_cast<std::uint64_t>(value.number), width);
    case Value::Kind::kTime:
      writer.list(2);
      writer.number(1, 1);
      return write_time(writer, value.time);
  }
}

void write_octets(TlvWriter& writer, ByteView bytes) {
  bytes.empty() ? writer.absent() : writer.octets(bytes);
}

void write_path(TlvWriter& writer, const Path& path) {
  writer.list(path.size());
  for (const ByteView step : path) writer.octets(step);
}

void write_tree(TlvWriter& writer, std::span<const Parameter> tree) {
  if (tree.empty()) return writer.absent();
  write_parameter(writer, tree, 0);
}

}  // namespace amity::sml
