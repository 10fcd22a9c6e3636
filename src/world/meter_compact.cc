// Compact data (class 62) of a virtual meter: clock and totals, captured when they are read.
#include "wire/dlms/compact_data.h"
#include "wire/dlms/data_value.h"
#include "wire/dlms/selective_access.h"
#include "world/meter_values.h"

namespace amity::world {
namespace {

constexpr std::uint8_t kTemplate = 1, kImplicitCapture = 1;

const dlms::CaptureObject kCaptured[] = {{{62, kCompactDataObis, 4}, 0},
                                         {{8, dlms::Obis(0, 0, 1, 0, 0, 255), 2}, 0},
                                         {{3, dlms::Obis(1, 0, 1, 8, 0, 255), 2}, 0},
                                         {{3, dlms::Obis(1, 0, 2, 8, 0, 255), 2}, 0}};

}  // namespace

dlms::DataAccessResult MeterValues::compact(std::int8_t attribute, Bytes& out) const {
  dlms::DataWriter writer(out);
  if (attribute == 3) {
    writer.array(std::size(kCaptured));
    for (const dlms::CaptureObject& object : kCaptured) write(writer, object);
    return Access::kSuccess;
  }
  if (attribute == 4) {
    writer.uint8(kTemplate);
    return Access::kSuccess;
  }
  if (attribute == 6) {
    writer.enumeration(kImplicitCapture);
    return Access::kSuccess;
  }
  if (attribute != 2 && attribute != 5) return Access::kObjectUndefined;
  Bytes row, content;
  dlms::DataWriter values(row);
  values.structure(std::size(kCaptured));
  for (const dlms::CaptureObject& object : kCaptured) {
    const ObjectSpec* spec = find_object(object.attribute.class_id, object.attribute.instance);
    if (spec == nullptr || get(*spec, object.attribute.attribute, row) != Access::kSuccess)
      return Access::kHardwareFault;
  }
  dlms::DataTree tree;
  const bool written = tree.parse(row).ok() && (attribute == 2 ? append_contents(tree.root(), content)
                                                               : append_description(tree.root(), content))
                                                   .ok();
  if (!written) return Access::kHardwareFault;
  writer.octet_string(content);
  return Access::kSuccess;
}

}  // namespace amity::world
