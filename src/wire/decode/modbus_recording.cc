#include "wire/decode/modbus_recording.h"

#include <fmt/format.h>

#include "wire/decode/layout.h"

namespace amity::decode {
namespace {

using modbus::Sender;

constexpr std::size_t kUnitBytes = 1;  // in front of the PDU of RTU

// Who sent an RTU frame follows from which reading of it has a right CRC; of a TCP frame, from its
// size.
struct Found {
  modbus::FoundFrame frame;
  Sender sender = Sender::kClient;
};

bool fits(Sender sender, ByteView pdu) {
  return sender == Sender::kClient ? modbus::decode_request(pdu).ok()
                                   : modbus::decode_response(pdu).ok();
}

// `expected` is tried first: a write and its answer look the same.
std::optional<Found> find(modbus::Transport transport, ByteView rest, Sender expected) {
  const Sender other = expected == Sender::kClient ? Sender::kServer : Sender::kClient;
  for (const Sender sender : {expected, other}) {
    auto found = modbus::find_frame(transport, sender, rest);
    if (found.ok() && *found && fits(sender, (*found)->frame.pdu))
      return Found{std::move(**found), sender};
  }
  return std::nullopt;
}

class Conversation {
 public:
  Conversation(modbus::Transport transport, ReportWriter& out)
      : transport_(transport),
        pdu_offset_(transport == modbus::Transport::kTcp ? modbus::kMbapBytes : kUnitBytes),
        out_(out) {}

  Sender expected() const { return asked_ ? Sender::kServer : Sender::kClient; }

  void add(std::size_t offset, const Found& found, ByteView bytes) {
    wire::Report& report = out_.report();
    report.clear();
    report.protocol = "modbus";
    const modbus::Frame& frame = found.frame.frame;
    note("unit", std::to_string(frame.unit));
    if (frame.transaction != 0) note("transaction", std::to_string(frame.transaction));
    found.sender == Sender::kClient ? add_request(frame) : add_response(frame);
    if (report.explain) append_modbus_layout(bytes, transport_, found.sender, report);
    out_.add(offset, {});
  }

 private:
  void note(std::string_view name, std::string value) {
    out_.report().details.emplace_back(name, std::move(value));
  }
  // The values are the last of what the PDU holds.
  void registers(const modbus::Frame& frame, std::optional<std::uint16_t> address,
                 const std::vector<std::uint16_t>& values) {
    const std::size_t first = pdu_offset_ + frame.pdu.size() - 2 * values.size();
    for (std::size_t i = 0; i < values.size(); ++i) {
      out_.report().unknown.push_back(
          {first + 2 * i,
           address ? fmt::format("register {}", *address + i) : fmt::format("register +{}", i),
           fmt::format("{:04X}", values[i])});
    }
  }
  void add_request(const modbus::Frame& frame) {
    const auto request = modbus::decode_request(frame.pdu);  // fits: it was found so
    note("message", "request");
    note("function", std::to_string(static_cast<int>(request->function)));
    note("address", std::to_string(request->address));
    if (request->values.empty()) note("count", std::to_string(request->count));
    registers(frame, request->address, request->values);
    asked_ = *request;
    unit_ = frame.unit;
  }
  void add_response(const modbus::Frame& frame) {
    const auto response = modbus::decode_response(frame.pdu);
    note("message", "response");
    note("function", std::to_string(response->function));
    if (response->exception != modbus::Exception::kNone) {
      note("exception", fmt::format("{}: {}", static_cast<int>(response->exception),
                                    to_string(response->exception)));
    }
    const bool answers = asked_ && unit_ == frame.unit &&
                         static_cast<std::uint8_t>(asked_->function) == response->function;
    registers(frame, answers ? std::optional(asked_->address) : std::nullopt, response->values);
    if (response->values.empty() && response->exception == modbus::Exception::kNone)
      note("address", std::to_string(response->address));
    asked_.reset();
  }

  modbus::Transport transport_;
  std::size_t pdu_offset_;  // in a frame
  ReportWriter& out_;
  std::optional<modbus::Request> asked_;
  std::uint8_t unit_ = 0;
};

}  // namespace

std::optional<modbus::Transport> modbus_transport(ByteView recording) {
  if (recording.empty()) return std::nullopt;
  for (const modbus::Transport transport : {modbus::Transport::kTcp, modbus::Transport::kRtu}) {
    std::size_t at = 0;
    Sender expected = Sender::kClient;
    while (at < recording.size()) {
      const auto found = find(transport, recording.subspan(at), expected);
      if (!found) break;
      at += found->frame.size;
      expected = found->sender == Sender::kClient ? Sender::kServer : Sender::kClient;
    }
    if (at == recording.size()) return transport;
  }
  return std::nullopt;
}

void decode_modbus(ByteView recording, ReportWriter& out) {
  const modbus::Transport transport = modbus_transport(recording).value_or(
      recording.size() > 3 && recording[2] == 0 && recording[3] == 0 ? modbus::Transport::kTcp
                                                                     : modbus::Transport::kRtu);
  Conversation conversation(transport, out);
  std::size_t at = 0;
  while (at < recording.size()) {
    const ByteView rest = recording.subspan(at);
    const auto found = find(transport, rest, conversation.expected());
    if (!found) {
      // Read once more to say why; where the next frame begins cannot be known.
      const auto why = modbus::find_frame(transport, conversation.expected(), rest);
      Error error =
          why.ok() ? Error{ErrorCode::kTruncated, 0, "no whole Modbus frame"} : why.error();
      out.report().clear();
      return out.add(at, std::move(error));
    }
    conversation.add(at, *found, rest.first(found->frame.size));
    at += found->frame.size;
  }
}

}  // namespace amity::decode
