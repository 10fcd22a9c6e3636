// Compact data (class 62, IEC 62056-6-2): the buffer holds the captured values without their types;
// those are in the template description. The first value is the template's id.
#pragma once

#include <cstdint>

#include "wire/dlms/data.h"

namespace amity::dlms {

class CompactData {
 public:
  // The contents of attributes 2 (compact_buffer) and 5 (template_description), without their
  // octet-string headers; both are copied. kMalformed where the description is no structure that
  // begins with the template id, or the buffer is not exactly one of it.
  Status parse(ByteView compact_buffer, ByteView template_description);

  // After a successful parse; valid until the next one.
  std::uint8_t template_id() const { return template_id_; }
  // All captured values, the template id first: as many as attribute 3 (capture_objects) names.
  DataView values() const { return values_; }

 private:
  Bytes array_;
  DataTree tree_;
  DataView values_;
  std::uint8_t template_id_ = 0;
};

// For servers: the template description of an encoded structure, and the buffer of its values.
// Arrays inside must hold values of one shape.
Status append_description(DataView value, Bytes& out);
Status append_contents(DataView value, Bytes& out);

}  // namespace amity::dlms
