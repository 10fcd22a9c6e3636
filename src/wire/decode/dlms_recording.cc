#include "wire/decode/dlms_recording.h"

#include <algorithm>
#include <utility>

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

DlmsRecording::Said& DlmsRecording::said_between(const std::string& link, const Message& message) {
  const auto& [low, high] = std::minmax(message.source, message.destination);
  std::string name = link + ' ' + low + ' ' + high;
  if (said_.size() >= kConversationsMax && !said_.contains(name)) name = "";
  return said_[name];
}

void DlmsRecording::take_block(Said& said, const Message& message) const {
  if (said.frames == 0) {
    said.offset = message.offset;
    said.layout.clear();
  }
  said.frames += message.frames;
  said.bytes += message.size;
  if (!options_.explain || message.offset < said.offset) return;
  for (wire::Part& part : dlms_layout(message)) {
    part.offset += message.offset - said.offset;
    said.layout.push_back(std::move(part));
  }
}

Result<std::string> DlmsRecording::to_json(Said& said, Message& message, ByteView apdu) const {
  wire::Report report;
  report.explain = options_.explain;
  take_block(said, message);
  message.frames = std::exchange(said.frames, 0);
  message.size = std::exchange(said.bytes, 0);
  if (apdu.empty()) {
    report.protocol = "hdlc";
  } else {
    const PushConventions conventions{options_.deviation_sign, options_.zone, options_.value_lists};
    AMITY_CHECK(said.conversation.read(apdu, options_.keys, conventions, report));
  }
  const std::string more = more_members(message, apdu.empty() ? nullptr : &said.conversation);
  report.layout = std::move(said.layout);
  if (options_.complete) options_.complete(report);
  std::string json;
  wire::append_json(report, json);
  json.back() = ',';
  json.append(more, 1);
  return json;
}

std::vector<DecodedFrame> DlmsRecording::decode(ByteView recording, const std::string& link) {
  std::vector<DecodedFrame> decoded;
  for (auto& [name, said] : said_) said.frames = said.bytes = 0;  // of another recording
  for (FoundMessage& found : find_messages(recording, options_.explain)) {
    if (!found.message.ok()) {
      decoded.push_back({found.offset, std::move(found.message).error(), {}});
      continue;
    }
    Message& message = *found.message;
    Said& said = said_between(link, message);
    auto joined = said.conversation.join(message.apdu);
    if (joined.ok() && !*joined) {  // a block of a message that is not complete
      take_block(said, message);
      continue;
    }
    const std::size_t offset = said.frames == 0 ? found.offset : said.offset;
    Result<std::string> json = joined.ok() ? to_json(said, message, **joined)
                                           : Result<std::string>(std::move(joined).error());
    if (!json.ok()) {
      json = in_recording(std::move(json).error(), message);
      said.frames = said.bytes = 0;
    }
    decoded.push_back({json.ok() ? offset : found.offset, std::move(json), {}});
  }
  return decoded;
}

}  // namespace amity::decode
