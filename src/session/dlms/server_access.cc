// ACCESS of a server: each item as the service of its kind would have it, in their order.
#include "session/dlms/server_machine.h"

namespace amity::dlms {
namespace {

constexpr std::uint8_t kNullData[] = {0};

}  // namespace

AccessResult Server::Machine::access(const AccessSpecification& item, ByteView value, Bytes& out) {
  const auto result = [](AccessKind kind, auto code) {
    return AccessResult{kind, static_cast<std::uint8_t>(code)};
  };
  std::optional<SelectiveAccess> selection;
  switch (item.kind) {
    case AccessKind::kGetSelective:
      selection = item.access;
      [[fallthrough]];
    case AccessKind::kGet:
      return result(AccessKind::kGet, get(item.target, selection, out));
    case AccessKind::kSetSelective:
      selection = item.access;
      [[fallthrough]];
    case AccessKind::kSet:
      return result(AccessKind::kSet, set(item.target, selection, value));
    case AccessKind::kAction:
      break;
  }
  const MethodRef method{item.target.class_id, item.target.instance, item.target.attribute};
  return result(AccessKind::kAction, action(method, value, out).result);
}

// What is not tried, because an item before was refused or the answer is full, is answered with
// other-reason.
void Server::Machine::on_access(const AccessRequest& request, Instant now) {
  if (!conformance_.has(Conformance::kAccess)) {
    return refuse(StateError::kServiceNotAllowed, ServiceErrorCode::kServiceNotSupported, now);
  }
  const std::size_t count = request.specifications.size();
  std::vector<Bytes> values(count);
  AccessResponse response;
  response.invoke = request.invoke;
  std::size_t total = 0;
  bool broken_off = false;
  for (std::size_t i = 0; i < count; ++i) {
    const AccessSpecification& item = request.specifications[i];
    AccessResult result{item.kind, static_cast<std::uint8_t>(DataAccessResult::kOtherReason)};
    if (item.kind == AccessKind::kGetSelective) result.kind = AccessKind::kGet;
    if (item.kind == AccessKind::kSetSelective) result.kind = AccessKind::kSet;
    if (!broken_off && total <= kResponseBytesMax)
      result = access(item, request.values[i], values[i]);
    broken_off = broken_off || (request.invoke.break_on_error() && result.result != 0);
    total += values[i].size();
    response.values.push_back(values[i].empty() ? ByteView(kNullData) : ByteView(values[i]));
    response.results.push_back(result);
  }
  if (request.invoke.self_descriptive()) response.specifications = request.specifications;
  if (!request.invoke.confirmed()) return;
  Bytes apdu;
  encode(response, apdu);
  reply(apdu, now);
}

}  // namespace amity::dlms
