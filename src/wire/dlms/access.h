// ACCESS service: a list of GET, SET and ACTION in one request. encode() appends the APDU, tag
// included.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "wire/dlms/types.h"

namespace amity::dlms {

enum class AccessKind : std::uint8_t {
  kGet = 1,
  kSet = 2,
  kAction = 3,
  kGetSelective = 4,
  kSetSelective = 5
};

struct AccessSpecification {
  AccessKind kind = AccessKind::kGet;
  AttributeRef target;     // of kAction: `attribute` is the method
  SelectiveAccess access;  // of the selective kinds
};

struct AccessRequest {
  LongInvokeId invoke;
  ByteView date_time;  // empty or 12 bytes
  std::vector<AccessSpecification> specifications;
  std::vector<ByteView> values;  // encoded, one per specification (null for GET)
};

struct AccessResult {
  AccessKind kind = AccessKind::kGet;  // kGet, kSet or kAction
  std::uint8_t result = 0;  // DataAccessResult, of kAction an ActionResult; 0 is success for both
};

struct AccessResponse {
  LongInvokeId invoke;
  ByteView date_time;
  std::optional<std::vector<AccessSpecification>> specifications;  // when asked for
  std::vector<ByteView> values;
  std::vector<AccessResult> results;
};

void encode(const AccessRequest& apdu, Bytes& out);
void encode(const AccessResponse& apdu, Bytes& out);

}  // namespace amity::dlms
