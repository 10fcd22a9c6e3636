#include "wire/decode/readable_recording.h"

#include <algorithm>
#include <map>

#include "wire/decode/layout.h"
#include "wire/iec62056_21/readout.h"
#include "wire/stg/report.h"

namespace amity::decode {
namespace {

using iec62056_21::Message;

constexpr std::uint8_t kSevenBits = 0x7F;
constexpr std::size_t kXmlHeadBytes = 512;  // within which a report file names itself

std::string_view words(iec62056_21::Mode mode) {
  switch (mode) {
    case iec62056_21::Mode::kA:
      return "A";
    case iec62056_21::Mode::kB:
      return "B";
    case iec62056_21::Mode::kC:
      return "C";
    case iec62056_21::Mode::kE:
      return "E";
  }
  return "";
}

std::string_view command_words(const iec62056_21::Command& command) {
  switch (command.name) {
    case 'P':
      return "password";
    case 'W':
      return "write";
    case 'R':
      return "read";
    case 'E':
      return "execute";
    case 'B':
      return "break";
    default:
      return "unknown command";
  }
}

// The readings of a data block: a load profile, or data sets.
Status read_block(const std::string& data, wire::Report& report) {
  if (data.starts_with("P.0")) {
    auto profile = iec62056_21::parse_profile(data);
    if (profile.ok() && !profile->empty()) {
      iec62056_21::append_profile(*profile, report);
      return {};
    }
  }
  return iec62056_21::read_data(data, report);
}

class Conversation {
 public:
  explicit Conversation(ReportWriter& out) : out_(out) {}

  void add(std::size_t offset, const Message& message, ByteView bytes) {
    wire::Report& report = out_.report();
    report.clear();
    report.protocol = "iec62056-21";
    Status status;
    switch (message.kind) {
      case Message::Kind::kAccepted:
        note("message", "acknowledgement");
        break;
      case Message::Kind::kRefused:
        note("message", "refusal");
        break;
      case Message::Kind::kLine:
        add_line(message.line);
        break;
      case Message::Kind::kOption:
        add_option(message.line);
        break;
      case Message::Kind::kData:
        note("message", "data");
        identify();
        status = read_block(message.data, report);
        break;
      case Message::Kind::kCommand:
        note("message", command_words(message.command));
        note("command", std::string{message.command.name, message.command.type});
        if (!message.command.data.empty()) note("operand", message.command.data);
        break;
    }
    if (report.explain) append_text_layout(bytes, report);
    out_.add(offset, std::move(status));
  }

 private:
  void note(std::string_view name, std::string_view value) {
    out_.report().details.emplace_back(name, value);
  }
  void identify() {
    if (identification_) iec62056_21::note_identification(*identification_, out_.report());
  }
  void add_line(const std::string& line) {
    if (auto address = iec62056_21::parse_request(as_bytes(line)); address.ok()) {
      note("message", "request");
      if (!address->empty()) note("address", *address);
      return;
    }
    if (auto parsed = iec62056_21::parse_identification(as_bytes(line)); parsed.ok()) {
      identification_ = std::move(*parsed);
      note("message", "identification");
      identify();
      note("mode", words(mode_of(*identification_)));
      if (const auto baud = iec62056_21::baud_of(identification_->baud))
        note("baud", std::to_string(*baud));
      return;
    }
    out_.report().unknown.push_back({0, "line", to_hex(as_bytes(line))});
  }
  void add_option(const std::string& line) {
    note("message", "option select");
    if (const auto option = iec62056_21::parse_option_select(as_bytes(line)); option.ok()) {
      note("next", option->mode == '0' ? "readout" : option->mode == '1' ? "programming" : "other");
      if (const auto baud = iec62056_21::baud_of(option->baud)) note("baud", std::to_string(*baud));
      return;
    }
    out_.report().unknown.push_back({0, "line", to_hex(as_bytes(line))});
  }

