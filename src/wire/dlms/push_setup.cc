#include "wire/dlms/push_setup.h"

#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

constexpr std::size_t kEntriesMax = 256, kDateTimeBytes = 12;

Result<std::uint64_t> number(DataView value, std::uint64_t max, std::string_view what) {
  AMITY_TRY(const std::uint64_t got, value.as_uint());
  if (got > max) {
    return make_error(ErrorCode::kMalformed,
                      std::to_string(got) + " is too large for the " + std::string(what));
  }
  return got;
}

Result<std::uint64_t> number_at(DataView of, std::size_t i, std::uint64_t max,
                                std::string_view what) {
  AMITY_TRY(const DataView value, of.at(i));
  return number(value, max, what);
}

Status expect_array(DataView root, std::string_view what) {
  if (root.type() != DataType::kArray || root.size() > kEntriesMax)
    return make_error(ErrorCode::kMalformed, "no array of " + std::string(what));
  return {};
}

}  // namespace

std::string to_string(PushTransport transport) {
  static constexpr std::string_view kNames[] = {"TCP",  "UDP",   "FTP",    "SMTP",        "SMS",
                                                "HDLC", "M-Bus", "ZigBee", "DLMS gateway"};
  const auto i = static_cast<std::size_t>(transport);
  return i < std::size(kNames) ? std::string(kNames[i]) : "transport " + std::to_string(i);
}

Result<PushDestination> decode_push_destination(ByteView encoded) {
  DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  const DataView root = tree.root();
  if (root.type() != DataType::kStructure || root.size() != 3)
    return make_error(ErrorCode::kMalformed, "no structure of transport, destination, message");
  PushDestination out;
  AMITY_TRY(const auto transport, number_at(root, 0, 0xFF, "transport"));
  AMITY_TRY(const DataView where, root.at(1));
  AMITY_TRY(const ByteView destination, where.as_bytes());
  AMITY_TRY(const auto message, number_at(root, 2, 0xFF, "message type"));
  out.transport = static_cast<PushTransport>(transport);
  out.destination = std::string(as_text(destination));
  out.message = static_cast<PushMessage>(message);
  return out;
}

Bytes encode(const PushDestination& destination) {
  Bytes out;
  DataWriter writer(out);
  writer.structure(3);
  writer.enumeration(static_cast<std::uint8_t>(destination.transport));
  writer.octet_string(as_bytes(destination.destination));
  writer.enumeration(static_cast<std::uint8_t>(destination.message));
  return out;
}

Result<std::vector<PushObject>> decode_push_objects(ByteView encoded) {
  DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  const DataView root = tree.root();
  AMITY_CHECK(expect_array(root, "objects to push"));
  std::vector<PushObject> objects;
  for (const DataView entry : root) {
    PushObject object;
    AMITY_TRY(const auto class_id, number_at(entry, 0, 0xFFFF, "class"));
    AMITY_TRY(const DataView named, entry.at(1));
    AMITY_TRY(const ByteView name, named.as_bytes());
    AMITY_TRY(const DataView indexed, entry.at(2));
    AMITY_TRY(const std::int64_t attribute, indexed.as_int());
    AMITY_TRY(const auto data_index, number_at(entry, 3, 0xFFFF, "data index"));
    if (name.size() != 6) return make_error(ErrorCode::kMalformed, "a logical name has six octets");
    if (attribute < -128 || attribute > 127)
      return make_error(ErrorCode::kMalformed, "an attribute is one signed octet");
    object.class_id = static_cast<std::uint16_t>(class_id);
    object.name = Obis(name[0], name[1], name[2], name[3], name[4], name[5]);
    object.attribute = static_cast<std::int8_t>(attribute);
    object.data_index = static_cast<std::uint16_t>(data_index);
    objects.push_back(object);
  }
  return objects;
}

Bytes encode(const std::vector<PushObject>& objects) {
  Bytes out;
  DataWriter writer(out);
  writer.array(objects.size());
  for (const PushObject& object : objects) {
    writer.structure(4);
    writer.uint16(object.class_id);
    writer.octet_string(object.name.view());
    writer.int8(object.attribute);
    writer.uint16(object.data_index);
  }
  return out;
}

Result<std::vector<PushWindow>> decode_push_windows(ByteView encoded) {
  DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  const DataView root = tree.root();
  AMITY_CHECK(expect_array(root, "communication windows"));
  std::vector<PushWindow> windows;
  for (const DataView entry : root) {
    AMITY_TRY(const DataView first, entry.at(0));
    AMITY_TRY(const DataView last, entry.at(1));
    AMITY_TRY(const ByteView begin, first.as_bytes());
    AMITY_TRY(const ByteView end, last.as_bytes());
    if (begin.size() != kDateTimeBytes || end.size() != kDateTimeBytes)
      return make_error(ErrorCode::kMalformed, "a window runs between two date-times");
    windows.push_back({Bytes(begin.begin(), begin.end()), Bytes(end.begin(), end.end())});
  }
  return windows;
}

Bytes encode(const std::vector<PushWindow>& windows) {
  Bytes out;
  DataWriter writer(out);
  writer.array(windows.size());
  for (const PushWindow& window : windows) {
    writer.structure(2);
    writer.octet_string(window.begin);
    writer.octet_string(window.end);
  }
  return out;
}

Result<PushRepetition> decode_push_repetition(ByteView encoded) {
  DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  const DataView root = tree.root();
  PushRepetition out;
  if (root.type() == DataType::kStructure) {
    AMITY_TRY(const auto min_s, number_at(root, 0, 0xFFFF, "delay"));
    AMITY_TRY(const auto percent, number_at(root, 1, 0xFFFF, "exponent"));
    AMITY_TRY(const auto max_s, number_at(root, 2, 0xFFFF, "delay"));
    out = {static_cast<std::uint16_t>(min_s), static_cast<std::uint16_t>(percent),
           static_cast<std::uint16_t>(max_s)};
  } else {
    AMITY_TRY(const auto delay_s, number(root, 0xFFFF, "delay"));
    out = {static_cast<std::uint16_t>(delay_s), 100, static_cast<std::uint16_t>(delay_s)};
  }
  return out;
}

}  // namespace amity::dlms
