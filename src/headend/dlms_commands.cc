// Commands on demand.
#include "headend/dlms_driver.h"

#include <charconv>

namespace amity::headend {

namespace {

constexpr std::uint16_t kClassDisconnect = 70;
constexpr std::int8_t kRemoteDisconnect = 1, kRemoteReconnect = 2;

CommandOutcome failed(const Error& error) { return {CommandState::kFailed, to_string(error)}; }

struct PushTarget {
  dlms::Obis setup{0, 0, 25, 9, 0, 255};
  std::string destination;  // empty: nowhere
};

Result<PushTarget> push_target_from(std::string_view argument) {
  PushTarget target;
  if (const auto equals = argument.find('='); equals != std::string_view::npos) {
    AMITY_TRY(target.setup, dlms::obis_from(argument.substr(0, equals)));
    argument.remove_prefix(equals + 1);
  }
  if (argument == "off") return target;
  const auto colon = argument.rfind(':');
  unsigned port = 0;
  const auto digits = argument.substr(colon == std::string_view::npos ? argument.size() : colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (colon == 0 || error != std::errc() || end != digits.data() + digits.size() || port == 0 || port > 0xFFFF)
    return make_error(ErrorCode::kInvalid, "'" + std::string(argument) + "' is no destination: HOST:PORT or off");
  target.destination = std::string(argument);
  return target;
}

std::string shown(const dlms::PushDestination& to) {
  return to.destination.empty() ? "nowhere" : "to " + to.destination + " over " + to_string(to.transport);
}

std::string signed_seconds(std::int32_t s) { return (s >= 0 ? "+" : "") + std::to_string(s) + " s"; }

}  // namespace

Task<CommandOutcome> DlmsDriver::run(const Command& command, bool sent_before, Progress progress) {
  const Command c = command;
  switch (c.kind) {
    case CommandKind::kReadNow: co_return co_await run_read_now(std::move(progress));
    case CommandKind::kPing: co_return co_await run_ping();
    case CommandKind::kReadProfile: co_return co_await run_read_profile(c.argument, std::move(progress));
    case CommandKind::kSetClock: co_return co_await run_set_clock();
    case CommandKind::kDisconnect: co_return co_await switch_supply(*this, c_.runtime, false, sent_before);
    case CommandKind::kConnect: co_return co_await switch_supply(*this, c_.runtime, true, sent_before);
    case CommandKind::kSetPush: co_return co_await run_set_push(c.argument);
  }
  co_return CommandOutcome{CommandState::kFailed, "no such command"};
}

Task<CommandOutcome> DlmsDriver::run_ping() {
  Status status = co_await read_clock_and_registers(false);
  if (!status.ok()) co_return failed(status.error());
  std::string text = "reachable";
  if (clock_offset_s_) text += ", clock " + signed_seconds(*clock_offset_s_);
  co_return CommandOutcome{CommandState::kDone, std::move(text)};
}

Task<CommandOutcome> DlmsDriver::run_read_now(Progress progress) {
  const std::size_t before = readings_accepted_;
  progress("reading clock and registers");
  Status status = co_await read_scheduled(progress);
  if (!status.ok()) co_return failed(status.error());
  if (quarantined()) {
    co_return CommandOutcome{CommandState::kFailed, "the clock is off by " + signed_seconds(*clock_offset_s_) +
                                                        ": readings are not taken"};
  }
  co_return CommandOutcome{CommandState::kDone, std::to_string(readings_accepted_ - before) + " readings, " +
                                                    std::to_string(registers_read_) + " of them registers"};
}

Task<CommandOutcome> DlmsDriver::run_read_profile(std::string argument, Progress progress) {
  const auto range = range_from(argument);
  if (!range.ok()) co_return CommandOutcome{CommandState::kFailed, range.error().reason};
  Status status = co_await learn_layout();
  if (status.ok()) status = co_await read_clock_and_registers(false);
  if (!status.ok()) co_return failed(status.error());
  if (quarantined()) {
    co_return CommandOutcome{CommandState::kFailed, "the clock is off by " + signed_seconds(*clock_offset_s_)};
  }
  std::vector<Ask> asks;
  learn_progress(meter_.layout->loads, meter_.loads);
  for (std::size_t i = 0; i < meter_.layout->loads.size(); ++i) {
    const std::int64_t chunk_s = std::int64_t{meter_.layout->loads[i].period_s} * rows_per_read();
    for (UtcSeconds after = range->after; after < range->until; after = after + chunk_s) {
      asks.push_back({Ask::Kind::kLoad, i, {after, std::min(after + chunk_s, range->until)}});
      if (asks.size() > kProfileRowsMax / kProfileRowsPerRead) {
        co_return CommandOutcome{CommandState::kFailed, "the range is longer than one command may ask for"};
      }
    }
  }
  const std::size_t before = readings_accepted_;
  status = co_await read_profiles(std::move(asks), std::move(progress));
  if (!status.ok()) co_return failed(status.error());
  co_return CommandOutcome{CommandState::kDone, std::to_string(readings_accepted_ - before) + " readings"};
}

Task<CommandOutcome> DlmsDriver::run_set_clock() {
  Status status = co_await read_clock_and_registers(false);
  if (!status.ok()) co_return failed(status.error());
  if (!clock_offset_s_) co_return CommandOutcome{CommandState::kFailed, "the meter shows no clock"};
  const std::int32_t before = *clock_offset_s_;
  status = co_await set_clock();
  if (status.ok()) status = co_await read_clock_and_registers(false);
  if (!status.ok()) co_return failed(status.error());
  const bool right = std::abs(*clock_offset_s_) <= c_.config.clock.set_above_s;
  co_return CommandOutcome{right ? CommandState::kDone : CommandState::kFailed,
                           "clock was " + signed_seconds(before) + ", is " + signed_seconds(*clock_offset_s_)};
}

Task<Result<dlms::PushDestination>> DlmsDriver::read_push_destination(dlms::Obis name) {
  dlms::AttributeRequest request;
  request.attribute = {dlms::kPushSetupClass, name, static_cast<std::int8_t>(dlms::PushSetupAttribute::kDestination)};
  AMITY_CO_TRY(const Bytes encoded, co_await link_->get_value(std::move(request)));
  co_return dlms::decode_push_destination(encoded);
}

// Transport and kind of message stay as they are where they are of the network; what was written is read back.
Task<CommandOutcome> DlmsDriver::run_set_push(std::string argument) {
  const auto wanted = push_target_from(argument);
  if (!wanted.ok()) co_return CommandOutcome{CommandState::kFailed, wanted.error().reason};
  const auto before = co_await read_push_destination(wanted->setup);
  if (!before.ok()) co_return failed(before.error());
  dlms::PushDestination to = *before;
  if (to.transport != dlms::PushTransport::kUdp) to.transport = dlms::PushTransport::kTcp;
  to.destination = wanted->destination;
  if (to == *before) co_return CommandOutcome{CommandState::kDone, "was already so"};
  dlms::AttributeWrite write;
  write.attribute = {dlms::kPushSetupClass, wanted->setup,
                     static_cast<std::int8_t>(dlms::PushSetupAttribute::kDestination)};
  write.data = dlms::encode(to);
  Status status = co_await link_->set(std::move(write));
  if (!status.ok()) co_return failed(status.error());
  const auto after = co_await read_push_destination(wanted->setup);
  if (!after.ok()) co_return failed(after.error());
  if (*after != to) {
    co_return CommandOutcome{CommandState::kFailed, "the meter took the destination and answers another, '" +
                                                        after->destination + "'"};
  }
  co_return CommandOutcome{CommandState::kDone, "pushes go " + shown(to) + ", went " + shown(*before)};
}

Task<Result<std::optional<bool>>> DlmsDriver::supply() {
  dlms::AttributeRequest request;
  request.attribute = {kClassDisconnect, kDisconnectorObis, 2};
  AMITY_CO_TRY(const Bytes encoded, co_await link_->get_value(std::move(request)));
  dlms::DataTree tree;
  AMITY_CO_CHECK(tree.parse(encoded));
  AMITY_CO_TRY(const bool on, tree.root().as_bool());
  co_return std::optional<bool>(on);
}

Task<Result<std::string>> DlmsDriver::send_switch(bool connect) {
  dlms::MethodCall call;
  call.method = {kClassDisconnect, kDisconnectorObis, connect ? kRemoteReconnect : kRemoteDisconnect};
  call.parameters = Bytes{};
  dlms::DataWriter(*call.parameters).int8(0);
  AMITY_CO_TRY(const auto answer, co_await link_->action(std::move(call)));
  co_return answer.ok() ? std::string() : std::string(dlms::to_string(answer.action));
}

Task<Status> DlmsDriver::open_again() {
  if (link_->connected()) co_return Status{};
  co_return co_await open();
}

}  // namespace amity::headend
