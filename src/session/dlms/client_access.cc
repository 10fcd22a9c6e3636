// ACCESS of a client: GETs, SETs and ACTIONs in one request.
#include <fmt/core.h>

#include "session/dlms/client_machine.h"

namespace amity::dlms {
namespace {

constexpr std::uint32_t kLongInvokeMask = 0x00FFFFFF;
constexpr std::uint32_t kSelfDescriptive = 0x10000000, kBreakOnError = 0x20000000,
                        kConfirmed = 0x40000000, kHighPriority = 0x80000000;
constexpr std::uint8_t kNullData[] = {0};

Status check(const AccessCall& call) {
  if (call.kind != AccessKind::kGet && call.kind != AccessKind::kSet &&
      call.kind != AccessKind::kAction) {
    return make_error(ErrorCode::kInvalid, "an ACCESS item is a GET, a SET or an ACTION");
  }
  if (call.kind == AccessKind::kSet && call.data.empty())
    return make_error(ErrorCode::kInvalid, "no value to set");
  if (call.kind == AccessKind::kAction && call.selection)
    return make_error(ErrorCode::kInvalid, "a method has no selective access");
  if (call.data.size() > kRequestBytesMax)
    return make_error(ErrorCode::kLimit, "the value is too long");
  return {};
}

AccessSpecification specification_of(const AccessCall& call) {
  AccessSpecification item{call.kind, call.target, {}};
  if (!call.selection) return item;
  item.kind = call.kind == AccessKind::kGet ? AccessKind::kGetSelective : AccessKind::kSetSelective;
  item.access = {call.selection->selector, call.selection->parameters};
  return item;
}

}  // namespace

AccessCall AccessCall::get(const AttributeRequest& request) {
  return {AccessKind::kGet, request.attribute, request.selection, {}};
}

AccessCall AccessCall::set(AttributeWrite write) {
  return {AccessKind::kSet, write.attribute, std::move(write.selection), std::move(write.data)};
}

AccessCall AccessCall::action(MethodCall call) {
  return {AccessKind::kAction,
          {call.method.class_id, call.method.instance, call.method.method},
          std::nullopt,
          std::move(call.parameters).value_or(Bytes())};
}

Status Client::Machine::access(std::span<const AccessCall> calls, const AccessOptions& options,
                               Instant now) {
  AMITY_CHECK(ready_for(calls.size(), true));
  if (!can(Conformance::kAccess))
    return make_error(ErrorCode::kUnsupported, "the meter has no ACCESS service");
  if (!options.date_time.empty() && options.date_time.size() != 12)
    return make_error(ErrorCode::kInvalid, "a date-time has 12 bytes");
  AccessRequest access;
  access.date_time = options.date_time;
  bool harmless = true;
  std::vector<AccessKind> kinds;
  for (const AccessCall& call : calls) {
    AMITY_CHECK(check(call));
    access.specifications.push_back(specification_of(call));
    access.values.push_back(call.data.empty() ? ByteView(kNullData) : ByteView(call.data));
    kinds.push_back(call.kind);
    harmless = harmless && call.kind == AccessKind::kGet;
  }
  Request& request = begin(RequestKind::kAccess, calls.size());
  long_invoke_ = (long_invoke_ + 1) & kLongInvokeMask;
  request.long_invoke = long_invoke_;
  request.access_kinds = std::move(kinds);
  request.break_on_error = options.break_on_error;
  if (harmless) request.attempts_left = config_.attempts;
  access.invoke.raw = long_invoke_ | kConfirmed | kHighPriority |
                      (options.break_on_error ? kBreakOnError : 0) |
                      (options.self_descriptive ? kSelfDescriptive : 0);
  Bytes apdu;
  encode(access, apdu);
  send_request(std::move(apdu), now);
  return {};
}

void Client::Machine::on_access_response(const AccessResponse& response, Instant now) {
  const Request& request = *request_;
  if (request.kind != RequestKind::kAccess || response.invoke.id() != request.long_invoke)
    return stray(now);
  // A meter that broke off on an error may leave out what it did not try.
  const std::size_t answered = response.results.size();
  const bool complete_answer =
      response.values.size() == answered &&
      (answered == request.items || (request.break_on_error && answered < request.items));
  if (!complete_answer) {
    return fail_request(make_error(ErrorCode::kMalformed,
                                   fmt::format("{} values and {} results came, {} were asked for",
                                               response.values.size(), answered, request.items)),
                        now);
  }
  std::vector<ItemResult> items(request.items);
  for (std::size_t i = 0; i < request.items; ++i) {
    const AccessKind kind = request.access_kinds[i];
    if (i < answered && response.results[i].kind != kind) {
      return fail_request(
          make_error(ErrorCode::kMalformed, fmt::format("result {} is of another service", i + 1)),
          now);
    }
    const auto code = i < answered ? response.results[i].result
                                   : static_cast<std::uint8_t>(DataAccessResult::kOtherReason);
    if (kind == AccessKind::kAction) {
      items[i].action = static_cast<ActionResult>(code);
    } else {
      items[i].access = static_cast<DataAccessResult>(code);
    }
    if (items[i].ok() && kind != AccessKind::kSet)
      items[i].data.assign(response.values[i].begin(), response.values[i].end());
  }
  complete(std::move(items), now);
}

}  // namespace amity::dlms
