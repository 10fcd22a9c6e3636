#include "wire/decode/dlms_recording.h"

#include <algorithm>

#include "wire/decode/apdu_json.h"
#include "wire/decode/layout.h"
#include "wire/decode/limits.h"
#include "wire/decode/message.h"

namespace amity::decode {
namespace {

void optional_member(JsonWriter& out, std::string_view key, const std::string& text) {
  if (!text.empty()) member(out, key, text);
}

void write_transport(JsonWriter& out, const Message& m) {
  put_key(out, "transport");
  out.StartObject();
  member(out, "type", to_string(m.transport));
  optional_member(out, "source", m.source);
  optional_member(out, "destination", m.destination);
  optional_member(out, "frame", m.frame_type);
  if (m.gateway) member(out, "gateway", *m.gateway);
  put_key(out, "frames");
  out.Uint64(m.frames);
  put_key(out, "bytes");
  out.Uint64(m.size);
  out.EndObject();
}

// What the report does not hold: behind it in the object.
std::string more_members(const Message& message, const DlmsConversation* said) {
  rapidjson::StringBuffer buffer;
  JsonWriter out(buffer);
  out.StartObject();
  write_transport(out, message);
  if (said != nullptr) {
    put_key(out, "apdu");
    write_apdu(out, said->opened().apdu[0], said->decoded());
  }
  out.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

Result<std::string> to_json(const Message& message, ByteView apdu, const DecodeOptions& options,
                            DlmsConversation& conversation) {
  wire::Report report;
  report.explain = options.explain;
  if (apdu.empty()) {
    report.protocol = "hdlc";
  } else {
    const PushConventions conventions{options.deviation_sign, options.zone, options.value_lists};
    AMITY_CHECK(conversation.read(apdu, options.keys, conventions, report));
  }
  const std::string more = more_members(message, apdu.empty() ? nullptr : &conversation);
  if (options.explain) report.layout = dlms_layout(message);
  if (options.complete) options.complete(report);
  std::string json;
  wire::append_json(report, json);
  json.back() = ',';
  json.append(more, 1);
  return json;
}

// An error inside an APDU, placed in the recording: exactly for a bare APDU, else at its first
// frame.
Error in_recording(Error error, const Message& message) {
  if (message.transport == Transport::kApdu) {
    error.offset += message.offset;
  } else {
    error.reason = "in the APDU, byte " + std::to_string(error.offset) + ": " + error.reason;
    error.offset = message.offset;
  }
  return error;
}

}  // namespace

DlmsConversation& DlmsRecording::conversation(const std::string& link, const Message& message) {
  const auto& [low, high] = std::minmax(message.source, message.destination);
  std::string name = link + ' ' + low + ' ' + high;
  if (conversations_.size() >= kConversationsMax && !conversations_.contains(name)) name = "";
  return conversations_[name];
}

std::vector<DecodedFrame> DlmsRecording::decode(ByteView recording, const std::string& link) {
  std::vector<DecodedFrame> decoded;
  for (FoundMessage& found : find_messages(recording, options_.explain)) {
    if (!found.message.ok()) {
      decoded.push_back({found.offset, std::move(found.message).error(), {}});
      continue;
    }
    const Message& message = *found.message;
    DlmsConversation& said = conversation(link, message);
    auto joined = said.join(message.apdu);
    if (joined.ok() && !*joined) continue;  // a block of a message that is not complete
    Result<std::string> json = joined.ok() ? to_json(message, **joined, options_, said)
                                           : Result<std::string>(std::move(joined).error());
    if (!json.ok()) json = in_recording(std::move(json).error(), message);
    decoded.push_back({found.offset, std::move(json), {}});
  }
  return decoded;
}

}  // namespace amity::decode