  ReportWriter& out_;
  std::optional<iec62056_21::Identification> identification_;
};

}  // namespace

bool looks_like_iec62056_21(ByteView recording) {
  bool block = false;
  for (const std::uint8_t byte : recording) {
    const std::uint8_t c = byte & kSevenBits;
    if (c == iec62056_21::kStx || c == iec62056_21::kSoh) block = true;
    const bool control = c >= 0x20 || c == '\r' || c == '\n' || c == '\t' ||
                         (c >= iec62056_21::kSoh && c <= iec62056_21::kAck) ||
                         c == iec62056_21::kNak;
    // The check character behind ETX may have any value: only what stands in front decides.
    if (c == iec62056_21::kEtx && block) break;
    if (!control) return false;
  }
  if (recording.empty()) return false;
  const std::uint8_t first = recording[0] & kSevenBits;
  const bool starts = first == '/' || first == iec62056_21::kSoh || first == iec62056_21::kStx ||
                      first == iec62056_21::kAck;
  if (block) return starts;
  // A request or an option select alone.
  return as_text(recording).starts_with("/?");
}

void decode_iec62056_21(ByteView recording, ReportWriter& out) {
  Conversation conversation(out);
  std::size_t at = 0;
  while (at < recording.size()) {
    std::size_t noise = 0;
    const auto message = iec62056_21::read_message(recording.subspan(at), noise);
    if (!message.ok()) {
      out.report().clear();
      Error error = message.error();
      error.offset += noise;
      out.add(at, std::move(error));
      at += noise + 1;
      // What follows a broken message begins at the next line or block.
      while (at < recording.size() && (recording[at] & kSevenBits) != '/' &&
             (recording[at] & kSevenBits) != iec62056_21::kStx &&
             (recording[at] & kSevenBits) != iec62056_21::kSoh) {
        ++at;
      }
      continue;
    }
    if (!*message) {
      const bool line_ends = std::all_of(
          recording.begin() + static_cast<std::ptrdiff_t>(at), recording.end(),
          [](std::uint8_t c) { return (c & kSevenBits) == '\r' || (c & kSevenBits) == '\n'; });
      if (!line_ends) out.fail(at, ErrorCode::kTruncated, "the message does not end");
      return;
    }
    conversation.add(at + noise, **message, recording.subspan(at + noise, (*message)->size));
    at += noise + (*message)->size;
  }
}

Status read_readout(ByteView frame, wire::Report& report) {
  report.protocol = "iec62056-21";
  for (std::size_t at = 0; at < frame.size();) {
    std::size_t noise = 0;
    AMITY_TRY(const auto message, iec62056_21::read_message(frame.subspan(at), noise));
    if (!message) return make_error(ErrorCode::kTruncated, "the readout does not end", at);
    at += noise + message->size;
    if (message->kind == iec62056_21::Message::Kind::kData) {
      AMITY_CHECK(read_block(message->data, report));
    } else if (auto line = iec62056_21::parse_identification(as_bytes(message->line)); line.ok()) {
      iec62056_21::note_identification(*line, report);
    }
  }
  return {};
}

bool looks_like_stg(ByteView recording) {
  const std::string_view head = as_text(recording).substr(0, kXmlHeadBytes);
  return head.find("<Report") != std::string_view::npos &&
         head.find("IdRpt=") != std::string_view::npos;
}

void decode_stg(ByteView recording, ReportWriter& out) {
  auto parsed = stg::parse_report(recording);
  if (!parsed.ok()) {
    out.report().clear();
    return out.add(0, std::move(parsed).error());
  }
  const bool explain = out.report().explain;
  // A meter's piece of the file: from where the one before ends. The first has the file's head, the
  // last its tail.
  std::size_t from = 0;
  for (std::size_t i = 0; i < parsed->subjects.size(); ++i) {
    stg::Subject& subject = parsed->subjects[i];
    out.report() = std::move(subject.report);
    wire::Report& report = out.report();
    report.explain = explain;
    report.details.emplace_back("report", parsed->type);
    if (parsed->request != "0") report.details.emplace_back("request", parsed->request);
    report.details.emplace_back("version", parsed->version);
    report.details.emplace_back("concentrator", parsed->concentrator);
    std::map<std::string, int> seen;
    for (auto& [name, value] : subject.attributes) {
      const int nth = ++seen[name];
      if (nth > 1) name += "#" + std::to_string(nth);
      report.details.emplace_back(name, value);
    }
    const bool last = i + 1 == parsed->subjects.size();
    const std::size_t next = last ? recording.size() : parsed->subjects[i + 1].offset;
    const std::size_t to = std::max(from, std::min(next, recording.size()));
    if (explain) append_xml_layout(recording.subspan(from, to - from), report);
    out.add(from, {});
    from = to;
  }
  if (parsed->subjects.empty())
    out.fail(0, ErrorCode::kMalformed, "the report " + parsed->type + " speaks of no meter");
}

}  // namespace amity::decode
