#include "wire/dlms/selective_access.h"

#include <limits>

namespace amity::dlms {
namespace {

constexpr std::uint16_t kClockClass = 8;
constexpr Obis kClock(0, 0, 1, 0, 0, 255);

template <class T>
Result<T> unsigned_at(DataView structure, std::size_t i) {
  AMITY_TRY(const DataView item, structure.at(i));
  AMITY_TRY(const std::uint64_t v, item.as_uint());
  if (v > std::numeric_limits<T>::max()) {
    return make_error(ErrorCode::kMalformed, "number out of range in a selective access");
  }
  return static_cast<T>(v);
}

Status expect_structure(DataView view, std::size_t size, const char* what) {
  if (view.type() != DataType::kStructure || view.size() != size) {
    return make_error(ErrorCode::kMalformed,
                      std::string(what) + " is not a structure of " + std::to_string(size));
  }
  return {};
}

}  // namespace

RangeDescriptor range_by_clock(const DateTime& from, const DateTime& to) {
  RangeDescriptor range;
  range.restricting = {{kClockClass, kClock, 2}, 0};
  range.from = Data::octet_string(from);
  range.to = Data::octet_string(to);
  return range;
}

void write(DataWriter& out, const CaptureObject& column) {
  out.structure(4);
  out.uint16(column.attribute.class_id);
  out.octet_string(column.attribute.instance);
  out.int8(column.attribute.attribute);
  out.uint16(column.data_index);
}

Result<CaptureObject> capture_object_from(DataView view) {
  AMITY_CHECK(expect_structure(view, 4, "a capture object"));
  CaptureObject column;
  AMITY_TRY(column.attribute.class_id, unsigned_at<std::uint16_t>(view, 0));
  AMITY_TRY(const DataView name, view.at(1));
  AMITY_TRY(const ByteView name_bytes, name.as_bytes());
  AMITY_TRY(column.attribute.instance, obis_from(name_bytes));
  AMITY_TRY(const DataView attribute, view.at(2));
  AMITY_TRY(const std::int64_t number, attribute.as_int());
  if (number < -128 || number > 127)
    return make_error(ErrorCode::kMalformed, "attribute out of range");
  column.attribute.attribute = static_cast<std::int8_t>(number);
  AMITY_TRY(column.data_index, unsigned_at<std::uint16_t>(view, 3));
  return column;
}

void encode_parameters(const RangeDescriptor& range, Bytes& out) {
  DataWriter w(out);
  w.structure(4);
  write(w, range.restricting);
  range.from.encode(out);
  range.to.encode(out);
  w.array(range.columns.size());
  for (const CaptureObject& column : range.columns) write(w, column);
}

void encode_parameters(const EntryDescriptor& entry, Bytes& out) {
  DataWriter w(out);
  w.structure(4);
  w.uint32(entry.from_entry);
  w.uint32(entry.to_entry);
  w.uint16(entry.from_column);
  w.uint16(entry.to_column);
}

Result<RangeDescriptor> decode_range(ByteView parameters) {
  DataTree tree;
  AMITY_CHECK(tree.parse(parameters));
  const DataView root = tree.root();
  AMITY_CHECK(expect_structure(root, 4, "a range descriptor"));
  RangeDescriptor range;
  DataView::Iterator field = root.begin();
  AMITY_TRY(range.restricting, capture_object_from(*field++));
  range.from = Data::from(*field++);
  range.to = Data::from(*field++);
  if ((*field).type() != DataType::kArray) {
    return make_error(ErrorCode::kMalformed, "selected values are not an array");
  }
  for (const DataView column : *field) {
    AMITY_TRY(CaptureObject object, capture_object_from(column));
    range.columns.push_back(object);
  }
  return range;
}

Result<EntryDescriptor> decode_entry(ByteView parameters) {
  DataTree tree;
  AMITY_CHECK(tree.parse(parameters));
  const DataView root = tree.root();
  AMITY_CHECK(expect_structure(root, 4, "an entry descriptor"));
  EntryDescriptor entry;
  AMITY_TRY(entry.from_entry, unsigned_at<std::uint32_t>(root, 0));
  AMITY_TRY(entry.to_entry, unsigned_at<std::uint32_t>(root, 1));
  AMITY_TRY(entry.from_column, unsigned_at<std::uint16_t>(root, 2));
  AMITY_TRY(entry.to_column, unsigned_at<std::uint16_t>(root, 3));
  return entry;
}

}  // namespace amity::dlms
