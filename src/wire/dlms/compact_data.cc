#include "wire/dlms/compact_data.h"

#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

// One type description, as the tree reads it again later with all its checks.
Status skip_description(ByteReader& in, unsigned depth) {
  if (depth > kDataDepthMax)
    return make_error(ErrorCode::kLimit, "a template description nested too deeply");
  AMITY_TRY(const std::uint8_t type, in.u8());
  if (type == static_cast<std::uint8_t>(DataType::kArray)) {
    AMITY_CHECK(in.skip(2));
    return skip_description(in, depth + 1);
  }
  if (type != static_cast<std::uint8_t>(DataType::kStructure)) return {};
  AMITY_TRY(const std::size_t count, read_length(in));
  if (count > kTypeDescriptionNodesMax)
    return make_error(ErrorCode::kLimit, "a template description of too many values");
  for (std::size_t i = 0; i < count; ++i) AMITY_CHECK(skip_description(in, depth + 1));
  return {};
}

}  // namespace

// A buffer and its description are a compact-array of one element: read as such.
Status CompactData::parse(ByteView compact_buffer, ByteView template_description) {
  values_ = DataView();
  if (template_description.empty() ||
      template_description[0] != static_cast<std::uint8_t>(DataType::kStructure)) {
    return make_error(ErrorCode::kMalformed, "the template description is no structure");
  }
  ByteReader description(template_description);
  AMITY_CHECK(skip_description(description, 0));
  if (!description.empty()) return description.malformed("bytes follow the template description");
  if (compact_buffer.empty()) return make_error(ErrorCode::kMalformed, "the buffer is empty");
  array_.assign(1, static_cast<std::uint8_t>(DataType::kCompactArray));
  append(array_, template_description);
  ByteWriter out(array_);
  write_length(out, compact_buffer.size());
  out.bytes(compact_buffer);
  AMITY_CHECK(tree_.parse(array_));
  const DataView root = tree_.root();
  if (root.size() != 1) {
    return make_error(ErrorCode::kMalformed,
                      std::to_string(root.size()) + " rows in the buffer, 1 was due");
  }
  const DataView row = *root.begin();
  if (row.size() == 0 || (*row.begin()).type() != DataType::kUint8)
    return make_error(ErrorCode::kMalformed, "the first value is no template id");
  template_id_ = static_cast<std::uint8_t>((*row.begin()).number());
  values_ = row;
  return {};
}

Status append_description(DataView value, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(value.type()));
  if (value.type() == DataType::kStructure) {
    write_length(w, value.size());
    for (const DataView member : value) AMITY_CHECK(append_description(member, out));
  } else if (value.type() == DataType::kArray) {
    if (value.size() == 0 || value.size() > 0xFFFF)
      return make_error(ErrorCode::kInvalid, "an array of a template has 1 to 65535 values");
    w.u16(static_cast<std::uint16_t>(value.size()));
    return append_description(*value.begin(), out);
  } else if (value.is_container()) {
    return make_error(ErrorCode::kUnsupported, "a compact-array in a template");
  }
  return {};
}

// What the encoding of a value has behind its tag and, of containers, its count.
Status append_contents(DataView value, Bytes& out) {
  if (value.is_container()) {
    for (const DataView member : value) AMITY_CHECK(append_contents(member, out));
    return {};
  }
  Bytes encoded;
  Data::from(value).encode(encoded);
  out.insert(out.end(), encoded.begin() + 1, encoded.end());
  return {};
}

}  // namespace amity::dlms
